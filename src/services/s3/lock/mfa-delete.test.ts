import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kv } from '../../../store/kv.js';
import { openMemoryKv } from '../../../store/memory/memory.js';
import {
  allow,
  bodyOf,
  code,
  openTestS3,
  rootOf,
  type TestS3,
  testAccount,
  userOf,
} from '../testing.test.support.js';

const Bucket = 'example-bucket';
const account = testAccount('111122223333');
const serial = `arn:aws:iam::${account.id}:mfa/root`;
const digest = { 'content-md5': 'is there' };

/** A bucket under MFA delete. `mfa()`: what shows the next code of the root user's device. */
async function open({ enabled = true, kv = openMemoryKv() } = {}) {
  const codes = new Set<string>();
  const s3 = await openTestS3({
    account,
    kv,
    provesMfa: async ({ id }, device, shown) => id === account.id && device === serial && codes.delete(shown),
  });
  const mfa = () => {
    const next = String(100_000 + Math.floor(Math.random() * 900_000));
    codes.add(next);
    return `${serial} ${next}`;
  };
  await s3.send('CreateBucket', { Bucket });
  if (enabled) {
    const VersioningConfiguration = { Status: 'Enabled', MFADelete: 'Enabled' };
    await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration, MFA: mfa() });
  }
  return { s3, mfa };
}

const setting = (s3: TestS3) => s3.send('GetBucketVersioning', { Bucket });
const needed = { code: 'AccessDenied', message: 'Mfa Authentication must be used for this request' };
const ownerOnly = {
  code: 'AccessDenied',
  message: 'This operation may only be performed by the bucket owner',
};

test('only the root user turns it on, with a code', async () => {
  const { s3, mfa } = await open({ enabled: false });
  const put = (more: object, as = s3.root) =>
    s3.send(
      'PutBucketVersioning',
      { Bucket, VersioningConfiguration: { Status: 'Enabled', MFADelete: 'Enabled' }, ...more },
      { as },
    );
  await assert.rejects(put({}), needed);
  await assert.rejects(put({ MFA: `${serial} 000000` }), needed);
  await assert.rejects(put({ MFA: `${mfa()} more` }), needed);
  await assert.rejects(put({ MFA: mfa() }, userOf(account, 'user', allow('s3:*'))), ownerOnly);
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::999988887777:root' },
      Action: 's3:*',
      Resource: `arn:aws:s3:::${Bucket}`,
    },
  });
  await s3.send('PutBucketPolicy', { Bucket, Policy });
  await assert.rejects(put({ MFA: mfa() }, rootOf(testAccount('999988887777'))), ownerOnly);
  assert.deepEqual(await setting(s3), {});
  await put({ MFA: mfa() });
  assert.deepEqual(await setting(s3), { Status: 'Enabled', MFADelete: 'Enabled' });
});

test('without it, versioning takes no code', async () => {
  const { s3 } = await open({ enabled: false });
  const VersioningConfiguration = { Status: 'Enabled', MFADelete: 'Disabled' };
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration });
  assert.deepEqual(await setting(s3), VersioningConfiguration);
});

test('the versioning state takes a code, whatever becomes of it', async () => {
  const { s3, mfa } = await open();
  const put = (VersioningConfiguration: object, more = {}) =>
    s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration, ...more });
  for (const Status of ['Enabled', 'Suspended']) await assert.rejects(put({ Status }), needed);
  await assert.rejects(put({ Status: 'Enabled', MFADelete: 'Disabled' }), needed);
  await put({ Status: 'Suspended' }, { MFA: mfa() });
  assert.deepEqual(await setting(s3), { Status: 'Suspended', MFADelete: 'Enabled' });
  await put({ Status: 'Enabled', MFADelete: 'Disabled' }, { MFA: mfa() });
  await put({ Status: 'Suspended' });
});

test('a change that meets it on its way takes a code too', async () => {
  const memory = openMemoryKv();
  let meanwhile: (() => Promise<unknown>) | undefined;
  const kv: Kv = {
    get: key => memory.get(key),
    getMany: keys => memory.getMany(keys),
    list: range => memory.list(range),
    async commit(...change) {
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      return memory.commit(...change);
    },
    close: () => memory.close(),
  };
  const { s3, mfa } = await open({ enabled: false, kv });
  const put = (VersioningConfiguration: object, more = {}) =>
    s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration, ...more });
  meanwhile = () => put({ Status: 'Enabled', MFADelete: 'Enabled' }, { MFA: mfa() });
  await assert.rejects(put({ Status: 'Suspended' }), needed);
  assert.deepEqual(await setting(s3), { Status: 'Enabled', MFADelete: 'Enabled' });
});

test('versions are deleted with a code, markers made without', async () => {
  const { s3, mfa } = await open();
  const { VersionId } = await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  const remove = (more: object, as = s3.root) =>
    s3.send('DeleteObject', { Bucket, Key: 'k', ...more }, { as });
  await assert.rejects(remove({ VersionId }), needed);
  await assert.rejects(remove({ VersionId, MFA: `${serial} 000000` }), needed);
  const user = userOf(account, 'user', allow('s3:*'));
  await assert.rejects(remove({ VersionId, MFA: mfa() }, user), ownerOnly);
  assert.equal((await remove({}, user))['DeleteMarker'], true);
  const MFA = mfa();
  await remove({ VersionId, MFA });
  await assert.rejects(s3.send('GetObject', { Bucket, Key: 'k', VersionId }), code('NoSuchVersion'));
  await assert.rejects(remove({ VersionId, MFA }), needed);
});

test('one code serves a whole list; a version in it without one refuses it all', async () => {
  const { s3, mfa } = await open();
  const put = async (Key: string) =>
    (await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x') }))['VersionId'] as string;
  const versions = [
    { Key: 'a', VersionId: await put('a') },
    { Key: 'b', VersionId: await put('b') },
  ];
  await put('c');
  const remove = (Objects: object[], more = {}) =>
    s3.send('DeleteObjects', { Bucket, Delete: { Objects }, ...more }, { headers: digest });
  await assert.rejects(remove([{ Key: 'c' }, ...versions]), needed);
  await assert.rejects(remove([{ Key: 'c' }], { MFA: `${serial} 000000` }), needed);
  await s3.send('HeadObject', { Bucket, Key: 'c' });
  assert.equal(((await remove([{ Key: 'c' }]))['Deleted'] as object[]).length, 1);
  const { Deleted, Errors } = await remove(versions, { MFA: mfa() });
  assert.equal((Deleted as object[]).length, 2);
  assert.equal(Errors, undefined);
});

test('lifecycle rules and MFA delete exclude each other', async () => {
  const { s3, mfa } = await open();
  const LifecycleConfiguration = {
    Rules: [{ Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
  };
  const rules = () => s3.send('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration });
  const put = (MFADelete: string) =>
    s3.send('PutBucketVersioning', {
      Bucket,
      VersioningConfiguration: { Status: 'Enabled', MFADelete },
      MFA: mfa(),
    });
  await assert.rejects(rules(), code('InvalidBucketState', 409));
  await put('Disabled');
  await rules();
  await assert.rejects(put('Enabled'), code('InvalidBucketState', 409));
});
