import assert from 'node:assert/strict';
import { createPublicKey, publicEncrypt, randomBytes, verify } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { asEnvironment, installed, refused, succeeds, without } from './run.js';
import { openStage, type Stage } from './stage.js';

suite('AWS CLI 1: KMS', { skip: without('pip') }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const environment = () => ({ ...asEnvironment(stage.root), AWS_ENDPOINT_URL: stage.endpoint });
  const kms = async (...args: string[]) => {
    const said = await succeeds(stage, installed('aws'), ['kms', ...args, '--output', 'json'], environment());
    return said === '' ? {} : JSON.parse(said);
  };
  const file = (name: string) => join(stage.home, name);
  const write = (name: string, content: Uint8Array | string) => writeFile(file(name), content);
  const base64 = (text: string) => Buffer.from(text, 'base64');

  test('encrypts and decrypts files, by alias, with a context', async () => {
    const { KeyMetadata: key } = await kms('create-key', '--tags', 'TagKey=made,TagValue=here');
    await kms('create-alias', '--alias-name', 'alias/files', '--target-key-id', key.KeyId);
    await write('plain', 'through the CLI');
    const context = ['--encryption-context', 'file=plain'];
    const sealed = await kms(
      'encrypt',
      ...['--key-id', 'alias/files', '--plaintext', 'fileb://plain', ...context],
    );
    await write('sealed', base64(sealed.CiphertextBlob));
    const opened = await kms('decrypt', '--ciphertext-blob', 'fileb://sealed', ...context);
    assert.equal(base64(opened.Plaintext).toString(), 'through the CLI');
    assert.equal(opened.KeyId, key.Arn);
    const wrong = ['kms', 'decrypt', '--ciphertext-blob', 'fileb://sealed'];
    assert.match(
      await refused(stage, installed('aws'), wrong, environment()),
      /\(InvalidCiphertextException\) when calling the Decrypt operation/,
    );
    const { Aliases } = await kms('list-aliases', '--key-id', key.KeyId);
    assert.equal(Aliases[0].AliasName, 'alias/files');
    const { Policy } = await kms('get-key-policy', '--key-id', key.KeyId);
    assert.equal(JSON.parse(Policy).Id, 'key-default-1');
  });

  test('imports key material', async () => {
    const { KeyMetadata: key } = await kms('create-key', '--origin', 'EXTERNAL');
    const of = ['--key-id', key.KeyId];
    const parameters = await kms(
      'get-parameters-for-import',
      ...[...of, '--wrapping-algorithm', 'RSAES_OAEP_SHA_256', '--wrapping-key-spec', 'RSA_2048'],
    );
    const wrapping = createPublicKey({ key: base64(parameters.PublicKey), format: 'der', type: 'spki' });
    await write('token', base64(parameters.ImportToken));
    await write('material', publicEncrypt({ key: wrapping, oaepHash: 'sha256' }, randomBytes(32)));
    await kms(
      'import-key-material',
      ...[...of, '--encrypted-key-material', 'fileb://material', '--import-token', 'fileb://token'],
      ...['--expiration-model', 'KEY_MATERIAL_DOES_NOT_EXPIRE'],
    );
    const { KeyMetadata: ready } = await kms('describe-key', ...of);
    assert.equal(ready.KeyState, 'Enabled');
    const data = await kms('generate-data-key', ...of, '--key-spec', 'AES_256');
    assert.equal(base64(data.Plaintext).length, 32);
  });

  test('signs', async () => {
    const { KeyMetadata: key } = await kms(
      'create-key',
      ...['--key-spec', 'RSA_2048', '--key-usage', 'SIGN_VERIFY'],
    );
    await write('message', 'signed by the CLI');
    const { Signature } = await kms(
      'sign',
      ...['--key-id', key.KeyId, '--message', 'fileb://message'],
      ...['--signing-algorithm', 'RSASSA_PKCS1_V1_5_SHA_256'],
    );
    const { PublicKey } = await kms('get-public-key', '--key-id', key.KeyId);
    const publicKey = createPublicKey({ key: base64(PublicKey), format: 'der', type: 'spki' });
    const message = await readFile(file('message'));
    assert.equal(verify('sha256', message, publicKey, base64(Signature)), true);
  });
});

const PYTHONS = [
  { name: "Debian's boto3: KMS", python: '/usr/bin/python3', skip: without('boto3') },
  { name: 'a recent boto3: KMS', python: installed('python'), skip: without('pip') },
];

for (const { name, python, skip } of PYTHONS) {
  suite(name, { skip }, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage.close());

    test('keys, aliases, grants, rotation, errors', async () => {
      const said = await succeeds(stage, python, [resolve('test/clients/boto3_kms.py')], {
        ...asEnvironment(stage.root),
        ENDPOINT: stage.endpoint,
      });
      const result = JSON.parse(said);
      assert.equal(result.opened, 'through boto3');
      assert.equal(result.moved, 'through boto3');
      assert.deepEqual(result.spec, ['HMAC_256', 'GENERATE_VERIFY_MAC', ['HMAC_SHA_256']]);
      assert.equal(result.mac, true);
      assert.equal(result.rotation, true);
      assert.deepEqual(result.grants, [['Encrypt', 'Decrypt']]);
      assert.equal(result.keys, 3);
      assert.deepEqual(result.errors, [
        'InvalidCiphertextException',
        'KMSInvalidMacException',
        'DisabledException',
        'NotFoundException',
        'AlreadyExistsException',
        'MalformedPolicyDocumentException',
      ]);
    });
  });
}
