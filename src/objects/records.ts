/** What the engine stores: record types and where each lies in the key-value store. */
import type { KeyOf } from '../store/keyspace.js';
import type { Version } from '../store/kv.js';
import { recordType } from '../store/records.js';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './bodies/checksums.js';
import type { Notifications } from './events/events.js';
import type { Replication, ReplicationState } from './replication/rules.js';

/** Names and values that clients choose, in the order they gave them. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export type Permission = 'FULL_CONTROL' | 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP';

/** A line of an access control list. */
export interface AclGrant {
  /** The canonical id of an account, or the URI of a group. */
  readonly grantee: string;
  readonly permission: Permission;
}

export type ObjectOwnership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter';

/** A bucket's settings. What is absent was never set or was deleted. */
export interface BucketSettings {
  readonly versioning?: 'Enabled' | 'Suspended' | undefined;
  /** Whether deleting versions, and changing this and the versioning, takes a second factor. */
  readonly mfaDelete?: 'Enabled' | 'Disabled' | undefined;
  /** Present once Object Lock was enabled, which cannot be undone. */
  readonly objectLock?: ObjectLockSetting | undefined;
  /** The policy's text, its principals as unique ids. */
  readonly policy?: string | undefined;
  readonly tags?: Pairs | undefined;
  readonly publicAccessBlock?: PublicAccessBlock | undefined;
  /** Absent since it was deleted: as ObjectWriter. */
  readonly ownership?: ObjectOwnership | undefined;
  /** Absent: full control to the owner, nothing to others. Kept, but of no effect, under BucketOwnerEnforced. */
  readonly acl?: readonly AclGrant[] | undefined;
  readonly lifecycle?: readonly LifecycleRule[] | undefined;
  /**
   * From which size on transitions of rules without sizes apply, as it was given; by default
   * `all_storage_classes_128K`.
   */
  readonly transitionSize?: TransitionSize | undefined;
  readonly cors?: readonly CorsRule[] | undefined;
  readonly encryption?: DefaultEncryption | undefined;
  readonly website?: Website | undefined;
  readonly notifications?: Notifications | undefined;
  /** Whether the bucket's tags are condition keys of decisions. */
  readonly tagsDecide?: true | undefined;
  readonly requesterPays?: true | undefined;
  readonly acceleration?: 'Enabled' | 'Suspended' | undefined;
  readonly logging?: LoggingSetting | undefined;
  readonly replication?: Replication | undefined;
}

/** Where the requests to a bucket are logged. */
export interface LoggingSetting {
  /** The name of a bucket. */
  readonly target: string;
  readonly prefix: string;
  /** How the keys of the logs go on; absent where nothing was said, which is as `simple`. */
  readonly format?: 'simple' | 'EventTime' | 'DeliveryTime' | undefined;
  /** What the logs' lists grant beside the full control of the target's owner. */
  readonly grants?: readonly AclGrant[] | undefined;
}

/** How a bucket is served at its website endpoint. */
export type Website =
  /** Every request is sent to another host. */
  | { readonly redirectAll: { readonly host: string; readonly protocol?: WebsiteProtocol | undefined } }
  | {
      readonly redirectAll?: undefined;
      /** What is served of a folder: the end of the key, without a slash. */
      readonly index: string;
      /** The key of what is served with errors. */
      readonly error?: string | undefined;
      /** In order: the first that fits counts. */
      readonly rules?: readonly RoutingRule[] | undefined;
    };

export type WebsiteProtocol = 'http' | 'https';

/** Where a website sends requests that all of its conditions fit. */
export interface RoutingRule {
  readonly prefix?: string | undefined;
  /** The status that the request would be answered with. */
  readonly errorCode?: number | undefined;
  readonly redirect: {
    readonly host?: string | undefined;
    readonly protocol?: WebsiteProtocol | undefined;
    /** Absent: 301. */
    readonly code?: number | undefined;
    readonly replacePrefix?: string | undefined;
    readonly replaceKey?: string | undefined;
  };
}

/** A rule for the objects that its filter lets in; all that the filter names must hold. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: {
    readonly prefix?: string | undefined;
    readonly tags?: Pairs | undefined;
    /** Bytes, exclusive. */
    readonly largerThan?: number | undefined;
    readonly smallerThan?: number | undefined;
  };
  /** The prefix was given beside the filter, as it was before there were filters. */
  readonly prefixOutside?: boolean | undefined;
  /** Of current versions. */
  readonly expiration?:
    | {
        readonly days?: number | undefined;
        /** Milliseconds since the epoch. */
        readonly date?: number | undefined;
        /** Delete markers that have no version behind them go too. */
        readonly loneMarkers?: boolean | undefined;
      }
    | undefined;
  readonly noncurrentExpiration?:
    | { readonly days: number /** So many of the newest stay. */; readonly keep?: number | undefined }
    | undefined;
  readonly transitions?: readonly {
    readonly days?: number | undefined;
    readonly date?: number | undefined;
    readonly storageClass: string;
  }[];
  /** Of noncurrent versions, by the days since they stopped being current; so many of the newest stay as they are. */
  readonly noncurrentTransitions?: readonly {
    readonly days: number;
    readonly keep?: number | undefined;
    readonly storageClass: string;
  }[];
  /** Days after which unfinished uploads are aborted. */
  readonly abortUploadsAfter?: number | undefined;
}

