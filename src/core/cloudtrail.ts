/**
 * The form of AWS CloudTrail's records: "CloudTrail record contents" and "CloudTrail userIdentity element" of the
 * CloudTrail user guide. A member that AWS leaves out where it does not apply is optional here. Readers take records
 * of any `eventVersion`: members are only ever added.
 */

/** A value of `requestParameters` and the like: JSON. */
export type CloudTrailValue =
  | string
  | number
  | boolean
  | null
  | readonly CloudTrailValue[]
  | { readonly [name: string]: CloudTrailValue };

/** An object of such values by name. */
export type CloudTrailMap = Readonly<Record<string, CloudTrailValue>>;

/** What a file of CloudTrail's has inside its gzip. */
export interface CloudTrailFile {
  readonly Records: readonly CloudTrailRecord[];
}

/** One event. */
export interface CloudTrailRecord {
  /** Of the form: `1.11`. */
  readonly eventVersion: string;
  /** Absent in a few records that AWS's own services write. */
  readonly userIdentity?: CloudTrailIdentity | undefined;
  /** When the request arrived, UTC, whole seconds: `2026-01-31T12:00:00Z`. */
  readonly eventTime: string;
  /** The service that was called: `s3.amazonaws.com`. */
  readonly eventSource: string;
  /** The name of the call: an operation's, at times in an older spelling (`ListObjects`, `GetBucketLifecycle`). */
  readonly eventName: string;
  readonly awsRegion: string;
  /** A network address; a service's name where a service made the call; `AWS Internal`. */
  readonly sourceIPAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Absent where the call succeeded: `AccessDenied`, `NoSuchBucket`. */
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  /** In the service's names with a small first letter (S3: those of the query and of headers); null without any. */
  readonly requestParameters?: CloudTrailMap | null | undefined;
  /** Of calls that change something; null of others. */
  readonly responseElements?: CloudTrailMap | null | undefined;
  /** What the service adds: `SignatureVersion`, `AuthenticationMethod`, `bytesTransferredOut`. */
  readonly additionalEventData?: CloudTrailMap | undefined;
  /** The id that the caller was answered with. */
  readonly requestID?: string | undefined;
  /** A UUID of this record alone. */
  readonly eventID: string;
  /** Whether the call only reads. */
  readonly readOnly?: boolean | undefined;
  readonly resources?: readonly CloudTrailResource[] | undefined;
  /** `AwsApiCall`, `AwsServiceEvent`, `AwsConsoleSignIn`. */
  readonly eventType?: string | undefined;
  readonly apiVersion?: string | undefined;
  /** Whether the call manages resources; those on what is inside of them, like an object, are data events. */
  readonly managementEvent?: boolean | undefined;
  /** Of the account that the record was delivered to: the caller's, or in another record the resource's. */
  readonly recipientAccountId?: string | undefined;
  /** A UUID that the records of one call in several accounts have in common. */
  readonly sharedEventID?: string | undefined;
  readonly vpcEndpointId?: string | undefined;
  readonly vpcEndpointAccountId?: string | undefined;
  readonly eventCategory?: 'Management' | 'Data' | 'Insight' | 'NetworkActivity' | undefined;
  /** `true` where the session began in AWS's console. */
  readonly sessionCredentialFromConsole?: string | undefined;
  /** Absent where the request came without TLS. */
  readonly tlsDetails?: CloudTrailTls | undefined;
  readonly serviceEventDetails?: CloudTrailMap | undefined;
}

type CloudTrailIdentityType =
  | 'Root'
  | 'IAMUser'
  | 'AssumedRole'
  | 'Role'
  | 'FederatedUser'
  | 'Directory'
  | 'AWSAccount'
  | 'AWSService'
  | 'IdentityCenterUser'
  | 'SAMLUser'
  | 'WebIdentityUser'
  | 'Unknown';

