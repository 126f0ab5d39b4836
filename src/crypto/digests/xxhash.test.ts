import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf, loadDigests, openDigest } from './digest.js';
import type { XxhName } from './xxhash.js';

/** By the xxhash package of Python, which wraps the reference implementation (github.com/Cyan4973/xxHash). */
const KNOWN: Readonly<Record<XxhName, Readonly<Record<string, string>>>> = {
  XXHASH64: { '': 'ef46db3751d8e999', abc: '44bc2cf5ad770999' },
  XXHASH3: { '': '2d06800538d394c2', abc: '78af5f94892f3950' },
  XXHASH128: { '': '99aa06d3014798d86001c324468d497f', abc: '06b05ab6733a618578af5f94892f3950' },
};
const LARGE: Readonly<Record<XxhName, string>> = {
  XXHASH64: 'ae09a9bd43dc68af',
  XXHASH3: 'af46d3e2329c0ff4',
  XXHASH128: '10d4ce0ce431c232af46d3e2329c0ff4',
};
const NAMES = Object.keys(KNOWN) as XxhName[];

test('before their code is loaded none can be made; others need none', async () => {
  assert.throws(() => openDigest('XXHASH3'), /XXHASH3 is not loaded/);
  assert.equal(loadDigests(['MD5', 'CRC32C', 'SHA512']), undefined);
  await loadDigests(['MD5', 'XXHASH3']);
  assert.equal(loadDigests(['MD5', 'XXHASH64']), undefined);
  for (const name of NAMES) openDigest(name);
});

for (const name of NAMES) {
  test(`${name}: known values, whole and in pieces`, async () => {
    await loadDigests([name]);
    for (const [text, value] of Object.entries(KNOWN[name])) {
      assert.equal(digestOf(name, Buffer.from(text)).toString('hex'), value);
    }
    const large = Uint8Array.from({ length: 300_001 }, (_, at) => (at * 31 + (at >> 9)) & 0xff);
    assert.equal(digestOf(name, large).toString('hex'), LARGE[name]);
    for (const cut of [1, 240, 1024, 65_537]) {
      const digest = openDigest(name);
      for (let at = 0; at < large.length; at += cut) digest.update(large.subarray(at, at + cut));
      assert.equal(digest.digest().toString('hex'), LARGE[name], `pieces of ${cut}`);
    }
  });
}

test('digests in progress at the same time do not get into each other', async () => {
  await loadDigests(NAMES);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.array(fc.uint8Array({ maxLength: 700 }))), {
        minLength: 2,
        maxLength: 5,
      }),
      bodies => {
        const open = bodies.map(([name, pieces]) => ({ name, pieces, digest: openDigest(name) }));
        for (let at = 0; open.some(({ pieces }) => at < pieces.length); at++) {
          for (const { pieces, digest } of open) if (pieces[at]) digest.update(pieces[at]!);
        }
        for (const { name, pieces, digest } of open) {
          assert.deepEqual(digest.digest(), digestOf(name, Buffer.concat(pieces)));
        }
      },
    ),
  );
});
