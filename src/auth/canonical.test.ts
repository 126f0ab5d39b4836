import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalQuery, decodeComponent, objectPath, servicePath } from './canonical.js';

/** Bytes as a client may send them: as they are, or encoded in either case, needed or not. */
const sent = fc
  .array(
    fc.record({
      byte: fc.oneof(fc.integer({ min: 0x20, max: 0xff }), fc.constantFrom(...Buffer.from('a~-._/%&=+ '))),
      form: fc.constantFrom('raw', 'upper', 'lower'),
    }),
    { maxLength: 30 },
  )
  .map(bytes => ({
    bytes: Buffer.from(bytes.map(({ byte }) => byte)),
    raw: bytes,
  }));

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Sends each byte in its form, but what would mean something else unencoded, encoded. */
const onWire = (bytes: readonly { byte: number; form: string }[], special: string): string =>
  bytes
    .map(({ byte, form }) => {
      const character = String.fromCharCode(byte);
      if (form === 'raw' && !special.includes(character)) return character;
      return `%${form === 'lower' ? hex(byte) : hex(byte).toUpperCase()}`;
    })
    .join('');

const encoded = (bytes: Uint8Array, kept: RegExp): string =>
  Array.from(bytes, byte => {
    const character = String.fromCharCode(byte);
    return kept.test(character) ? character : `%${hex(byte).toUpperCase()}`;
  }).join('');

test('a path reads the same however its bytes were sent', () => {
  fc.assert(
    fc.property(sent, ({ bytes, raw }) => {
      const path = `/${onWire(raw, '%?#')}`;
      assert.equal(objectPath(path), `/${encoded(bytes, /[A-Za-z0-9\-._~/]/)}`);
    }),
  );
});

test('a query component as well', () => {
  fc.assert(
    fc.property(sent, ({ bytes, raw }) => {
      const value = onWire(raw, '%&+#');
      assert.equal(canonicalQuery(`name=${value}`), `name=${encoded(bytes, /[A-Za-z0-9\-._~]/)}`);
    }),
  );
});

test('what is canonical stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), text => {
      const once = canonicalQuery(`a=${encodeURIComponent(text)}`);
      assert.equal(canonicalQuery(once), once);
      assert.equal(decodeComponent(once.slice(2)), text);
    }),
  );
});

for (const [query, canonical] of [
  ['', ''],
  ['acl', 'acl='],
  ['acl=', 'acl='],
  ['b=2&a=1', 'a=1&b=2'],
  ['a-b=1&a=1', 'a=1&a-b=1'],
  ['a=2&a=1', 'a=1&a=2'],
  ['a=1&&b', 'a=1&b='],
  ['a=b=c', 'a=b%3Dc'],
  ['prefix=a+b', 'prefix=a%20b'],
  ['prefix=a%2Bb', 'prefix=a%2Bb'],
  ['prefix=%7Ea', 'prefix=~a'],
  ['prefix=a/b', 'prefix=a%2Fb'],
  ['a=%zz', 'a=%25zz'],
] as const) {
  test(`canonical query: ${query}`, () => assert.equal(canonicalQuery(query), canonical));
}

for (const [path, canonical] of [
  ['/', '/'],
  ['', '/'],
  ['//a', '/a'],
  ['/a/../b/./c', '/b/c'],
  ['/a/', '/a/'],
  ['/..', '/'],
  ['/a%20b', '/a%2520b'],
] as const) {
  test(`path of a service: ${path}`, () => assert.equal(servicePath(path), canonical));
}

test('the path of an object is not normalised', () => {
  assert.equal(objectPath('/b//a/./../c'), '/b//a/./../c');
});
