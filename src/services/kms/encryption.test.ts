import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, publicEncrypt } from 'node:crypto';
import { test } from 'node:test';
import type {
  DecryptResponse,
  EncryptResponse,
  GenerateDataKeyPairResponse,
  GenerateDataKeyResponse,
  GenerateRandomResponse,
  GetPublicKeyResponse,
  ReEncryptResponse,
} from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { bytes, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { refusal } from '../harness.test.support.js';

test('what a key encrypts it decrypts, found by the ciphertext alone', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const context = { Purpose: 'test', 日本: '仮鍵' };
  const sealed = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
    KeyId: key.KeyId,
    Plaintext: bytes('secret'),
    EncryptionContext: context,
  });
  assert.equal(sealed.KeyId, key.Arn);
  assert.equal(sealed.EncryptionAlgorithm, 'SYMMETRIC_DEFAULT');
  const opened = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
    CiphertextBlob: sealed.CiphertextBlob,
    EncryptionContext: Object.fromEntries(Object.entries(context).reverse()),
  });
  assert.equal(Buffer.from(opened.Plaintext!).toString(), 'secret');
  assert.equal(opened.KeyId, key.Arn);
  assert.equal(opened.KeyMaterialId, key.CurrentKeyMaterialId);
});

test('round trips of any plaintext and context; nothing else opens it', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const contexts = fc
    .dictionary(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), { maxKeys: 4 })
    .filter(
      one => new Set(Object.keys(one).map(name => name.toLowerCase())).size === Object.keys(one).length,
    );
  const plaintexts = fc.uint8Array({ minLength: 1, maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(plaintexts, contexts, contexts, fc.nat(), async (plaintext, context, other, at) => {
      const { CiphertextBlob: blob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
        KeyId: key.Arn,
        Plaintext: plaintext,
        EncryptionContext: context,
      });
      const decrypt = (CiphertextBlob: Uint8Array, EncryptionContext: object) =>
        kms.call<DecryptResponse>(kms.root, 'Decrypt', { CiphertextBlob, EncryptionContext, KeyId: key.Arn });
      assert.deepEqual(new Uint8Array((await decrypt(blob!, context)).Plaintext!), plaintext);
      const tampered = Uint8Array.from(blob!);
      tampered[at % tampered.length]! ^= 1 << (at % 8);
      await assert.rejects(decrypt(tampered, context), /./);
      const same =
        JSON.stringify(Object.entries(other).sort()) === JSON.stringify(Object.entries(context).sort());
      if (!same) await assert.rejects(decrypt(blob!, other), refusal('InvalidCiphertextException', ''));
    }),
    { numRuns: 60 },
  );
});

test('names in a context that differ only by case are refused', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  const EncryptionContext = { tenant: 'one', Tenant: 'two' };
  const input = { KeyId, Plaintext: bytes('x'), EncryptionContext };
  await assert.rejects(kms.call(kms.root, 'Encrypt', input), refusal('ValidationException'));
});

test('a key that the request names must be the one of the ciphertext', async () => {
  const kms = await openKmsWorld();
  const [one, other] = [await newKey(kms), await newKey(kms)];
  const { CiphertextBlob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
    KeyId: one.KeyId,
    Plaintext: bytes('x'),
  });
  await assert.rejects(
    kms.call(kms.root, 'Decrypt', { CiphertextBlob, KeyId: other.KeyId }),
    refusal(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    ),
  );
  for (const blob of ['', 'x', 'x'.repeat(200)]) {
    await assert.rejects(
      kms.call(kms.root, 'Decrypt', { CiphertextBlob: bytes(blob) }),
      refusal('InvalidCiphertextException'),
    );
  }
  await assert.rejects(
    kms.callIn('eu-west-1', kms.root, 'Decrypt', { CiphertextBlob }),
    refusal('AccessDeniedException', /^The ciphertext refers to a customer master key that does not exist/),
  );
});

