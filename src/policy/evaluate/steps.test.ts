import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePolicy, evaluate, explain } from '../index.js';
import { ALLOW_ALL, ask, policy } from '../testing.test.support.js';
import { DECISION_STEPS } from './steps.js';

const LONGEST_KEY = 'a'.repeat(1024);

/** The largest policy of a bucket (20 KB) whose patterns are as dear to match as they can be. */
const dear = (Condition?: object) =>
  policy('resource', {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: Condition
      ? '*'
      : Array.from({ length: 38 }, (_, i) => `arn:aws:s3:::bucket/*?${'a'.repeat(480 + i)}b*`),
    ...(Condition && { Condition }),
  });

describe('a decision takes a bounded number of steps', () => {
  const identity = [policy('identity', ALLOW_ALL)];
  const object = { resource: `arn:aws:s3:::bucket/${LONGEST_KEY}` };

  test('the dearest patterns of one bucket policy fit the bound', () => {
    assert.equal(evaluate(ask(object), { identity, resource: dear() }).allowed, true);
  });

  const many = (text: string, count: number) =>
    Array.from({ length: count }, () => policy('identity', JSON.parse(text)));

  test('what many policies together make longer is denied, and says so', () => {
    const Resource = Array.from({ length: 11 }, (_, i) => `arn:aws:s3:::bucket/*?${'a'.repeat(480 + i)}b*`);
    const statement = JSON.stringify({ Effect: 'Deny', Action: 's3:*', Resource });
    const policies = { identity: [...identity, ...many(statement, 77)] };
    const decision = evaluate(ask(object), policies);
    assert.equal(decision.allowed, false);
    assert.equal(decision.exceeded, true);
    const { summary, message } = explain(ask(object), policies);
    assert.match(summary, new RegExp(`more than ${DECISION_STEPS} steps`));
    assert.match(message ?? '', /take too long to evaluate/);
    // The same policies on a name of ordinary length.
    assert.equal(evaluate(ask({}), policies).allowed, true);
  });

  for (const [name, condition, context] of [
    [
      'values against patterns',
      { 'ForAnyValue:StringLike': { 'aws:TagKeys': Array.from({ length: 3000 }, (_, i) => `*a*${i}*`) } },
      { 'aws:TagKeys': Array.from({ length: 50 }, () => LONGEST_KEY) },
    ],
    [
      'values against values',
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': Array.from({ length: 3000 }, (_, i) => `a${i}`) } },
      { 'aws:TagKeys': Array.from({ length: 5000 }, (_, i) => `b${i}`) },
    ],
    [
      'values compared without case',
      {
        'ForAnyValue:StringEqualsIgnoreCase': {
          'aws:TagKeys': Array.from({ length: 3000 }, (_, i) => `a${i}`),
        },
      },
      { 'aws:TagKeys': Array.from({ length: 50 }, () => LONGEST_KEY) },
    ],
    [
      'variables with long values',
      { StringEquals: { 'aws:UserAgent': Array.from({ length: 1500 }, () => '${aws:Referer}') } },
      { 'aws:UserAgent': 'x', 'aws:Referer': LONGEST_KEY.repeat(2) },
    ],
    [
      'absent keys among many',
      Object.fromEntries([
        ['Null', Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`aws:RequestTag/k${i}`, 'true']))],
      ]),
      Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x:${i}`, ''])),
    ],
  ] as const) {
    test(name, () => {
      const decision = evaluate(ask({ context }), { identity, resource: dear(condition) });
      assert.equal(decision.exceeded, true);
    });
  }

  test('a text of many unfinished variables is read in proportion to its length', () => {
    const Resource = `arn:aws:s3:::bucket/${'${'.repeat(50_000)}`;
    const Statement = { Effect: 'Allow', Action: '*', Resource };
    compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity');
  });
});
