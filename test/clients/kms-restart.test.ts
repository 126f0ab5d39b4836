import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { rotateRootKey, startServer, systemClock } from '../../src/index.js';

const REGION = 'us-east-1';

/** Runs a server on a directory for as long as `work` takes. */
async function serving<T>(data: string, work: (kms: KMSClient) => Promise<T>): Promise<T> {
  const server = await startServer({ data, port: 0, region: REGION, log: 'none' });
  const { accessKeyId, secretAccessKey } = server.root!;
  const kms = new KMSClient({
    endpoint: server.endpoint,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  try {
    return await work(kms);
  } finally {
    kms.destroy();
    await server.close();
  }
}

test('ciphertexts from before a rotation, a restart, a restore and another root key still open', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-kms-'));
  t.after(() => rm(directory, { recursive: true }));
  const data = join(directory, 'data');
  const restored = join(directory, 'restored');
  const blobs: Uint8Array[] = [];
  const KeyId = await serving(data, async kms => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    return KeyMetadata!.KeyId!;
  });
  const encrypt = async (kms: KMSClient) => {
    const Plaintext = Buffer.from(`message ${blobs.length}`);
    blobs.push((await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob!);
  };
  const decryptAll = async (kms: KMSClient) => {
    for (const [index, CiphertextBlob] of blobs.entries()) {
      const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
      assert.equal(Buffer.from(Plaintext!).toString(), `message ${index}`);
    }
  };
  await serving(data, async kms => {
    await encrypt(kms);
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    await encrypt(kms);
  });
  await serving(data, decryptAll);
  await cp(data, restored, { recursive: true });
  await rm(data, { recursive: true });
  await serving(restored, decryptAll);
  await rotateRootKey({ data: restored, rootKeyFile: undefined }, systemClock);
  await serving(restored, async kms => {
    await encrypt(kms);
    await decryptAll(kms);
  });
});
