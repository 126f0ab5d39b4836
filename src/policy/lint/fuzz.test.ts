import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lint, type PolicyKind } from '../index.js';
import { defaultKnowledge } from '../knowledge.js';

const KINDS: readonly PolicyKind[] = [
  'identity',
  'resource',
  'trust',
  'key',
  'session',
  'boundary',
  'service-control',
  'resource-control',
];
const OPERATORS = [
  'StringEquals',
  'ForAllValues:StringLike',
  'ForAnyValue:ArnLike',
  'DateLessThan',
  'NumericEquals',
  'Bool',
  'Null',
  'IpAddress',
  'BinaryEquals',
  'StringNotLikeIfExists',
];

describe('the linter never throws', () => {
  test('over every service that it knows: its actions under its keys, on its resources', async () => {
    const knowledge = await defaultKnowledge();
    const services = await knowledge.services();
    assert.ok(services.length > 300);
    for (const [index, prefix] of services.entries()) {
      const service = await knowledge.service(prefix);
      assert.ok(service, prefix);
      const keys = [...new Set([...service.actions.values()].flatMap(({ conditionKeys }) => conditionKeys))];
      const operator = OPERATORS[index % OPERATORS.length] as string;
      const statement = {
        Effect: index % 2 === 0 ? 'Allow' : 'Deny',
        Principal: '*',
        Action: [
          ...[...service.actions.values()].slice(0, 40).map(({ name }) => `${prefix}:${name}`),
          `${prefix}:*`,
        ],
        Resource: service.arns,
        Condition: { [operator]: Object.fromEntries(keys.slice(0, 25).map(key => [key, 'x'])) },
      };
      const document = JSON.stringify({ Version: '2012-10-17', Statement: statement });
      await assert.doesNotReject(lint(document, index % 3 === 0 ? 'resource' : 'identity'), prefix);
    }
  });

  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '*',
      's3:*',
      's3:GetObject',
      'arn:aws:s3:::b/*',
      'arn:',
      '${',
      '${aws:username}',
      'sts:AssumeRole',
      'arn:aws:iam::111122223333:root',
      '\u0000',
      '🗝',
      'arn:aws:s3',
    ),
  );
  const value = fc.oneof(
    word,
    fc.array(word, { maxLength: 4 }),
    fc.constant(null),
    fc.integer(),
    fc.boolean(),
    fc.constant({}),
  );
  const member = fc.constantFrom(
    'Sid',
    'Effect',
    'Principal',
    'NotPrincipal',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Condition',
    'x',
  );
  const principal = fc.dictionary(
    fc.constantFrom('AWS', 'Service', 'Federated', 'CanonicalUser', 'x'),
    value,
  );
  const condition = fc.dictionary(
    fc.constantFrom(...OPERATORS, 'x'),
    fc.oneof(
      fc.dictionary(
        fc.oneof(word, fc.constantFrom('aws:SourceIp', 's3:prefix', '__proto__', 'constructor:toString')),
        value,
      ),
      value,
    ),
  );
  const statement = fc.dictionary(member, fc.oneof(value, principal, condition));
  const good = fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: value,
    Resource: value,
    Principal: principal,
    Condition: condition,
  });
  const document = fc.record({
    Version: fc.oneof(fc.constant('2012-10-17'), value),
    Statement: fc.oneof(fc.array(fc.oneof(statement, good), { maxLength: 3 }), value),
  });

  test('whatever the document', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom(...KINDS), fc.nat(), async (policy, kind, cut) => {
        const text = JSON.stringify(policy);
        await lint(text, kind);
        await lint(text.slice(0, cut % (text.length + 1)), kind);
      }),
      { numRuns: 300 },
    );
  });

  test('whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.constantFrom(...KINDS), async (text, kind) => {
        await lint(text, kind);
        await lint(`{"Statement":${text}}`, kind);
      }),
      { numRuns: 300 },
    );
  });
});
