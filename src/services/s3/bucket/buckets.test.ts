import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../../core/errors.js';
import {
  allow,
  anonymous,
  bodyOf,
  code,
  openTestS3,
  rootOf,
  testAccount,
  userOf,
} from '../testing.test.support.js';

const Bucket = 'example-bucket';
const other = rootOf(testAccount('999988887777'));

test('names', async () => {
  const s3 = await openTestS3();
  const create = (name: string) => s3.send('CreateBucket', { Bucket: name });
  for (const name of ['abc', 'a.b-c', '0a1', 'x'.repeat(63)]) await create(name);
  const refused = [
    'ab',
    'x'.repeat(64),
    'Abc',
    'a_b',
    '-ab',
    'ab-',
    '.ab',
    'a..b',
    '1.2.3.4',
    'xn--ab',
    'ab-s3alias',
    'ab--ol-s3',
    'a b',
  ];
  for (const name of refused) await assert.rejects(create(name), code('InvalidBucketName', 400), name);
});

test('a name is taken once', async () => {
  const s3 = await openTestS3();
  const create = (circumstances = {}, CreateBucketConfiguration?: object) =>
    s3.send('CreateBucket', { Bucket, CreateBucketConfiguration }, circumstances);
  const europe = { LocationConstraint: 'eu-west-1' };
  await create({ region: 'eu-west-1' }, europe);
  await assert.rejects(create({ region: 'eu-west-1' }, europe), code('BucketAlreadyOwnedByYou', 409));
  await assert.rejects(create({ as: other }), code('BucketAlreadyExists', 409));
  await assert.rejects(create({ as: anonymous }), code('AccessDenied'));
  await s3.send('CreateBucket', { Bucket: 'first-region' });
  await s3.send('CreateBucket', { Bucket: 'first-region' });
  const racing = await Promise.allSettled(
    Array.from({ length: 5 }, () =>
      s3.send('CreateBucket', { Bucket: 'race', CreateBucketConfiguration: europe }),
    ),
  );
  assert.equal(racing.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a bucket is where it was asked for, by the rules of the endpoint', async () => {
  const s3 = await openTestS3();
  let count = 0;
  const create = async (region: string, LocationConstraint?: string, as = s3.root) => {
    const name = `bucket-${count++}`;
    const configuration =
      LocationConstraint === undefined ? {} : { CreateBucketConfiguration: { LocationConstraint } };
    await s3.send('CreateBucket', { Bucket: name, ...configuration }, { region, as });
    const { LocationConstraint: shown } = await s3.send('GetBucketLocation', { Bucket: name });
    const { BucketRegion } = await s3.send('HeadBucket', { Bucket: name });
    return [BucketRegion, shown];
  };
  assert.deepEqual(await create('us-east-1'), ['us-east-1', undefined]);
  assert.deepEqual(await create('us-east-1', 'ap-northeast-1'), ['ap-northeast-1', 'ap-northeast-1']);
  assert.deepEqual(await create('us-east-1', 'EU'), ['eu-west-1', 'EU']);
  assert.deepEqual(await create('eu-central-1', 'eu-central-1'), ['eu-central-1', 'eu-central-1']);
  await assert.rejects(create('eu-central-1'), (error: ApiError) => {
    assert.equal(
      error.message,
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
    );
    return error.code === 'IllegalLocationConstraintException';
  });
  await assert.rejects(create('eu-central-1', 'eu-west-1'), code('IllegalLocationConstraintException'));
  for (const nowhere of ['mars', 'us-east-1', 'cn-north-1']) {
    await assert.rejects(create('us-east-1', nowhere), code('InvalidLocationConstraint'));
  }
});

test('buckets are listed by owner, prefix and region, page by page', async () => {
  const s3 = await openTestS3();
  for (const name of ['aaa', 'abc', 'abd', 'xyz']) await s3.send('CreateBucket', { Bucket: name });
  await s3.send('CreateBucket', {
    Bucket: 'elsewhere',
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });
  await s3.send('CreateBucket', { Bucket: 'foreign' }, { as: other });
  const names = async (input: object) =>
    ((await s3.send('ListBuckets', input)).Buckets as { Name: string }[]).map(({ Name }) => Name);
  assert.deepEqual(await names({}), ['aaa', 'abc', 'abd', 'elsewhere', 'xyz']);
  assert.deepEqual(await names({ Prefix: 'ab' }), ['abc', 'abd']);
  assert.deepEqual(await names({ BucketRegion: 'eu-west-1' }), ['elsewhere']);
  const first = await s3.send('ListBuckets', { MaxBuckets: 2 });
  assert.equal((first.Buckets as { BucketRegion: string }[])[0]?.BucketRegion, 'us-east-1');
  const rest = await s3.send('ListBuckets', { MaxBuckets: 3, ContinuationToken: first.ContinuationToken });
  assert.deepEqual(
    (rest.Buckets as { Name: string }[]).map(({ Name }) => Name),
    ['abd', 'elsewhere', 'xyz'],
  );
  assert.equal(rest.ContinuationToken, undefined);
  await assert.rejects(s3.send('ListBuckets', { MaxBuckets: 0 }), code('InvalidArgument'));
  await assert.rejects(s3.send('ListBuckets', { ContinuationToken: 'nonsense' }), code('InvalidArgument'));
  assert.deepEqual((await s3.send('ListBuckets', {}, { as: other })).Owner, {
    ID: other.account?.canonicalId,
  });
});

test('a bucket made again has nothing of the one before', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const policy = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: '999988887777' },
      Action: 's3:*',
      Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
    },
  };
  await s3.send('PutBucketPolicy', { Bucket, Policy: JSON.stringify(policy) });
  await s3.send('HeadBucket', { Bucket }, { as: other });
  await s3.send('DeleteBucket', { Bucket });
  await s3.send('CreateBucket', { Bucket });
  await assert.rejects(s3.send('HeadBucket', { Bucket }, { as: other }), code('AccessDenied'));
  await assert.rejects(s3.send('GetBucketPolicy', { Bucket }), code('NoSuchBucketPolicy', 404));
});

