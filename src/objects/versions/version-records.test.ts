import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordUnreadable } from '../../store/records.js';
import type { ObjectRecord } from '../records.js';
import { listedObject, versionRecords } from './version-records.js';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const count = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 70_000, size: 'max' }).map(array => Buffer.from(array));
/** Of what stands behind what a listing shows, whatever there may be. */
const beside = fc.dictionary(
  fc.string(),
  fc.oneof(text, count, fc.boolean(), bytes, fc.constant(undefined)),
  {
    noNullPrototype: true,
  },
);

const records: fc.Arbitrary<ObjectRecord> = fc
  .record({
    id: text,
    isNull: fc.boolean(),
    modified: count,
    size: count,
    etag: text,
    checksum: fc.record({
      algorithm: fc.constantFrom('CRC64NVME', 'SHA256'),
      value: text,
      type: fc.constantFrom('FULL_OBJECT', 'COMPOSITE'),
    }),
    content: fc.oneof(
      fc.record({ kind: fc.constant('inline'), crc: fc.nat() }),
      fc.record({ kind: fc.constant('blob'), blob: text }),
      fc.record({ kind: fc.constant('parts'), count: fc.integer({ min: 1, max: 10_000 }) }),
    ),
    headers: fc.record({ contentType: text, cacheControl: text }, { requiredKeys: [] }),
    metadata: fc.array(fc.tuple(text, text), { maxLength: 40 }),
    tags: fc.option(fc.array(fc.tuple(text, text)), { nil: undefined }),
    storageClass: fc.option(fc.constantFrom('GLACIER', 'STANDARD_IA'), { nil: undefined }),
    owner: fc.option(fc.record({ account: text, canonicalId: text }), { nil: undefined }),
    encryption: fc.option(beside, { nil: undefined }),
    salt: fc.option(bytes, { nil: undefined }),
  })
  .map(record => record as unknown as ObjectRecord);

const shownOf = ({
  modified,
  size,
  etag,
  checksum,
  storageClass,
  owner,
}: ReturnType<typeof listedObject>) => ({
  modified,
  size,
  etag,
  algorithm: checksum.algorithm,
  type: checksum.type,
  storageClass,
  owner,
});

test('a listing shows of a record what is stored in it, whatever else is', () => {
  fc.assert(
    fc.property(records, record => {
      const stored = versionRecords.encode(record);
      assert.deepEqual(shownOf(listedObject(stored)), shownOf(versionRecords.decode(stored) as ObjectRecord));
    }),
  );
});

test('a record that is cut short is refused', () => {
  fc.assert(
    fc.property(records, fc.nat(), (record, at) => {
      const stored = versionRecords.encode(record);
      const cut = stored.subarray(0, at % stored.length);
      const whole = () => versionRecords.decode(cut);
      assert.throws(whole, RecordUnreadable);
      assert.throws(() => listedObject(cut), RecordUnreadable);
    }),
  );
});
