import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, code, openTestS3, testAccount, userOf } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';
const account = testAccount('111122223333');
const tagging = (team: string) => ({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: team }] } });

/** May read and list what has the tag, under one of its two names. */
const member = (name: string, condition: string) =>
  userOf(account, name, {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:ListBucket'],
      Resource: '*',
      Condition: { StringEquals: { [condition]: 'red' } },
    },
  });

async function open() {
  const s3 = await openTestS3({ account });
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutBucketTagging', tagging('red'));
  await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x') });
  const set = (Status?: string) => s3.send('PutBucketAbac', { Bucket, AbacStatus: { Status } });
  const status = async () => (await s3.send('GetBucketAbac', { Bucket }))['AbacStatus'];
  return { s3, set, status };
}

test('tags decide on the bucket and its objects while they are to, and no longer', async () => {
  const { s3, set, status } = await open();
  for (const condition of ['aws:ResourceTag/team', 's3:BucketTag/team']) {
    const as = member('member', condition);
    const list = () => s3.send('ListObjectsV2', { Bucket }, { as });
    const get = () => s3.send('GetObject', { Bucket, Key }, { as });
    assert.deepEqual(await status(), { Status: 'Disabled' });
    for (const read of [list, get]) await assert.rejects(read(), code('AccessDenied'), condition);
    await set('Enabled');
    assert.deepEqual(await status(), { Status: 'Enabled' });
    for (const read of [list, get]) await read();
    await set('Disabled');
    for (const read of [list, get]) await assert.rejects(read(), code('AccessDenied'), condition);
  }
  await assert.rejects(set(), code('MalformedXML', 400));
});

test('another tag, or none, does not let in', async () => {
  const { s3, set } = await open();
  const get = () => s3.send('GetObject', { Bucket, Key }, { as: member('member', 'aws:ResourceTag/team') });
  for (const change of [
    () => s3.send('PutBucketTagging', tagging('blue')),
    () => s3.send('DeleteBucketTagging', { Bucket }),
  ]) {
    await change();
    await set('Enabled');
    await assert.rejects(get(), code('AccessDenied', 403));
    await set('Disabled');
  }
});

test('a source of a copy is decided on by the tags of its own bucket', async () => {
  const { s3, set } = await open();
  await set('Enabled');
  const keys = async (bucket: string) => {
    const copy = { Bucket: bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` };
    const [source, target] = await s3.requires('CopyObject', copy);
    return [source, target].map(requirement => requirement?.context?.['aws:ResourceTag/team']);
  };
  await s3.send('CreateBucket', { Bucket: 'target' });
  assert.deepEqual(await keys('target'), ['red', undefined]);
});

test('tags that decide are not changed with the rights of before', async () => {
  const { s3, set } = await open();
  await set('Enabled');
  await assert.rejects(s3.send('PutBucketTagging', tagging('blue')), code('InvalidRequest', 400));
  await assert.rejects(s3.send('DeleteBucketTagging', { Bucket }), code('InvalidRequest', 400));
  assert.deepEqual((await s3.send('GetBucketTagging', { Bucket }))['TagSet'], [
    { Key: 'team', Value: 'red' },
  ]);
  await set('Disabled');
  await s3.send('PutBucketTagging', tagging('blue'));
});
