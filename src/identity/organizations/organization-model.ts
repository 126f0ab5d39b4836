/** The records of organisations, their ids and ARNs. Source: AWS Organizations API Reference, data types. */
import { randomInt } from 'node:crypto';
import { table } from '../../store/tables.js';
import type { Tags } from '../model.js';

/** The types of policies that are enforced here. */
export type ControlType = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';

/** Times are milliseconds since the epoch throughout. */
export interface OrganizationRecord {
  /** `o-` and ten letters or digits. */
  readonly id: string;
  /** `r-` and four letters or digits. */
  readonly rootId: string;
  readonly partition: string;
  readonly managementAccount: string;
  readonly created: number;
  /** The policy types that are enabled in the root. */
  readonly policyTypes: readonly ControlType[];
  readonly rootTags: Tags;
  /** The AWS services that have access, in the order of their names. */
  readonly services?: readonly TrustedService[] | undefined;
  /** Members that administer the organisation for services, in the order of the accounts. */
  readonly administrators?: readonly DelegatedAdministrator[] | undefined;
  /** What of root users is managed centrally. */
  readonly rootFeatures?: readonly RootFeature[] | undefined;
  /** Raised with every change within the organisation: what was read under one number holds as long as it stands. */
  readonly revision: number;
}

export interface TrustedService {
  /** `config.amazonaws.com` */
  readonly principal: string;
  readonly enabled: number;
}

interface DelegatedAdministrator {
  readonly account: string;
  /** `iam.amazonaws.com` */
  readonly principal: string;
  readonly enabled: number;
}

/** "Centralize root access for member accounts", IAM User Guide. */
export type RootFeature = 'RootCredentialsManagement' | 'RootSessions';

/** Who has centralized root access, if a service has access to the organisation. */
export const IAM_SERVICE = 'iam.amazonaws.com';

/** Whether the account manages the organisation, or administers it for the service. */
export function administers(
  { managementAccount, administrators = [] }: OrganizationRecord,
  account: string,
  principal: string,
): boolean {
  return (
    account === managementAccount ||
    administrators.some(one => one.account === account && one.principal === principal)
  );
}

export interface Member {
  readonly account: string;
  readonly email: string;
  readonly joined: number;
  /** The management account counts as invited. */
  readonly joinedMethod: 'INVITED' | 'CREATED';
  readonly tags: Tags;
}

export interface OrganizationalUnit {
  /** `ou-`, the root's letters, and eight more. */
  readonly id: string;
  readonly name: string;
  /** The ids above it, the root first. */
  readonly above: readonly string[];
  readonly tags: Tags;
}

export interface ControlPolicy {
  /** `p-` and eight letters or digits. */
  readonly id: string;
  readonly type: ControlType;
  readonly name: string;
  readonly description: string;
  readonly content: string;
  readonly tags: Tags;
}

/** How the making of an account went. */
export interface AccountCreation {
  /** `car-` and 32 letters or digits. */
  readonly id: string;
  readonly accountName: string;
  readonly requested: number;
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly account?: string | undefined;
  readonly failure?: 'EMAIL_ALREADY_EXISTS' | undefined;
}

/** An invitation of an account into the organisation. */
export interface Invitation {
  /** `h-` and 32 letters or digits. */
  readonly id: string;
  readonly organization: string;
  /** Who is invited. */
  readonly account: string;
  readonly requested: number;
  readonly expires: number;
  readonly state: 'OPEN' | 'ACCEPTED' | 'DECLINED' | 'CANCELED';
  readonly notes?: string | undefined;
  /** What the account gets on joining. */
  readonly tags: Tags;
}

export type ChildKind = 'account' | 'unit';

/** The tables, each with the parts of its keys. */
export const organizationTables = {
  /** organisation */
  organizations: table<OrganizationRecord>('organization'),
  /** organisation, account */
  members: table<Member>('organization-member'),
  /** organisation, unit */
  units: table<OrganizationalUnit>('organization-unit'),
  /** organisation, parent, kind, child */
  children: table<true>('organization-child'),
  /** organisation, policy */
  policies: table<ControlPolicy>('organization-policy'),
  /** organisation, target, type → ids of the policies; absent: as the type was when it was enabled */
  attached: table<readonly string[]>('organization-attached'),
  /** organisation, policy, target */
  targets: table<true>('organization-policy-target'),
  /** organisation, request */
  creations: table<AccountCreation>('organization-creation'),
  /** organisation, invitation */
  invitations: table<Invitation>('organization-invitation'),
  /** account, invitation → organisation */
  invited: table<string>('organization-invited'),
  /** partition, address in lower case → account */
  emails: table<string>('organization-email'),
};

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** So many random letters and digits, about five bits each. */
export function randomLetters(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

export function organizationArn(organization: OrganizationRecord): string {
  return arnOf(organization, `organization/${organization.id}`);
}

export function invitationArn(organization: OrganizationRecord, id: string): string {
  return arnOf(organization, `handshake/${organization.id}/invite/${id}`);
}

/** The e-mail address of an account that has none: the API wants one. */
export function placeholderEmail(account: string): string {
  return `root@${account}.invalid`;
}

/** The ARN of what an id of the organisation names: a root, a unit or an account. */
export function targetArn(organization: OrganizationRecord, id: string): string {
  const kind = id.startsWith('r-') ? 'root' : id.startsWith('ou-') ? 'ou' : 'account';
  return arnOf(organization, `${kind}/${organization.id}/${id}`);
}

export function policyArn(organization: OrganizationRecord, type: ControlType, id: string): string {
  const kind = type.toLowerCase();
  if (isAwsPolicy(id)) return `arn:${organization.partition}:organizations::aws:policy/${kind}/${id}`;
  return arnOf(organization, `policy/${organization.id}/${kind}/${id}`);
}

function arnOf({ partition, managementAccount }: OrganizationRecord, resource: string): string {
  return `arn:${partition}:organizations::${managementAccount}:${resource}`;
}

const ALLOW_ALL = { Effect: 'Allow', Action: '*', Resource: '*' };

function awsPolicy(type: ControlType, name: string, statement: object, description: string): ControlPolicy {
  const content = JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2);
  return { id: `p-${name}`, type, name, description, content, tags: [] };
}

/** AWS's own policies: what a root, unit or account has attached until someone says otherwise. */
export const awsPolicies: Readonly<Record<ControlType, ControlPolicy>> = {
  SERVICE_CONTROL_POLICY: awsPolicy(
    'SERVICE_CONTROL_POLICY',
    'FullAWSAccess',
    ALLOW_ALL,
    'Allows access to every operation',
  ),
  RESOURCE_CONTROL_POLICY: awsPolicy(
    'RESOURCE_CONTROL_POLICY',
    'RCPFullAWSAccess',
    { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' },
    'Allows access to every resource',
  ),
};

export function findAwsPolicy(id: string): ControlPolicy | undefined {
  return Object.values(awsPolicies).find(policy => policy.id === id);
}

export function isAwsPolicy(id: string): boolean {
  return findAwsPolicy(id) !== undefined;
}
