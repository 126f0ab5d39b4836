import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../index.js';
import { ALICE, ALLOW_ALL, AWAY, ask, HOME, policy, SESSION } from '../testing.test.support.js';
import type { AuthorizationRequest, PolicySet, Principal } from '../types.js';
import type { NearMissKind } from './types.js';

const explainSet = (request: Partial<AuthorizationRequest>, policies: Partial<PolicySet>) =>
  explain(ask(request), { identity: [], ...policies });
const grant = (Action: string | string[], Resource: string | string[], Condition?: object) =>
  policy('identity', { Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
const trust = (Principal: unknown, Condition?: object) =>
  policy('trust', { Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...(Condition && { Condition }) });
const assume = (principal: Principal = ALICE): Partial<AuthorizationRequest> => ({
  principal,
  action: 'sts:AssumeRole',
  resource: `arn:aws:iam::${HOME}:role/team/app`,
});

describe('near misses', () => {
  const rows: [
    name: string,
    kind: NearMissKind,
    request: Partial<AuthorizationRequest>,
    policies: Partial<PolicySet>,
    message: RegExp,
  ][] = [
    [
      'listing granted on the objects instead of the bucket',
      'resource-level',
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::b' },
      { identity: [grant(['s3:PutObject', 's3:ListBucket'], 'arn:aws:s3:::b/*')] },
      /^the statement grants s3:ListBucket on arn:aws:s3:::b\/\*, the call needs arn:aws:s3:::b$/,
    ],
    [
      'reading granted on the bucket instead of the objects',
      'resource-level',
      {},
      { identity: [grant('s3:GetObject', 'arn:aws:s3:::bucket')] },
      /^the statement grants s3:GetObject on arn:aws:s3:::bucket, the call needs arn:aws:s3:::bucket\/key$/,
    ],
    [
      'an alias instead of the key',
      'resource-level',
      { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${HOME}:key/1` },
      { identity: [grant('kms:Decrypt', `arn:aws:kms:eu-west-1:${HOME}:alias/a`)] },
      /alias\/a, the call needs/,
    ],
    [
      'another partition',
      'partition',
      {},
      { identity: [grant('s3:GetObject', 'arn:aws-cn:s3:::bucket/*')] },
      /another partition/,
    ],
    [
      'another region',
      'region',
      { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${HOME}:key/1` },
      { identity: [grant('kms:*', `arn:aws:kms:us-east-1:${HOME}:key/*`)] },
      /another region/,
    ],
    [
      'another account',
      'account',
      { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${HOME}:key/1` },
      { identity: [grant('kms:*', `arn:aws:kms:eu-west-1:${AWAY}:key/*`)] },
      /another account/,
    ],
    [
      'the wrong case',
      'case',
      {},
      { identity: [grant('s3:GetObject', 'arn:aws:s3:::Bucket/*')] },
      /upper and lower case/,
    ],
    [
      'a role without its path',
      'path',
      assume(),
      {
        resourceKind: 'trust',
        resource: trust({ AWS: HOME }),
        identity: [grant('sts:AssumeRole', `arn:aws:iam::${HOME}:role/app`)],
      },
      /role\/app, the call needs .*role\/team\/app \(the path differs\)/,
    ],
    [
      'an operation that is no action',
      'action-name',
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::b' },
      { identity: [grant('s3:ListObjectsV2', '*')] },
      /that is the name of an operation, the action that allows it is s3:ListBucket/,
    ],
    [
      'a version',
      'action-name',
      { action: 's3:GetObjectVersion' },
      { identity: [grant('s3:GetObject', '*')] },
      /needs the action for versions/,
    ],
    [
      'an absent external ID',
      'external-id',
      assume(),
      {
        resourceKind: 'trust',
        resource: trust({ AWS: ALICE.arn }, { StringEquals: { 'sts:ExternalId': 'x1' } }),
      },
      /requires the external ID "x1", the call passes none/,
    ],
    [
      'a wrong external ID',
      'external-id',
      { ...assume(), context: { 'sts:ExternalId': 'x2' } },
      {
        resourceKind: 'trust',
        resource: trust({ AWS: ALICE.arn }, { StringEquals: { 'sts:ExternalId': 'x1' } }),
      },
      /"x1", the call passes "x2"/,
    ],
    [
      'a key that the request does not carry',
      'absent-key',
      {},
      { identity: [grant('s3:*', '*', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } })] },
      /requires aws:MultiFactorAuthPresent .* no such key/,
    ],
    [
      'a value',
      'condition-value',
      { context: { 'aws:SourceIp': '10.1.1.1' } },
      { identity: [grant('s3:*', '*', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } })] },
      /IpAddress "192.0.2.0\/24"\), the request has "10.1.1.1"/,
    ],
    [
      "a value's case",
      'case',
      { context: { 'aws:username': 'Alice' } },
      { identity: [grant('s3:*', '*', { StringEquals: { 'aws:username': 'alice' } })] },
      /upper and lower case/,
    ],
    [
      'a recreated user',
      'recreated',
      assume(),
      { resourceKind: 'trust', resource: trust({ AWS: 'AIDAALICEALICEALICE0' }) },
      /unique id AIDAALICEALICEALICE0, the caller's is AIDAALICEALICEALICE1/,
    ],
    [
      "a principal's case",
      'case',
      assume(),
      { resourceKind: 'trust', resource: trust({ AWS: `arn:aws:iam::${HOME}:user/Alice` }) },
      /upper and lower case/,
    ],
    [
      "a principal's account",
      'account',
      assume(),
      { resourceKind: 'trust', resource: trust({ AWS: `arn:aws:iam::${AWAY}:user/alice` }) },
      /another account/,
    ],
    [
      "a principal's path",
      'path',
      assume(SESSION),
      { resourceKind: 'trust', resource: trust({ AWS: `arn:aws:iam::${HOME}:role/app` }) },
      /the path differs/,
    ],
    [
      'another session of the role',
      'session-name',
      assume(SESSION),
      { resourceKind: 'trust', resource: trust({ AWS: `arn:aws:sts::${HOME}:assumed-role/app/s2` }) },
      /names the session/,
    ],
    [
      'an account that delegates',
      'delegation',
      assume(),
      { resourceKind: 'trust', resource: trust({ AWS: HOME }) },
      /allows the account as a whole/,
    ],
    [
      'a boundary that cuts',
      'boundary',
      {},
      { identity: [grant('*', '*')], boundary: policy('boundary', { ...ALLOW_ALL, Action: 'sqs:*' }) },
      /identity policy allows s3:GetObject .* the permissions boundary does not/,
    ],
    [
      'a session that cuts',
      'session',
      {},
      { identity: [grant('*', '*')], session: [] },
      /the session policy does not/,
    ],
    [
      'a Deny that holds for want of a key',
      'absent-key',
      { action: 's3:PutObject' },
      {
        identity: [grant('*', '*')],
        resource: policy('resource', {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: '*',
          Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
        }),
      },
      /the Deny holds because this request carries no s3:x-amz-server-side-encryption/,
    ],
  ];
  for (const [name, kind, request, policies, message] of rows) {
    test(name, () => {
      const { nearMisses, summary } = explainSet(request, policies);
      assert.equal(nearMisses[0]?.kind, kind);
      assert.match(nearMisses[0].message, message);
      assert.ok(summary.includes(nearMisses[0].message));
    });
  }

  test('there is none for what is simply not granted', () => {
    const identity = [
      grant('sqs:*', '*'),
      grant('s3:GetObject', 'arn:aws:s3:::other/*'),
      policy(
        'identity',
        { Effect: 'Allow', NotAction: 's3:*', Resource: '*' },
        { Effect: 'Allow', Action: 's3:*', NotResource: '*' },
      ),
    ];
    assert.deepEqual(explainSet({}, { identity }).nearMisses, []);
    const trusts = [
      trust({ AWS: 'AROAAPPAPPAPPAPPAPP1' }),
      trust({ Service: 'ec2.amazonaws.com' }),
      trust({ AWS: `arn:aws:iam::${HOME}:user/bob` }),
    ];
    for (const resource of trusts)
      assert.deepEqual(explainSet(assume(), { resourceKind: 'trust', resource }).nearMisses, []);
  });

  test('there is none for what is allowed', () => {
    assert.deepEqual(
      explainSet({}, { identity: [grant('*', '*'), grant('s3:GetObject', 'arn:aws:s3:::bucket')] })
        .nearMisses,
      [],
    );
  });

  test('the statement with the fewest mismatches comes first', () => {
    const condition = { StringEquals: { 'aws:username': 'alice' } };
    const identity = [
      grant('s3:GetObject', 'arn:aws:s3:::bucket', condition),
      grant('s3:GetObject', '*', condition),
    ];
    assert.deepEqual(
      explainSet({}, { identity }).nearMisses.map(({ kind, uri }) => [kind, uri]),
      [
        ['absent-key', 'identity: identity policy'],
        ['resource-level', 'identity policy'],
        ['absent-key', 'identity policy'],
      ],
    );
  });
});
