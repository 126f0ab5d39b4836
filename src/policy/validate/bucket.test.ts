import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type BucketRules, bucketRules, PolicySyntaxError, validatePolicy } from '../index.js';

const UNPAIRED = 'Action does not apply to any resource(s) in statement';
const RESOURCE = 'Policy has invalid resource';
const ACTION = 'Policy has invalid action';
const KEY = 'Policy has an invalid condition key';
const CONDITION = 'Conditions do not apply to combination of actions and resources in statement';
const ADDRESS = 'Invalid IP address in Conditions';
const BUCKET = 'arn:aws:s3:::b';
const OBJECTS = 'arn:aws:s3:::b/*';

describe('what S3 refuses in the policy of a bucket', () => {
  let rules: BucketRules;
  before(async () => {
    rules = await bucketRules(BUCKET);
  });

  function answer(...statements: object[]): string {
    const full = statements.map(one => ({ Effect: 'Allow', Principal: '*', ...one }));
    try {
      validatePolicy(JSON.stringify({ Version: '2012-10-17', Statement: full }), 'resource', {
        bucket: rules,
      });
      return 'stored';
    } catch (error) {
      assert.ok(error instanceof PolicySyntaxError);
      return error.message;
    }
  }

  // modernisation-platform#10762, aws-amplify/docs#7799, wandb/terraform-aws-wandb#156, versity/versitygw#645.
  const pairs: [action: string | string[], resource: string | string[], words: string][] = [
    ['s3:ListBucket', OBJECTS, UNPAIRED],
    ['s3:GetObject', BUCKET, UNPAIRED],
    ['s3:GetObjec?', BUCKET, UNPAIRED],
    ['s3:*Multipart*', 'arn:aws:s3:::b/x', 'stored'],
    ['s3:GetBucket*', OBJECTS, UNPAIRED],
    ['s3:ListAllMyBuckets', [BUCKET, OBJECTS], UNPAIRED],
    [['s3:GetObject', 's3:ListBucket'], OBJECTS, UNPAIRED],
    [['s3:GetObject', 's3:ListBucket'], [BUCKET, OBJECTS], 'stored'],
    ['s3:*', BUCKET, 'stored'],
    ['s3:*', OBJECTS, 'stored'],
    ['*', OBJECTS, 'stored'],
    ['s3:Get*', OBJECTS, 'stored'],
    ['s3:getobject', OBJECTS, 'stored'],
    // noobaa-core#10058; appsync-app#4: another bucket.
    ['s3:*', '*', RESOURCE],
    ['s3:*', 'arn:aws:s3:::other/*', RESOURCE],
    ['s3:*', 'arn:aws:s3:::bb', RESOURCE],
    ['s3:*', 'arn:aws:s3:::/b', RESOURCE],
    ['s3:*', 'arn:aws:iam:::b', RESOURCE],
    ['s3:*', 'b/*', RESOURCE],
    // A real reply for s3:PutObjectLockConfiguration; names of operations are no actions.
    ['s3:PutObjectLockConfiguration', BUCKET, ACTION],
    ['s3:ListObjects', BUCKET, ACTION],
    ['s3:HeadObject', OBJECTS, ACTION],
    ['iam:GetUser', BUCKET, ACTION],
    [['s3:GetObject', 'kms:Decrypt'], OBJECTS, ACTION],
    ['s3:Frob*', BUCKET, ACTION],
    ['*:*', BUCKET, ACTION],
  ];
  for (const [Action, Resource, words] of pairs)
    test(`${Action} on ${Resource}: ${words}`, () => assert.equal(answer({ Action, Resource }), words));

  // S3's replies to policies whose conditions name keys that only some actions carry: humanmade/S3-Uploads#239 and a
  // public record of live probes of s3:ExistingObjectTag, s3:RequestObjectTag and the headers of copies.
  const keys: [action: string | string[], resource: string, condition: object, words: string][] = [
    ['s3:GetObject', OBJECTS, { StringLike: { 's3:prefix': 'a/*' } }, CONDITION],
    [['s3:ListBucket', 's3:GetBucketLocation'], BUCKET, { StringLike: { 's3:prefix': 'a/*' } }, CONDITION],
    ['s3:ListBucketMultipartUploads', BUCKET, { StringLike: { 's3:prefix': 'a/*' } }, CONDITION],
    [['s3:ListBucket', 's3:ListBucketVersions'], BUCKET, { StringLike: { 's3:prefix': 'a/*' } }, 'stored'],
    ['s3:*', BUCKET, { StringLike: { 's3:prefix': 'a/*' } }, 'stored'],
    ['s3:*', OBJECTS, { StringLike: { 's3:prefix': 'a/*' } }, CONDITION],
    ...[
      'GetObject',
      'GetObjectVersion',
      'GetObjectAttributes',
      'GetObjectAcl',
      'PutObjectAcl',
      'GetObjectVersionAcl',
      'DeleteObjectTagging',
      'PutObjectVersionTagging',
    ].map((name): [string, string, object, string] => [
      `s3:${name}`,
      OBJECTS,
      { StringEquals: { 's3:ExistingObjectTag/a': 'b' } },
      'stored',
    ]),
    ...[
      'PutObject',
      'DeleteObject',
      'DeleteObjectVersion',
      'GetObjectRetention',
      'GetObjectLegalHold',
      'PutObjectRetention',
      'PutObjectLegalHold',
      'BypassGovernanceRetention',
    ].map((name): [string, string, object, string] => [
      `s3:${name}`,
      OBJECTS,
      { StringEquals: { 's3:ExistingObjectTag/a': 'b' } },
      CONDITION,
    ]),
    ...['PutObjectAcl', 'PutObjectRetention', 'PutObjectLegalHold'].map(
      (name): [string, string, object, string] => [
        `s3:${name}`,
        OBJECTS,
        { StringEquals: { 's3:RequestObjectTag/a': 'b' } },
        CONDITION,
      ],
    ),
    [
      ['s3:PutObjectAcl', 's3:PutObjectTagging'],
      OBJECTS,
      { StringEquals: { 's3:RequestObjectTag/a': 'b' } },
      CONDITION,
    ],
    ['s3:PutObject', OBJECTS, { StringLike: { 's3:x-amz-copy-source': 'a/*' } }, 'stored'],
    ...['GetObject', 'GetObjectVersion'].flatMap((read): [string[], string, object, string][] =>
      [
        { StringLike: { 's3:x-amz-copy-source': 'a/*' } },
        { StringEquals: { 's3:x-amz-metadata-directive': 'COPY' } },
        { Null: { 's3:x-amz-server-side-encryption': 'true' } },
        { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'true' } },
        { StringEquals: { 's3:x-amz-acl': 'private' } },
        { StringEquals: { 's3:x-amz-grant-read': 'x' } },
      ].map(condition => [[`s3:${read}`, 's3:PutObject'], OBJECTS, condition, CONDITION]),
    ),
    // scality/Arsenal: "this is the seen behaviour on AWS": unknown global keys are let in, others are not.
    ['s3:GetObject', OBJECTS, { StringEquals: { 's3:foo': 'b' } }, KEY],
    ['s3:GetObject', OBJECTS, { StringEquals: { 's3:VersionStatus': 'b' } }, KEY],
    ['s3:GetObject', OBJECTS, { StringEquals: { 's3:ExistingObjectTag': 'b' } }, KEY],
    ['s3:GetObject', OBJECTS, { StringEquals: { foo: 'b' } }, KEY],
    ['s3:GetObject', OBJECTS, { StringEquals: { 'foo:bar': 'b' } }, KEY],
    ['s3:GetObject', OBJECTS, { StringEquals: { 'aws:foo': 'b' } }, 'stored'],
    [
      's3:GetObject',
      OBJECTS,
      { ArnLike: { 'lambda:SourceFunctionArn': 'arn:aws:lambda:*:*:function:x' } },
      'stored',
    ],
    ['*', OBJECTS, { StringEquals: { 's3:DataAccessPointAccount': '111122223333' } }, 'stored'],
    [
      's3:GetBucketLocation',
      BUCKET,
      { StringEquals: { 's3:DataAccessPointAccount': '111122223333' } },
      'stored',
    ],
    ['s3:*', OBJECTS, { NumericLessThan: { 's3:TlsVersion': 1.2 } }, 'stored'],
    ['s3:GetObject', OBJECTS, { IpAddress: { 'aws:SourceIp': '300.0.0.1/99' } }, ADDRESS],
    ['s3:GetObject', OBJECTS, { NotIpAddress: { 'aws:VpcSourceIp': ['10.0.0.0/8', 'x'] } }, ADDRESS],
    ['s3:GetObject', OBJECTS, { IpAddress: { 'aws:SourceIp': '192.168.1.1/24' } }, 'stored'],
    ['s3:GetObject', OBJECTS, { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }, 'stored'],
  ];
  for (const [Action, Resource, Condition, words] of keys)
    test(`${Action} with ${JSON.stringify(Condition)}: ${words}`, () =>
      assert.equal(answer({ Action, Resource, Condition }), words));

  test('conditions are spoken of before pairs, the first statement before the second (versitygw)', () => {
    const Condition = { StringLike: { 's3:prefix': 'a/*' } };
    assert.equal(
      answer({ Action: 's3:ListBucketMultipartUploads', Resource: OBJECTS, Condition }),
      CONDITION,
    );
    const first = { Action: 's3:ListBucket', Resource: OBJECTS };
    assert.equal(answer(first, { Action: 's3:Frob', Resource: BUCKET }), UNPAIRED);
  });

  test('what a statement leaves out says nothing about pairs', () => {
    assert.equal(answer({ Effect: 'Deny', NotAction: 's3:GetObject', Resource: BUCKET }), 'stored');
    assert.equal(answer({ Effect: 'Deny', Action: 's3:GetObject', NotResource: BUCKET }), 'stored');
  });

  test('other buckets are meant where the rules name none', async () => {
    const any = await bucketRules();
    const policy = (Resource: string) =>
      JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource } });
    assert.ok(validatePolicy(policy('arn:aws:s3:::other/*'), 'resource', { bucket: any }));
    assert.throws(() => validatePolicy(policy('*'), 'resource', { bucket: any }), { message: RESOURCE });
  });
});
