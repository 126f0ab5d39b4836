import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Account, Caller } from '../core/caller.js';
import type { AuditEvent } from '../core/cloudtrail.js';
import { cloudTrailRecord, type EndedCall, eventsOf, signInEvent } from './event.js';
import { isDataEvent } from './names.js';

const account: Account = {
  id: '111122223333',
  partition: 'aws',
  name: 'one',
  canonicalId: 'a'.repeat(64),
  created: 0,
};
const OTHER = '444455556666';

const user: Caller = {
  principal: { type: 'user', arn: 'arn:aws:iam::111122223333:user/dev/alice', uniqueId: 'AIDAALICE' },
  account,
  accessKeyId: 'AKIAALICE',
  userId: 'AIDAALICE',
  credentials: 'long-term',
  context: { 'aws:username': 'alice' },
};

const role: Caller = {
  principal: {
    type: 'assumed-role',
    arn: 'arn:aws:sts::111122223333:assumed-role/app/s1',
    uniqueId: 'AROAAPP',
    roleArn: 'arn:aws:iam::111122223333:role/service/app',
  },
  account,
  accessKeyId: 'ASIAAPP',
  userId: 'AROAAPP:s1',
  credentials: 'assume-role',
  context: {
    'aws:TokenIssueTime': '2026-01-31T11:59:00.000Z',
    'aws:MultiFactorAuthPresent': 'false',
    'aws:SourceIdentity': 'alice',
    'ec2:RoleDelivery': '2.0',
    'aws:FederatedProvider': 'arn:aws:iam::111122223333:oidc-provider/token.example.com/x',
    'token.example.com/x:aud': 'sts.amazonaws.com',
    'token.example.com/x:sub': 'repo:a/b',
    'aws:PrincipalTag/team': 'a',
  },
};

const got: EndedCall = {
  arrived: Date.UTC(2026, 0, 31, 12, 0, 0, 250),
  requestId: 'R1',
  service: 's3',
  operation: 'GetObject',
  region: 'us-east-1',
  sourceIp: '192.0.2.1',
  userAgent: '[aws-cli/2]',
  caller: role,
  parameters: { bucketName: 'data', key: 'a/b' },
  response: { 'x-amz-version-id': 'v' },
  resources: [{ arn: 'arn:aws:s3:::data/a/b', owner: account.id }],
  transfer: {
    signatureVersion: 4,
    method: 'AuthHeader',
    received: 0,
    sent: 12,
    hostId: 'H',
    encryption: 'SSE_S3',
  },
  tls: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', clientProvidedHostHeader: 'h' },
  status: 200,
  duration: 3,
};

/** As it is read back: JSON leaves out what is undefined. */
function plain(events: readonly AuditEvent[]): AuditEvent[] {
  return JSON.parse(JSON.stringify(events)) as AuditEvent[];
}

const only = (call: EndedCall): AuditEvent => {
  const events = plain(eventsOf(call));
  assert.equal(events.length, 1);
  return events[0]!;
};

test('a data event of a role’s session is a record as CloudTrail writes it', () => {
  const { eventID, ...event } = only(got);
  assert.match(eventID, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  assert.deepEqual(event, {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAAPP:s1',
      arn: 'arn:aws:sts::111122223333:assumed-role/app/s1',
      accountId: '111122223333',
      accessKeyId: 'ASIAAPP',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAAPP',
          arn: 'arn:aws:iam::111122223333:role/service/app',
          accountId: '111122223333',
          userName: 'app',
        },
        webIdFederationData: {
          federatedProvider: 'arn:aws:iam::111122223333:oidc-provider/token.example.com/x',
          attributes: {
            'token.example.com/x:aud': 'sts.amazonaws.com',
            'token.example.com/x:sub': 'repo:a/b',
          },
        },
        attributes: { creationDate: '2026-01-31T11:59:00Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'alice',
        ec2RoleDelivery: '2.0',
      },
    },
    eventTime: '2026-01-31T12:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    userAgent: '[aws-cli/2]',
    requestParameters: { bucketName: 'data', key: 'a/b' },
    responseElements: null,
    additionalEventData: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: 0,
      SSEApplied: 'SSE_S3',
      AuthenticationMethod: 'AuthHeader',
      'x-amz-id-2': 'H',
      bytesTransferredOut: 12,
    },
    requestID: 'R1',
    readOnly: true,
    resources: [
      { type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::data/a/b' },
      { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::data' },
    ],
    eventType: 'AwsApiCall',
    managementEvent: false,
    recipientAccountId: '111122223333',
    eventCategory: 'Data',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'h',
    },
    arrived: Date.UTC(2026, 0, 31, 12, 0, 0, 250),
    httpStatus: 200,
    durationMs: 3,
  });
  const { arrived, httpStatus, durationMs, ...record } = event;
  assert.deepEqual(plain([cloudTrailRecord({ ...event, eventID }) as AuditEvent]), [{ ...record, eventID }]);
});

