/** How an access control list counts in a decision ("How Amazon S3 authorizes a request for an object operation"). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { denialMessage, evaluate, explain, suggest, visibleTo } from '../index.js';
import {
  ALICE,
  ALLOW_ALL,
  ANONYMOUS,
  AWAY,
  allowed,
  ask,
  HOME,
  policy,
  ROOT,
} from '../testing.test.support.js';
import type { AuthorizationRequest, NamedPolicy, PolicySet } from '../types.js';

const HOME_ID = 'a'.repeat(64);
const alice = { ...ALICE, canonicalId: HOME_ID };
const root = { ...ROOT, canonicalId: HOME_ID };

const list = (principal: unknown, action = 's3:GetObject'): NamedPolicy => ({
  ...policy('resource', { Effect: 'Allow', Principal: principal, Action: action, Resource: '*' }),
  name: 'ACL of key',
});
const attached = (effect: string, principal: unknown = '*') =>
  policy('resource', { Effect: effect, Principal: principal, Action: 's3:*', Resource: '*' });
const identity = [policy('identity', ALLOW_ALL)];
const everyone = list('*');
const ofHome = list({ CanonicalUser: HOME_ID });

type Case = readonly [
  what: string,
  request: Partial<AuthorizationRequest>,
  policies: Partial<PolicySet>,
  allowed: boolean,
];

const cases: readonly Case[] = [
  ['everyone, an anonymous caller', { principal: ANONYMOUS, resourceAccount: AWAY }, { acl: everyone }, true],
  ['nobody, an anonymous caller', { principal: ANONYMOUS, resourceAccount: AWAY }, { acl: ofHome }, false],
  [
    'everyone, a user of another account',
    { principal: alice, resourceAccount: AWAY },
    { acl: everyone, identity },
    true,
  ],
  [
    'everyone, a user of another account whom its own allows nothing',
    { principal: alice, resourceAccount: AWAY },
    { acl: everyone },
    false,
  ],
  ["a user's account", { principal: alice, resourceAccount: AWAY }, { acl: ofHome, identity }, true],
  ["a root user's account", { principal: root, resourceAccount: AWAY }, { acl: ofHome }, true],
  [
    'another action',
    { principal: root, resourceAccount: AWAY, action: 's3:PutObject' },
    { acl: ofHome },
    false,
  ],
  [
    'everyone, a user of the same account',
    { principal: alice, resourceAccount: HOME },
    { acl: everyone },
    true,
  ],
  ['the account, a user in it', { principal: alice, resourceAccount: HOME }, { acl: ofHome }, false],
  [
    'what the policy denies',
    { principal: root, resourceAccount: AWAY },
    { acl: everyone, resource: attached('Deny') },
    false,
  ],
  [
    'less than the policy allows',
    { principal: root, resourceAccount: AWAY },
    { acl: list('*', 's3:GetObjectAcl'), resource: attached('Allow') },
    true,
  ],
  [
    "nothing on another account's object, which the bucket's policy allows",
    { principal: ANONYMOUS, resourceAccount: HOME, objectOwner: AWAY },
    { acl: list({ CanonicalUser: 'b'.repeat(64) }), resource: attached('Allow') },
    false,
  ],
  [
    "nothing to the bucket's account on another account's object",
    { principal: root, resourceAccount: HOME, objectOwner: AWAY },
    { acl: list({ CanonicalUser: 'b'.repeat(64) }), identity },
    false,
  ],
  [
    "something to the bucket's account on another account's object",
    { principal: root, resourceAccount: HOME, objectOwner: AWAY },
    { acl: ofHome },
    true,
  ],
  [
    "nothing that a user of the object's account needs",
    { principal: alice, resourceAccount: AWAY, objectOwner: HOME },
    { acl: ofHome, identity },
    true,
  ],
  [
    "what the bucket's policy denies the object's owner",
    { principal: root, resourceAccount: AWAY, objectOwner: HOME },
    { acl: ofHome, resource: attached('Deny') },
    false,
  ],
  [
    "less than the bucket's policy allows on an object of the bucket's account",
    { principal: ANONYMOUS, resourceAccount: AWAY, objectOwner: AWAY },
    { acl: ofHome, resource: attached('Allow') },
    true,
  ],
];

for (const [what, request, policies, expected] of cases) {
  test(`a list that grants ${what}: ${expected ? 'allowed' : 'denied'}`, () => {
    assert.equal(allowed(ask(request), policies), expected);
    const { evaluations, layers } = explain(ask(request), { identity: [], ...policies });
    assert.equal(evaluations[0].evaluatedEffect === 'ALLOW', expected);
    assert.equal(
      layers.some(({ blocks }) => blocks),
      !expected,
    );
  });
}

describe('an explanation', () => {
  test('names the list that allows', () => {
    const request = ask({ principal: root, resourceAccount: AWAY });
    const { layer, policy: decisive } = evaluate(request, { identity: [], acl: everyone });
    assert.deepEqual([layer, decisive?.name], ['acl', 'ACL of key']);
    assert.match(
      explain(request, { identity: [], acl: everyone }).summary,
      /The access control list ACL of key allows it in statement 1/,
    );
  });

  test('says that no list grants, and needs one of policy and list', () => {
    const request = ask({ principal: ANONYMOUS, resourceAccount: AWAY });
    const denied = explain(request, { identity: [], acl: ofHome });
    assert.match(
      denied.summary,
      /No resource-based policy allows it\. Refused too by: access control list\./,
    );
    const byPolicy = explain(request, { identity: [], acl: ofHome, resource: attached('Allow') });
    assert.deepEqual(
      byPolicy.layers.map(({ layer, required }) => [layer, required]),
      [
        ['resource', true],
        ['acl', false],
        ['identity', false],
      ],
    );
    assert.equal(byPolicy.layers[1]?.note, "The resource's policy allows, which is enough.");
  });

  test("says that the bucket's policy can only deny on another account's object", () => {
    const request = ask({ principal: root, resourceAccount: HOME, objectOwner: AWAY });
    const policies = { identity: [], acl: everyone, resource: attached('Allow') };
    const [resource] = explain(request, policies).layers;
    assert.deepEqual([resource?.evaluatedEffect, resource?.required], ['IMPLICIT_DENY', false]);
    assert.match(resource?.note ?? '', /can only deny/);
    const denied = explain(request, { ...policies, acl: list({ CanonicalUser: 'b'.repeat(64) }) });
    assert.match(denied.summary, /No access control list allows it; the object belongs to 444455556666/);
    assert.deepEqual(denied.evaluations[0].decidedBy, 'acl');
    assert.match(denied.message ?? '', /because no resource-based policy allows the s3:GetObject action$/);
  });

  test('shows the list to the owner of the object alone', () => {
    const request = ask({ principal: root, resourceAccount: HOME, objectOwner: AWAY });
    const explanation = explain(request, { identity, acl: list({ CanonicalUser: 'b'.repeat(64) }) });
    const layers = (account: string) => visibleTo(explanation, account).policies.map(({ layer }) => layer);
    assert.deepEqual(layers(HOME), ['identity']);
    assert.deepEqual(layers(AWAY), ['acl']);
  });

  test('of what an anonymous caller was refused is whole to the owner', () => {
    const explanation = explain(ask({ principal: ANONYMOUS, resourceAccount: HOME }), {
      identity: [],
      acl: ofHome,
    });
    assert.equal(visibleTo(explanation, HOME), explanation);
    assert.deepEqual(visibleTo(explanation, AWAY).policies, []);
  });

  test('suggests the policy, not the list', () => {
    const request = ask({ principal: root, resourceAccount: AWAY });
    assert.deepEqual(
      suggest(request, { identity: [], acl: ofHome, resource: undefined }).map(({ layer }) => layer),
      [],
    );
    const put = { ...request, action: 's3:PutObject' };
    assert.deepEqual(
      suggest(put, { identity: [], acl: ofHome }).map(({ layer }) => layer),
      ['resource'],
    );
  });
});

test("a caller who is not of the bucket's account is not told why", () => {
  const request = ask({ principal: alice, resourceAccount: AWAY, objectOwner: HOME });
  assert.equal(denialMessage(evaluate(request, { identity: [], acl: ofHome }), request), 'Access Denied');
});