test('RSA keys decrypt what OpenSSL encrypts with their public key, and the other way round', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const { PublicKey } = await kms.call<GetPublicKeyResponse>(kms.root, 'GetPublicKey', { KeyId: key.KeyId });
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
  for (const [EncryptionAlgorithm, oaepHash, most] of [
    ['RSAES_OAEP_SHA_1', 'sha1', 214],
    ['RSAES_OAEP_SHA_256', 'sha256', 190],
  ] as const) {
    const CiphertextBlob = publicEncrypt({ key: publicKey, oaepHash }, bytes('to the key'));
    const opened = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
      KeyId: key.KeyId,
      CiphertextBlob,
      EncryptionAlgorithm,
    });
    assert.equal(Buffer.from(opened.Plaintext!).toString(), 'to the key');
    assert.equal(opened.KeyMaterialId, undefined);
    const encrypt = (Plaintext: Uint8Array) =>
      kms.call<EncryptResponse>(kms.root, 'Encrypt', { KeyId: key.KeyId, Plaintext, EncryptionAlgorithm });
    const sealed = await encrypt(new Uint8Array(most));
    const again = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
      KeyId: key.KeyId,
      CiphertextBlob: sealed.CiphertextBlob,
      EncryptionAlgorithm,
    });
    assert.equal(again.Plaintext!.length, most);
    await assert.rejects(
      encrypt(new Uint8Array(most + 1)),
      refusal(
        'ValidationException',
        `Algorithm ${EncryptionAlgorithm} and key spec RSA_2048 cannot encrypt data larger than ${most} bytes.`,
      ),
    );
    await assert.rejects(
      kms.call(kms.root, 'Decrypt', { CiphertextBlob, EncryptionAlgorithm }),
      refusal('InvalidCiphertextException'),
    );
  }
  await assert.rejects(
    kms.call(kms.root, 'Encrypt', { KeyId: key.KeyId, Plaintext: bytes('x') }),
    refusal(
      'InvalidKeyUsageException',
      'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
    ),
  );
});

test('data keys come in the size that is asked for, and their ciphertext opens to them', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const generate = (input: object) =>
    kms.call<GenerateDataKeyResponse>(kms.root, 'GenerateDataKey', { KeyId: key.KeyId, ...input });
  for (const [input, length] of [
    [{ KeySpec: 'AES_256' }, 32],
    [{ KeySpec: 'AES_128' }, 16],
    [{ NumberOfBytes: 77 }, 77],
  ] as const) {
    const made = await generate(input);
    assert.equal(made.Plaintext!.length, length);
    const opened = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
      CiphertextBlob: made.CiphertextBlob,
    });
    assert.deepEqual(opened.Plaintext, made.Plaintext);
  }
  const bare = await kms.call<GenerateDataKeyResponse>(kms.root, 'GenerateDataKeyWithoutPlaintext', {
    KeyId: key.KeyId,
    KeySpec: 'AES_256',
  });
  assert.equal(bare.Plaintext, undefined);
  for (const input of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }]) {
    await assert.rejects(
      generate(input),
      refusal('ValidationException', 'Please specify either number of bytes or key spec.'),
    );
  }
  const random = await kms.call<GenerateRandomResponse>(kms.root, 'GenerateRandom', { NumberOfBytes: 5 });
  assert.equal(random.Plaintext!.length, 5);
  await assert.rejects(
    kms.call(kms.root, 'GenerateRandom'),
    refusal('ValidationException', 'NumberOfBytes is required.'),
  );
});