describe('names', () => {
  const named = (service: string, operation: string, code?: string) => {
    const event = only({ ...got, service, operation, error: code === undefined ? undefined : { code } });
    const { eventName, readOnly, eventCategory, errorCode } = event;
    return [eventName, readOnly, eventCategory, ...(code === undefined ? [] : [errorCode])];
  };
  test('are those of CloudTrail, with what it says of them', () => {
    assert.deepEqual(named('s3', 'ListObjectsV2'), ['ListObjects', true, 'Data']);
    assert.deepEqual(named('s3', 'PutObject'), ['PutObject', false, 'Data']);
    assert.deepEqual(named('s3', 'PutBucketLifecycleConfiguration'), [
      'PutBucketLifecycle',
      false,
      'Management',
    ]);
    assert.deepEqual(named('s3', 'ListBuckets'), ['ListBuckets', true, 'Management']);
    assert.deepEqual(named('kms', 'GenerateDataKey'), ['GenerateDataKey', true, 'Management']);
    assert.deepEqual(named('kms', 'CreateGrant'), ['CreateGrant', false, 'Management']);
    assert.deepEqual(named('sts', 'AssumeRole'), ['AssumeRole', true, 'Management']);
    assert.deepEqual(named('iam', 'SimulatePrincipalPolicy'), [
      'SimulatePrincipalPolicy',
      true,
      'Management',
    ]);
  });
  test('of errors are those of the exceptions', () => {
    assert.equal(named('iam', 'GetRole', 'NoSuchEntity')[3], 'NoSuchEntityException');
    assert.equal(named('iam', 'GetRole', 'AccessDenied')[3], 'AccessDenied');
    assert.equal(named('kms', 'Decrypt', 'AccessDeniedException')[3], 'AccessDenied');
    assert.equal(named('s3', 'GetObject', 'NoSuchKey')[3], 'NoSuchKey');
  });
});

describe('who called', () => {
  const identity = (caller: Caller | undefined) => only({ ...got, caller, resources: [] }).userIdentity;
  test('a user has a name, and no session with a long-term key', () => {
    assert.deepEqual(identity(user), {
      type: 'IAMUser',
      principalId: 'AIDAALICE',
      arn: 'arn:aws:iam::111122223333:user/dev/alice',
      accountId: '111122223333',
      accessKeyId: 'AKIAALICE',
      userName: 'alice',
    });
  });
  test('a session of a user has no issuer, and says whether there was a second factor', () => {
    const context = {
      ...user.context,
      'aws:TokenIssueTime': '2026-01-31T11:00:00.000Z',
      'aws:MultiFactorAuthPresent': 'true',
    };
    assert.deepEqual(identity({ ...user, credentials: 'session-token', context })?.sessionContext, {
      sessionIssuer: {},
      attributes: { creationDate: '2026-01-31T11:00:00Z', mfaAuthenticated: 'true' },
    });
  });
  test('a federated user has the user that federated', () => {
    const principal: Caller['principal'] = {
      type: 'federated-user',
      arn: 'arn:aws:sts::111122223333:federated-user/bob',
      federatingArn: user.principal.arn,
      federatingId: 'AIDAALICE',
    };
    const caller: Caller = {
      ...user,
      principal,
      userId: '111122223333:bob',
      credentials: 'federation-token',
    };
    assert.deepEqual(identity(caller)?.sessionContext?.sessionIssuer, {
      type: 'IAMUser',
      principalId: 'AIDAALICE',
      arn: 'arn:aws:iam::111122223333:user/dev/alice',
      accountId: '111122223333',
      userName: 'alice',
    });
  });
  test('somebody without an account: anonymous, vouched for, unknown', () => {
    const anonymous: Caller = {
      principal: { type: 'anonymous', arn: '*' },
      userId: 'anonymous',
      credentials: 'none',
      context: {},
    };
    assert.deepEqual(identity(anonymous), {
      type: 'AWSAccount',
      principalId: '',
      accountId: 'ANONYMOUS_PRINCIPAL',
    });
    const provider = 'arn:aws:iam::111122223333:oidc-provider/token.example.com';
    const vouched: Caller = {
      ...anonymous,
      principal: { type: 'anonymous', arn: 'token.example.com:aud:sub', federatedProvider: provider },
      userId: 'token.example.com:aud:sub',
    };
    assert.deepEqual(identity(vouched), {
      type: 'WebIdentityUser',
      principalId: 'token.example.com:aud:sub',
      userName: 'sub',
      identityProvider: provider,
    });
    assert.deepEqual(identity(undefined), { type: 'Unknown' });
  });
});