/** What pages of other origins may do with a bucket. */
export interface CorsRule {
  readonly id?: string | undefined;
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number | undefined;
}

export interface ObjectLockSetting {
  readonly defaultRetention?: {
    readonly mode: RetentionMode;
    readonly days?: number | undefined;
    readonly years?: number | undefined;
  };
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface BucketRecord extends BucketSettings {
  /** What everything in the bucket is keyed by: a bucket of the same name made later never sees it. */
  readonly id: string;
  readonly name: string;
  /** Account id. */
  readonly owner: string;
  /** The owner's partition. */
  readonly partition: string;
  readonly region: string;
  /** The old name of the region, where the bucket was made with it: its location is shown so. */
  readonly oldLocation?: 'EU' | undefined;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Being deleted: nothing new goes in. */
  readonly deleting?: boolean;
}

/** A bucket as it was read. */
export interface Bucket extends BucketRecord {
  /** Of the stored record: a commit that checks it fails once any setting has changed. */
  readonly stored: Version;
  /** Block Public Access of the owner's account, where it was looked at: see `AccountBlocks`. */
  readonly accountBlock?: PublicAccessBlock | undefined;
}

/** The two ways of it that S3 has ("Transitioning objects", S3 User Guide). */
export type TransitionSize = 'varies_by_storage_class' | 'all_storage_classes_128K';

/** The headers that are stored with an object and given back with it. */
export interface ContentHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expires?: number | undefined;
  readonly websiteRedirectLocation?: string | undefined;
}

/** Where the bytes of an object are. */
export type Content =
  /** In the record at `contentKey`; `crc` is their CRC-32. */
  | { readonly kind: 'inline'; readonly crc: number }
  | { readonly kind: 'blob'; readonly blob: string }
  /** A list of parts in the record at `contentKey`. */
  | { readonly kind: 'parts'; readonly count: number };

/** One part of an object that was uploaded in parts. */
export interface Part {
  readonly number: number;
  readonly size: number;
  readonly blob: string;
  /** Hexadecimal MD5. */
  readonly etag: string;
  /** Base64. */
  readonly checksum: string;
  /** Present where the blob is encrypted. */
  readonly salt?: Uint8Array | undefined;
}

/** How a version is encrypted, and the wrapped data key. */
export type Encryption =
  /** SSE-S3: derived from the engine's own key. */
  | { readonly kind: 'AES256'; readonly seed: Uint8Array; readonly wrapped?: undefined }
  /** SSE-S3 as it was before data keys were derived: wrapped under the engine's own key. */
  | { readonly kind: 'AES256'; readonly wrapped: Uint8Array; readonly seed?: undefined }
  /** SSE-KMS: wrapped by the key service. */
  | {
      readonly kind: 'aws:kms';
      readonly wrapped: Uint8Array;
      readonly keyArn: string;
      /** The encryption context that the data key is bound to. */
      readonly context: Pairs;
      readonly bucketKey: boolean;
      /** Present where the data key is derived from what `wrapped` is: a bucket key, which serves many objects. */
      readonly seed?: Uint8Array | undefined;
    }
  /** DSSE-KMS: encrypted twice, each layer under a data key of its own. */
  | {
      readonly kind: 'aws:kms:dsse';
      /** One for each layer, from the innermost; each wrapped by the key service. */
      readonly wrapped: readonly Uint8Array[];
      readonly keyArn: string;
      readonly context: Pairs;
    }
  /** SSE-C: the customer alone has the key; `check` tells whether it is the same. */
  | { readonly kind: 'customer'; readonly salt: Uint8Array; readonly check: Uint8Array };

/** How new objects of a bucket are encrypted that do not say it themselves. */
export interface DefaultEncryption {
  readonly kind: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  /** Id, ARN or alias of a KMS key; absent: the account's `alias/aws/s3`. */
  readonly keyId?: string | undefined;
  readonly bucketKey: boolean;
  /** Whether new objects may be encrypted with keys that customers bring; absent where it is not set. */
  readonly customerKeys?: 'blocked' | 'allowed' | undefined;
}

