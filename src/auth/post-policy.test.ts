import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { checkPostPolicy, readPostPolicy } from './post-policy.js';

const EXPIRATION = '2026-11-22T12:00:00.000Z';
const NOW = Date.UTC(2026, 10, 22, 11);

const encode = (document: unknown): string =>
  Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)).toString('base64');
const policy = (...conditions: unknown[]) => readPostPolicy(encode({ expiration: EXPIRATION, conditions }));
const check = (conditions: unknown[], fields: Record<string, string>, now = NOW) =>
  checkPostPolicy(
    policy({ bucket: 'bucket' }, ...conditions),
    new Map(Object.entries(fields)),
    'bucket',
    now,
  );

// Amazon S3 API Reference, "Creating a POST Policy"
suite('POST policies', () => {
  for (const [name, conditions, fields, failure] of [
    ['equal', [{ acl: 'private' }], { acl: 'private' }, undefined],
    [
      'not equal',
      [{ acl: 'private' }],
      { acl: 'public-read' },
      'Policy Condition failed: ["eq", "$acl", "private"]',
    ],
    // Recorded of AWS by LocalStack, test_post_object_policy_conditions_validation_eq and …_validation_size.
    [
      'without its $',
      [['eq', 'acl', 'private']],
      { acl: 'private' },
      'Policy Condition failed: ["eq", "acl", "private"]',
    ],
    [
      'a range of words',
      [['content-length-range', 'test', '10']],
      {},
      'Policy Condition failed: ["content-length-range", "test", "10"]',
    ],
    ['absent', [['eq', '$acl', 'private']], {}, 'Policy Condition failed: ["eq", "$acl", "private"]'],
    ['the bucket', [{ bucket: 'bucket' }], {}, undefined],
    [
      'another bucket',
      [{ bucket: 'other' }],
      { bucket: 'other' },
      'Policy Condition failed: ["eq", "$bucket", "other"]',
    ],
    ['a beginning', [['starts-with', '$key', 'user/']], { key: 'user/x' }, undefined],
    [
      'another beginning',
      [['starts-with', '$key', 'user/']],
      { key: 'users/x' },
      'Policy Condition failed: ["starts-with", "$key", "user/"]',
    ],
    ['anything', [['starts-with', '$x-amz-meta-note', '']], { 'x-amz-meta-note': 'any' }, undefined],
    ['anything, absent', [['starts-with', '$x-amz-meta-note', '']], {}, undefined],
    [
      'a list of types',
      [['starts-with', '$Content-Type', 'image/']],
      { 'content-type': 'image/a, image/b' },
      undefined,
    ],
    [
      'a wrong type in a list',
      [['starts-with', '$Content-Type', 'image/']],
      { 'content-type': 'image/a,text/b' },
      'Policy Condition failed: ["starts-with", "$content-type", "image/"]',
    ],
    ['names in any case', [{ bUcKeT: 'bucket' }, ['StArTs-WiTh', '$KeY', 'u']], { key: 'u' }, undefined],
    [
      'a field without condition',
      [],
      { 'x-amz-meta-a': '1', acl: 'x' },
      'Extra input fields: x-amz-meta-a, acl',
    ],
    ['fields that need none', [], { policy: 'p', 'x-amz-signature': 's', 'x-ignore-me': '1' }, undefined],
  ] as const) {
    test(name, () => {
      const run = () => check([...conditions], fields as Record<string, string>);
      if (failure === undefined) return run();
      assert.throws(run, {
        code: 'AccessDenied',
        status: 403,
        message: `Invalid according to Policy: ${failure}`,
      });
    });
  }

  test('until it expires', () => {
    check([], {}, NOW + 3_600_000);
    assert.throws(() => check([], {}, NOW + 3_600_001), {
      code: 'AccessDenied',
      message: 'Invalid according to Policy: Policy expired.',
    });
  });

  test('lengths', () => {
    const { least, most } = policy(['content-length-range', 1, 10], ['Content-Length-Range', '2', '20']);
    assert.deepEqual([least, most], [2, 10]);
    assert.deepEqual([policy().least, policy().most], [0, Number.POSITIVE_INFINITY]);
  });

  for (const [document, why] of [
    ['', "Expecting '{' but found End-of-Input"],
    ['nonsense', 'Invalid JSON.'],
    ['[]', 'Invalid JSON.'],
    [{ conditions: [] }, 'Policy missing expiration.'],
    [{ expiration: 'soon', conditions: [] }, "Invalid 'expiration' value: 'soon'"],
    [
      { expiration: '2026-13-22T12:00:00Z', conditions: [] },
      "Invalid 'expiration' value: '2026-13-22T12:00:00Z'",
    ],
    [{ expiration: EXPIRATION }, 'Policy missing conditions.'],
    [{ expiration: EXPIRATION, conditions: {} }, "Invalid 'conditions' value: must be a List."],
    [{ expiration: EXPIRATION, conditions: [], extra: 1 }, "Unexpected: 'extra'"],
    [{ expiration: EXPIRATION, conditions: [1] }, 'Invalid condition test: must be a List or Object.'],
    [{ expiration: EXPIRATION, conditions: [[]] }, 'Invalid Condition: missing operation identifier.'],
    [
      { expiration: EXPIRATION, conditions: [['like', '$a', 'b']] },
      "Invalid Condition: unknown operation 'like'.",
    ],
    [{ expiration: EXPIRATION, conditions: [['eq', '$a']] }, 'Invalid eq: wrong number of arguments.'],
    [
      { expiration: EXPIRATION, conditions: [['content-length-range', 1]] },
      'Invalid content-length-range: wrong number of arguments.',
    ],
    [
      { expiration: EXPIRATION, conditions: [['content-length-range', -1, 1]] },
      'Invalid content-length-range: the bounds must be whole numbers in order.',
    ],
    [
      { expiration: EXPIRATION, conditions: [{}] },
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    ],
    [{ expiration: EXPIRATION, conditions: [{ a: 1 }] }, 'Invalid Simple-Condition: value must be a string.'],
  ] as const) {
    test(`refused: ${JSON.stringify(document)}`, () => {
      assert.throws(() => readPostPolicy(encode(document)), {
        code: 'InvalidPolicyDocument',
        status: 400,
        message: `Invalid Policy: ${why}`,
      });
    });
  }

  test('not base64', () => {
    assert.throws(() => readPostPolicy('{"a"}'), { message: 'Invalid Policy: invalid Base64 encoding.' });
  });

  test('any JSON is read or refused, never a crash', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(fc.jsonValue()).map(conditions => JSON.stringify({ expiration: EXPIRATION, conditions })),
        ),
        text => {
          try {
            checkPostPolicy(readPostPolicy(encode(text)), new Map([['key', 'k']]), 'bucket', NOW);
          } catch (error) {
            assert.equal((error as Error).name, 'ApiError');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

// aws/aws-sdk-php#3292: S3 refuses a form whose policy says nothing of the bucket.
test('a policy that says nothing of the bucket is good for none', () => {
  const given = policy({ key: 'a' });
  const fields = new Map([['key', 'a']]);
  const refused = (run: () => void) =>
    assert.throws(run, (error: Error) => error.message.endsWith('Extra input fields: bucket'));
  refused(() => checkPostPolicy(given, fields, 'bucket', NOW));
  refused(() => checkPostPolicy(given, new Map([...fields, ['bucket', 'bucket']]), 'bucket', NOW));
  checkPostPolicy(policy({ key: 'a' }, ['starts-with', '$bucket', '']), fields, 'bucket', NOW);
});
