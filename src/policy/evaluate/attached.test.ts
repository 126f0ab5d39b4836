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
  document,
  FEDERATED,
  HOME,
  policy,
  ROOT,
  SERVICE,
  SESSION,
} from '../testing.test.support.js';
import type { NamedPolicy, PolicySet, Principal } from '../types.js';

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
const trust = (principal: unknown) =>
  policy('trust', { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' });
const assumeRole = (principal: Principal, resourceAccount = HOME) =>
  ask({
    principal,
    action: 'sts:AssumeRole',
    resource: `arn:aws:iam::${resourceAccount}:role/app`,
    resourceAccount,
  });

describe('trust policies', () => {
  const identity = [policy('identity', { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' })];
  const set = (resource: NamedPolicy, more: Partial<PolicySet> = {}): PolicySet => ({
    identity: [],
    resource,
    resourceKind: 'trust',
    ...more,
  });

  test('must allow, whatever identity policies say', () => {
    const other = set(trust({ AWS: `arn:aws:iam::${HOME}:user/bob` }), { identity });
    assert.equal(evaluate(assumeRole(ALICE), other).layer, 'trust');
    assert.equal(evaluate(assumeRole(ROOT), other).layer, 'trust');
  });

  test('naming the user or role is enough inside the account, naming the account is not', () => {
    assert.equal(allowed(assumeRole(ALICE), set(trust({ AWS: ALICE.arn }))), true);
    assert.equal(allowed(assumeRole(SESSION), set(trust({ AWS: SESSION.roleArn }))), true);
    assert.equal(evaluate(assumeRole(ALICE), set(trust({ AWS: HOME }))).layer, 'identity');
    assert.equal(allowed(assumeRole(ALICE), set(trust({ AWS: HOME }), { identity })), true);
  });

  test('across accounts both sides must allow', () => {
    assert.equal(allowed(assumeRole(ALICE, AWAY), set(trust({ AWS: ALICE.arn }))), false);
    assert.equal(allowed(assumeRole(ALICE, AWAY), set(trust({ AWS: ALICE.arn }), { identity })), true);
    assert.equal(allowed(assumeRole(ALICE, AWAY), set(trust({ AWS: HOME }), { identity })), true);
  });

  test('a boundary limits even a user whom the trust policy names', () => {
    const named = trust({ AWS: ALICE.arn });
    assert.equal(
      evaluate(assumeRole(ALICE), set(named, { boundary: nothing('boundary') })).layer,
      'boundary',
    );
    assert.equal(allowed(assumeRole(ALICE), set(named, { boundary: everything('boundary') })), true);
  });

  test('a recreated user is not trusted', () => {
    const recreated = { ...ALICE, uniqueId: 'AIDAALICEALICEALICE2' };
    const stored = trust({ AWS: ALICE.uniqueId });
    assert.equal(allowed(assumeRole(ALICE), set(stored)), true);
    assert.equal(allowed(assumeRole(recreated), set(stored, { identity })), false);
  });

  test('services and identity providers', () => {
    const service = ask({ principal: SERVICE, action: 'sts:AssumeRole', resourceAccount: HOME });
    assert.equal(
      allowed(service, set(trust({ Service: ['lambda.amazonaws.com', 'ec2.amazonaws.com'] }))),
      true,
    );
    assert.equal(allowed(service, set(trust({ Service: 'lambda.amazonaws.com' }))), false);
    const provider = `arn:aws:iam::${HOME}:oidc-provider/token.example.com`;
    const web = ask({
      principal: { ...ANONYMOUS, federatedProvider: provider },
      action: 'sts:AssumeRoleWithWebIdentity',
      resourceAccount: HOME,
    });
    const trusting = (Federated: string) =>
      policy('trust', { Effect: 'Allow', Principal: { Federated }, Action: 'sts:AssumeRoleWithWebIdentity' });
    assert.equal(allowed(web, set(trusting(provider))), true);
    assert.equal(allowed(web, set(trusting('accounts.google.com'))), false);
  });
});

describe('key policies (Key policies in AWS KMS)', () => {
  const request = (principal: Principal) =>
    ask({
      principal,
      action: 'kms:Decrypt',
      resource: `arn:aws:kms:us-east-1:${HOME}:key/1`,
      resourceAccount: HOME,
    });
  const key = (AWS: string) =>
    policy('key', { Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' });
  const set = (resource: NamedPolicy, identity: NamedPolicy[] = []): PolicySet => ({
    identity,
    resource,
    resourceKind: 'key',
  });
  const identity = [everything('identity')];

  test('unless the key policy delegates, Allows of identity policies have no effect, nor has being root', () => {
    const bobs = set(key(`arn:aws:iam::${HOME}:user/bob`), identity);
    assert.equal(evaluate(request(ALICE), bobs).layer, 'key');
    assert.equal(evaluate(request(ROOT), bobs).layer, 'key');
  });

  test('delegated to the account, identity policies decide', () => {
    assert.equal(allowed(request(ALICE), set(key(HOME), identity)), true);
    assert.equal(evaluate(request(ALICE), set(key(HOME))).layer, 'identity');
    assert.equal(allowed(request(ROOT), set(key(HOME))), true);
  });

  test("identity policies' Denies count all the same", () => {
    const deny = [policy('identity', { Effect: 'Deny', Action: 'kms:*', Resource: '*' })];
    assert.equal(allowed(request(ALICE), set(key(ALICE.arn))), true);
    assert.equal(evaluate(request(ALICE), set(key(ALICE.arn), deny)).effect, 'ExplicitDeny');
  });
});

describe('anonymous callers', () => {
  test('may do what a resource policy lets everyone do', () => {
    const request = ask({ principal: ANONYMOUS, resourceAccount: HOME });
    assert.equal(allowed(request, { resource: bucketPolicy('*') }), true);
    assert.equal(allowed(request, { resource: bucketPolicy({ AWS: HOME }) }), false);
    assert.equal(allowed(request, {}), false);
    assert.equal(
      allowed(request, {
        resource: document('resource', {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' },
            { Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Resource: '*' },
          ],
        }),
      }),
      false,
    );
  });
});

describe('NotPrincipal (AWS JSON policy elements: NotPrincipal)', () => {
  const deny = (element: unknown) =>
    policy('resource', { Effect: 'Deny', NotPrincipal: element, Action: 's3:*', Resource: '*' });
  const identity = [everything('identity')];
  const spared = (principal: Principal, element: unknown, more: Partial<PolicySet> = {}) =>
    evaluate(ask({ principal }), { identity, resource: deny(element), ...more }).effect !== 'ExplicitDeny';

  // "When you use NotPrincipal with Deny, you must also specify the account ARN of the not-denied principal."
  test('spares a user who is listed with the account', () => {
    assert.equal(spared(ALICE, { AWS: [ALICE.arn, HOME] }), true);
    assert.equal(spared(ALICE, { AWS: [ALICE.uniqueId, `arn:aws:iam::${HOME}:root`] }), true);
    assert.equal(spared(ALICE, { AWS: ALICE.arn }), false);
    assert.equal(spared(ALICE, { AWS: [ALICE.arn, AWAY] }), false);
    assert.equal(spared(ALICE, { AWS: [`arn:aws:iam::${HOME}:user/bob`, HOME] }), false);
    const canonicalId = 'a'.repeat(64);
    assert.equal(spared({ ...ALICE, canonicalId }, { AWS: ALICE.arn, CanonicalUser: canonicalId }), true);
  });

  // AWS Security Blog, "How to Restrict Amazon S3 Bucket Access to a Specific IAM Role": "you must include both ARNs
  // for this approach to work"; Knowledge Center, "explicit deny … NotPrincipal": the session name of every user is
  // listed.
  test('spares a session that is listed with its role and the account', () => {
    assert.equal(spared(SESSION, { AWS: [SESSION.arn, SESSION.roleArn, HOME] }), true);
    assert.equal(spared(SESSION, { AWS: [SESSION.arn, SESSION.uniqueId, HOME] }), true);
    for (const some of [
      [SESSION.roleArn, HOME],
      [SESSION.arn, HOME],
      [SESSION.arn, SESSION.roleArn],
      [`arn:aws:sts::${HOME}:assumed-role/app/s2`, SESSION.roleArn, HOME],
      [HOME],
    ])
      assert.equal(spared(SESSION, { AWS: some }), false, some.join());
  });

  test('spares a federated user who is listed with the federating user and the account', () => {
    assert.equal(spared(FEDERATED, { AWS: [FEDERATED.arn, FEDERATED.federatingArn, HOME] }), true);
    assert.equal(spared(FEDERATED, { AWS: [FEDERATED.arn, HOME] }), false);
    assert.equal(spared(FEDERATED, { AWS: [FEDERATED.federatingArn, HOME] }), false);
    assert.equal(spared(FEDERATED, { AWS: [FEDERATED.arn, FEDERATED.federatingArn] }), false);
    const ofRoot: Principal = { ...FEDERATED, federatingArn: ROOT.arn, federatingId: HOME };
    assert.equal(spared(ofRoot, { AWS: [FEDERATED.arn, HOME] }), true);
  });

  test('spares services, identity providers and everyone by their one name', () => {
    assert.equal(spared(SERVICE, { Service: SERVICE.arn }), true);
    assert.equal(spared(SERVICE, { Service: 's3.amazonaws.com' }), false);
    assert.equal(spared(ANONYMOUS, { AWS: HOME }), false);
    assert.equal(spared({ ...ANONYMOUS, federatedProvider: 'p' }, { Federated: 'p' }), true);
    assert.equal(spared(ANONYMOUS, '*'), true);
  });

  test('the account in the list spares its root user, not every user in it', () => {
    assert.equal(spared(ROOT, { AWS: HOME }), true);
    assert.equal(spared(ROOT, { AWS: AWAY }), false);
    assert.equal(spared(ALICE, { AWS: HOME }), false);
  });

  test('denies whoever has a permissions boundary', () => {
    assert.equal(spared(ALICE, { AWS: [ALICE.arn, HOME] }, { boundary: everything('boundary') }), false);
  });
});
