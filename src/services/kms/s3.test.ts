import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../../core/errors.js';
import type { Call, CallOnBehalf, Requirement } from '../../core/operation.js';
import { describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import {
  addAccount,
  addUser,
  allow,
  callerOf,
  decide,
  type KeyPair,
  refusal,
} from '../harness.test.support.js';
import { objectKeys } from './index.js';

/** A request to S3, as far as the key service looks at it, and what it demanded and noted. */
async function s3Call({ world }: KmsWorld, keys: KeyPair) {
  const caller = await callerOf(world, keys);
  const demanded: Requirement[] = [];
  const made: CallOnBehalf[] = [];
  const call = {
    caller,
    region: 'us-east-1',
    clock: world.clock,
    async demand(requirement: Requirement) {
      demanded.push(requirement);
      const { message } = await decide(world, caller, requirement);
      if (message !== undefined) throw new ApiError('AccessDenied', 403, message);
    },
    note: (one: CallOnBehalf) => made.push(one),
  } as unknown as Call;
  return { call, demanded, made };
}

const encryptionContext = { 'aws:s3:arn': 'arn:aws:s3:::bucket/key' };

suite('data keys for objects', () => {
  test('one that there is already is wrapped by whoever may encrypt', async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const { Arn } = await newKey(kms);
    const plaintext = Buffer.alloc(32, 7);
    const bob = await addUser(
      kms.world,
      kms.world.account,
      'Bob',
      allow(['kms:Encrypt', 'kms:Decrypt'], Arn),
    );
    const { call, demanded, made } = await s3Call(kms, bob);
    const { ciphertext, keyArn } = await keys.encrypt(call, { keyId: Arn, plaintext, encryptionContext });
    assert.equal(keyArn, Arn);
    const opened = await keys.decrypt(call, { ciphertext, encryptionContext });
    assert.deepEqual(opened.plaintext, plaintext);
    assert.deepEqual(
      demanded.map(({ action }) => action),
      ['kms:Encrypt', 'kms:Decrypt'],
    );
    assert.deepEqual(made[0], {
      service: 'kms',
      operation: 'Encrypt',
      resource: Arn,
      owner: kms.world.account.id,
      parameters: { keyId: Arn, encryptionContext },
    });
    const eve = await addUser(kms.world, kms.world.account, 'Eve', allow('kms:GenerateDataKey', Arn));
    const refused = await s3Call(kms, eve);
    const use = { keyId: Arn, plaintext, encryptionContext };
    await assert.rejects(keys.encrypt(refused.call, use), refusal('AccessDenied'));
    assert.equal(refused.made[0]?.errorCode, 'AccessDenied');
  });

  test("under the account's own key for S3, whoever may use S3 needs no right on the key", async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const bob = await addUser(kms.world, kms.world.account, 'Bob');
    const { call, demanded } = await s3Call(kms, bob);
    const made = await keys.generateDataKey(call, { encryptionContext });
    const { Arn } = await describe(kms, 'alias/aws/s3');
    assert.equal(made.keyArn, Arn);
    assert.equal(made.plaintext.length, 32);
    const opened = await keys.decrypt(call, { ciphertext: made.ciphertext, encryptionContext });
    assert.deepEqual(opened, { plaintext: made.plaintext, keyArn: Arn });
    assert.deepEqual(
      demanded.map(({ action, resource }) => `${action} ${resource}`),
      [`kms:GenerateDataKey ${Arn}`, `kms:Decrypt ${Arn}`],
    );
    for (const { context } of demanded) {
      assert.equal(context?.['kms:ViaService'], 's3.us-east-1.amazonaws.com');
      assert.deepEqual(context?.['aws:CalledVia'], ['s3.amazonaws.com']);
      assert.equal(context?.['aws:ViaAWSService'], 'true');
      assert.equal(context?.['kms:EncryptionContext:aws:s3:arn'], 'arn:aws:s3:::bucket/key');
    }
    await assert.rejects(
      kms.call(bob, 'Decrypt', { CiphertextBlob: made.ciphertext, EncryptionContext: encryptionContext }),
      refusal('AccessDenied'),
    );
  });

  test('a bucket key serves for minutes; each use is decided, the first of each caller noted', async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const { Arn, KeyId } = await newKey(kms);
    const { account } = kms.world;
    const rights = allow(['kms:GenerateDataKey', 'kms:Decrypt'], Arn);
    const [bob, eve, stray] = await Promise.all([
      addUser(kms.world, account, 'Bob', rights),
      addUser(kms.world, account, 'Eve', rights),
      addUser(kms.world, account, 'Stray'),
    ]);
    const [ofBob, ofEve, ofStray] = await Promise.all([bob, eve, stray].map(who => s3Call(kms, who)));
    const generate = ({ call }: { call: Call }) =>
      keys.generateDataKey(call, { keyId: Arn, encryptionContext, bucketKey: true });
    const first = await generate(ofBob!);
    const second = await generate(ofBob!);
    assert.deepEqual(second, first);
    assert.deepEqual(await generate(ofEve!), first);
    const operations = (of: { made: CallOnBehalf[] }) => of.made.map(({ operation }) => operation);
    assert.deepEqual([operations(ofBob!), operations(ofEve!)], [['GenerateDataKey'], ['GenerateDataKey']]);
    assert.equal(ofBob!.demanded.length, 2);

    const decrypt = ({ call }: { call: Call }) =>
      keys.decrypt(call, { ciphertext: first.ciphertext, encryptionContext, bucketKey: true });
    for (const of of [ofBob!, ofBob!, ofEve!]) {
      assert.deepEqual((await decrypt(of)).plaintext, first.plaintext);
    }
    assert.deepEqual(operations(ofBob!), ['GenerateDataKey', 'Decrypt']);
    await assert.rejects(decrypt(ofStray!), refusal('AccessDenied'));
    await assert.rejects(generate(ofStray!), refusal('AccessDenied'));
    assert.equal(ofStray!.made[0]?.errorCode, 'AccessDenied');
    const elsewhere = { 'aws:s3:arn': 'arn:aws:s3:::other' };
    await assert.rejects(
      keys.decrypt(ofBob!.call, {
        ciphertext: first.ciphertext,
        encryptionContext: elsewhere,
        bucketKey: true,
      }),
      refusal('InvalidCiphertextException'),
    );

    kms.world.clock.advance(301);
    const later = await generate(ofBob!);
    assert.notDeepEqual(later.ciphertext, first.ciphertext);
    assert.deepEqual((await decrypt(ofBob!)).plaintext, first.plaintext);
    assert.equal(operations(ofBob!).filter(name => name === 'GenerateDataKey').length, 2);
    await kms.call(kms.root, 'DisableKey', { KeyId });
    await assert.rejects(generate(ofBob!), refusal('DisabledException'));
    await assert.rejects(decrypt(ofBob!), refusal('DisabledException'));
  });

  test("that key is nobody's outside the account", async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const made = await keys.generateDataKey((await s3Call(kms, kms.root)).call, { encryptionContext });
    const { account } = await addAccount(kms.world, '444455556666');
    const guest = await addUser(kms.world, account, 'Guest', allow('*'));
    const { call } = await s3Call(kms, guest);
    const { ciphertext } = made;
    await assert.rejects(keys.decrypt(call, { ciphertext, encryptionContext }), refusal('AccessDenied'));
    const own = await keys.generateDataKey(call, { encryptionContext });
    assert.match(own.keyArn, /:444455556666:key\//);
  });

  test('under a key of the customer, the caller needs GenerateDataKey to write and Decrypt to read', async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const { Arn, KeyId } = await newKey(kms);
    await kms.call(kms.root, 'CreateAlias', { AliasName: 'alias/objects', TargetKeyId: KeyId });
    const via = (action: string, service: string) =>
      allow(action, Arn, { Condition: { StringEquals: { 'kms:ViaService': service } } });
    const { account } = kms.world;
    const writer = await addUser(
      kms.world,
      account,
      'Writer',
      via('kms:GenerateDataKey', 's3.us-east-1.amazonaws.com'),
    );
    const reader = await addUser(kms.world, account, 'Reader', allow('kms:Decrypt', Arn));
    const stray = await addUser(kms.world, account, 'Stray', via('kms:*', 's3.eu-west-1.amazonaws.com'));
    const [write, read, neither] = await Promise.all(
      [writer, reader, stray].map(async one => (await s3Call(kms, one)).call),
    );
    for (const keyId of [KeyId, Arn, 'alias/objects', Arn.replace(`key/${KeyId}`, 'alias/objects')]) {
      const { ciphertext, plaintext } = await keys.generateDataKey(write!, { keyId, encryptionContext });
      await assert.rejects(
        keys.decrypt(write!, { ciphertext, encryptionContext }),
        refusal(
          'AccessDenied',
          /is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:.* because no identity-based policy allows the kms:Decrypt action/,
        ),
      );
      const opened = await keys.decrypt(read!, { ciphertext, encryptionContext });
      assert.deepEqual(opened.plaintext, plaintext);
      await assert.rejects(
        keys.decrypt(read!, { ciphertext, encryptionContext: {} }),
        refusal('InvalidCiphertextException'),
      );
      for (const call of [read!, neither!]) {
        await assert.rejects(
          keys.generateDataKey(call, { keyId, encryptionContext }),
          refusal('AccessDenied'),
        );
      }
    }
  });

  test('a key that is disabled, of another kind or not there fails as KMS says', async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const { call } = await s3Call(kms, kms.root);
    const generate = (keyId: string) => keys.generateDataKey(call, { keyId, encryptionContext });
    const { KeyId, Arn } = await newKey(kms);
    const { ciphertext } = await generate(KeyId);
    await kms.call(kms.root, 'DisableKey', { KeyId });
    const disabled = refusal('DisabledException', `${Arn} is disabled.`);
    await assert.rejects(generate(KeyId), disabled);
    await assert.rejects(keys.decrypt(call, { ciphertext, encryptionContext }), disabled);
    const rsa = await newKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    await assert.rejects(generate(rsa.KeyId), refusal('InvalidKeyUsageException'));
    await assert.rejects(generate('alias/none'), refusal('NotFoundException'));
    await assert.rejects(generate('1234abcd-12ab-34cd-56ef-1234567890ab'), refusal('NotFoundException'));
  });

  test('every use of a key is noted, whether it succeeds or not', async () => {
    const kms = await openKmsWorld();
    const keys = objectKeys(kms.kms);
    const { KeyId, Arn } = await newKey(kms);
    const { account } = kms.world;
    const writer = await addUser(kms.world, account, 'Writer', allow('kms:GenerateDataKey', Arn));
    const { call, made } = await s3Call(kms, writer);
    const { ciphertext } = await keys.generateDataKey(call, { keyId: KeyId, encryptionContext });
    await assert.rejects(keys.decrypt(call, { ciphertext, encryptionContext }), refusal('AccessDenied'));
    await kms.call(kms.root, 'DisableKey', { KeyId });
    await assert.rejects(keys.generateDataKey(call, { keyId: KeyId, encryptionContext }));
    const use = { service: 'kms', resource: Arn };
    assert.match(made[1]!.errorMessage!, /is not authorized to perform: kms:Decrypt/);
    assert.deepEqual(made[0]!.parameters, { keyId: Arn, encryptionContext, keySpec: 'AES_256' });
    assert.equal(made[0]!.owner, account.id);
    const words = made.map(({ parameters, errorMessage, owner, ...rest }) =>
      JSON.parse(JSON.stringify(rest)),
    );
    assert.deepEqual(words, [
      { ...use, operation: 'GenerateDataKey' },
      { ...use, operation: 'Decrypt', errorCode: 'AccessDenied' },
      { ...use, operation: 'GenerateDataKey', errorCode: 'DisabledException' },
    ]);
  });

  test('in the partition of China, the service has its name there', async () => {
    const kms = await openKmsWorld('aws-cn');
    const keys = objectKeys(kms.kms);
    const bob = await addUser(kms.world, kms.world.account, 'Bob');
    const { call, demanded } = await s3Call(kms, bob);
    const made = await keys.generateDataKey(call, { encryptionContext });
    assert.match(made.keyArn, /^arn:aws-cn:kms:/);
    assert.equal(demanded[0]?.context?.['kms:ViaService'], 's3.us-east-1.amazonaws.com.cn');
  });
});
