/** Who asks, for what, and what is known of the request: plain data, usable in a browser. */

/** `aws`, `aws-cn`, `aws-us-gov`. */
export type Partition = string;

export type ContextValue = string | readonly string[];

/**
 * Condition keys of a request; names are matched without case. Numbers, booleans and dates are strings
 * (`'true'`, ISO 8601). A key that a request does not carry is left out.
 */
export type Context = Readonly<Record<string, ContextValue>>;

export type PrincipalType = 'anonymous' | 'root' | 'user' | 'assumed-role' | 'federated-user' | 'service';

/** Who asks. */
export interface Principal {
  readonly type: PrincipalType;
  /**
   * `arn:aws:iam::1:root`, `arn:aws:iam::1:user/path/name`, `arn:aws:sts::1:assumed-role/role/session`,
   * `arn:aws:sts::1:federated-user/name`; for a service its name (`ec2.amazonaws.com`); for anonymous `*`.
   */
  readonly arn: string;
  /** 12 digits; absent for anonymous callers and services. */
  readonly account?: string;
  /** The account's canonical user id (64 hexadecimal digits), matched by `CanonicalUser` principals as the account. */
  readonly canonicalId?: string;
  /** Unique id of the user (`AIDA…`) or of the role behind a session (`AROA…`): stored policies name these. */
  readonly uniqueId?: string;
  /** For `assumed-role`: ARN of the role, with its path. */
  readonly roleArn?: string;
  /** For `federated-user`: the ARN of the user who federated. */
  readonly federatingArn?: string;
  readonly federatingId?: string;
  /** For web identity and SAML callers of STS: the provider's ARN or host, matched by `Federated` principals. */
  readonly federatedProvider?: string;
}

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** `s3:GetObject` */
  readonly action: string;
  /** An ARN, or `*` for actions without a resource. */
  readonly resource: string;
  /** The account that owns the resource; where absent, the principal's. */
  readonly resourceAccount?: string | undefined;
  /**
   * Whose the object is, where it may be another account's than the bucket: it is that account's policies and the
   * object's access control list that may allow, and the bucket's policy can only deny ("How Amazon S3 authorizes
   * a request for an object operation", S3 User Guide).
   */
  readonly objectOwner?: string | undefined;
  readonly context: Context;
}
