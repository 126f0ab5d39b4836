import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../../core/errors.js';
import { allow, bodyOf, code, openTestS3, START, testAccount, userOf } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const Key = 'k';
const DAY = 24 * 3600;
const inDays = (days: number) => new Date(START + days * DAY * 1000);

async function locked(configuration?: object) {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket, ObjectLockEnabledForBucket: true });
  if (configuration) {
    const Rule = { DefaultRetention: configuration };
    await s3.send('PutObjectLockConfiguration', {
      Bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
    });
  }
  const put = async (rest: object = {}) =>
    (await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x'), ...rest })).VersionId;
  const remove = (VersionId: unknown, rest: object = {}) =>
    s3.send('DeleteObject', { Bucket, Key, VersionId, ...rest });
  const retain = (VersionId: unknown, Mode: string, days: number, rest: object = {}) =>
    s3.send('PutObjectRetention', {
      Bucket,
      Key,
      VersionId,
      Retention: { Mode, RetainUntilDate: inDays(days) },
      ...rest,
    });
  return { s3, put, remove, retain };
}

test('a retained version stays until its time; a delete marker may come before it', async () => {
  const { s3, put, remove } = await locked();
  const id = await put({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(2) });
  await assert.rejects(remove(id), code('AccessDenied', 403));
  await assert.rejects(remove(id, { BypassGovernanceRetention: true }), code('AccessDenied', 403));
  assert.equal((await s3.send('DeleteObject', { Bucket, Key })).DeleteMarker, true);
  s3.clock.advance(2 * DAY);
  await remove(id);
});

test('governance gives way to those who may bypass it', async () => {
  const { s3, put, remove } = await locked();
  const id = await put({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(2) });
  const account = testAccount('111122223333');
  const removeAs = (...actions: string[]) =>
    s3.send(
      'DeleteObject',
      { Bucket, Key, VersionId: id, BypassGovernanceRetention: true },
      { as: userOf(account, 'u', allow(...actions)) },
    );
  await assert.rejects(remove(id), code('AccessDenied'));
  await assert.rejects(removeAs('s3:DeleteObjectVersion'), code('AccessDenied'));
  await removeAs('s3:DeleteObjectVersion', 's3:BypassGovernanceRetention');
});

test('a retention is only ever strengthened', async () => {
  const { s3, put, retain } = await locked();
  const id = await put();
  const bypass = { BypassGovernanceRetention: true };
  await assert.rejects(
    s3.send('GetObjectRetention', { Bucket, Key }),
    code('NoSuchObjectLockConfiguration', 404),
  );
  await assert.rejects(retain(id, 'GOVERNANCE', -1), code('InvalidArgument'));
  await retain(id, 'GOVERNANCE', 5);
  await retain(id, 'GOVERNANCE', 6);
  await assert.rejects(retain(id, 'GOVERNANCE', 5), code('AccessDenied'));
  await retain(id, 'GOVERNANCE', 5, bypass);
  await assert.rejects(retain(id, 'COMPLIANCE', 5), code('AccessDenied'));
  await retain(id, 'COMPLIANCE', 5, bypass);
  await assert.rejects(retain(id, 'GOVERNANCE', 9, bypass), code('AccessDenied'));
  await assert.rejects(retain(id, 'COMPLIANCE', 4, bypass), code('AccessDenied'));
  await assert.rejects(
    s3.send('PutObjectRetention', { Bucket, Key, Retention: {}, ...bypass }),
    code('AccessDenied'),
  );
  await retain(id, 'COMPLIANCE', 7);
  const { Retention } = await s3.send('GetObjectRetention', { Bucket, Key, VersionId: id });
  assert.deepEqual(Retention, { Mode: 'COMPLIANCE', RetainUntilDate: inDays(7) });
  const head = await s3.send('HeadObject', { Bucket, Key });
  assert.deepEqual([head.ObjectLockMode, head.ObjectLockRetainUntilDate], ['COMPLIANCE', inDays(7)]);
});

