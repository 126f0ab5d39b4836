/** What decides in some accounts, compiled once: made of copies of them. */

import { compilePolicy } from '../evaluate/compile.js';
import type { PolicyKind } from '../parse/document.js';
import { isPublicPolicy } from '../public.js';
import type { Lookups } from '../recorded/index.js';
import type { Context } from '../request.js';
import type { NamedPolicy } from '../types.js';
import {
  type AccountCopy,
  type BucketCopy,
  type ControlPolicyCopy,
  type EntityCopy,
  type GrantCopy,
  type KeyCopy,
  type OrganizationCopy,
  type RoleCopy,
  UNKNOWN_ACCOUNT,
  type UserCopy,
} from './copy.js';

/** What a user or role may do, and for a role who may become it. */
export interface EntityPolicies {
  readonly arn: string;
  readonly id: string;
  /** `undefined` where it is not known. */
  readonly identity: readonly NamedPolicy[] | undefined;
  readonly boundary?: NamedPolicy | undefined;
  readonly trust?: NamedPolicy | undefined;
  /** `aws:PrincipalTag/…` */
  readonly tags: Context;
}

interface BucketPolicies {
  readonly name: string;
  readonly owner: string | undefined;
  readonly policy?: NamedPolicy | undefined;
  /** Whether RestrictPublicBuckets leaves the policy in force for the owner's account alone. */
  readonly restricted: boolean;
}

/** Policies of an organization over an account: one list a level, from the root to the account. */
interface Controls {
  readonly serviceControl?: readonly (readonly NamedPolicy[])[] | undefined;
  readonly resourceControl?: readonly (readonly NamedPolicy[])[] | undefined;
}

interface AccountPolicies {
  readonly id: string;
  readonly partition: string;
  readonly controls: Controls | undefined;
  /** `aws:PrincipalOrgID` and the like, with `Principal` or `Resource` in the place of `*`. */
  readonly organization: ReadonlyMap<string, string | readonly string[]> | undefined;
}

export interface World {
  readonly accounts: ReadonlyMap<string, AccountPolicies>;
  /** By ARN. */
  readonly entities: ReadonlyMap<string, EntityPolicies>;
  readonly buckets: ReadonlyMap<string, BucketPolicies>;
  /** Key policies with the grants on the key, by ARN. */
  readonly keys: ReadonlyMap<string, NamedPolicy>;
  readonly lookups: Lookups;
}

/** Throws `PolicySyntaxError` for a document that is no policy, naming nothing: check documents before. */
export function worldOf(copies: readonly AccountCopy[]): World {
  const entities = new Map<string, EntityPolicies>();
  const buckets = new Map<string, BucketPolicies>();
  const keys = new Map<string, NamedPolicy>();
  const accounts = new Map<string, AccountPolicies>();
  const organizations = copies.flatMap(({ organization }) => organization ?? []);
  for (const copy of copies) {
    const compile = compiler(copy);
    for (const user of copy.users) entities.set(user.arn, compile.user(user));
    for (const role of copy.roles) entities.set(role.arn, compile.role(role));
    for (const bucket of copy.buckets) buckets.set(bucket.name, bucketOf(copy, bucket));
    for (const key of copy.keys) {
      if (key.policy !== undefined) keys.set(key.arn, keyPolicy(key, key.policy));
    }
    if (copy.account !== UNKNOWN_ACCOUNT) accounts.set(copy.account, accountOf(copy, organizations));
  }
  return { accounts, entities, buckets, keys, lookups: lookupsOf(copies) };
}

