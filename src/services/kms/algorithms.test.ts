import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
} from 'node:crypto';
import { suite, test } from 'node:test';
import type {
  DecryptResponse,
  DeriveSharedSecretResponse,
  GenerateMacResponse,
  GetPublicKeyResponse,
  SignResponse,
  VerifyResponse,
} from '@aws-sdk/client-kms';
import { ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { rsaPair } from '../../../test/support/rsa-keys.js';
import { unwrap } from '../../kms/import.js';
import {
  ACCOUNT,
  bytes,
  importedKey,
  type KmsWorld,
  newKey,
  openKmsWorld,
} from '../../kms/kms.test.support.js';
import { decodePss, encodePss } from '../../kms/pss.js';
import { digestLength, sign, takes, verify } from '../../kms/signatures.js';
import { generatePair, publicKeyOf, type SigningAlgorithm, specs } from '../../kms/specs.js';
import { keyWrap, macs, oaep, sharedSecrets, signatures } from '../../kms/vectors.test.data.js';
import { refusal } from '../harness.test.support.js';

const hex = (text: string) => Buffer.from(text, 'hex');
const digestOf = (algorithm: SigningAlgorithm, message: Uint8Array) =>
  createHash(`sha${digestLength(algorithm) * 8}`)
    .update(message)
    .digest();

suite('known answers', () => {
  for (const { source, spec, algorithm, publicKey, message, signature } of signatures) {
    test(`${algorithm}: ${source}`, async () => {
      const key = publicKeyOf(hex(publicKey));
      const good = hex(signature);
      const digest = digestOf(algorithm, hex(message));
      const answers = async (bytesOf: Uint8Array, wanted: boolean) => {
        assert.equal(await verify(key, spec, algorithm, hex(message), false, bytesOf), wanted);
        if (takes(algorithm, 'DIGEST'))
          assert.equal(await verify(key, spec, algorithm, digest, true, bytesOf), wanted);
      };
      await answers(good, true);
      for (const at of [0, good.length >> 1, good.length - 1]) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1;
        await answers(bad, false);
      }
      await answers(good.subarray(1), false);
      await answers(Buffer.concat([good, Buffer.of(0)]), false);
    });
  }

  // RFC 8032, section 7.3: the message "abc".
  test('ED25519_PH_SHA_512: RFC 8032', async () => {
    const seed = hex('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42');
    const prefix = hex('302e020100300506032b657004220420');
    const key = createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
    const digest = createHash('sha512').update('abc').digest();
    const made = await sign(key, 'ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', digest, true);
    assert.equal(
      Buffer.from(made).toString('hex'),
      '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
    );
    assert.deepEqual(made, ed25519ph.sign(Uint8Array.from(bytes('abc')), Uint8Array.from(seed)));
    const holds = (message: Uint8Array) =>
      verify(createPublicKey(key), 'ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', message, true, made);
    assert.equal(await holds(digest), true);
    assert.equal(await holds(createHash('sha512').update('abd').digest()), false);
  });

  for (const [algorithm, { privateKey, message, ciphertext }] of Object.entries(oaep)) {
    test(algorithm, async () => {
      const kms = await openKmsWorld();
      const key = await importedKey(kms, 'RSA_2048', 'ENCRYPT_DECRYPT', hex(privateKey));
      const decrypt = (blob: Uint8Array) =>
        kms.call<DecryptResponse>(kms.root, 'Decrypt', {
          KeyId: key.KeyId,
          CiphertextBlob: blob,
          EncryptionAlgorithm: algorithm,
        });
      assert.deepEqual((await decrypt(hex(ciphertext))).Plaintext, hex(message));
      const bad = hex(ciphertext);
      bad[100]! ^= 1;
      await assert.rejects(decrypt(bad), refusal('InvalidCiphertextException'));
    });
  }

  for (const { spec, privateKey, peer, shared } of sharedSecrets) {
    test(`ECDH: ${spec}`, async () => {
      const kms = await openKmsWorld();
      const key = await importedKey(kms, spec, 'KEY_AGREEMENT', hex(privateKey));
      const input = { KeyId: key.KeyId, KeyAgreementAlgorithm: 'ECDH' };
      const derive = (PublicKey: Uint8Array) =>
        kms.call<DeriveSharedSecretResponse>(kms.root, 'DeriveSharedSecret', { ...input, PublicKey });
      const derived = await derive(hex(peer));
      assert.deepEqual(derived.SharedSecret, hex(shared));
      assert.equal(derived.KeyOrigin, 'EXTERNAL');
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
      for (const foreign of [publicKey.export({ format: 'der', type: 'spki' }), bytes('none')]) {
        // Recorded: AWS answers without text.
        await assert.rejects(derive(foreign), refusal('ValidationException', ''));
      }
    });
  }

  // RFC 4231, test case 1. Keys are padded with zeros to the length that KMS wants, which HMAC does anyway.
  for (const [spec, mac] of Object.entries(macs)) {
    test(spec, async () => {
      const kms = await openKmsWorld();
      const material = Buffer.alloc(specs[spec as 'HMAC_256'].bytes!);
      material.fill(0x0b, 0, 20);
      const key = await importedKey(kms, spec, 'GENERATE_VERIFY_MAC', material);
      const input = {
        KeyId: key.KeyId,
        MacAlgorithm: spec.replace('_', '_SHA_'),
        Message: bytes('Hi There'),
      };
      const made = await kms.call<GenerateMacResponse>(kms.root, 'GenerateMac', input);
      assert.deepEqual(made.Mac, hex(mac));
      await kms.call(kms.root, 'VerifyMac', { ...input, Mac: hex(mac) });
      const wrong = [hex(mac).fill(0, 0, 1), hex(mac).subarray(1), Buffer.alloc(1)];
      for (const Mac of wrong) {
        await assert.rejects(
          kms.call(kms.root, 'VerifyMac', { ...input, Mac }),
          refusal('KMSInvalidMacException'),
        );
      }
    });
  }

  test('RSA_AES_KEY_WRAP: NIST SP 800-38F, KWP', () => {
    const { privateKey, publicKey } = rsaPair();
    for (const hash of ['1', '256'] as const) {
      const aes = publicEncrypt({ key: publicKey, oaepHash: `sha${hash}` }, hex(keyWrap.key));
      const wrapped = Buffer.concat([aes, hex(keyWrap.ciphertext)]);
      assert.deepEqual(unwrap(privateKey, `RSA_AES_KEY_WRAP_SHA_${hash}`, wrapped), hex(keyWrap.plaintext));
      wrapped[wrapped.length - 1]! ^= 1;
      assert.throws(() => unwrap(privateKey, `RSA_AES_KEY_WRAP_SHA_${hash}`, wrapped));
    }
  });
});