test('a legal hold has no end but being lifted', async () => {
  const { s3, put, remove } = await locked();
  const id = await put({ ObjectLockLegalHoldStatus: 'ON' });
  s3.clock.advance(10_000 * DAY);
  await assert.rejects(remove(id, { BypassGovernanceRetention: true }), code('AccessDenied'));
  const hold = (Status: string) => s3.send('PutObjectLegalHold', { Bucket, Key, LegalHold: { Status } });
  await assert.rejects(hold('MAYBE'), code('MalformedXML'));
  await s3.send('CreateBucket', { Bucket: 'open' });
  const malformed = s3.send('PutObjectLegalHold', { Bucket: 'open', Key });
  await assert.rejects(malformed, code('MalformedXML'), 'test_put_object_legal_hold_exc');
  await hold('OFF');
  assert.deepEqual(await s3.send('GetObjectLegalHold', { Bucket, Key }), { LegalHold: { Status: 'OFF' } });
  await remove(id);
});

// LocalStack's recordings of AWS: test_s3_object_retention_exc, test_s3_object_lock_mode_validation and
// test_object_lock_delete_markers.
test('locks that are refused, in the words of S3', async () => {
  const { s3, put } = await locked();
  await put();
  const told = (members: object) => (error: ApiError) => {
    assert.deepEqual(error.detail.members, members);
    return true;
  };
  const until = (text: string) =>
    s3.send('PutObjectRetention', {
      Bucket,
      Key,
      Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(text) },
    });
  for (const [text, ArgumentValue] of [
    ['2020-01-01T00:00:00Z', 'Tue Dec 31 16:00:00 PST 2019'],
    ['2019-07-04T07:05:06Z', 'Thu Jul 04 00:05:06 PDT 2019'],
  ] as const) {
    await assert.rejects(until(text), told({ ArgumentName: 'RetainUntilDate', ArgumentValue }));
  }
  const lacking = put({ ObjectLockMode: 'BAD-VALUE' });
  await assert.rejects(lacking, told({ ArgumentName: 'x-amz-object-lock-retain-until-date' }));
  const unknown = put({ ObjectLockMode: 'BAD-VALUE', ObjectLockRetainUntilDate: inDays(1) });
  const ArgumentName = 'x-amz-object-lock-mode';
  await assert.rejects(unknown, told({ ArgumentName, ArgumentValue: 'BAD-VALUE' }));
  await s3.send('DeleteObject', { Bucket, Key });
  await assert.rejects(until('2099-01-01T00:00:00Z'), code('MethodNotAllowed', 405));
  const LegalHold = { Status: 'ON' };
  await assert.rejects(
    s3.send('PutObjectLegalHold', { Bucket, Key, LegalHold }),
    code('MethodNotAllowed', 405),
  );
});

test('the bucket’s default is given to versions that bring none', async () => {
  const { s3, put } = await locked({ Mode: 'GOVERNANCE', Days: 3 });
  await put();
  const { Retention } = await s3.send('GetObjectRetention', { Bucket, Key });
  assert.deepEqual(Retention, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(3) });
  assert.deepEqual(await s3.send('GetObjectLockConfiguration', { Bucket }), {
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3, Years: undefined } },
    },
  });
  const suspend = { Bucket, VersioningConfiguration: { Status: 'Suspended' } };
  await assert.rejects(s3.send('PutBucketVersioning', suspend), code('InvalidBucketState', 409));
});

test('configurations that are refused', async () => {
  for (const [configuration, error] of [
    [{ Mode: 'GOVERNANCE' }, 'MalformedXML'],
    [{ Mode: 'GOVERNANCE', Days: 1, Years: 1 }, 'MalformedXML'],
    [{ Mode: 'STRICT', Days: 1 }, 'MalformedXML'],
    [{ Mode: 'GOVERNANCE', Days: 0 }, 'InvalidArgument'],
    [{ Mode: 'GOVERNANCE', Years: 101 }, 'InvalidArgument'],
  ] as const) {
    await assert.rejects(locked(configuration), code(error, 400));
  }
});

test('a bucket without Object Lock takes no locks', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key, Body: bodyOf('x') });
  await assert.rejects(
    s3.send('GetObjectLockConfiguration', { Bucket }),
    code('ObjectLockConfigurationNotFoundError', 404),
  );
  await assert.rejects(s3.send('GetObjectRetention', { Bucket, Key }), code('InvalidRequest', 400));
  await assert.rejects(
    s3.send('PutObjectLegalHold', { Bucket, Key, LegalHold: { Status: 'ON' } }),
    code('InvalidRequest'),
  );
  const put = { Bucket, Key, Body: bodyOf('x'), ObjectLockLegalHoldStatus: 'ON' };
  await assert.rejects(s3.send('PutObject', put), code('InvalidRequest'));
  const configure = { Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } };
  await assert.rejects(s3.send('PutObjectLockConfiguration', configure), code('InvalidBucketState', 409));
});