test('x-amz-expected-bucket-owner', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const head = (ExpectedBucketOwner: string) => s3.send('HeadBucket', { Bucket, ExpectedBucketOwner });
  await head('111122223333');
  await assert.rejects(head('999988887777'), code('AccessDenied', 403));
  await assert.rejects(head('me'), code('InvalidBucketOwnerAWSAccountID', 400));
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  const copy = { Bucket, Key: 'l', CopySource: `${Bucket}/k`, ExpectedSourceBucketOwner: '999988887777' };
  await assert.rejects(s3.send('CopyObject', copy), code('AccessDenied'));
});

test('bucket policies: what is refused', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const put = (policy: unknown) =>
    s3.send('PutBucketPolicy', {
      Bucket,
      Policy: typeof policy === 'string' ? policy : JSON.stringify(policy),
    });
  const statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
  };
  const document = (change: object) => ({ Version: '2012-10-17', Statement: [{ ...statement, ...change }] });
  await put(document({}));
  await put(document({ Resource: ['arn:aws:s3:::*', 'arn:aws:s3:::example-*/x'] }));
  const invalid = async (policy: unknown, message: RegExp) =>
    assert.rejects(put(policy), (error: ApiError) => {
      assert.match(error.message, message);
      return error.code === 'MalformedPolicy' && error.status === 400;
    });
  await invalid('', /first byte must be '\{'/);
  await invalid(` ${JSON.stringify(document({}))}`, /first byte must be '\{'/);
  await invalid('{"Version"', /./);
  await invalid(document({ Resource: '*' }), /^Policy has invalid resource$/);
  await invalid(document({ Action: 's3:ListObjects' }), /^Policy has invalid action$/);
  await invalid(
    document({ Action: 's3:ListBucket' }),
    /^Action does not apply to any resource\(s\) in statement$/,
  );
  await invalid(document({ Condition: { StringEquals: { 's3:prefix': 'x' } } }), /^Conditions do not apply/);
  await invalid(
    document({ Condition: { IpAddress: { 'aws:SourceIp': 'x' } } }),
    /^Invalid IP address in Conditions$/,
  );
  await invalid(document({ Resource: 'arn:aws:s3:::other-bucket/*' }), /invalid resource/);
  await invalid(document({ Resource: `arn:aws:s3:::${Bucket}x` }), /invalid resource/);
  await invalid(document({ Principal: undefined }), /./);
  await invalid(document({ Sid: 'x'.repeat(21_000) }), /maximum allowed/);
});

test('bucket policies: stored, decisive, deleted', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  const reader = userOf(testAccount('111122223333'), 'reader', allow('s3:GetObject'));
  const get = () => s3.send('GetObject', { Bucket, Key: 'k' }, { as: reader });
  await get();
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/k` },
    ],
  };
  const Policy = JSON.stringify(policy);
  await s3.send('PutBucketPolicy', { Bucket, Policy });
  assert.deepEqual(await s3.send('GetBucketPolicy', { Bucket }), { Policy });
  assert.deepEqual(await s3.send('GetBucketPolicyStatus', { Bucket }), { PolicyStatus: { IsPublic: false } });
  await assert.rejects(get(), code('AccessDenied'));
  await s3.send('DeleteBucketPolicy', { Bucket });
  await get();
  await assert.rejects(s3.send('GetBucketPolicyStatus', { Bucket }), code('NoSuchBucketPolicy'));
});

test('a policy locks out everybody but the root user of the bucket’s account', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const denied = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}` };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: denied });
  await s3.send('PutBucketPolicy', { Bucket, Policy });
  const admin = userOf(testAccount('111122223333'), 'admin', allow('s3:*'));
  await assert.rejects(s3.send('GetBucketPolicy', { Bucket }, { as: admin }), code('AccessDenied'));
  await assert.rejects(s3.send('HeadBucket', { Bucket }), code('AccessDenied'));
  await assert.rejects(s3.send('GetBucketPolicy', { Bucket }, { as: other }), code('AccessDenied'));
  assert.deepEqual(await s3.send('GetBucketPolicy', { Bucket }), { Policy });
  await s3.send('DeleteBucketPolicy', { Bucket });
});

