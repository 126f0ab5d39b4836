/**
 * The records that identity keeps, and the tables they are kept in. Names are keys in lower case: unique without case.
 */
import type { Account } from '../core/caller.js';
import { table } from '../store/tables.js';

/** Tags as pairs: their keys are a client's and may be anything. */
export type Tags = readonly (readonly [key: string, value: string])[];

/** Times are milliseconds since the epoch throughout. */
export interface AccountRecord extends Account {
  readonly alias?: string | undefined;
  /** Ids of the root user's access keys. */
  readonly keys: readonly string[];
}

export interface InlinePolicy {
  readonly name: string;
  readonly document: string;
}

/** What users, groups and roles have in common: a name, and policies. */
export interface Entity {
  readonly id: string;
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly created: number;
  /** In the order of their names. */
  readonly inline: readonly InlinePolicy[];
  /** ARNs of the managed policies, in the order in which they were attached. */
  readonly attached: readonly string[];
}

/** What only users and roles have. */
export interface BoundedEntity extends Entity {
  /** ARN of the managed policy that is its permissions boundary. */
  readonly boundary?: string | undefined;
  readonly tags: Tags;
}

export interface User extends BoundedEntity {
  /** Names of its groups, lower case. */
  readonly groups: readonly string[];
  /** Ids of its access keys. */
  readonly keys: readonly string[];
}

export type Group = Entity;

export interface Role extends BoundedEntity {
  /** The trust policy, with the principals as unique ids. */
  readonly trust: string;
  readonly description?: string | undefined;
  /** Seconds. */
  readonly maxSessionDuration: number;
  /** Names of the instance profiles that hold it, lower case. */
  readonly profiles: readonly string[];
  /** Sessions issued before this time are no longer accepted. */
  readonly revokedBefore?: number | undefined;
}

export interface InstanceProfile {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly created: number;
  readonly tags: Tags;
  /** Name of its role, lower case. */
  readonly role?: string | undefined;
}

/** A machine that holds an instance profile. */
export interface InstanceRecord {
  /** `i-…` */
  readonly id: string;
  /** Unique id and name (lower case) of its profile. */
  readonly profileId: string;
  readonly profile: string;
  readonly registered: number;
  readonly region: string;
  readonly vpc?: string | undefined;
  readonly privateIp?: string | undefined;
  readonly tags: Tags;
}

export interface PolicyVersion {
  /** `v1` is 1. */
  readonly number: number;
  readonly document: string;
  readonly created: number;
}

export interface ManagedPolicy {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly created: number;
  readonly updated: number;
  readonly tags: Tags;
  /** Number of the default version. */
  readonly default: number;
  /** Number of the newest version ever made: numbers are not used again. */
  readonly newest: number;
  /** Oldest first. */
  readonly versions: readonly PolicyVersion[];
}

/** A policy and the ARN by which the account knows it. */
export interface NamedManagedPolicy {
  readonly arn: string;
  readonly policy: ManagedPolicy;
}

/** How many entities of an account use a policy. */
export interface PolicyUsage {
  readonly attachments: number;
  readonly boundaries: number;
}

export interface AccessKey {
  readonly account: string;
  /** Name of the user, lower case; absent for the root user. */
  readonly user?: string | undefined;
  readonly created: number;
  readonly active: boolean;
  /** The secret access key, sealed. */
  readonly secret: Uint8Array;
}

/** The last time that something was used. */
export interface LastUse {
  readonly time: number;
  readonly service: string;
  readonly region: string;
}

/** The account's rules for passwords. */
export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly requireSymbols: boolean;
  readonly requireNumbers: boolean;
  readonly requireUppercase: boolean;
  readonly requireLowercase: boolean;
  readonly usersMayChange: boolean;
  /** Days; absent where passwords do not expire. */
  readonly maxAge?: number | undefined;
  /** How many earlier passwords may not be used again. */
  readonly reusePrevention?: number | undefined;
  readonly hardExpiry: boolean;
}

