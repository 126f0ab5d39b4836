import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { until } from '../../../../test/support/until.js';
import type { Caller } from '../../../core/caller.js';
import { silentLogger } from '../../../core/log.js';
import type { Ending } from '../../../core/operation.js';
import { compilePolicy } from '../../../policy/index.js';
import { ALL_USERS, LOG_DELIVERY } from '../acl/acl.js';
import { bucketSource, ServiceRefused, writeAsService } from '../service-writes.js';
import {
  anonymous,
  bodyOf,
  code,
  openTestS3,
  rootOf,
  START,
  type TestS3,
  testAccount,
  userOf,
  wholeOf,
} from '../testing.test.support.js';
import { AccessLog } from './access-log.js';
import { logLine, operationName } from './access-log-line.js';

const Bucket = 'source';
const OWNER = '111122223333';
const logging = (more: object = {}) => ({
  Bucket,
  BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'p/', ...more } },
});
/** The policy of AWS's own example ("Enabling Amazon S3 server access logging"). */
const policyFor = (more: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'logging.s3.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::logs/p/*',
      Condition: {
        ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${Bucket}` },
        StringEquals: { 'aws:SourceAccount': OWNER, ...more },
      },
    },
  });

/** There is a key service, which nobody may ask. */
const keys = {
  generateDataKey: () => Promise.reject(new Error('not asked')),
  encrypt: () => Promise.reject(new Error('not asked')),
  decrypt: () => Promise.reject(new Error('not asked')),
};

let s3: TestS3;
let said: string[];
let log: AccessLog;
const ownerOf = async (id: string) => ({ account: testAccount(id) });

beforeEach(async () => {
  s3 = await openTestS3({ rootKey: new Uint8Array(32), keys });
  await s3.send('CreateBucket', { Bucket });
  await s3.send('CreateBucket', { Bucket: 'logs' });
  said = [];
  const warn = (_: string, fields: object = {}) => said.push(JSON.stringify(fields));
  log = new AccessLog({ objects: s3.objects, ownerOf }, { ...silentLogger, warn, error: warn }, s3.clock);
});

const ending = (more: Partial<Ending> = {}, headers: Record<string, string> = {}): Ending => ({
  requestId: 'REQUEST',
  request: {
    method: 'GET',
    path: `/${Bucket}/k`,
    query: '',
    headers: new Map(Object.entries({ host: 'localhost:9000', ...headers })),
    body: bodyOf(''),
  },
  sourceIp: '192.0.2.3',
  operation: 'GetObject',
  bucket: Bucket,
  key: 'k',
  status: 200,
  bytes: 5,
  arrived: START,
  turnAround: 3,
  total: 7,
  ...more,
});

async function written(): Promise<{ keys: string[]; text: string }> {
  const { Contents = [] } = (await s3.send('ListObjectsV2', { Bucket: 'logs' })) as {
    Contents?: { Key: string }[];
  };
  const keys = Contents.map(({ Key }) => Key);
  let text = '';
  for (const Key of keys) {
    text += await wholeOf((await s3.send('GetObject', { Bucket: 'logs', Key })).Body);
  }
  return { keys, text };
}

const enableLists = () =>
  s3.send('PutBucketOwnershipControls', {
    Bucket: 'logs',
    OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
  });
/** A grant that AWS takes and gives back, though its reference has no such permission for logs. */
const READ_ACP = { Grantee: { Type: 'Group', URI: LOG_DELIVERY }, Permission: 'READ_ACP' };

suite('the setting', () => {
  test('comes back as it was given, and goes', async () => {
    assert.deepEqual(await s3.send('GetBucketLogging', { Bucket }), {});
    for (const TargetObjectKeyFormat of [
      { SimplePrefix: {} },
      { PartitionedPrefix: { PartitionDateSource: 'EventTime' } },
      { PartitionedPrefix: { PartitionDateSource: 'DeliveryTime' } },
    ]) {
      const given = logging({ TargetObjectKeyFormat });
      await s3.send('PutBucketLogging', given);
      assert.deepEqual(await s3.send('GetBucketLogging', { Bucket }), given.BucketLoggingStatus);
    }
    await s3.send('PutBucketLogging', logging());
    assert.deepEqual(await s3.send('GetBucketLogging', { Bucket }), logging().BucketLoggingStatus);
    await s3.send('PutBucketLogging', { Bucket, BucketLoggingStatus: {} });
    assert.deepEqual(await s3.send('GetBucketLogging', { Bucket }), {});
  });

  // LocalStack's recording of AWS: test_put_bucket_logging_accept_wrong_grants (February 2026).
  test('comes back with what the logs are to grant', async () => {
    await enableLists();
    const { canonicalId: ID } = testAccount('444455556666');
    const TargetGrants = [{ Grantee: { Type: 'CanonicalUser', ID }, Permission: 'READ' }, READ_ACP];
    await s3.send('PutBucketLogging', logging({ TargetGrants }));
    const { LoggingEnabled } = await s3.send('GetBucketLogging', { Bucket });
    assert.deepEqual((LoggingEnabled as { TargetGrants: object[] }).TargetGrants, TargetGrants);
  });

  test('is refused for a target that cannot take logs', async () => {
    const refused = (name: string, more: object, status = 400) =>
      assert.rejects(s3.send('PutBucketLogging', logging(more)), code(name, status));
    await refused('InvalidTargetBucketForLogging', { TargetBucket: 'nowhere' });
    const other = rootOf(testAccount('444455556666'));
    await s3.send('CreateBucket', { Bucket: 'foreign' }, { as: other });
    await refused('InvalidTargetBucketForLogging', { TargetBucket: 'foreign' });
    await s3.send(
      'CreateBucket',
      { Bucket: 'far', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } },
      { region: 'eu-west-1' },
    );
    await refused('CrossLocationLoggingProhibitted', { TargetBucket: 'far' }, 403);
    await s3.send('CreateBucket', { Bucket: 'locked', ObjectLockEnabledForBucket: true });
    await s3.send('PutObjectLockConfiguration', {
      Bucket: 'locked',
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
    });
    await refused('InvalidTargetBucketForLogging', { TargetBucket: 'locked' });
    await refused('KeyTooLongError', { TargetPrefix: 'x'.repeat(801) });
    await refused('MalformedXML', { TargetObjectKeyFormat: {} });
    const granting = (Grantee: object, Permission = 'READ') => ({ TargetGrants: [{ Grantee, Permission }] });
    // AWS's sentence: hashicorp/terraform-provider-aws#31771.
    await assert.rejects(
      s3.send('PutBucketLogging', logging(granting({ Type: 'CanonicalUser', ID: 'x' }))),
      (error: Error) => error.message === 'Target grants not allowed for bucket owner enforced buckets',
    );
    await enableLists();
    await refused('InvalidArgument', granting({ Type: 'CanonicalUser', ID: 'x' }));
    await refused('InvalidArgument', granting({ Type: 'Group', URI: 'http://example.com/group' }));
    await refused('MalformedACLError', granting({ Type: 'Group' }));
    assert.equal((await s3.objects.buckets.get(Bucket)).logging, undefined);
  });
});

suite('logs', () => {
  beforeEach(async () => {
    await s3.send('PutBucketPolicy', { Bucket: 'logs', Policy: policyFor() });
    await s3.send('PutBucketLogging', logging());
  });

  test('are written where the target’s policy lets the service', async () => {
    log.note(ending(), undefined, 'REST');
    log.note(ending({ key: 'other' }), undefined, 'REST');
    await log.flush();
    const { keys, text } = await written();
    assert.equal(keys.length, 1);
    assert.match(keys[0]!, /^p\/2026-01-02-03-04-05-[0-9A-F]{16}$/);
    assert.deepEqual(
      text
        .trimEnd()
        .split('\n')
        .map(line => line.split(' ')[8]),
      ['k', 'other'],
    );
    await log.close();
    assert.equal((await written()).keys.length, 1, 'nothing is written twice');
  });

  test('are not written where it does not, whoever sends the requests', async () => {
    for (const policy of [
      policyFor({ 'aws:SourceAccount': '999999999999' }),
      policyFor().replace('/p/*', '/q/*'),
      policyFor().replace(`:${Bucket}"`, ':another"'),
      policyFor().replace('logging.s3', 's3'),
    ]) {
      await s3.send('PutBucketPolicy', { Bucket: 'logs', Policy: policy });
      log.note(ending(), undefined, 'REST');
      await log.flush();
    }
    assert.equal(said.length, 4);
    assert.match(said[0]!, /does not let logging\.s3\.amazonaws\.com put/);
    assert.deepEqual((await written()).keys, []);
  });

  test('are written where the target’s list lets the log delivery group, unless its policy forbids it', async () => {
    await s3.send('DeleteBucketPolicy', { Bucket: 'logs' });
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] };
    await s3.send('PutBucketOwnershipControls', { Bucket: 'logs', OwnershipControls });
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.equal(said.length, 1);
    await s3.send('PutBucketAcl', { Bucket: 'logs', ACL: 'log-delivery-write' });
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.equal((await written()).keys.length, 1);
    await s3.send('PutBucketPolicy', { Bucket: 'logs', Policy: policyFor().replace('Allow', 'Deny') });
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.equal((await written()).keys.length, 1);
    assert.equal(said.length, 2);
  });

  test('grant what their setting says, where lists count, and nothing public where that is blocked', async () => {
    await enableLists();
    const { canonicalId: ID } = testAccount('444455556666');
    const reader = { Grantee: { Type: 'CanonicalUser', ID }, Permission: 'READ' };
    await s3.send('PutBucketLogging', logging({ TargetGrants: [reader] }));
    log.note(ending(), undefined, 'REST');
    await log.flush();
    const [Key] = (await written()).keys;
    const { Grants } = (await s3.send('GetObjectAcl', { Bucket: 'logs', Key })) as { Grants: object[] };
    const owner = { Grantee: { Type: 'CanonicalUser', ID: testAccount(OWNER).canonicalId } };
    assert.deepEqual(Grants, [{ ...owner, Permission: 'FULL_CONTROL' }, reader]);
    const as = rootOf(testAccount('444455556666'));
    await s3.send('GetObject', { Bucket: 'logs', Key }, { as });

    const everyone = { Grantee: { Type: 'Group', URI: ALL_USERS }, Permission: 'READ' };
    await s3.send('PutBucketLogging', logging({ TargetGrants: [everyone] }));
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.match(said.join(), /blocks the public list/);
    const controls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] };
    await s3.send('PutBucketOwnershipControls', { Bucket: 'logs', OwnershipControls: controls });
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.equal((await written()).keys.length, 2);
    await assert.rejects(s3.send('GetObject', { Bucket: 'logs', Key }, { as }), code('AccessDenied', 403));
  });

  test('are not written where a resource control policy forbids it', async () => {
    const nobody = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: '*' },
    });
    const allow = nobody.replace('Deny', 'Allow').replace('s3:PutObject', '*');
    const named = [allow, nobody].map(text => ({ name: 'control', policy: compilePolicy(text, 'resource') }));
    const write = {
      service: 'logging.s3.amazonaws.com',
      source: bucketSource(await s3.objects.buckets.get(Bucket)),
      target: 'logs',
      key: 'p/x',
      contentType: 'text/plain',
      body: bodyOf('x'),
    };
    await assert.rejects(
      writeAsService(write, {
        objects: s3.objects,
        ownerOf: async id => ({ account: testAccount(id), controls: { resourceControl: [named] } }),
      }),
      ServiceRefused,
    );
  });

  test('are encrypted as the target is by default, and not written where that takes KMS', async () => {
    const encrypt = (SSEAlgorithm: string) =>
      s3.send('PutBucketEncryption', {
        Bucket: 'logs',
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }],
        },
      });
    await encrypt('AES256');
    log.note(ending(), undefined, 'REST');
    await log.flush();
    const { keys } = await written();
    const head = await s3.send('HeadObject', { Bucket: 'logs', Key: keys[0] });
    assert.equal(head.ServerSideEncryption, 'AES256');
    await encrypt('aws:kms');
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.match(said.join(), /encrypts with KMS/);
    await assert.rejects(s3.send('PutBucketLogging', logging()), code('InvalidTargetBucketForLogging', 400));
  });

  test('are kept for later where the store fails', async () => {
    const { put } = s3.objects.versions;
    s3.objects.versions.put = async () => Promise.reject(new Error('the disk is full'));
    log.note(ending(), undefined, 'REST');
    await log.flush();
    assert.match(said.join(), /the disk is full/);
    s3.objects.versions.put = put;
    await log.flush();
    assert.equal((await written()).text.split('\n').length, 2);
  });

  test('are named by day, in folders, where they are to be', async () => {
    const partitioned = (PartitionDateSource: string) =>
      s3.send(
        'PutBucketLogging',
        logging({ TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource } } }),
      );
    await partitioned('DeliveryTime');
    log.note(ending(), undefined, 'REST');
    await log.flush();
    await partitioned('EventTime');
    log.note(ending(), undefined, 'REST');
    log.note(ending({ arrived: START + 86_400_000 }), undefined, 'REST');
    await log.flush();
    assert.deepEqual((await written()).keys.map(key => key.replace(/-[0-9A-F]{16}$/, '')).sort(), [
      `p/${OWNER}/us-east-1/${Bucket}/2026/01/02/2026-01-02-00-00-00`,
      `p/${OWNER}/us-east-1/${Bucket}/2026/01/02/2026-01-02-03-04-05`,
      `p/${OWNER}/us-east-1/${Bucket}/2026/01/03/2026-01-03-00-00-00`,
    ]);
  });

  test('are written every two minutes', async () => {
    log.note(ending(), undefined, 'REST');
    s3.clock.advance(119);
    assert.deepEqual((await written()).keys, []);
    s3.clock.advance(1);
    await until(async () => (await written()).keys.length === 1);
  });

  test('are written at once where much has come together', async () => {
    const long = 'x'.repeat(1000);
    for (let n = 0; n < 1200; n++) log.note(ending({ key: long }), undefined, 'REST');
    await until(async () => (await written()).keys.length > 0);
    await log.close();
    assert.equal((await written()).text.split('\n').length, 1201);
  });

  test('have nothing of a bucket that is not logged', async () => {
    await s3.send('PutBucketLogging', { Bucket, BucketLoggingStatus: {} });
    log.note(ending(), undefined, 'REST');
    log.note(ending({ bucket: 'nowhere' }), undefined, 'REST');
    log.note(ending({ bucket: undefined }), undefined, 'REST');
    await log.flush();
    assert.deepEqual((await written()).keys, []);
    assert.deepEqual(said, []);
  });
});

