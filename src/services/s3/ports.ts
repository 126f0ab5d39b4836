import type { Account, Caller, CallerPolicies, ResourceOwner } from '../../core/caller.js';
import type { Call } from '../../core/operation.js';
import type { EndedCall } from '../../events/event.js';
import type { Role } from '../../identity/index.js';
import type { Objects } from '../../objects/index.js';
import type { PolicyKind } from '../../policy/index.js';

/**
 * Bucket policies name users and roles by ARN and are stored with their unique ids, so that an entity of the
 * same name made later is not meant.
 */
export interface PrincipalMapper {
  /**
   * The policy with its principals as they are stored. Throws the policy engine's `PolicySyntaxError` for one
   * that does not exist.
   */
  toStored(policy: string, kind: PolicyKind, partition: string): Promise<string>;
  /** A stored policy as it is shown: orphaned ids stay ids. */
  toShown(policy: string, kind: PolicyKind): Promise<string>;
}

/** Data keys from the key service, made and opened in the caller's name: objects under SSE-KMS. */
export interface KmsKeys {
  /** `keyId`: absent means the account's `alias/aws/s3`. Throws KMS's errors, and AccessDenied. */
  generateDataKey(
    call: Call,
    use: {
      readonly keyId?: string | undefined;
      readonly encryptionContext: Readonly<Record<string, string>>;
      /** The same for some minutes: not to be used but to derive keys from. */
      readonly bucketKey?: boolean | undefined;
    },
  ): Promise<{ readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array; readonly keyArn: string }>;
  /** Wraps a data key that there is already. */
  encrypt(
    call: Call,
    use: {
      readonly keyId: string;
      readonly plaintext: Uint8Array;
      readonly encryptionContext: Readonly<Record<string, string>>;
    },
  ): Promise<{ readonly ciphertext: Uint8Array; readonly keyArn: string }>;
  decrypt(
    call: Call,
    use: {
      readonly ciphertext: Uint8Array;
      readonly encryptionContext: Readonly<Record<string, string>>;
      readonly bucketKey?: boolean | undefined;
    },
  ): Promise<{ readonly plaintext: Uint8Array }>;
}

/** Roles that accounts hand to S3, for replication. */
export interface ServiceRoles {
  /** The role of exactly that ARN. */
  find(arn: string): Promise<ServiceRole | undefined>;
  policiesOf(caller: Caller): Promise<CallerPolicies>;
  /** Takes note of what S3 does in the name of a role. */
  record(call: EndedCall): void;
}

export interface ServiceRole {
  readonly account: Account;
  readonly role: Role;
}

/** Another server that holds buckets which copies go to, as the operator declares it. */
export interface ReplicationEndpoint {
  /** As the log and the metrics call it. */
  readonly name: string;
  /** Sends a message; any answer is one. Throws `EndpointAway` where there is none. `signal` ends it early. */
  send(message: ReplicaMessage, signal: AbortSignal): Promise<ReplicaAnswer>;
}

/** `POST /BUCKET/KEY?karikagi-replica=KIND`, to be signed. */
export interface ReplicaMessage {
  readonly bucket: string;
  readonly key: string;
  readonly kind: 'object' | 'delete-marker';
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ReplicaAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The beginning of its body. */
  readonly text: string;
}

/** The other server cannot be reached, or does not answer: all that is for it waits. */
export class EndpointAway extends Error {
  override readonly name = 'EndpointAway';
}

/** What S3's operations work on. */
export interface S3Ports {
  readonly objects: Objects;
  readonly principals: PrincipalMapper;
  /** Where it is absent, there is no SSE-KMS. */
  readonly keys?: KmsKeys;
  /** Where they are absent, nothing is replicated. */
  readonly roles?: ServiceRoles;
  /** Where the bucket is that an account's copies go to, if another server holds it. */
  readonly elsewhere?: ((account: string, bucket: string) => ReplicationEndpoint | undefined) | undefined;
  /** The account of an id. */
  accountOf(id: string): Promise<Account | undefined>;
  /** The account of a canonical user id. */
  accountOfCanonicalId(id: string): Promise<Account | undefined>;
  /** The account of an id, with what its organisation sets over its resources. */
  ownerOf(id: string): Promise<ResourceOwner | undefined>;
  /** The names of the targets that events may be sent to; `eventbridge` among them where there is a sink for it. */
  readonly targets: ReadonlySet<string>;
  /** Whether the account's root user has the MFA device and it shows that code now. A right code is used up. */
  provesMfa(account: Account, serial: string, code: string): Promise<boolean>;
  /** Hears of unexpected errors, in a part of a request that answers for its other parts as well. */
  readonly failed?: ((error: unknown, call: Call) => void) | undefined;
  /** The server's own region. */
  readonly region: string;
  /** What buckets begin with, as in the settings. Default: closed. */
  readonly newBuckets?: 'closed' | 'open';
  /** What becomes of requests that are signed for another region than their bucket's. Default: served. */
  readonly otherRegions?: 'served' | 'redirected';
}
