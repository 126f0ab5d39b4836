import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../index.js';
import { ALICE, ALLOW_ALL, ANONYMOUS, AWAY, ask, HOME, policy, SESSION } from '../testing.test.support.js';
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

/** Everything is allowed but for a Deny of the bucket under this condition. */
const denyIf = (Condition: object): Partial<PolicySet> => ({
  identity: [grant('*', '*')],
  resource: policy('resource', { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', Condition }),
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
    [
      'a role that trusts others',
      'other-principal',
      assume(),
      { resourceKind: 'trust', resource: trust({ AWS: [`arn:aws:iam::${HOME}:user/bob`, AWAY] }) },
      /^the statement names arn:aws:iam::111122223333:user\/bob, 444455556666; the caller is \S+user\/alice$/,
    ],
    [
      'a role that trusts a service',
      'other-principal',
      assume(),
      { resourceKind: 'trust', resource: trust({ Service: 'ec2.amazonaws.com' }) },
      /names ec2\.amazonaws\.com; the caller is/,
    ],
    [
      "a second factor in a role's own policy", // aws-sdk-java-v2#2554
      'never',
      { principal: SESSION, context: { 'aws:MultiFactorAuthPresent': 'false' } },
      { identity: [grant('s3:*', '*', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } })] },
      /sessions of a role never carry a second factor .* put the condition into the role’s trust policy/,
    ],
    [
      'a prefix on reading objects',
      'never',
      {},
      { identity: [grant(['s3:GetObject', 's3:ListBucket'], '*', { StringLike: { 's3:prefix': 'a/*' } })] },
      /only requests that list a bucket carry s3:prefix, so it can never hold for s3:GetObject/,
    ],
    [
      "an external ID in a policy of the caller's",
      'never',
      { ...assume(), context: {} },
      {
        resourceKind: 'trust',
        resource: trust({ AWS: HOME }),
        identity: [grant('sts:AssumeRole', '*', { StringEquals: { 'sts:ExternalId': 'x' } })],
      },
      /it belongs into the role’s trust policy, not into a policy of the caller/,
    ],
    [
      "an account's managed key for another account",
      'never',
      {
        action: 'kms:Decrypt',
        resource: `arn:aws:kms:us-east-1:${AWAY}:key/1`,
        resourceAccount: AWAY,
        context: { 'kms:CallerAccount': HOME },
      },
      {
        resourceKind: 'key',
        identity: [grant('kms:*', '*')],
        resource: policy('key', {
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'kms:Decrypt',
          Resource: '*',
          Condition: { StringEquals: { 'kms:CallerAccount': AWAY } },
        }),
      },
      /an AWS managed key cannot be shared: use a customer managed key/,
    ],
    [
      'a key of another service',
      'never',
      {},
      {
        identity: [grant('s3:*', '*', { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } })],
      },
      /only requests to kms carry kms:ViaService/,
    ],
    [
      "a service's source on a user's call",
      'never',
      {},
      { identity: [grant('s3:*', '*', { StringEquals: { 'aws:SourceAccount': HOME } })] },
      /only calls that a service of AWS makes carry aws:SourceAccount/,
    ],
    [
      "a user's name for a session",
      'variable',
      { principal: SESSION },
      { identity: [grant('s3:GetObject', 'arn:aws:s3:::bucket/${aws:username}/*')] },
      /\$\{aws:username\} has no value for this caller: only IAM users have one/,
    ],
    [
      'a Deny of requests without TLS',
      'deny-condition',
      { context: { 'aws:SecureTransport': 'false' } },
      denyIf({ Bool: { 'aws:SecureTransport': 'false' } }),
      /^the Deny holds because aws:SecureTransport is "false" \(Bool "false"\): the request came without TLS; send it over TLS, to an https endpoint$/,
    ],
    [
      'a Deny of other addresses',
      'deny-condition',
      { context: { 'aws:SourceIp': '203.0.113.9' } },
      denyIf({ NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '198.51.100.0/24'] } }),
      /aws:SourceIp is "203\.0\.113\.9" \(NotIpAddress "192\.0\.2\.0\/24" or "198\.51\.100\.0\/24"\): the request came from 203\.0\.113\.9$/,
    ],
    [
      'a Deny of other organizations',
      'absent-key',
      {},
      denyIf({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
      /carries no aws:PrincipalOrgID .*the caller’s account is in no organization/,
    ],
    [
      'a Deny outside a VPC endpoint',
      'absent-key',
      {},
      denyIf({ StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }),
      /carries no aws:SourceVpce .*only requests through a VPC endpoint/,
    ],
    [
      'a Deny of other regions, all actions but some',
      'deny-condition',
      { action: 's3:ListAllMyBuckets', resource: '*', context: { 'aws:RequestedRegion': 'us-east-1' } },
      {
        identity: [grant('*', '*')],
        serviceControl: [
          [
            policy(
              'service-control',
              { Effect: 'Allow', Action: '*', Resource: '*' },
              {
                Effect: 'Deny',
                NotAction: ['iam:*', 'sts:*'],
                Resource: '*',
                Condition: { StringNotEquals: { 'aws:RequestedRegion': 'eu-west-1' } },
              },
            ),
          ],
        ],
      },
      /aws:RequestedRegion is "us-east-1" \(StringNotEquals "eu-west-1"\): the request is for region us-east-1$/,
    ],
    [
      'a Deny that spares only a role’s name',
      'deny-exception',
      { principal: SESSION },
      {
        identity: [grant('*', '*')],
        resource: policy('resource', {
          Effect: 'Deny',
          NotPrincipal: { AWS: [SESSION.roleArn, HOME] },
          Action: 's3:*',
          Resource: '*',
        }),
      },
      /account, role and session .* are all listed: arn:aws:sts::111122223333:assumed-role\/app\/s1 is not$/,
    ],
    [
      'a policy that a setting sets aside',
      'set-aside',
      { principal: ANONYMOUS, resourceAccount: HOME },
      {
        setAside: [
          {
            as: 'resource',
            policy: policy('resource', {
              Effect: 'Allow',
              Principal: '*',
              Action: 's3:GetObject',
              Resource: '*',
            }),
            by: 'RestrictPublicBuckets',
            advice: 'switch it off.',
          },
        ],
      },
      /^resource policy allows the request, and RestrictPublicBuckets sets it aside: switch it off\.?$/,
    ],
  ];
  for (const [name, kind, request, policies, message] of rows) {
    test(name, () => {
      const { nearMisses, summary } = explainSet(request, policies);
      assert.equal(nearMisses[0]?.kind, kind);
      assert.match(nearMisses[0].message, message);
      assert.ok(summary.includes(nearMisses[0].message.replace(/\.$/, '')), summary);
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
    const resource = trust({ AWS: 'AROAAPPAPPAPPAPPAPP1' });
    const identity2 = [grant('sts:AssumeRole', '*')];
    assert.deepEqual(
      explainSet(assume(), { resourceKind: 'trust', resource, identity: identity2 }).nearMisses,
      [],
    );
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

  // A trust policy within the account needs nothing beside it ("Policy evaluation logic", IAM User Guide).
  test('a caller whom naming in the trust policy would help alone is not sent to its own policies', () => {
    const { nearMisses, summary } = explainSet(assume(), {
      resourceKind: 'trust',
      resource: trust({ AWS: `arn:aws:iam::${HOME}:user/bob` }),
    });
    assert.deepEqual(
      nearMisses.map(({ kind }) => kind),
      ['other-principal', 'enough-alone'],
    );
    assert.doesNotMatch(summary, /Refused too by/);
    const foreign = explainSet(
      { ...assume(), resourceAccount: AWAY },
      { resourceKind: 'trust', resource: trust({ AWS: AWAY }) },
    );
    assert.match(foreign.summary, /Refused too by: identity-based policy/);
  });

  test('an id of somebody who is gone is told from an id', () => {
    const resource = trust({ AWS: 'AIDAGONEGONEGONEGONE' });
    const policies: PolicySet = { identity: [], resourceKind: 'trust', resource };
    const [miss] = explain(ask(assume()), policies, { idsAreGone: true }).nearMisses;
    assert.match(miss?.message ?? '', /names AIDAGONEGONEGONEGONE, a user that was deleted/);
  });

  test('a role that is not there is said not to be, with those most like it', () => {
    const nearest = [`arn:aws:iam::${HOME}:role/team/App`];
    const policies: PolicySet = { identity: [grant('*', '*')], resourceKind: 'trust' };
    const { summary, nearMisses } = explain(ask({ ...assume(), resourceAccount: HOME }), policies, {
      absent: { nearest },
    });
    assert.match(
      summary,
      /There is no such role; nearest by name: arn:aws:iam::111122223333:role\/team\/App\.$/,
    );
    assert.equal(nearMisses[0]?.kind, 'no-such-resource');
    const none = explain(ask({ ...assume(), resourceAccount: HOME }), policies, { absent: { nearest: [] } });
    assert.match(none.summary, /There is no such role\.$/);
  });
});