function named(name: string, document: string, kind: PolicyKind, arn?: string): NamedPolicy {
  try {
    return { name, policy: compilePolicy(document, kind), ...(arn !== undefined && { arn }) };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

/** Compiles what belongs to entities of one account; policies that many use, once. */
function compiler({ groups, policies }: AccountCopy) {
  const documents = new Map(policies.map(({ arn, document }) => [arn, document]));
  const compiled = new Map<string, NamedPolicy>();
  const managed = (arn: string, kind: PolicyKind): NamedPolicy | undefined => {
    const document = documents.get(arn);
    if (document === undefined) return undefined;
    const key = `${kind} ${arn}`;
    const known = compiled.get(key) ?? named(arn, document, kind, arn);
    compiled.set(key, known);
    return known;
  };
  const own = (entity: EntityCopy, of: string): NamedPolicy[] => [
    ...entity.inline.map(({ name, document }) =>
      named(`inline policy ${name} of ${of} ${entity.name}`, document, 'identity'),
    ),
    ...entity.attached.flatMap(arn => managed(arn, 'identity') ?? []),
  ];
  const ofGroups = new Map(groups.map(group => [group.name.toLowerCase(), own(group, 'group')]));
  const bounded = ({ boundary, tags }: UserCopy | RoleCopy) => ({
    // A boundary whose policy is gone allows nothing.
    ...(boundary !== undefined && {
      boundary: managed(boundary, 'boundary') ?? named(boundary, NOTHING, 'boundary', boundary),
    }),
    tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
  });
  return {
    user: (user: UserCopy): EntityPolicies => ({
      arn: user.arn,
      id: user.id,
      identity: [
        ...own(user, 'user'),
        ...user.groups.flatMap(group => ofGroups.get(group.toLowerCase()) ?? []),
      ],
      ...bounded(user),
    }),
    role: (role: RoleCopy): EntityPolicies => ({
      arn: role.arn,
      id: role.id,
      identity: role.isPartial ? undefined : own(role, 'role'),
      ...(role.trust !== '' && { trust: named(`trust policy of ${role.name}`, role.trust, 'trust') }),
      ...bounded(role),
    }),
  };
}

function bucketOf(copy: AccountCopy, { name, policy, publicAccessBlock }: BucketCopy): BucketPolicies {
  const compiled = policy === undefined ? undefined : named(`bucket policy of ${name}`, policy, 'resource');
  const blocks =
    publicAccessBlock?.RestrictPublicBuckets === true ||
    copy.publicAccessBlock?.RestrictPublicBuckets === true;
  const restricted = blocks && compiled !== undefined && isPublicPolicy(compiled.policy.document);
  return {
    name,
    owner: copy.account === UNKNOWN_ACCOUNT ? undefined : copy.account,
    policy: compiled,
    restricted,
  };
}

interface PlainPolicy {
  readonly Version?: string;
  readonly Statement?: unknown;
}

/** The policy of a key with its grants as statements behind it ("Grants in AWS KMS", KMS Developer Guide). */
function keyPolicy({ arn, grants }: KeyCopy, policy: string): NamedPolicy {
  const name = `key policy of ${arn}`;
  if (grants.length === 0) return named(name, policy, 'key');
  const plain = JSON.parse(policy) as PlainPolicy;
  const statements = [plain.Statement ?? []].flat();
  const whole = JSON.stringify({ ...plain, Statement: [...statements, ...grants.flatMap(statementOf)] });
  return named(name, whole, 'key');
}

function statementOf({ grantee, operations, equals, subset, sourceArn }: GrantCopy): object[] {
  const isPrincipal = /^(?:arn:[^*?]+|A(?:IDA|ROA)[A-Z0-9]+|\d{12})$/.test(grantee);
  const isService = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(grantee);
  if (!isPrincipal && !isService) return [];
  const pairs = Object.entries(equals ?? subset ?? {});
  const values = Object.fromEntries(pairs.map(([key, value]) => [`kms:EncryptionContext:${key}`, value]));
  const Condition = {
    ...(pairs.length > 0 && { StringEquals: values }),
    ...(equals && {
      'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': pairs.map(([key]) => key) },
    }),
    ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
  };
  return [
    {
      Effect: 'Allow',
      Principal: isService ? { Service: grantee } : { AWS: grantee },
      Action: operations.map(operation => `kms:${operation}`),
      Resource: '*',
      ...(Object.keys(Condition).length > 0 && { Condition }),
    },
  ];
}

function accountOf(copy: AccountCopy, organizations: readonly OrganizationCopy[]): AccountPolicies {
  const { account: id, partition } = copy;
  const organization = organizations.find(({ nodes }) => nodes.some(node => node.id === id));
  if (!organization) return { id, partition, controls: undefined, organization: undefined };
  const path = pathTo(organization, id);
  const ids = path.filter(({ kind }) => kind !== 'account').map(node => node.id);
  const keys = new Map<string, string | readonly string[]>([
    ['OrgID', organization.id],
    ['OrgPaths', [`${organization.id}/${ids.join('/')}/`]],
    ['OrgMasterAccountId', organization.managementAccount],
  ]);
  return { id, partition, controls: controlsOf(organization, id, path), organization: keys };
}

type Node = OrganizationCopy['nodes'][number];

/** From the root to the account. */
function pathTo({ nodes }: OrganizationCopy, account: string): Node[] {
  const byId = new Map(nodes.map(node => [node.id, node]));
  const path: Node[] = [];
  for (let node = byId.get(account); node && !path.includes(node); node = byId.get(node.parent ?? ''))
    path.unshift(node);
  return path;
}

/** The management account is not controlled ("Service control policies", AWS Organizations User Guide). */
function controlsOf(organization: OrganizationCopy, account: string, path: readonly Node[]): Controls {
  if (organization.managementAccount === account) return {};
  const policies = new Map(organization.policies.map(policy => [policy.id, policy]));
  const compiled = new Map<string, NamedPolicy>();
  const compile = ({ id, name, document, type }: ControlPolicyCopy) => {
    const kind = type === 'RESOURCE_CONTROL_POLICY' ? 'resource-control' : 'service-control';
    const known = compiled.get(id) ?? named(`${name} (${id})`, document, kind);
    compiled.set(id, known);
    return known;
  };
  const levels = (type: string) =>
    organization.enabled.includes(type)
      ? path.map(node =>
          node.policies
            .flatMap(id => policies.get(id) ?? [])
            .filter(policy => policy.type === type)
            .map(compile),
        )
      : undefined;
  return {
    serviceControl: levels('SERVICE_CONTROL_POLICY'),
    resourceControl: levels('RESOURCE_CONTROL_POLICY'),
  };
}

function lookupsOf(copies: readonly AccountCopy[]): Lookups {
  const paths = new Map<string, string>();
  const aliases = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const { account, users, groups, roles, policies, instanceProfiles, keys, buckets } of copies) {
    const put = (kind: string, items: readonly { readonly name: string; readonly path: string }[]) => {
      for (const { name, path } of items) paths.set(`${account} ${kind} ${name.toLowerCase()}`, path);
    };
    put('user', users);
    put('group', groups);
    put('role', roles);
    put('instance-profile', instanceProfiles);
    put(
      'policy',
      policies.filter(({ arn }) => arn.includes(`:${account}:`)),
    );
    for (const key of keys)
      for (const alias of key.aliases) aliases.set(`${account} ${key.region} ${alias}`, key.arn);
    if (account !== UNKNOWN_ACCOUNT) for (const { name } of buckets) owners.set(name, account);
  }
  return {
    pathOf: (kind, account, name) => paths.get(`${account} ${kind} ${name.toLowerCase()}`),
    keyOf: (alias, account, region) => aliases.get(`${account} ${region} ${alias}`),
    ownerOf: bucket => owners.get(bucket),
  };
}
