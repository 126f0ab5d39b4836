/** What S3 asks of the key service for objects under SSE-KMS; `main` hands it over. */
import { randomBytes } from 'node:crypto';
import type { CloudTrailMap } from '../../core/cloudtrail.js';
import { ApiError } from '../../core/errors.js';
import type { Call } from '../../core/operation.js';
import { type BucketKey, BucketKeys } from '../../kms/bucket-keys.js';
import { encrypt } from '../../kms/encryption.js';
import { s3Endpoint } from '../../kms/key-policies.js';
import { homeOf, type Kms, S3_ALIAS, type Target } from '../../kms/kms.js';
import { type KeyRecord, keyArn, type Pairs } from '../../kms/records.js';
import type { Context } from '../../policy/types.js';
import { demandKey, encryptionContextKeys, keyRequirement } from './access.js';
import {
  checkCiphertext,
  demandCiphertextKey,
  findCiphertextKey,
  openCiphertext,
} from './ciphertext-target.js';
import { demandSymmetric, pairsOf } from './usage.js';

/** Bytes of the data keys that S3 encrypts objects with: AES-256. */
const DATA_KEY = 32;

/** A data key for an object. */
export interface ObjectDataKey {
  /** 32 bytes. Wipe it after use, unless it is a bucket key. */
  readonly plaintext: Buffer;
  /** What to keep beside the object. */
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
}

/**
 * Data keys on a caller's behalf: all of it is authorised as the caller, who is seen to come through S3
 * (`kms:ViaService`); each use of a key is an event of its own, of a bucket key the first by each caller. Throws KMS's
 * errors, and through `call.demand` the AccessDenied of the service that calls.
 */
export interface ObjectKeys {
  /**
   * `keyId`: key id, key ARN, alias name or alias ARN; where absent, the account's `alias/aws/s3` in the region. Needs
   * `kms:GenerateDataKey`.
   */
  generateDataKey(
    call: Call,
    use: {
      readonly keyId?: string | undefined;
      readonly encryptionContext: Readonly<Record<string, string>>;
      /** A bucket key: the same for some minutes. */
      readonly bucketKey?: boolean | undefined;
    },
  ): Promise<ObjectDataKey>;
  /** Wraps a data key that there is already. `keyId`: as above. Needs `kms:Encrypt`. */
  encrypt(
    call: Call,
    use: {
      readonly keyId: string;
      readonly plaintext: Uint8Array;
      readonly encryptionContext: Readonly<Record<string, string>>;
    },
  ): Promise<Omit<ObjectDataKey, 'plaintext'>>;
  /** Opens a data key with the context that it was made with. Needs `kms:Decrypt`. */
  decrypt(
    call: Call,
    use: {
      readonly ciphertext: Uint8Array;
      readonly encryptionContext: Readonly<Record<string, string>>;
      /** A bucket key: kept open for some minutes. */
      readonly bucketKey?: boolean | undefined;
    },
  ): Promise<{ readonly plaintext: Buffer; readonly keyArn: string }>;
}

type EncryptionContext = Readonly<Record<string, string>>;

