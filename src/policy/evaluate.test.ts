import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy, denialMessage, evaluate, type NamedPolicy, type PolicyKind } from './index.js';
import type { AuthorizationRequest } from './types.js';

const ALICE = {
  type: 'user',
  arn: 'arn:aws:iam::111122223333:user/alice',
  account: '111122223333',
  uniqueId: 'AIDAALICEALICEALICE1',
} as const;

export function policy(kind: PolicyKind, ...statements: object[]): NamedPolicy {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return { name: kind, policy: compilePolicy(text, kind) };
}

export function ask(request: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    principal: ALICE,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::bucket/key',
    context: {},
    ...request,
  };
}

test('an identity policy allows what it names and nothing else', () => {
  const identity = [
    policy('identity', { Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::bucket/*' }),
  ];
  assert.equal(evaluate(ask(), { identity }).allowed, true);
  const other = ask({ resource: 'arn:aws:s3:::other/key' });
  const decision = evaluate(other, { identity });
  assert.deepEqual(decision, { allowed: false, effect: 'ImplicitDeny', layer: 'identity' });
  assert.equal(
    denialMessage(decision, other),
    'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::other/key" because no identity-based policy allows the s3:GetObject action',
  );
});