/** The fields are those of "Amazon S3 server access log format" (S3 User Guide). */
suite('a line', () => {
  const callOf = (caller: Caller) => ({ caller }) as Ending['call'];
  async function fields(of: Ending, facts: object = {}): Promise<string[]> {
    const bucket = await s3.objects.buckets.get(Bucket);
    const line = logLine(of, {
      bucket,
      owner: 'CANONICAL',
      operation: 'REST.GET.OBJECT',
      key: of.key,
      ...facts,
    });
    assert.equal(line.at(-1), '\n');
    return line.trimEnd().match(/\[[^\]]*\]|"[^"]*"|\S+/g)!;
  }

  test('has all fields in their order', async () => {
    const account = testAccount(OWNER);
    const caller = userOf(account, 'ann');
    const of = ending(
      { call: callOf(caller), key: 'dir/a b"c' },
      { authorization: 'AWS4-HMAC-SHA256 …', referer: 'http://r/', 'user-agent': 'agent "7"' },
    );
    assert.deepEqual(await fields(of, { versionId: 'V', objectSize: 50 }), [
      'CANONICAL',
      Bucket,
      '[02/Jan/2026:03:04:05 +0000]',
      '192.0.2.3',
      `arn:aws:iam::${OWNER}:user/ann`,
      'REQUEST',
      'REST.GET.OBJECT',
      'dir/a%20b%22c',
      `"GET /${Bucket}/k HTTP/1.1"`,
      '200',
      '-',
      '5',
      '50',
      '7',
      '3',
      '"http://r/"',
      '"agent %227%22"',
      'V',
      'UkVRVUVTVA==',
      'SigV4',
      '-',
      'AuthHeader',
      'localhost:9000',
      '-',
      '-',
      '-',
      '-',
    ]);
  });

  test('says who asked, and how', async () => {
    const requester = async (caller: Caller) => (await fields(ending({ call: callOf(caller) })))[4];
    assert.equal(await requester(rootOf(testAccount(OWNER))), testAccount(OWNER).canonicalId);
    assert.equal(await requester(anonymous), '-');
    const nobody = await fields(ending({ bytes: 0, errorCode: 'InvalidAccessKeyId', status: 403 }));
    assert.deepEqual(
      [nobody[4], nobody[9], nobody[10], nobody[11], nobody[19]],
      ['-', '403', 'InvalidAccessKeyId', '-', '-'],
    );
  });

  test('has nothing of a presigned URL that would let its reader in', async () => {
    const base = ending();
    const query = 'X-Amz-Signature=abc&X-Amz-Expires=9&x-amz-security-token=def%2F&versionId=1';
    const line = (await fields({ ...base, request: { ...base.request, query } })).join(' ');
    assert.match(line, /X-Amz-Signature=REDACTED&X-Amz-Expires=9&x-amz-security-token=REDACTED&versionId=1/);
    assert.match(line, / SigV4 - QueryString /);
    assert.doesNotMatch(line, /abc|def/);
  });

  test('names operations as S3 does', () => {
    const name = (operation: string, method: string, posted = false) =>
      operationName({ ...ending({ operation }), request: { ...ending().request, method, posted } }, 'REST');
    for (const [operation, method, expected] of [
      ['GetObject', 'GET', 'REST.GET.OBJECT'],
      ['HeadObject', 'HEAD', 'REST.HEAD.OBJECT'],
      ['HeadBucket', 'HEAD', 'REST.HEAD.BUCKET'],
      ['ListObjectsV2', 'GET', 'REST.GET.BUCKET'],
      ['GetBucketVersioning', 'GET', 'REST.GET.VERSIONING'],
      ['GetBucketLogging', 'GET', 'REST.GET.LOGGING_STATUS'],
      ['GetBucketPolicy', 'GET', 'REST.GET.BUCKETPOLICY'],
      ['PutBucketNotificationConfiguration', 'PUT', 'REST.PUT.NOTIFICATION'],
      ['GetPublicAccessBlock', 'GET', 'REST.GET.PUBLIC_ACCESS_BLOCK'],
      ['PutObjectTagging', 'PUT', 'REST.PUT.OBJECT_TAGGING'],
      ['CreateMultipartUpload', 'POST', 'REST.POST.UPLOADS'],
      ['UploadPart', 'PUT', 'REST.PUT.PART'],
      ['CompleteMultipartUpload', 'POST', 'REST.POST.UPLOAD'],
      ['CopyObject', 'PUT', 'REST.COPY.OBJECT'],
      ['UploadPartCopy', 'PUT', 'REST.COPY.PART'],
      ['DeleteObjects', 'POST', 'REST.POST.MULTI_OBJECT_DELETE'],
    ] as const) {
      assert.equal(name(operation, method), expected);
    }
    assert.equal(name('PutObject', 'PUT', true), 'REST.POST.OBJECT');
    assert.equal(operationName(ending(), 'WEBSITE'), 'WEBSITE.GET.OBJECT');
  });
});
