import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { iam } from '../models/iam.js';
import { kms } from '../models/kms.js';
import { s3 } from '../models/s3.js';
import { sts } from '../models/sts.js';
import type { ServiceConstraints } from '../models/types.js';
import { ConstraintChecks, translatePattern, type Violation, violationMessage } from './constraints.js';

function messageOf(model: ServiceConstraints, operation: string, input: object): string | undefined {
  const violations: Violation[] = [];
  new ConstraintChecks(model).input(operation)?.(input, '', violations);
  return violations.length === 0 ? undefined : violationMessage(violations);
}

const role = { RoleArn: 'arn:aws:iam::123456789012:role/r', RoleSessionName: 'session' };

// The texts are those of AWS's own replies, as users report them.
const cases: [
  what: string,
  model: ServiceConstraints,
  operation: string,
  input: object,
  message: string | undefined,
][] = [
  ['nothing wrong', sts, 'AssumeRole', role, undefined],
  ['an operation without demands', sts, 'GetCallerIdentity', {}, undefined],
  [
    'too short',
    sts,
    'AssumeRole',
    { ...role, RoleSessionName: 'x' },
    "1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
  ],
  [
    'a pattern',
    sts,
    'AssumeRole',
    { ...role, RoleSessionName: 'a b' },
    "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
  ],
  [
    'a range',
    sts,
    'AssumeRole',
    { ...role, DurationSeconds: 43201 },
    "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
  ],
  [
    'two missing members',
    sts,
    'AssumeRole',
    {},
    "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
  ],
  [
    'a member of a structure in a list',
    iam,
    'CreateUser',
    {
      UserName: 'u',
      Tags: [
        { Key: 'a', Value: 'v' },
        { Key: 'b', Value: 'D&T' },
      ],
    },
    "1 validation error detected: Value 'D&T' at 'tags.2.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
  ],
  [
    'a missing member of a structure in a list',
    iam,
    'CreateUser',
    { UserName: 'u', Tags: [{ Key: 'a' }] },
    "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
  ],
  [
    'a string in a list is answered for by the list',
    iam,
    'UntagUser',
    { UserName: 'u', TagKeys: ['ok', ''] },
    "1 validation error detected: Value '[ok, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+]",
  ],
  [
    'a list too long, printed as Java prints it',
    sts,
    'AssumeRole',
    { ...role, ProvidedContexts: Array.from({ length: 6 }, () => ({ ContextAssertion: 'abcd' })) },
    `1 validation error detected: Value '[${Array(6).fill('ProvidedContext(contextAssertion=abcd)').join(', ')}]' at 'providedContexts' failed to satisfy constraint: Member must have length less than or equal to 5`,
  ],
  [
    'an enumeration',
    kms,
    'CreateKey',
    { KeyUsage: 'SIGN' },
    "1 validation error detected: Value 'SIGN' at 'keyUsage' failed to satisfy constraint: Member must satisfy enum value set: [SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT]",
  ],
  [
    'a sensitive value is not quoted',
    kms,
    'Encrypt',
    { KeyId: 'k', Plaintext: new Uint8Array(4097) },
    "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
  ],
  [
    'bytes, as Java prints them',
    kms,
    'Decrypt',
    { CiphertextBlob: new Uint8Array(0) },
    "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'ciphertextBlob' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
];

suite('constraints', () => {
  for (const [what, model, operation, input, message] of cases) {
    test(what, () => assert.equal(messageOf(model, operation, input), message));
  }

  test('lengths count code points', () => {
    const tag = (key: string) =>
      messageOf(iam, 'TagUser', { UserName: 'u', Tags: [{ Key: key, Value: '' }] });
    // Letters outside the basic plane.
    assert.equal(tag('𐐀'.repeat(128)), undefined);
    assert.match(tag('𐐀'.repeat(129))!, /length less than or equal to 128$/);
  });

  test('map keys and values', () => {
    const model: ServiceConstraints = {
      apiVersion: '',
      inputs: { Op: 'In' },
      shapes: {
        In: { type: 'structure', members: { Attributes: 'M' } },
        M: { type: 'map', key: 'K', value: 'V', max: 2 },
        K: { type: 'string', min: 2 },
        V: { type: 'string', enum: ['a', 'b'] },
      },
    };
    assert.equal(messageOf(model, 'Op', { Attributes: { kk: 'a' } }), undefined);
    assert.equal(
      messageOf(model, 'Op', { Attributes: { k: 'c' } }),
      "2 validation errors detected: Value '{k=c}' at 'attributes' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length greater than or equal to 2]; Value '{k=c}' at 'attributes' failed to satisfy constraint: Map value must satisfy constraint: [Member must satisfy enum value set: [a, b]]",
    );
  });

  test('a recursive shape', () => {
    const model: ServiceConstraints = {
      apiVersion: '',
      inputs: { Op: 'Node' },
      shapes: {
        Node: { type: 'structure', members: { Next: 'Node', Name: 'N' } },
        N: { type: 'string', max: 1 },
      },
    };
    assert.equal(messageOf(model, 'Op', { Next: { Next: { Name: 'x' } } }), undefined);
    assert.match(messageOf(model, 'Op', { Next: { Next: { Name: 'xx' } } })!, /at 'next.next.name'/);
  });
});

suite('patterns of the models', () => {
  test('all of them translate', () => {
    let count = 0;
    for (const model of [sts, iam, kms, s3]) {
      for (const { pattern } of Object.values(model.shapes)) {
        if (pattern === undefined) continue;
        translatePattern(pattern);
        count++;
      }
    }
    assert.ok(count > 50);
  });

  const matches: [pattern: string, text: string, matches: boolean][] = [
    ['[\\w+=,.@-]*', '', true],
    ['[\\w+=,.@-]*', 'a-b', true],
    ['[\\w+=,.@-]*', 'a\n', false],
    ['[\\w+=,.@\\:-]*', 'a:b', true],
    ['a|b', 'ab', false],
    ['[\\u0020-\\u00FF]+', 'é', true],
    ['[\\u0020-\\u00FF]+', '鍵', false],
    ['[\\u0009\\uE000-\\uFFFD\\u10000-\\u10FFFF]+', '😀', true],
    ['[\\u0009\\uE000-\\uFFFD\\u10000-\\u10FFFF]+', '0', false],
    ['[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+', '仮鍵 1', true],
    ['[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+', 'a*', false],
    ['^https://[a-zA-Z0-9.-]+$', 'https://a.example\n', false],
  ];
  for (const [pattern, text, expected] of matches) {
    test(`${pattern} and ${JSON.stringify(text)}`, () =>
      assert.equal(translatePattern(pattern).test(text), expected));
  }
});