test('PSS: only what was encoded decodes', () => {
  const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(digests, digests, fc.nat(), (digest, other, at) => {
      const encoded = encodePss(digest, 'sha256', 2048);
      assert.equal(decodePss(encoded, digest, 'sha256', 2048), true);
      if (!Buffer.from(digest).equals(other)) assert.equal(decodePss(encoded, other, 'sha256', 2048), false);
      encoded[at % encoded.length]! ^= 1 << (at % 8);
      assert.equal(decodePss(encoded, digest, 'sha256', 2048), false);
    }),
  );
});

const SIGNERS = [
  'RSA_2048',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'ECC_NIST_EDWARDS25519',
] as const;

suite('keys that sign', () => {
  for (const spec of SIGNERS) {
    test(spec, async () => {
      const kms = await openKmsWorld();
      const key = await newKey(kms, { KeySpec: spec, KeyUsage: 'SIGN_VERIFY' });
      assert.deepEqual(key.SigningAlgorithms, specs[spec].signing);
      for (const algorithm of specs[spec].signing!) await signAndVerify(kms, key.KeyId, algorithm);
    });
  }
});

/** Signs a message and its digest, and verifies each as the other wherever the algorithm takes both. */
async function signAndVerify({ call, root }: KmsWorld, KeyId: string, algorithm: SigningAlgorithm) {
  const message = bytes(`message for ${algorithm}`);
  const digest = digestOf(algorithm, message);
  const forms = [
    { MessageType: 'RAW', Message: message },
    { MessageType: 'DIGEST', Message: digest },
  ] as const;
  const taken = forms.filter(({ MessageType }) => takes(algorithm, MessageType));
  const base = { KeyId, SigningAlgorithm: algorithm };
  for (const form of taken) {
    const { Signature } = await call<SignResponse>(root, 'Sign', { ...base, ...form });
    for (const other of taken) {
      const answer = await call<VerifyResponse>(root, 'Verify', { ...base, ...other, Signature });
      assert.equal(answer.SignatureValid, true);
    }
    const changed = Buffer.from(form.Message);
    changed[3]! ^= 4;
    await assert.rejects(
      call(root, 'Verify', { ...base, ...form, Message: changed, Signature }),
      refusal('KMSInvalidSignatureException', ''),
    );
    await assert.rejects(
      call(root, 'Verify', { ...base, ...form, Signature: bytes('no signature') }),
      refusal('KMSInvalidSignatureException', ''),
    );
  }
  if (!takes(algorithm, 'DIGEST')) return;
  for (const operation of ['Sign', 'Verify']) {
    await assert.rejects(
      call(root, operation, {
        ...base,
        MessageType: 'DIGEST',
        Message: digest.subarray(1),
        Signature: digest,
      }),
      refusal('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`),
    );
  }
}

test("what a key signs verifies under the public key that it shows, and only under the key's algorithms", async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const shown = await kms.call<GetPublicKeyResponse>(kms.root, 'GetPublicKey', { KeyId: key.KeyId });
  assert.equal(shown.KeyId, key.Arn);
  assert.deepEqual(shown.SigningAlgorithms, ['ECDSA_SHA_256']);
  const input = { KeyId: key.KeyId, Message: bytes('x'), SigningAlgorithm: 'ECDSA_SHA_256' };
  const { Signature } = await kms.call<SignResponse>(kms.root, 'Sign', input);
  const publicKey = publicKeyOf(shown.PublicKey!);
  assert.equal(
    await verify(publicKey, 'ECC_NIST_P256', 'ECDSA_SHA_256', bytes('x'), false, Signature!),
    true,
  );
  await assert.rejects(
    kms.call(kms.root, 'Sign', { ...input, SigningAlgorithm: 'ECDSA_SHA_384' }),
    refusal(
      'InvalidKeyUsageException',
      'Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.',
    ),
  );
  await assert.rejects(
    kms.call(kms.root, 'Sign', { ...input, MessageType: 'EXTERNAL_MU' }),
    refusal('ValidationException'),
  );
  const symmetric = await newKey(kms);
  for (const [operation, usage] of [
    ['Sign', 'ENCRYPT_DECRYPT'],
    ['Verify', 'ENCRYPT_DECRYPT'],
  ] as const) {
    await assert.rejects(
      kms.call(kms.root, operation, { ...input, KeyId: symmetric.KeyId, Signature }),
      refusal(
        'InvalidKeyUsageException',
        `${symmetric.Arn} key usage is ${usage} which is not valid for ${operation}.`,
      ),
    );
  }
  await assert.rejects(
    kms.call(kms.root, 'GetPublicKey', { KeyId: symmetric.KeyId }),
    refusal('UnsupportedOperationException'),
  );
});

test('pairs are made of the length that was asked for', async () => {
  const made = await generatePair('RSA_2048', ACCOUNT);
  const privateKey = createPrivateKey({ key: made.secret, format: 'der', type: 'pkcs8' });
  assert.equal(privateKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.deepEqual(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }), made.publicKey);
});

test('large RSA keys encrypt and sign as well', async () => {
  const kms = await openKmsWorld();
  const key = await newKey(kms, { KeySpec: 'RSA_3072', KeyUsage: 'SIGN_VERIFY' });
  await signAndVerify(kms, key.KeyId, 'RSASSA_PSS_SHA_384');
  await signAndVerify(kms, key.KeyId, 'RSASSA_PKCS1_V1_5_SHA_512');
});
