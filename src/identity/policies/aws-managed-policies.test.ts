import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../policy/index.js';
import { awsManagedPolicies, awsManagedPolicy } from './aws-managed-policies.js';
import { defaultVersion } from './managed-policies.js';

for (const partition of ['aws', 'aws-cn', 'aws-us-gov']) {
  test(`AWS's policies are good ones in ${partition}`, () => {
    const policies = awsManagedPolicies(partition);
    assert.ok(policies.length > 1500);
    for (const { arn, policy } of policies) {
      assert.ok(arn.startsWith(`arn:${partition}:iam::aws:policy${policy.path}`), arn);
      assert.match(policy.id, /^ANPA[A-Z2-7]{17}$/);
      const { document, number } = defaultVersion(policy);
      assert.equal(number, policy.newest);
      parsePolicy(document, 'identity', { partition });
      assert.equal(awsManagedPolicy(partition, arn), policy);
    }
    assert.equal(new Set(policies.map(({ policy }) => policy.id)).size, policies.length);
  });
}

test('a partition knows its own ARNs alone', () => {
  assert.equal(awsManagedPolicy('aws-cn', 'arn:aws:iam::aws:policy/AdministratorAccess'), undefined);
});
