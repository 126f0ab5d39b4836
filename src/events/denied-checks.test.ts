import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy, evaluate, explain, type PolicyKind } from '../policy/index.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from '../policy/types.js';
import { type DeniedCheck, LONGEST_POLICIES, packChecks, unpackChecks } from './denied-checks.js';

const policy = (kind: PolicyKind, statement: object): NamedPolicy => ({
  name: `${kind} policy`,
  policy: compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statement }), kind),
});
const DENY = { Effect: 'Deny', Action: 's3:*', Resource: '*' };
const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };
const EVERYONE = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };

const request: AuthorizationRequest = {
  principal: { type: 'user', arn: 'arn:aws:iam::111122223333:user/alice', account: '111122223333' },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  resourceAccount: '444455556666',
  context: { 'aws:SourceIp': '192.0.2.1', 'aws:TagKeys': ['a', 'b'] },
};

const stored = (...checks: DeniedCheck[]) => JSON.stringify(packChecks(checks));
const restored = (check: DeniedCheck) => unpackChecks(JSON.parse(stored(check)))[0] as DeniedCheck;

test('a check is explained alike before and after it was stored', () => {
  const named: NamedPolicy = {
    ...policy('identity', DENY),
    arn: 'arn:aws:iam::111122223333:policy/x',
    place: { kind: 'inline', of: 'user', entity: 'alice', policy: 'p' },
  };
  const policies: PolicySet = {
    identity: [named],
    boundary: policy('boundary', ALLOW),
    session: [policy('session', ALLOW)],
    resource: policy('resource', EVERYONE),
    resourceKind: 'resource',
    acl: policy('resource', EVERYONE),
    setAside: [
      { as: 'resource', policy: policy('resource', EVERYONE), by: 'RestrictPublicBuckets', advice: 'x.' },
    ],
    serviceControl: [[policy('service-control', ALLOW)], []],
    resourceControl: [[policy('resource-control', EVERYONE)]],
  };
  const back = restored({ request, policies, absent: true });
  assert.equal(back.absent, true);
  assert.equal(evaluate(back.request, back.policies).effect, evaluate(request, policies).effect);
  assert.deepEqual(explain(back.request, back.policies), explain(request, policies));
  assert.deepEqual(back.policies.identity[0]?.place, named.place);
  assert.deepEqual(back.policies.setAside?.[0]?.by, 'RestrictPublicBuckets');
});

test('what is not in force stays so', () => {
  const policies: PolicySet = { identity: [] };
  const back = restored({ request, policies });
  assert.deepEqual(explain(back.request, back.policies), explain(request, policies));
  assert.equal(back.policies.session, undefined);
  assert.equal(back.absent, undefined);
});

test('what many checks of a request have alike is stored once, and values are cut', () => {
  const agent = 'x'.repeat(30_000);
  const policies: PolicySet = { identity: [policy('identity', { ...DENY, Sid: 'y'.repeat(3000) })] };
  const checks = Array.from({ length: 20 }, (_, i) => ({
    request: { ...request, context: { 'aws:UserAgent': agent, 's3:prefix': String(i) } },
    policies,
  }));
  const text = stored(...checks);
  assert.ok(text.length < 16_000, `${text.length} characters`);
  const back = unpackChecks(JSON.parse(text));
  assert.deepEqual(
    back.map(({ request: { context } }) => context['s3:prefix']),
    checks.map((_, i) => String(i)),
  );
  assert.equal(String(back[19]?.request.context['aws:UserAgent']).length, 2048 + '...'.length);
  assert.equal(evaluate(back[7]!.request, back[7]!.policies).effect, 'ExplicitDeny');
});

test('checks whose policies are too long together are left out', () => {
  const long = (sid: string) => policy('identity', { ...DENY, Sid: sid.repeat(LONGEST_POLICIES / 3) });
  const checks = ['a', 'b', 'c', 'd'].map(sid => ({ request, policies: { identity: [long(sid)] } }));
  const back = unpackChecks(JSON.parse(stored(...checks)));
  assert.equal(back.length, 2);
  assert.match(back[1]?.policies.identity[0]?.policy.text ?? '', /bbb/);
});