export interface HashedPassword {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** A user's password. */
export interface LoginProfile {
  readonly created: number;
  readonly changed: number;
  readonly password: HashedPassword;
  /** Newest first. */
  readonly previous: readonly HashedPassword[];
  readonly resetRequired: boolean;
}

/** The credential report made last. */
export interface CredentialReport {
  readonly generated: number;
  readonly content: string;
}

/** A question when services were last used. */
export interface AccessJob {
  /** Of a user, group, role or policy. */
  readonly arn: string;
  readonly granularity: string;
  readonly created: number;
}

/** Where the holder of a unique id is found. */
interface IdHolder {
  readonly account: string;
  readonly kind: 'user' | 'role';
  /** Lower case. */
  readonly name: string;
}

/** How many of each an account has; checked against its quotas. */
export interface Counts {
  readonly users: number;
  readonly groups: number;
  readonly roles: number;
  readonly policies: number;
  readonly instanceProfiles: number;
}

/** Who asked for a session, by ARN and access key. */
export interface SessionLink {
  readonly arn: string;
  readonly accessKeyId: string;
}

/** What is stored of a session for the account's administrators; the session itself is in its token. */
export interface SessionRecord {
  readonly kind: 'assume-role' | 'session-token' | 'federation-token' | 'sign-in' | 'assume-root';
  /** ARN of the session. */
  readonly arn: string;
  /** ARN of who asked for it, and through which access key. */
  readonly issuer: string;
  readonly issuerKey: string;
  /** Through which sessions the issuer came to be, the first one first; absent where it was no session. */
  readonly chain?: readonly SessionLink[] | undefined;
  readonly sourceIp: string;
  readonly issued: number;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags: Tags;
  readonly policyArns: readonly string[];
  readonly hasPolicy: boolean;
  readonly lastUsed?: LastUse | undefined;
}

interface Revocation {
  readonly time: number;
}

/** The tables, each with the parts of its keys. */
export const tables = {
  /** account */
  accounts: table<AccountRecord>('account'),
  /** canonical id → account */
  canonicalIds: table<string>('canonical-id'),
  /** partition, alias → account */
  aliases: table<string>('alias'),
  /** account */
  counts: table<Counts>('counts'),
  /** account, name */
  users: table<User>('user'),
  /** account, name */
  groups: table<Group>('group'),
  /** account, group, user → unique id of the user */
  members: table<string>('member'),
  /** account, name */
  roles: table<Role>('role'),
  /** account, name */
  instanceProfiles: table<InstanceProfile>('instance-profile'),
  /** account, instance id */
  instances: table<InstanceRecord>('instance'),
  /** account, name */
  policies: table<ManagedPolicy>('policy'),
  /** account: written whenever one of its policies changes or goes */
  policyGenerations: table<{ readonly number: number }>('policy-generation'),
  /** account, policy ARN */
  policyUsage: table<PolicyUsage>('policy-usage'),
  /** account, policy ARN, `attached` or `boundary`, kind, name → unique id */
  policyUsers: table<string>('policy-user'),
  /** unique id */
  ids: table<IdHolder>('id'),
  /** access key id */
  accessKeys: table<AccessKey>('access-key'),
  /** access key id */
  accessKeyUses: table<LastUse>('access-key-use'),
  /** account */
  passwordPolicies: table<PasswordPolicy>('password-policy'),
  /** account, unique id of the user */
  loginProfiles: table<LoginProfile>('login-profile'),
  /** account */
  credentialReports: table<CredentialReport>('credential-report'),
  /** account, job */
  accessJobs: table<AccessJob>('access-job'),
  /** unique id of a role */
  roleUses: table<LastUse>('role-use'),
  /** account, unique id of a user or role, service */
  serviceUses: table<LastUse>('service-use'),
  /** account, end in seconds since the epoch, access key id */
  sessions: table<SessionRecord>('session'),
  /** access key id */
  revocations: table<Revocation>('revocation'),
};