export function objectKeys(kms: Kms): ObjectKeys {
  const bucketKeys = new BucketKeys();

  /** The key, once the caller is found to be allowed to wrap data keys under it. */
  async function wrappingKey(
    operation: 'GenerateDataKey' | 'Encrypt',
    call: Call,
    target: Target,
    pairs: Pairs,
  ): Promise<KeyRecord> {
    await call.demand(
      await keyRequirement(kms, call, target, {
        action: `kms:${operation}`,
        crossAccount: true,
        context: throughS3(call, pairs),
        grant: { operation, encryptionContext: pairs },
      }),
    );
    const key = demandKey(target);
    demandSymmetric(key, operation);
    return key;
  }

  async function wrap(key: KeyRecord, pairs: Pairs, plaintext: Uint8Array): Promise<Uint8Array> {
    return (await encrypt(kms.keys, key, 'SYMMETRIC_DEFAULT', pairs, plaintext)).ciphertext;
  }

  return {
    async generateDataKey(call, { keyId = S3_ALIAS, encryptionContext, bucketKey = false }) {
      const target = await kms.target(keyId, homeOf(call.caller, call.region), true);
      const pairs = pairsOf(encryptionContext);
      const now = call.clock.now();
      const name = `${target.arn} ${target.key?.current} ${JSON.stringify(pairs)}`;
      const kept = bucketKey ? bucketKeys.find(name, now) : undefined;
      const parameters = { keyId: target.arn, encryptionContext, keySpec: 'AES_256' };
      return noted(call, { operation: 'GenerateDataKey', target, parameters }, kept, async () => {
        const key = await wrappingKey('GenerateDataKey', call, target, pairs);
        if (kept) return { plaintext: kept.plaintext, ciphertext: kept.ciphertext, keyArn: keyArn(key) };
        const plaintext = randomBytes(DATA_KEY);
        const ciphertext = await wrap(key, pairs, plaintext);
        if (bucketKey) bucketKeys.keep(name, plaintext, ciphertext, now).users.add(userOf(call));
        return { plaintext, ciphertext, keyArn: keyArn(key) };
      });
    },
    async encrypt(call, { keyId, plaintext, encryptionContext }) {
      const target = await kms.target(keyId, homeOf(call.caller, call.region), true);
      const pairs = pairsOf(encryptionContext);
      const parameters = { keyId: target.arn, encryptionContext };
      return noted(call, { operation: 'Encrypt', target, parameters }, undefined, async () => {
        const key = await wrappingKey('Encrypt', call, target, pairs);
        return { ciphertext: await wrap(key, pairs, plaintext), keyArn: keyArn(key) };
      });
    },
    async decrypt(call, { ciphertext, encryptionContext, bucketKey = false }) {
      const context = pairsOf(encryptionContext);
      const input = { blob: ciphertext, keyId: undefined, algorithm: undefined, context };
      const found = await findCiphertextKey(kms, call, input);
      const now = call.clock.now();
      const name = bucketKey ? openedName(ciphertext, encryptionContext) : '';
      const kept = bucketKey ? bucketKeys.find(name, now) : undefined;
      const parameters = { encryptionContext, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      return noted(call, { operation: 'Decrypt', target: found.target, parameters }, kept, async () => {
        await call.demand(
          await keyRequirement(kms, call, found.target, {
            action: 'kms:Decrypt',
            crossAccount: true,
            context: throughS3(call, context),
            grant: { operation: 'Decrypt', encryptionContext: context },
          }),
        );
        const key = demandCiphertextKey(found);
        checkCiphertext(key, found, 'Decrypt');
        if (kept) return { plaintext: kept.plaintext, keyArn: keyArn(key) };
        const { plaintext } = await openCiphertext(kms, key, found);
        if (bucketKey) bucketKeys.keep(name, plaintext, ciphertext, now).users.add(userOf(call));
        return { plaintext, keyArn: keyArn(key) };
      });
    },
  };
}

function openedName(ciphertext: Uint8Array, context: EncryptionContext): string {
  return `${Buffer.from(ciphertext).toString('latin1')} ${JSON.stringify(context)}`;
}

/** Every session of a role is somebody of its own. */
function userOf({ caller }: Call): string {
  return caller.principal.arn ?? caller.userId;
}

/** A use of a key, for its event. */
interface KeyUse {
  readonly operation: string;
  readonly target: Target;
  readonly parameters: CloudTrailMap;
}

/** Writes the event of a use of a key, whether it succeeds or not; of a bucket key's uses, the first of each user. */
async function noted<T>(
  call: Call,
  { operation, target: { arn: resource }, parameters }: KeyUse,
  kept: BucketKey | undefined,
  use: () => Promise<T>,
): Promise<T> {
  const made = { service: 'kms', operation, resource, owner: resource.split(':')[4], parameters } as const;
  try {
    const result = await use();
    if (kept?.users.has(userOf(call))) return result;
    kept?.users.add(userOf(call));
    call.note(made);
    return result;
  } catch (error) {
    const known = error instanceof ApiError ? error : undefined;
    call.note({ ...made, errorCode: known?.code ?? 'InternalError', errorMessage: known?.message });
    throw error;
  }
}

/** The condition keys of a request that S3 makes for its caller. */
function throughS3({ caller, region }: Call, encryptionContext: Pairs): Context {
  return Object.assign(encryptionContextKeys(encryptionContext), {
    'kms:ViaService': s3Endpoint(caller.account!.partition, region),
    'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
    'aws:CalledVia': ['s3.amazonaws.com'],
    'aws:CalledViaFirst': 's3.amazonaws.com',
    'aws:CalledViaLast': 's3.amazonaws.com',
    'aws:ViaAWSService': 'true',
  });
}
