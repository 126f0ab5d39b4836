/**
 * Encryption of objects at rest: SSE-S3, SSE-KMS, DSSE-KMS and SSE-C ("Protecting data with encryption", S3 User
 * Guide).
 */
import type { GetObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import { ApiError } from '../../../core/errors.js';
import type { Call } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import {
  type Bucket,
  type DefaultEncryption,
  deriveDataKey,
  derivedDataKey,
  type Encryption,
  ownerOf,
} from '../../../objects/index.js';
import { notImplemented } from '../object/attributes.js';
import type { S3Ports } from '../ports.js';
import { bucketArn } from '../requirements.js';
import {
  type CustomerKeyInput,
  customerEncryption,
  customerKey,
  demandCustomerKey,
} from './customer-keys.js';

export type EncryptionInput = Pick<
  PutObjectRequest,
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'SSEKMSEncryptionContext'
  | 'BucketKeyEnabled'
  | 'SSECustomerAlgorithm'
  | 'SSECustomerKey'
  | 'SSECustomerKeyMD5'
>;

/** Whether data keys of that kind are made for one object: under SSE-C many have the customer's. */
export function isKeyAlone(encryption: Encryption | undefined): boolean {
  return encryption !== undefined && encryption.kind !== 'customer';
}

/** How a new object is encrypted, and the key to do it with. */
export interface Encrypting {
  readonly encryption?: Encryption;
  /** 32 bytes for each layer. */
  readonly dataKey?: Uint8Array;
}

/** The key that S3 names its own context by: the ARN of the object, or of the bucket where it has a bucket key. */
const CONTEXT_ARN = 'aws:s3:arn';

/** Of buckets for which nothing else was set ("Setting default server-side encryption behavior", S3 User Guide). */
export const PRESET: DefaultEncryption = { kind: 'AES256', bucketKey: false };

/**
 * Makes the data key of a new object, as the request or else the bucket's default says; none where neither says
 * anything and the engine has no keys of its own. Throws what the key service and its authorisation throw,
 * InvalidArgument, NotImplemented.
 */
export async function encryptionFor(
  input: EncryptionInput,
  bucket: Bucket,
  key: string,
  call: Call,
  ports: S3Ports,
): Promise<Encrypting> {
  demandOneEncryption(input);
  const own = customerKey(input);
  if (own) {
    demandCustomerKeysAllowed(bucket);
    return { encryption: customerEncryption(own), dataKey: own };
  }
  const asked = askedEncryption(input, bucket) ?? (ports.objects.keys && PRESET);
  if (!asked) return {};
  if (asked.kind === 'AES256') return ownEncryption(ports);
  return kmsEncryption(asked, input, bucket, key, call, ports);
}

/** Before the key is looked at (recorded, test_put_object_validation_sse_c). Throws InvalidArgument. */
function demandOneEncryption({ ServerSideEncryption: kind, ...rest }: EncryptionInput): void {
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = rest;
  if (kind === undefined || (SSECustomerAlgorithm ?? SSECustomerKey ?? SSECustomerKeyMD5) === undefined)
    return;
  throw invalidArgument(
    'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    'x-amz-server-side-encryption',
    kind,
  );
}

/** "Blocking or unblocking SSE-C for a general purpose bucket", S3 User Guide. Throws AccessDenied. */
function demandCustomerKeysAllowed({ encryption }: Bucket): void {
  if (encryption?.customerKeys !== 'blocked') return;
  throw s3Errors.AccessDenied('Access Denied', {
    reason: 'the bucket blocks SSE-C',
    advice:
      'The bucket takes no keys of customers (SSE-C): send the object without one, or let the owner change BlockedEncryptionTypes of the bucket’s encryption.',
  });
}

async function kmsEncryption(
  { kind, keyId, bucketKey }: DefaultEncryption,
  input: EncryptionInput,
  bucket: Bucket,
  key: string,
  call: Call,
  ports: S3Ports,
): Promise<Encrypting> {
  const context = {
    ...clientContext(input.SSEKMSEncryptionContext),
    ...ownContext(bucket, key, bucketKey),
  };
  const keys = demandKeys(call, ports);
  const make = (id: string | undefined) =>
    keys.generateDataKey(call, { keyId: id, encryptionContext: context, bucketKey }).catch(fromKms);
  const made = await make(keyId);
  const { keyArn } = made;
  const pairs = Object.entries(context);
  if (kind === 'aws:kms') {
    const { dataKey, seed } = bucketKey
      ? deriveDataKey(made.plaintext)
      : { dataKey: made.plaintext, seed: undefined };
    const encryption = { kind, wrapped: made.ciphertext, keyArn, context: pairs, bucketKey, seed };
    return { encryption, dataKey };
  }
  // An alias may name another key by now: both layers are the first one's.
  const outer = await make(keyArn);
  const wrapped = [made.ciphertext, outer.ciphertext];
  return {
    encryption: { kind: 'aws:kms:dsse', wrapped, keyArn, context: pairs },
    dataKey: Buffer.concat([made.plaintext, outer.plaintext]),
  };
}

function ownContext(bucket: Bucket, key: string, bucketKey: boolean): Record<string, string> {
  const arn = bucketArn(bucket);
  return { [CONTEXT_ARN]: bucketKey ? arn : `${arn}/${key}` };
}

/** SSE-KMS of an object whose data key there is already. Throws as `encryptionFor`. */
export async function rewrapped(
  dataKey: Uint8Array,
  { keyArn: keyId, bucketKey }: { readonly keyArn: string; readonly bucketKey: boolean },
  bucket: Bucket,
  key: string,
  call: Call,
  ports: S3Ports,
): Promise<Encryption> {
  const encryptionContext = ownContext(bucket, key, bucketKey);
  const use = { keyId, plaintext: dataKey, encryptionContext };
  const { ciphertext, keyArn } = await demandKeys(call, ports).encrypt(call, use).catch(fromKms);
  const context = Object.entries(encryptionContext);
  return { kind: 'aws:kms', wrapped: ciphertext, keyArn, context, bucketKey };
}

/** SSE-S3, in no caller's name. Throws NotImplemented where the engine has no key. */
export async function ownEncryption({ objects }: Pick<S3Ports, 'objects'>): Promise<Encrypting> {
  if (!objects.keys) throw notImplemented('x-amz-server-side-encryption');
  return objects.keys.create();
}

/**
 * The data key of a stored object or an upload; undefined where it is not encrypted. `input`: of the request, which
 * brings the key of an object under SSE-C. Throws as `encryptionFor`, and what `demandCustomerKey` throws.
 */
export async function dataKeyOf(
  { encryption }: { readonly encryption?: Encryption | undefined },
  bucket: Bucket,
  key: string,
  call: Call,
  ports: S3Ports,
  input: CustomerKeyInput,
): Promise<Uint8Array | undefined> {
  const own = demandCustomerKey(encryption, input);
  if (!encryption || encryption.kind === 'customer') return own;
  if (encryption.kind === 'AES256') {
    if (!ports.objects.keys) throw new Error('the object is encrypted, but the engine has no root key');
    return ports.objects.keys.open(ownerOf(bucket.id, key), encryption);
  }
  const keys = demandKeys(call, ports);
  const encryptionContext = Object.fromEntries(encryption.context);
  const open = async (ciphertext: Uint8Array) =>
    (await keys.decrypt(call, { ciphertext, encryptionContext }).catch(fromKms)).plaintext;
  if (encryption.kind === 'aws:kms') {
    const { wrapped: ciphertext, seed } = encryption;
    if (seed === undefined) return open(ciphertext);
    const use = { ciphertext, encryptionContext, bucketKey: true };
    return derivedDataKey((await keys.decrypt(call, use).catch(fromKms)).plaintext, seed);
  }
  const layers: Uint8Array[] = [];
  for (const wrapped of encryption.wrapped) layers.push(await open(wrapped));
  return Buffer.concat(layers);
}

/** Throws InvalidArgument for anonymous callers: keys are used in somebody's name. */
function demandKeys(call: Call, { keys }: S3Ports): NonNullable<S3Ports['keys']> {
  if (!keys) throw notImplemented('x-amz-server-side-encryption');
  if (call.caller.account) return keys;
  throw s3Errors.InvalidArgument(
    'Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.',
  );
}

/** What the key service refuses, S3 says in its own way: `KMS.NotFoundException` and so on, always 400. */
function fromKms(error: unknown): never {
  if (error instanceof ApiError && /Exception$/.test(error.code) && error.code !== 'AccessDeniedException') {
    throw new ApiError(`KMS.${error.code}`, 400, error.message, { cause: error });
  }
  throw error;
}

/** The two layers have no bucket key: S3 takes the setting and does not apply it. */
function layered(keyId: string | undefined): DefaultEncryption {
  return { kind: 'aws:kms:dsse', keyId, bucketKey: false };
}

function defaultOf({ encryption }: Bucket): DefaultEncryption | undefined {
  return encryption?.kind === 'aws:kms:dsse' ? layered(encryption.keyId) : encryption;
}

function askedEncryption(input: EncryptionInput, bucket: Bucket): DefaultEncryption | undefined {
  const { ServerSideEncryption: kind, SSEKMSKeyId: keyId, BucketKeyEnabled } = input;
  if (kind === undefined) {
    if (keyId === undefined) return defaultOf(bucket);
    throw invalid(
      'x-amz-server-side-encryption',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  }
  if (kind === 'AES256') {
    if (keyId === undefined) return { kind, bucketKey: false };
    throw invalid(
      'x-amz-server-side-encryption',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  }
  const preset = bucket.encryption?.kind === kind ? bucket.encryption : undefined;
  if (kind === 'aws:kms') {
    return { kind, keyId: keyId ?? preset?.keyId, bucketKey: BucketKeyEnabled ?? preset?.bucketKey ?? false };
  }
  if (kind === 'aws:kms:dsse') return layered(keyId ?? preset?.keyId);
  if (kind === 'aws:fsx' || kind === 'aws:backup') {
    throw notImplemented('x-amz-server-side-encryption');
  }
  throw invalid('x-amz-server-side-encryption', 'The encryption method specified is not supported');
}

function invalid(name: string, why: string): Error {
  return invalidArgument(why, name);
}

/** `x-amz-server-side-encryption-context`: base64 of a JSON object of strings. Throws InvalidArgument. */
function clientContext(header: string | undefined): Record<string, string> {
  if (header === undefined) return {};
  const name = 'x-amz-server-side-encryption-context';
  let context: unknown;
  try {
    context = JSON.parse(Buffer.from(header, 'base64').toString());
  } catch {
    throw invalid(
      name,
      'The header x-amz-server-side-encryption-context shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map',
    );
  }
  const isMap = typeof context === 'object' && context !== null && !Array.isArray(context);
  if (
    !isMap ||
    Object.values(context as object).some(value => typeof value !== 'string') ||
    CONTEXT_ARN in (context as object)
  ) {
    throw invalid(
      name,
      'The header x-amz-server-side-encryption-context shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map',
    );
  }
  return context as Record<string, string>;
}

/** What answers say of an object's encryption. `input`: of the request, which names the customer's key. */
export function encryptionMembers(
  encryption: Encryption | undefined,
  input: CustomerKeyInput,
): Pick<
  GetObjectOutput,
  'ServerSideEncryption' | 'SSEKMSKeyId' | 'BucketKeyEnabled' | 'SSECustomerAlgorithm' | 'SSECustomerKeyMD5'
> {
  if (!encryption) return {};
  switch (encryption.kind) {
    case 'AES256':
      return { ServerSideEncryption: 'AES256' };
    case 'aws:kms:dsse':
      return { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId: encryption.keyArn };
    case 'customer':
      return { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: input.SSECustomerKeyMD5 };
    case 'aws:kms': {
      const { keyArn, bucketKey } = encryption;
      const shown = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn } as const;
      return bucketKey ? { ...shown, BucketKeyEnabled: true } : shown;
    }
  }
}
