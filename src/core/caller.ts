import type { Context, NamedPolicy, Partition, Principal } from '../policy/types.js';
import type { Claimant } from './errors.js';

export interface Account {
  /** 12 digits. */
  readonly id: string;
  readonly partition: Partition;
  readonly name: string;
  /** S3's canonical user id: 64 hexadecimal digits. */
  readonly canonicalId: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Absent for an account that is in no organisation. */
  readonly organization?: OrganizationPlace | undefined;
  /** Absent while everything is as it was when the account was made. */
  readonly regions?: AccountRegions | undefined;
  /** When it was closed, milliseconds since the epoch: its credentials are no longer accepted. */
  readonly closed?: number | undefined;
}

/** What an account changed about its regions. */
export interface AccountRegions {
  /** Opt-in regions that are enabled. */
  readonly enabled: readonly string[];
  /** Regions where STS was switched off. */
  readonly withoutSts: readonly string[];
  /** The version of tokens of the global endpoint; 1 unless set. */
  readonly globalTokenVersion?: 1 | 2 | undefined;
}

/** Where an account stands in its organisation. */
interface OrganizationPlace {
  /** `o-…` */
  readonly id: string;
  /** From the root (`r-…`) through the organisational units (`ou-…`) that hold the account. */
  readonly path: readonly string[];
  /** Whether it is the management account, which nothing controls. */
  readonly management: boolean;
}

/** The policies that an organisation sets over an account: one list per level, from the root to the account. */
export interface OrganizationControls {
  readonly serviceControl?: readonly (readonly NamedPolicy[])[];
  readonly resourceControl?: readonly (readonly NamedPolicy[])[];
}

/** Who signed a request, or that it is anonymous. */
export interface Caller {
  readonly principal: Principal;
  /** Absent for anonymous callers. */
  readonly account?: Account;
  /** Absent for anonymous callers. */
  readonly accessKeyId?: string;
  /** `aws:userid`: `AIDA…`, the account id for root, `AROA…:session`, `account:name` of a federated user. */
  readonly userId: string;
  /** How the credentials came to be: decides chaining and who may call GetSessionToken. */
  readonly credentials:
    | 'none'
    | 'long-term'
    | 'assume-role'
    | 'session-token'
    | 'federation-token'
    | 'sign-in'
    | 'assume-root';
  /** When the session ends, milliseconds since the epoch; absent for long-term keys. */
  readonly expires?: number;
  /**
   * The condition keys that the credentials carry: `aws:PrincipalArn`, `aws:PrincipalAccount`,
   * `aws:PrincipalType`, `aws:userid`, `aws:username`, `aws:PrincipalTag/k`, `aws:TokenIssueTime`,
   * `aws:MultiFactorAuthPresent`, `aws:SourceIdentity` …
   */
  readonly context: Context;
  /** Set for sessions: what a chained session inherits. */
  readonly session?: {
    readonly transitiveTags: Readonly<Record<string, string>>;
    readonly sourceIdentity?: string | undefined;
  };
}

/** The certificate whose key a request is signed with, as it came: whom it is for and who vouches is not looked at. */
export interface SigningCertificate {
  /** DER. */
  readonly certificate: Uint8Array;
  /** What came beside it to lead to an authority, DER, in the order of the request. */
  readonly chain: readonly Uint8Array[];
}

/** The policies in force for a caller, compiled. */
export interface CallerPolicies {
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy;
  readonly session?: readonly NamedPolicy[];
  /** Of the organisation that the caller's account is in. */
  readonly controls?: OrganizationControls;
}

/** Whose a resource is. */
export interface ResourceOwner {
  readonly account: Account;
  readonly controls?: OrganizationControls | undefined;
}

/** What a look-up of an access key (and session token) finds. */
export type CredentialLookup =
  | { readonly found: 'valid'; readonly secretAccessKey: string; readonly caller: Caller }
  | { readonly found: 'expired'; readonly secretAccessKey: string; readonly claimant?: Claimant }
  /**
   * `key`: no such access key; `inactive`: it is switched off; `token`: the session token is not ours, was
   * tampered with or belongs to another key; `revoked`: the session was ended.
   * `reason` is for the log.
   */
  | {
      readonly found: 'none';
      readonly why: 'key' | 'inactive' | 'token' | 'revoked';
      readonly reason: string;
      /** Absent where the key has no owner. */
      readonly claimant?: Claimant;
    };

/** What authentication needs of identity. */
export interface CredentialSource {
  /** `now`: milliseconds since the epoch. Cheap: every request pays it. */
  lookup(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<CredentialLookup>;
  policiesOf(caller: Caller): Promise<CallerPolicies>;
  /** The account that owns a resource, and what its organisation sets over it. */
  owner(account: string): Promise<ResourceOwner | undefined>;
  /** Notes that a caller's credentials were used; written later and at most once a minute per key and service. */
  used(caller: Caller, service: string, region: string, now: number): void;
}
