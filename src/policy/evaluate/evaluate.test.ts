import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluate } from '../index.js';
import {
  ALICE,
  ALLOW_ALL,
  ANONYMOUS,
  AWAY,
  allowed,
  ask,
  FEDERATED,
  HOME,
  policy,
  ROOT,
  SERVICE,
  SESSION,
} from '../testing.test.support.js';
import type { PolicySet, Principal } from '../types.js';

const everything = (kind: 'identity' | 'boundary' | 'session' | 'service-control') => policy(kind, ALLOW_ALL);
const nothing = (kind: 'boundary' | 'session' | 'service-control') =>
  policy(kind, { Effect: 'Allow', Action: 'sqs:*', Resource: '*' });
const bucketPolicy = (principal: unknown, effect = 'Allow') =>
  policy('resource', {
    Effect: effect,
    Principal: principal,
    Action: 's3:*',
    Resource: 'arn:aws:s3:::bucket/*',
  });

describe('identity policies', () => {
  test('allow what they name and nothing else', () => {
    const identity = [
      policy('identity', { Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::bucket/*' }),
    ];
    const decision = evaluate(ask(), { identity });
    assert.deepEqual([decision.allowed, decision.layer, decision.policy], [true, 'identity', identity[0]]);
    assert.deepEqual(decision.statement, { index: 0 });
    assert.deepEqual(evaluate(ask({ resource: 'arn:aws:s3:::other/key' }), { identity }), {
      allowed: false,
      effect: 'ImplicitDeny',
      layer: 'identity',
    });
  });

  test('actions match without case, resources by case (Grammar of the IAM JSON policy language)', () => {
    const identity = [
      policy('identity', { Effect: 'Allow', Action: 'S3:getobject', Resource: 'arn:aws:s3:::bucket/K' }),
    ];
    assert.equal(allowed(ask({ resource: 'arn:aws:s3:::bucket/K' }), { identity }), true);
    assert.equal(allowed(ask({ resource: 'arn:aws:s3:::bucket/k' }), { identity }), false);
  });

  test('NotAction and NotResource cover all else', () => {
    const identity = [
      policy('identity', {
        Effect: 'Allow',
        NotAction: ['iam:*', 's3:Put*'],
        NotResource: 'arn:aws:s3:::secret/*',
      }),
    ];
    assert.equal(allowed(ask(), { identity }), true);
    assert.equal(allowed(ask({ action: 's3:PutObject' }), { identity }), false);
    assert.equal(allowed(ask({ action: 'iam:GetUser' }), { identity }), false);
    assert.equal(allowed(ask({ resource: 'arn:aws:s3:::secret/x' }), { identity }), false);
  });

  test('a Deny anywhere outweighs every Allow and says where it stands', () => {
    const deny = policy('identity', ALLOW_ALL, {
      Sid: 'NoSecrets',
      Effect: 'Deny',
      Action: 's3:*',
      Resource: '*',
    });
    const decision = evaluate(ask(), { identity: [everything('identity'), deny] });
    assert.deepEqual(decision, {
      allowed: false,
      effect: 'ExplicitDeny',
      layer: 'identity',
      policy: deny,
      statement: { index: 1, sid: 'NoSecrets' },
    });
  });

  test('many different actions do not confuse the memory of candidates', () => {
    const identity = [policy('identity', { Effect: 'Allow', Action: 's3:*7', Resource: '*' })];
    for (let i = 0; i < 5000; i++) {
      assert.equal(allowed(ask({ action: `s3:Do${i}` }), { identity }), String(i).endsWith('7'));
    }
  });
});

/**
 * "Evaluating identity-based policies with resource-based policies" and "Permissions boundaries for IAM entities",
 * IAM User Guide: which implicit denies a resource policy's Allow overcomes, within one account.
 */
describe('within an account, what a resource policy overcomes', () => {
  const user = ALICE.arn;
  const rows: [string, Principal, unknown, { identity: boolean; boundary: boolean; session: boolean }][] = [
    ['a user by ARN', ALICE, { AWS: user }, { identity: true, boundary: true, session: false }],
    [
      'a user by unique id',
      ALICE,
      { AWS: ALICE.uniqueId },
      { identity: true, boundary: true, session: false },
    ],
    ['a session by ARN', SESSION, { AWS: SESSION.arn }, { identity: true, boundary: true, session: true }],
    ['a role by ARN', SESSION, { AWS: SESSION.roleArn }, { identity: true, boundary: false, session: false }],
    [
      'a role by unique id',
      SESSION,
      { AWS: SESSION.uniqueId },
      { identity: true, boundary: false, session: false },
    ],
    [
      'a federated user by ARN',
      FEDERATED,
      { AWS: FEDERATED.arn },
      { identity: true, boundary: true, session: true },
    ],
    ['the user who federated', FEDERATED, { AWS: user }, { identity: true, boundary: false, session: false }],
    [
      'the user who federated, by id',
      FEDERATED,
      { AWS: FEDERATED.federatingId },
      { identity: true, boundary: false, session: false },
    ],
    ['everyone', SESSION, '*', { identity: true, boundary: true, session: true }],
    ['everyone, as AWS', ALICE, { AWS: '*' }, { identity: true, boundary: true, session: true }],
    ['the account', ALICE, { AWS: HOME }, { identity: false, boundary: false, session: false }],
    [
      'the account by its root',
      SESSION,
      { AWS: `arn:aws:iam::${HOME}:root` },
      { identity: false, boundary: false, session: false },
    ],
  ];
  for (const [name, principal, element, overcomes] of rows) {
    test(`that names ${name}`, () => {
      const resource = bucketPolicy(element);
      // A federated session without session policies may do nothing: give it one that allows.
      const base: PolicySet = {
        identity: [everything('identity')],
        resource,
        session: [everything('session')],
      };
      assert.equal(allowed(ask({ principal }), base), true);
      assert.equal(allowed(ask({ principal }), { ...base, identity: [] }), overcomes.identity);
      assert.equal(
        allowed(ask({ principal }), { ...base, boundary: nothing('boundary') }),
        overcomes.boundary,
      );
      assert.equal(
        allowed(ask({ principal }), { ...base, session: [nothing('session')] }),
        overcomes.session,
      );
    });
  }

  test('the statement that overcomes most counts, wherever it stands', () => {
    const both = [HOME, SESSION.arn].map(AWS => ({
      Effect: 'Allow',
      Principal: { AWS },
      Action: 's3:*',
      Resource: 'arn:aws:s3:::bucket/*',
    }));
    for (const statements of [both, both.toReversed()]) {
      const resource = policy('resource', ...statements);
      assert.equal(allowed(ask({ principal: SESSION }), { resource, session: [] }), true);
    }
  });

  test('a resource policy that does not name the caller changes nothing', () => {
    const resource = bucketPolicy({ AWS: `arn:aws:iam::${HOME}:user/bob` });
    assert.equal(allowed(ask(), { resource }), false);
    assert.equal(allowed(ask(), { resource, identity: [everything('identity')] }), true);
  });
});

describe('federated sessions', () => {
  test('may do nothing without a session policy, unless a resource policy names them (GetFederationToken)', () => {
    const identity = [everything('identity')];
    const request = ask({ principal: FEDERATED });
    assert.equal(allowed(request, { identity }), false);
    assert.equal(evaluate(request, { identity }).layer, 'session');
    assert.equal(allowed(request, { identity, session: [everything('session')] }), true);
    assert.equal(allowed(request, { identity, resource: bucketPolicy({ AWS: FEDERATED.arn }) }), true);
  });
});

describe('boundaries and sessions', () => {
  test('cut what identity policies allow, and grant nothing', () => {
    const identity = [everything('identity')];
    assert.equal(evaluate(ask(), { identity, boundary: nothing('boundary') }).layer, 'boundary');
    assert.equal(evaluate(ask(), { identity, session: [nothing('session')] }).layer, 'session');
    assert.equal(evaluate(ask(), { identity, session: [] }).layer, 'session');
    assert.equal(
      allowed(ask(), { boundary: everything('boundary'), session: [everything('session')] }),
      false,
    );
  });

  test('session policies add up: any one may allow, any one may deny', () => {
    const identity = [everything('identity')];
    const deny = policy('session', { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' });
    assert.equal(allowed(ask(), { identity, session: [nothing('session'), everything('session')] }), true);
    assert.equal(
      evaluate(ask(), { identity, session: [everything('session'), deny] }).effect,
      'ExplicitDeny',
    );
    const boundary = policy('boundary', ALLOW_ALL, { Effect: 'Deny', Action: 's3:*', Resource: '*' });
    assert.deepEqual(
      [evaluate(ask(), { identity, boundary }).effect, evaluate(ask(), { identity, boundary }).layer],
      ['ExplicitDeny', 'boundary'],
    );
  });
});

describe('across accounts both sides decide alone (Cross-account policy evaluation logic)', () => {
  const request = (principal: Principal) => ask({ principal, resourceAccount: AWAY });
  const identity = [everything('identity')];
  for (const [name, element] of [
    ['the account', { AWS: HOME }],
    ['the user', { AWS: ALICE.arn }],
    ['everyone', '*'],
  ] as const) {
    test(`a bucket policy that names ${name}`, () => {
      const resource = bucketPolicy(element);
      assert.equal(allowed(request(ALICE), { resource, identity }), true);
      assert.equal(evaluate(request(ALICE), { resource, identity: [] }).layer, 'identity');
      assert.equal(evaluate(request(ALICE), { identity }).layer, 'resource');
      assert.equal(
        evaluate(request(ALICE), { resource, identity, boundary: nothing('boundary') }).layer,
        'boundary',
      );
      assert.equal(evaluate(request(ALICE), { resource, identity, session: [] }).layer, 'session');
    });
  }

  test("root needs the resource's policy, and none of its own", () => {
    assert.equal(allowed(request(ROOT), {}), false);
    assert.equal(allowed(request(ROOT), { resource: bucketPolicy({ AWS: HOME }) }), true);
  });
});

describe('the root user', () => {
  test('is exempt from implicit denies in its account only', () => {
    assert.deepEqual(evaluate(ask({ principal: ROOT }), { identity: [] }), {
      allowed: true,
      effect: 'Allow',
      layer: 'root',
    });
  });

  test('is bound by explicit denies and by service and resource control policies', () => {
    const request = ask({ principal: ROOT });
    assert.equal(evaluate(request, { identity: [], resource: bucketPolicy('*', 'Deny') }).layer, 'resource');
    assert.equal(
      evaluate(request, { identity: [], serviceControl: [[nothing('service-control')]] }).layer,
      'service-control',
    );
  });
});

describe('organisations', () => {
  test('every level must allow, any level may deny', () => {
    const identity = [everything('identity')];
    const full = everything('service-control');
    const deny = policy('service-control', { Effect: 'Deny', Action: 's3:*', Resource: '*' });
    assert.equal(
      allowed(ask(), { identity, serviceControl: [[full], [full, nothing('service-control')]] }),
      true,
    );
    assert.equal(allowed(ask(), { identity, serviceControl: [[full], []] }), false);
    assert.equal(
      evaluate(ask(), { identity, serviceControl: [[full], [full, deny]] }).effect,
      'ExplicitDeny',
    );
    assert.equal(allowed(ask(), { serviceControl: [[full]] }), false);
  });

  test('resource control policies bind whoever calls, service control policies only identities', () => {
    const open = policy('resource-control', { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' });
    const shut = policy('resource-control', {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: '*',
    });
    const resource = bucketPolicy('*');
    const request = ask({ principal: ANONYMOUS, resourceAccount: HOME });
    assert.equal(allowed(request, { resource, resourceControl: [[open]] }), true);
    assert.equal(
      evaluate(request, { identity: [], resource, resourceControl: [[]] }).layer,
      'resource-control',
    );
    assert.equal(
      evaluate(request, { identity: [], resource, resourceControl: [[open, shut]] }).effect,
      'ExplicitDeny',
    );
    assert.equal(allowed(request, { resource, serviceControl: [[]] }), true);
    assert.equal(
      allowed(ask({ principal: SERVICE }), {
        resource: bucketPolicy({ Service: SERVICE.arn }),
        serviceControl: [[]],
      }),
      true,
    );
  });
});
