/** A copy of what decides in an account: plain data, with policy documents as text. */

/** A policy document under a name. */
export interface DocumentCopy {
  readonly name: string;
  readonly document: string;
}

export interface EntityCopy {
  readonly name: string;
  readonly arn: string;
  /** Unique id: `AIDA…`, `AROA…`, `AGPA…`. */
  readonly id: string;
  readonly path: string;
  readonly inline: readonly DocumentCopy[];
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
}

export interface UserCopy extends EntityCopy {
  /** Names. */
  readonly groups: readonly string[];
  /** ARN of a managed policy. */
  readonly boundary?: string | undefined;
  readonly tags: Tags;
}

type GroupCopy = EntityCopy;

export interface RoleCopy extends EntityCopy {
  /** Empty where it is not known. */
  readonly trust: string;
  /** What the role may do is not known: a change of its trust policy stands alone. */
  readonly isPartial?: true | undefined;
  readonly boundary?: string | undefined;
  readonly tags: Tags;
  readonly description?: string | undefined;
  /** Seconds. */
  readonly maxSessionDuration?: number | undefined;
}

export type Tags = Readonly<Record<string, string>>;

/** A managed policy, AWS's own among them, with its default version. */
export interface ManagedPolicyCopy extends DocumentCopy {
  readonly arn: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly tags?: Tags | undefined;
}

interface InstanceProfileCopy {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  /** Names. */
  readonly roles: readonly string[];
  readonly tags?: Tags | undefined;
}

/** The four switches of Block Public Access. */
interface PublicAccessBlockCopy {
  readonly BlockPublicAcls: boolean;
  readonly IgnorePublicAcls: boolean;
  readonly BlockPublicPolicy: boolean;
  readonly RestrictPublicBuckets: boolean;
}

export interface BucketCopy {
  readonly name: string;
  readonly region: string;
  readonly policy?: string | undefined;
  readonly publicAccessBlock?: PublicAccessBlockCopy | undefined;
  /** `BucketOwnerEnforced`, `BucketOwnerPreferred`, `ObjectWriter`. */
  readonly ownership?: string | undefined;
  readonly tags?: Tags | undefined;
}

/** A grant on a key, without its token. */
export interface GrantCopy {
  readonly grantee: string;
  readonly operations: readonly string[];
  readonly retiring?: string | undefined;
  readonly name?: string | undefined;
  readonly equals?: Tags | undefined;
  readonly subset?: Tags | undefined;
  readonly sourceArn?: string | undefined;
}

export interface KeyCopy {
  readonly arn: string;
  readonly id: string;
  readonly region: string;
  readonly policy?: string | undefined;
  readonly aliases: readonly string[];
  readonly grants: readonly GrantCopy[];
  readonly description?: string | undefined;
  readonly spec: string;
  readonly usage: string;
  /** `AWS_KMS`, `EXTERNAL`. */
  readonly origin: string;
  readonly multiRegion: boolean;
  /** Of a multi-Region key: the Region of the primary. */
  readonly primary?: string | undefined;
  /** `Enabled`, `Disabled`, `PendingImport`, `PendingDeletion`. */
  readonly state?: string | undefined;
  /** Days between automatic rotations, where they are on. */
  readonly rotation?: number | undefined;
  /** `AWS` or `CUSTOMER`. */
  readonly manager: string;
  readonly tags?: Tags | undefined;
}

interface OidcProviderCopy {
  readonly arn: string;
  /** With its scheme. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags?: Tags | undefined;
}

export interface SamlProviderCopy {
  readonly arn: string;
  readonly name: string;
  /** XML. */
  readonly metadata: string;
  readonly tags?: Tags | undefined;
}

export interface ControlPolicyCopy extends DocumentCopy {
  readonly id: string;
  /** `SERVICE_CONTROL_POLICY`, `RESOURCE_CONTROL_POLICY`. */
  readonly type: string;
  readonly description?: string | undefined;
}

/** A root, unit or account of an organization, with the ids of the policies that are attached to it. */
interface OrganizationNode {
  readonly id: string;
  readonly name: string;
  readonly kind: 'root' | 'unit' | 'account';
  /** Absent of the root. */
  readonly parent?: string | undefined;
  readonly policies: readonly string[];
}

export interface OrganizationCopy {
  readonly id: string;
  readonly managementAccount: string;
  /** Policy types that are enabled in the root. */
  readonly enabled: readonly string[];
  readonly nodes: readonly OrganizationNode[];
  readonly policies: readonly ControlPolicyCopy[];
}

/** The account of buckets of which it is not known whose they are. */
export const UNKNOWN_ACCOUNT = '';

export interface AccountCopy {
  /** 12 digits. */
  readonly account: string;
  readonly partition: string;
  readonly alias?: string | undefined;
  readonly users: readonly UserCopy[];
  readonly groups: readonly GroupCopy[];
  readonly roles: readonly RoleCopy[];
  readonly policies: readonly ManagedPolicyCopy[];
  readonly instanceProfiles: readonly InstanceProfileCopy[];
  readonly publicAccessBlock?: PublicAccessBlockCopy | undefined;
  readonly buckets: readonly BucketCopy[];
  readonly keys: readonly KeyCopy[];
  readonly oidcProviders: readonly OidcProviderCopy[];
  readonly samlProviders: readonly SamlProviderCopy[];
  /** Where the account may read its organization. */
  readonly organization?: OrganizationCopy | undefined;
}
