import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS } from './authenticate.js';
import { globalContext } from './context.js';
import { requestOf } from './requests.test.support.js';

const START = Date.UTC(2026, 10, 22);

// IAM User Guide, "AWS global condition context keys": aws:MultiFactorAuthAge is seconds, absent without MFA.
test('the second factor ages with the request', () => {
  const facts = { sourceIp: '192.0.2.1', secure: false, now: START + 90_500, region: 'us-east-1' };
  const keysOf = (context: Record<string, string>) => {
    const request = requestOf({});
    const caller = { ...ANONYMOUS, context };
    return globalContext(request, { caller, region: undefined, body: request.body, context: {} }, facts);
  };
  const proven = { 'aws:MultiFactorAuthTime': new Date(START).toISOString() };
  assert.equal(keysOf(proven)['aws:MultiFactorAuthAge'], '90');
  assert.equal('aws:MultiFactorAuthAge' in keysOf({}), false);
});
