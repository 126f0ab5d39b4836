import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { JsonError, parseJson } from './json.js';

describe('JSON', () => {
  const message = (input: string) => {
    try {
      parseJson(input);
    } catch (error) {
      assert.ok(error instanceof JsonError);
      return [error.message, error.offset];
    }
    return assert.fail(`accepted: ${input}`);
  };

  test('mistakes are named where they are', () => {
    const rows: [string, RegExp, number][] = [
      ['{"a": 1 // note\n}', /comments/, 8],
      ['{/* a */}', /comments/, 1],
      ['{"a": 1}}', /One closing "}" too many/, 8],
      ['"Statement": [ {} ]', /fragment/, 0],
      ['{"a": 1} {}', /after the end/, 9],
      ["{'a': 1}", /Single quotes/, 1],
      ['{“a”: 1}', /Typographic quotes/, 1],
      ['{"a": 1,}', /comma without a value/, 7],
      ['[1,]', /comma without a value/, 2],
      ['{"a" 1}', /":"/, 5],
      ['{"a": }', /a value/, 6],
      ['{"a": 1', /ends where "," or "}"/, 7],
      ['"abc', /never closed/, 0],
      ['"a\nb"', /never closed/, 0],
      ['"a\tb"', /control character/, 2],
      ['"\\x"', /no escape/, 1],
      ['"\\u12g4"', /four hexadecimal/, 1],
      ['"\\', /no escape/, 1],
      ['['.repeat(100), /Nested deeper/, 65],
      ['{1: 2}', /name in double quotes/, 1],
    ];
    for (const [input, expected, offset] of rows) {
      const [words, at] = message(input);
      assert.match(String(words), expected, input);
      assert.equal(at, offset, input);
    }
  });

  test('reads what JSON.parse reads, and refuses what it refuses', () => {
    const value = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.string({
        unit: fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          '"',
          ':',
          ',',
          '1',
          '.',
          '-',
          'e',
          ' ',
          '\\',
          'n',
          'true',
          'null',
          '/',
        ),
      }),
    );
    fc.assert(
      fc.property(value, input => {
        assert.equal(
          outcome(() => plain(parseJson(input))),
          outcome(() => JSON.parse(input)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  const outcome = (read: () => unknown) => {
    try {
      return JSON.stringify(read());
    } catch (error) {
      if (!(error instanceof JsonError || error instanceof SyntaxError)) throw error;
      return 'refused';
    }
  };
  const plain = (node: ReturnType<typeof parseJson>): unknown => {
    if (node.kind === 'null') return null;
    if (node.kind === 'array') return node.items.map(plain);
    if (node.kind === 'object')
      return Object.fromEntries(node.members.map(({ name, value }) => [name, plain(value)]));
    return node.kind === 'string' ? node.value : JSON.parse(node.value);
  };
});