test('anonymous callers begin no uploads and copy nothing, even where a policy lets them write', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('DeletePublicAccessBlock', { Bucket });
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}/*` };
  await s3.send('PutBucketPolicy', {
    Bucket,
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: open }),
  });
  const send = (operation: string, rest: object = {}) =>
    s3.send(operation, { Bucket, Key: 'k', ...rest }, { as: anonymous });
  await send('PutObject', { Body: bodyOf('x') });
  await assert.rejects(send('CreateMultipartUpload'), code('AccessDenied', 403));
  await assert.rejects(send('CopyObject', { CopySource: `${Bucket}/k` }), code('AccessDenied', 403));
});

test('RestrictPublicBuckets leaves a public policy in force for the owner’s account alone', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  const block = { BlockPublicPolicy: false, RestrictPublicBuckets: false };
  const setBlock = (change: object) =>
    s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: { ...block, ...change } });
  await setBlock({});
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    },
  });
  await s3.send('PutBucketPolicy', { Bucket, Policy });
  const get = (as: typeof anonymous) => s3.send('GetObject', { Bucket, Key: 'k' }, { as });
  await get(anonymous);
  await setBlock({ RestrictPublicBuckets: true });
  await assert.rejects(get(anonymous), code('AccessDenied'));
  await get(userOf(testAccount('111122223333'), 'user'));
});

test('where new buckets are open, they begin as before April 2023, unless the request says otherwise', async () => {
  const s3 = await openTestS3({ newBuckets: 'open' });
  await s3.send('CreateBucket', { Bucket });
  await assert.rejects(
    s3.send('GetPublicAccessBlock', { Bucket }),
    code('NoSuchPublicAccessBlockConfiguration'),
  );
  await assert.rejects(
    s3.send('GetBucketOwnershipControls', { Bucket }),
    code('OwnershipControlsNotFoundError'),
  );
  await s3.send('CreateBucket', { Bucket: 'enforced', ObjectOwnership: 'BucketOwnerEnforced' });
  assert.deepEqual(await s3.send('GetBucketOwnershipControls', { Bucket: 'enforced' }), {
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  });
  // Open is not public: nobody else may anything yet.
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  await assert.rejects(s3.send('GetObject', { Bucket, Key: 'k' }, { as: anonymous }), code('AccessDenied'));
});

test('settings come back as they were set', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const get = (operation: string) => s3.send(operation, { Bucket });
  assert.deepEqual(await get('GetBucketVersioning'), {});
  assert.deepEqual(await get('GetPublicAccessBlock'), {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  });
  assert.deepEqual(await get('GetBucketOwnershipControls'), {
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  });
  await assert.rejects(get('GetBucketTagging'), code('NoSuchTagSet', 404));
  const TagSet = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '' },
  ];
  await s3.send('PutBucketTagging', { Bucket, Tagging: { TagSet } });
  assert.deepEqual(await get('GetBucketTagging'), { TagSet });
  for (const wrong of [
    [{ Key: '', Value: '' }],
    [{ Key: 'a', Value: 'x'.repeat(257) }],
    [...TagSet, ...TagSet],
    [{ Key: 'aws:a', Value: '' }],
  ]) {
    await assert.rejects(
      s3.send('PutBucketTagging', { Bucket, Tagging: { TagSet: wrong } }),
      code('InvalidTag', 400),
    );
  }
  await get('DeleteBucketTagging');
  await get('DeletePublicAccessBlock');
  await get('DeleteBucketOwnershipControls');
  await assert.rejects(get('GetBucketTagging'), code('NoSuchTagSet'));
  await assert.rejects(get('GetPublicAccessBlock'), code('NoSuchPublicAccessBlockConfiguration', 404));
  await assert.rejects(get('GetBucketOwnershipControls'), code('OwnershipControlsNotFoundError', 404));
  await assert.rejects(
    s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: {} }),
    code('IllegalVersioningConfigurationException', 400),
  );
});