describe('calls across accounts', () => {
  test('both accounts have a record; the other one learns whose call it was, and of its own resources', () => {
    const copied: EndedCall = {
      ...got,
      operation: 'CopyObject',
      caller: user,
      parameters: { bucketName: 'mine', key: 'k', 'x-amz-copy-source': 'theirs/s' },
      resources: [
        { arn: 'arn:aws:s3:::mine/k', owner: account.id },
        { arn: 'arn:aws:s3:::theirs/s', owner: OTHER },
      ],
    };
    const [own, other] = plain(eventsOf(copied));
    assert.equal(own!.recipientAccountId, account.id);
    assert.equal(own!.resources!.length, 4);
    assert.equal(other!.recipientAccountId, OTHER);
    assert.deepEqual(other!.userIdentity, {
      type: 'AWSAccount',
      principalId: 'AIDAALICE',
      accountId: account.id,
    });
    assert.deepEqual(
      other!.resources!.map(({ ARN }) => ARN),
      ['arn:aws:s3:::theirs/s', 'arn:aws:s3:::theirs'],
    );
    assert.equal(other!.requestParameters, null);
    assert.ok(own!.sharedEventID);
    assert.equal(own!.sharedEventID, other!.sharedEventID);
    assert.notEqual(own!.eventID, other!.eventID);
  });
  test('of an anonymous call the owner alone has a record', () => {
    const principal = { type: 'anonymous', arn: '*' } as const;
    const caller: Caller = { principal, userId: 'anonymous', credentials: 'none', context: {} };
    const event = only({ ...got, caller });
    assert.equal(event.recipientAccountId, account.id);
    assert.equal(event.sharedEventID, undefined);
  });
});

test('a listing has its prefix among the resources', () => {
  const event = only({
    ...got,
    operation: 'ListObjectsV2',
    parameters: { bucketName: 'data', prefix: 'a/' },
    resources: [{ arn: 'arn:aws:s3:::data', owner: account.id }],
  });
  assert.deepEqual(event.resources, [
    { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::data/a/' },
    { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::data' },
  ]);
});

test('what could not be understood is an event and no record', () => {
  const event = only({ ...got, service: undefined, operation: undefined, caller: undefined, resources: [] });
  assert.equal(event.eventName, undefined);
  assert.equal(cloudTrailRecord(event), undefined);
});

test('a sign-in is a ConsoleLogin', () => {
  const facts = { arrived: 0, requestId: 'R', region: 'us-east-1', sourceIp: '192.0.2.1' };
  const [done, failed] = plain([signInEvent({ ...facts, arn: user.principal.arn }), signInEvent(facts)]);
  assert.deepEqual(done!.responseElements, { ConsoleLogin: 'Success' });
  assert.equal(done!.userIdentity?.userName, 'alice');
  assert.equal(failed!.errorMessage, 'Failed authentication');
  assert.deepEqual(failed!.userIdentity, { type: 'Unknown' });
});

test('copies that another server makes are data events, as puts are', () => {
  for (const name of ['PutObject', 'ReplicateObject', 'ReplicateDelete']) assert.ok(isDataEvent('s3', name));
  assert.equal(isDataEvent('s3', 'PutBucketReplication'), false);
});