/** Who called. */
export interface CloudTrailIdentity {
  readonly type: CloudTrailIdentityType;
  /** The unique id: `AIDA…`; a session's `AROA…:name`, a federated user's `111122223333:name`, root's account. */
  readonly principalId?: string | undefined;
  /** Of a session that of the session: `arn:aws:sts::111122223333:assumed-role/name/session`. */
  readonly arn?: string | undefined;
  readonly accountId?: string | undefined;
  readonly accessKeyId?: string | undefined;
  /** Of a user; of `WebIdentityUser` and `SAMLUser` the subject. */
  readonly userName?: string | undefined;
  /** The service that made the call in this identity's name: `s3.amazonaws.com`. */
  readonly invokedBy?: string | undefined;
  /** The provider that vouched for a `WebIdentityUser` or a `SAMLUser`. */
  readonly identityProvider?: string | undefined;
  /** Of calls with temporary credentials. */
  readonly sessionContext?: CloudTrailSession | undefined;
}

/** Of what the caller's temporary credentials came. */
export interface CloudTrailSession {
  readonly sessionIssuer?: CloudTrailIssuer | undefined;
  readonly webIdFederationData?: CloudTrailFederation | undefined;
  readonly attributes?: CloudTrailSessionAttributes | undefined;
  /** Set where the first session of a chain began. */
  readonly sourceIdentity?: string | undefined;
  /** `1.0` or `2.0`: the version of the metadata service that gave the credentials to an EC2 instance. */
  readonly ec2RoleDelivery?: string | undefined;
  /** `true` where the caller became root of a member account with AssumeRoot. */
  readonly assumedRoot?: string | undefined;
}

interface CloudTrailSessionAttributes {
  /** When the credentials were given, whole seconds. */
  readonly creationDate?: string | undefined;
  /** `true` or `false`. */
  readonly mfaAuthenticated?: string | undefined;
}

/** The user or role whose the session is. */
interface CloudTrailIssuer {
  readonly type?: 'Root' | 'IAMUser' | 'Role' | undefined;
  readonly principalId?: string | undefined;
  /** Of the role or user itself, path and all: `arn:aws:iam::111122223333:role/path/name`. */
  readonly arn?: string | undefined;
  readonly accountId?: string | undefined;
  readonly userName?: string | undefined;
}

/** Of sessions that began with a token of an OpenID Connect provider. */
interface CloudTrailFederation {
  /** The ARN of the provider, or the name of one that AWS knows: `accounts.google.com`. */
  readonly federatedProvider?: string | undefined;
  /** Claims of the token by condition key. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** What a call was about. Of listings `ARNPrefix` stands in the place of `ARN`. */
export interface CloudTrailResource {
  readonly ARN?: string | undefined;
  readonly ARNPrefix?: string | undefined;
  readonly accountId?: string | undefined;
  /** `AWS::S3::Object`. */
  readonly type?: string | undefined;
}

export interface CloudTrailTls {
  /** `TLSv1.3` */
  readonly tlsVersion?: string | undefined;
  /** `TLS_AES_128_GCM_SHA256` */
  readonly cipherSuite?: string | undefined;
  /** The host that the client named. */
  readonly clientProvidedHostHeader?: string | undefined;
}

/** An event as it is stored. */
export interface AuditEvent extends Omit<CloudTrailRecord, 'eventSource' | 'eventName'> {
  /** `s3.amazonaws.com`; absent where the request could not be understood. */
  readonly eventSource?: string | undefined;
  readonly eventName?: string | undefined;
  /** When the request arrived, milliseconds since the epoch: `eventTime` has whole seconds. */
  readonly arrived: number;
  /** Absent for a call that a service made. */
  readonly httpStatus?: number | undefined;
  /** Whole milliseconds from the request's arrival to the end of its reply. Absent for a call that a service made. */
  readonly durationMs?: number | undefined;
}

/** An event as SearchEvents answers it: a record, which a request that could not be understood is not. */
export interface FoundEvent extends Omit<CloudTrailRecord, 'eventSource' | 'eventName'> {
  readonly eventSource?: string;
  readonly eventName?: string;
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  readonly httpStatus?: number;
  readonly durationMs?: number;
}
