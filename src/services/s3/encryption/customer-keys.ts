/** SSE-C: keys that customers bring with each request and that are not kept ("Using SSE-C", S3 User Guide). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import type { Encryption } from '../../../objects/index.js';

export interface CustomerKeyInput {
  readonly SSECustomerAlgorithm?: string | undefined;
  /** Base64 of 32 bytes. */
  readonly SSECustomerKey?: string | undefined;
  /** Base64 of the key's MD5. */
  readonly SSECustomerKeyMD5?: string | undefined;
}

const LENGTH = 32;
const SALT = 16;
const PREFIX = 'Requests specifying Server Side Encryption with Customer provided keys must provide';

/** S3 names this header, whichever of the three is wrong (LocalStack's recordings of AWS, TestS3SSECEncryption). */
const HEADER = 'x-amz-server-side-encryption';

function invalid(why: string): Error {
  return invalidArgument(why, HEADER);
}

/** The key of a request; undefined where it brings none. Throws InvalidArgument, InvalidEncryptionAlgorithmError. */
export function customerKey(input: CustomerKeyInput): Buffer | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: text, SSECustomerKeyMD5: md5 } = input;
  if ((algorithm ?? text ?? md5) === undefined) return undefined;
  if (algorithm === undefined) throw invalid(`${PREFIX} a valid encryption algorithm.`);
  if (algorithm !== 'AES256') {
    const members = { ArgumentName: HEADER, ArgumentValue: algorithm };
    throw s3Errors.InvalidEncryptionAlgorithmError({ members });
  }
  if (text === undefined) throw invalid(`${PREFIX} an appropriate secret key.`);
  const key = Buffer.from(text, 'base64');
  if (key.length !== LENGTH || md5 === undefined) {
    throw invalid('The secret key was invalid for the specified algorithm.');
  }
  if (digestOf(key) !== md5) {
    throw invalid('The calculated MD5 hash of the key did not match the hash that was provided.');
  }
  return key;
}

/** What is kept of a key: enough to know it again, nothing to get it from. */
export function customerEncryption(key: Uint8Array): Encryption {
  const salt = randomBytes(SALT);
  return { kind: 'customer', salt, check: checkOf(key, salt) };
}

function checkOf(key: Uint8Array, salt: Uint8Array): Buffer {
  return createHmac('sha256', key).update('karikagi customer key').update(salt).digest();
}

/**
 * Demands the key that an object was encrypted with, and none for any other. Answers it. Throws InvalidRequest,
 * AccessDenied for another key.
 */
export function demandCustomerKey(
  encryption: Encryption | undefined,
  input: CustomerKeyInput,
): Buffer | undefined {
  if (encryption?.kind === 'customer' && isNoKey(input)) throw wrongKey();
  const key = customerKey(input);
  if (encryption?.kind !== 'customer') {
    if (!key) return undefined;
    throw s3Errors.InvalidRequest('The encryption parameters are not applicable to this object.');
  }
  if (!key) {
    throw s3Errors.InvalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  }
  if (timingSafeEqual(checkOf(key, encryption.salt), encryption.check)) return key;
  throw wrongKey();
}

/**
 * Whether a read brings what can be no key: something of another length that agrees with its digest (botocore encodes a
 * key that is given in base64 a second time where its digest is not given; recorded, test_object_retrieval_sse_c), or a
 * key without a digest.
 */
function isNoKey({ SSECustomerKey: text, SSECustomerKeyMD5: md5 }: CustomerKeyInput): boolean {
  if (!text) return false;
  const key = Buffer.from(text, 'base64');
  return md5 === undefined || (key.length !== LENGTH && digestOf(key) === md5);
}

/** As base64. */
function digestOf(key: Uint8Array): string {
  return createHash('md5').update(key).digest('base64');
}

function wrongKey(): Error {
  return s3Errors.AccessDenied(`${PREFIX} the correct secret key.`, {
    advice:
      'Send the customer key (SSE-C) that the object was written with: it is not stored, and nothing replaces it.',
  });
}

/**
 * As `demandCustomerKey`, for the requests that belong to an upload. One that was begun without a key takes none, and
 * says so in the words of one that needs it (recorded, test_multipart_upload_sse_c_validation). Throws InvalidRequest.
 */
export function demandUploadKey(encryption: Encryption | undefined, input: CustomerKeyInput): void {
  const key = customerKey(input);
  const customer = encryption?.kind === 'customer' ? encryption : undefined;
  if (!key && !customer) return;
  if (!key || !customer) {
    throw s3Errors.InvalidRequest(
      'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    );
  }
  if (timingSafeEqual(checkOf(key, customer.salt), customer.check)) return;
  throw s3Errors.InvalidRequest('The provided encryption parameters did not match the ones used originally.');
}

/** The customer's key for the source of a copy, as the key of any other read. */
export function sourceKeyInput(input: {
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}): CustomerKeyInput {
  return {
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
  };
}
