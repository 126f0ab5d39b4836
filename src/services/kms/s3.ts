/** What S3 asks of the key service for objects under SSE-KMS; `main` hands it over. */
import { randomBytes } from 'node:crypto';
import { ApiError } from '../../errors.js';
import type { Call } from '../../operation.js';
import type { Context } from '../../policy/types.js';
import { demandKey, encryptionContextKeys, keyRequirement } from './access.js';
import {
  checkCiphertext,
  demandCiphertextKey,
  findCiphertextKey,
  openCiphertext,
} from './ciphertext-target.js';
import { encrypt } from './engine/encryption.js';
import { s3Endpoint } from './engine/key-policies.js';
import { keyArn, type Pairs } from './engine/records.js';
import { homeOf, type Kms, S3_ALIAS, type Target } from './kms.js';
import { demandSymmetric, pairsOf } from './usage.js';

/** Bytes of the data keys that S3 encrypts objects with: AES-256. */
const DATA_KEY = 32;

/** A data key for an object. */
export interface ObjectDataKey {
  /** 32 bytes. Wipe it after use. */
  readonly plaintext: Buffer;
  /** What to keep beside the object. */
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
}

/**
 * Data keys on a caller's behalf: all of it is authorised as the caller, who is seen to come through S3
 * (`kms:ViaService`); each use of a key is an event of its own. Throws KMS's errors, and through `call.demand` the AccessDenied of the service that calls.
 */
export interface ObjectKeys {
  /** `keyId`: key id, key ARN, alias name or alias ARN; where absent, the account's `alias/aws/s3` in the region. Needs `kms:GenerateDataKey`. */
  generateDataKey(
    call: Call,
    use: {
      readonly keyId?: string | undefined;
      readonly encryptionContext: Readonly<Record<string, string>>;
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
    },
  ): Promise<{ readonly plaintext: Buffer; readonly keyArn: string }>;
}

export function objectKeys(kms: Kms): ObjectKeys {
  async function wrap(
    operation: 'GenerateDataKey' | 'Encrypt',
    call: Call,
    keyId: string,
    encryptionContext: Readonly<Record<string, string>>,
    plaintext: Uint8Array,
  ): Promise<Omit<ObjectDataKey, 'plaintext'>> {
    const home = homeOf(call.caller, call.region);
    const target = await kms.target(keyId, home, true);
    const pairs = pairsOf(encryptionContext);
    return noted(call, operation, target, async () => {
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
      const { ciphertext } = await encrypt(kms.keys, key, 'SYMMETRIC_DEFAULT', pairs, plaintext);
      return { ciphertext, keyArn: keyArn(key) };
    });
  }

  return {
    async generateDataKey(call, { keyId = S3_ALIAS, encryptionContext }) {
      const plaintext = randomBytes(DATA_KEY);
      return { plaintext, ...(await wrap('GenerateDataKey', call, keyId, encryptionContext, plaintext)) };
    },
    encrypt: (call, { keyId, plaintext, encryptionContext }) =>
      wrap('Encrypt', call, keyId, encryptionContext, plaintext),
    async decrypt(call, { ciphertext, encryptionContext }) {
      const context = pairsOf(encryptionContext);
      const input = { blob: ciphertext, keyId: undefined, algorithm: undefined, context };
      const found = await findCiphertextKey(kms, call, input);
      return noted(call, 'Decrypt', found.target, async () => {
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
        const { plaintext } = await openCiphertext(kms, key, found);
        return { plaintext, keyArn: keyArn(key) };
      });
    },
  };
}

/** Writes the event of a use of a key, whether it succeeds or not. */
async function noted<T>(
  call: Call,
  operation: string,
  { arn: resource }: Target,
  use: () => Promise<T>,
): Promise<T> {
  try {
    const made = await use();
    call.note({ service: 'kms', operation, resource });
    return made;
  } catch (error) {
    const errorCode = error instanceof ApiError ? error.code : 'InternalError';
    call.note({ service: 'kms', operation, resource, errorCode });
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