test('data key pairs: the private key is PKCS #8, its ciphertext opens to it, the public key belongs to it', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  for (const KeyPairSpec of [
    'RSA_2048',
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'ECC_NIST_P521',
    'ECC_SECG_P256K1',
    'ECC_NIST_EDWARDS25519',
  ]) {
    const input = { KeyId: key.KeyId, KeyPairSpec };
    const pair = await kms.call<GenerateDataKeyPairResponse>(kms.root, 'GenerateDataKeyPair', input);
    const opened = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
      CiphertextBlob: pair.PrivateKeyCiphertextBlob,
    });
    assert.deepEqual(opened.Plaintext, pair.PrivateKeyPlaintext);
    const privateKey = createPrivateKey({
      key: Buffer.from(pair.PrivateKeyPlaintext!),
      format: 'der',
      type: 'pkcs8',
    });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    assert.deepEqual(spki, pair.PublicKey);
    assert.equal(pair.KeyPairSpec, KeyPairSpec);
  }
  const bare = await kms.call<GenerateDataKeyPairResponse>(kms.root, 'GenerateDataKeyPairWithoutPlaintext', {
    KeyId: key.KeyId,
    KeyPairSpec: 'ECC_NIST_P256',
  });
  assert.equal(bare.PrivateKeyPlaintext, undefined);
  await assert.rejects(
    kms.call(kms.root, 'GenerateDataKeyPair', { KeyId: key.KeyId, KeyPairSpec: 'SM2' }),
    refusal('UnsupportedOperationException'),
  );
});

test('ReEncrypt moves a ciphertext to another key and context, from symmetric to RSA too', async () => {
  const kms = await openKmsWorld();
  const one = await newKey(kms);
  const two = await newKey(kms);
  const rsa = await newKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const sealed = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
    KeyId: one.KeyId,
    Plaintext: bytes('moving'),
    EncryptionContext: { at: 'one' },
  });
  const from = { CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: { at: 'one' } };
  const moved = await kms.call<ReEncryptResponse>(kms.root, 'ReEncrypt', {
    ...from,
    DestinationKeyId: two.KeyId,
    DestinationEncryptionContext: { at: 'two' },
  });
  assert.equal(moved.SourceKeyId, one.Arn);
  assert.equal(moved.KeyId, two.Arn);
  assert.equal(moved.SourceKeyMaterialId, one.CurrentKeyMaterialId);
  assert.equal(moved.DestinationKeyMaterialId, two.CurrentKeyMaterialId);
  const opened = await kms.call<DecryptResponse>(kms.root, 'Decrypt', {
    CiphertextBlob: moved.CiphertextBlob,
    EncryptionContext: { at: 'two' },
  });
  assert.equal(Buffer.from(opened.Plaintext!).toString(), 'moving');
  const toRsa = await kms.call<ReEncryptResponse>(kms.root, 'ReEncrypt', {
    ...from,
    DestinationKeyId: rsa.KeyId,
    DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  });
  const back = await kms.call<ReEncryptResponse>(kms.root, 'ReEncrypt', {
    CiphertextBlob: toRsa.CiphertextBlob,
    SourceKeyId: rsa.KeyId,
    SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
    DestinationKeyId: one.KeyId,
  });
  const again = await kms.call<DecryptResponse>(kms.root, 'Decrypt', { CiphertextBlob: back.CiphertextBlob });
  assert.equal(Buffer.from(again.Plaintext!).toString(), 'moving');
});

test('a dry run says whether it would succeed, and does nothing', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const input = { KeyId: key.KeyId, Plaintext: bytes('x'), DryRun: true };
  await assert.rejects(kms.call(kms.root, 'Encrypt', input), refusal('DryRunOperationException'));
  await kms.call(kms.root, 'DisableKey', { KeyId: key.KeyId });
  await assert.rejects(
    kms.call(kms.root, 'Encrypt', input),
    refusal('DisabledException', `${key.Arn} is disabled.`),
  );
});

test('answers for attested enclaves are refused rather than given in the clear', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  await assert.rejects(
    kms.call(kms.root, 'GenerateDataKey', {
      KeyId: key.KeyId,
      KeySpec: 'AES_256',
      Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: bytes('…') },
    }),
    refusal('UnsupportedOperationException'),
  );
});
