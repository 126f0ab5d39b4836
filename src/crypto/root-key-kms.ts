/**
 * Root keys that lie in their file sealed by a key of an external KMS: AWS's, or another Karikagi's. Which one, and
 * as whom, the SDK finds out as it always does (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_KMS …).
 */
import { SettingsError } from '../core/settings-error.js';

/** What stands before a sealed root key in the file. */
const SEALED = 'kms:';

/** Bound to what is sealed, and to be seen in the audit log of that KMS. */
const CONTEXT = { 'karikagi:sealed': 'root key' };

/** Whether the text is a root key sealed by a KMS. */
export function isSealedRootKey(text: string): boolean {
  return text.startsWith(SEALED);
}

/** The root key sealed under `keyId` (id, ARN or alias). Throws `SettingsError`. */
export async function sealRootKey(key: Uint8Array, keyId: string): Promise<string> {
  const { EncryptCommand, KMSClient } = await import('@aws-sdk/client-kms');
  return await asking(keyId, new KMSClient({}), async kms => {
    const input = { KeyId: keyId, Plaintext: key, EncryptionContext: CONTEXT };
    const { CiphertextBlob } = await kms.send(new EncryptCommand(input));
    return SEALED + Buffer.from(CiphertextBlob!).toString('base64');
  });
}

/**
 * Opens a sealed root key, with `keyId` and no other: a file that somebody exchanged for one sealed under a key of
 * theirs does not open. Throws `SettingsError`.
 */
export async function openRootKey(text: string, keyId: string): Promise<Uint8Array> {
  const { DecryptCommand, KMSClient } = await import('@aws-sdk/client-kms');
  return await asking(keyId, new KMSClient({}), async kms => {
    const CiphertextBlob = Buffer.from(text.slice(SEALED.length), 'base64');
    const input = { KeyId: keyId, CiphertextBlob, EncryptionContext: CONTEXT };
    return (await kms.send(new DecryptCommand(input))).Plaintext!;
  });
}

async function asking<C extends { destroy(): void }, T>(
  keyId: string,
  client: C,
  ask: (client: C) => Promise<T>,
): Promise<T> {
  try {
    return await ask(client);
  } catch (cause) {
    const { name, message } = cause as Error;
    throw new SettingsError(`the KMS key ${keyId} cannot be used for the root key: ${name}: ${message}`, {
      cause,
    });
  } finally {
    client.destroy();
  }
}