export interface Retention {
  readonly mode: RetentionMode;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** An account that owns an object in another account's bucket. */
export interface ObjectOwner {
  /** Account id; `anonymous` where the upload was unsigned. */
  readonly account: string;
  readonly canonicalId: string;
}

/** What a client sets with an object. */
export interface ObjectAttributes {
  readonly headers: ContentHeaders;
  /** User metadata, names in lower case. */
  readonly metadata: Pairs;
  readonly tags?: Pairs | undefined;
  /** Absent: STANDARD. */
  readonly storageClass?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly legalHold?: boolean | undefined;
  /** Absent: the bucket's owner. */
  readonly owner?: ObjectOwner | undefined;
  /** As a bucket's. */
  readonly acl?: readonly AclGrant[] | undefined;
}

/** A version of an object. */
export interface ObjectRecord extends ObjectAttributes {
  readonly marker?: undefined;
  /** Of the record and its content; what clients call the version id, unless `isNull`. */
  readonly id: string;
  /** Written while versioning was not enabled: clients call it `null`. */
  readonly isNull: boolean;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum;
  readonly content: Content;
  /** The id of the multipart upload that made it. */
  readonly upload?: string | undefined;
  readonly encryption?: Encryption | undefined;
  /** Of an encrypted content that is not made of parts, where its data key serves others, too. */
  readonly salt?: Uint8Array | undefined;
  /** Absent where no rule asks for copies. */
  readonly replication?: ReplicationState | undefined;
}

export interface DeleteMarker {
  readonly marker: true;
  readonly id: string;
  readonly isNull: boolean;
  readonly modified: number;
}

export type VersionRecord = ObjectRecord | DeleteMarker;

/**
 * Kept for the keys of buckets that have ever had versioning enabled. Every change of a key's versions
 * rewrites it, so that checking it in a commit excludes every other change.
 */
export interface KeyState {
  /** Id of the newest version. */
  readonly latest: string;
  /** Whether that is a delete marker. */
  readonly marker: boolean;
  /** Id of the null version, where there is one. */
  readonly nullId?: string | undefined;
}

/** A multipart upload that is neither completed nor aborted. */
export interface UploadRecord extends ObjectAttributes {
  readonly initiated: number;
  /** ARN of who began it. */
  readonly initiator: string;
  readonly algorithm: ChecksumAlgorithm;
  readonly checksumType: ChecksumType;
  /** Whether the client asked for the checksum: only then is it demanded of and shown with the parts. */
  readonly checksumAsked: boolean;
  readonly encryption?: Encryption | undefined;
  /** Many parts are being made an object: putting one more takes this back in the same commit. */
  readonly completing?: true | undefined;
  /** The id of the object that stood under the key then; null for none. Absent in uploads from before it was noted. */
  readonly onto?: string | null | undefined;
}

export interface PartRecord extends Part {
  readonly modified: number;
}

const plain = { version: 1 } as const;
export const bucketRecords = recordType<BucketRecord>(plain);
export const partLists = recordType<readonly Part[]>(plain);
export const keyStates = recordType<KeyState>(plain);
export const uploadRecords = recordType<UploadRecord>(plain);
export const partRecords = recordType<PartRecord>(plain);
/** Of rows that say all with their key. */
export const EMPTY = new Uint8Array(0);

/** A key of the engine's. */
type ObjectsKey = KeyOf<'objects'>;

export const bucketKey = (name: string): ObjectsKey => ['bucket', name];
export const ownedBucketKey = (owner: string, name: string): ObjectsKey => ['bucket-of', owner, name];
/** While a bucket is being deleted, so that a start finds what a crash cut short without looking at every bucket. */
export const bucketDeletionKey = (name: string): ObjectsKey => ['bucket-deletion', name];
/** The current version of a key, unless that is a delete marker. */
export const objectKey = (bucket: string, key: string): ObjectsKey => ['object', bucket, key];
/** Every other version, delete markers included, the newest first. */
export const versionKey = (bucket: string, key: string, id: string): ObjectsKey => [
  'version',
  bucket,
  key,
  id,
];
export const keyStateKey = (bucket: string, key: string): ObjectsKey => ['key', bucket, key];
/** An inline body, or the list of an object's parts. */
export const contentKey = (bucket: string, id: string): ObjectsKey => ['content', bucket, id];
/** One row for each record that refers to a blob: a blob without any is garbage. */
export const blobReferenceKey = (blob: string, id: string): ObjectsKey => ['blob', blob, id];
export const uploadKey = (bucket: string, key: string, upload: string): ObjectsKey => [
  'upload',
  bucket,
  key,
  upload,
];
/** Of an upload that has ended, while parts of it are left: they are dropped some at a time. */
export const endedUploadKey = (upload: string): ObjectsKey => ['ended-upload', upload];

export const partKey = (upload: string, part: number): ObjectsKey => ['part', upload, part];
