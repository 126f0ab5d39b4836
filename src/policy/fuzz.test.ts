import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type PolicyKind, readPolicy } from './index.js';

const STATEMENT = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
const text = (...statements: unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

describe('fuzz', () => {
  const kinds: PolicyKind[] = [
    'identity',
    'resource',
    'trust',
    'key',
    'session',
    'boundary',
    'service-control',
    'resource-control',
  ];
  const names = fc.constantFrom(
    'Version',
    'Statement',
    'Effect',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Principal',
    'NotPrincipal',
    'Condition',
    'Sid',
    'Id',
    'AWS',
    'StringEquals',
    'aws:SourceIp',
    '__proto__',
    'constructor',
  );
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(
        '2012-10-17',
        'Allow',
        'Deny',
        '*',
        's3:*',
        'arn:aws:s3:::b',
        '${aws:username}',
        1,
        true,
        null,
        '',
      ),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
    ),
  }));

  test('any text is either read or refused, never anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          tree.map(one => JSON.stringify(one)),
          fc.string(),
        ),
        fc.constantFrom(...kinds),
        (input, kind) => {
          const { document, problems } = readPolicy(input, kind);
          assert.equal(document === undefined, problems.length > 0);
          for (const { start, end, words, message } of problems) {
            assert.ok(0 <= start && start <= end && end <= input.length && words && message);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('a large hostile text is read in time', () => {
    for (const piece of ['${', '${}', ':', '*', 'arn:', '\\"', '${a:b,']) {
      const { problems } = readPolicy(text({ ...STATEMENT, Resource: piece.repeat(20_000) }), 'identity');
      assert.ok(problems.length <= 1);
    }
    assert.equal(readPolicy('['.repeat(200_000), 'identity').problems[0]?.code, 'JSON_SYNTAX_ERROR');
  });
});
