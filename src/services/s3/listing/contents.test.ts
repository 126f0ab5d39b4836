import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import fc from 'fast-check';
import type { ObjectRecord } from '../../../objects/index.js';
import { foundObjects } from '../../../objects/listing/found-object.js';
import { versionRecords } from '../../../objects/versions/version-records.js';
import { type Kv, under } from '../../../store/kv.js';
import { openLmdb } from '../../../store/lmdb/lmdb.js';
import { openMemoryKv } from '../../../store/memory/memory.js';
import { OutputWriters } from '../../../wire/rest-xml/output.js';
import { operationsOf, type SdkModule } from '../../../wire/schema.js';
import { listed } from './contents.js';

const key = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  fc.constantFrom(
    'a\0b',
    'a&b<c>"d\'',
    ' ',
    'line\r\nend',
    'ä/ö',
    '\u0085',
    '\u2028',
    '\uffff',
    '%2F!()*~',
    '日本',
  ),
);

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const hex = fc.stringMatching(/^[0-9a-f]{32}(-[1-9]\d{0,3})?$/);

const record = fc
  .record({
    id: fc.string(),
    isNull: fc.boolean(),
    modified: fc.oneof(time, fc.constant(1_700_000_000_000), fc.constant(1_700_000_000_999)),
    size: fc.maxSafeNat(),
    etag: fc.oneof(hex, hex, fc.string({ unit: 'binary' })),
    checksum: fc.record({
      algorithm: fc.constantFrom('CRC64NVME', 'SHA256', 'MD5', 'A&B'),
      value: fc.string(),
      type: fc.constantFrom('FULL_OBJECT', 'COMPOSITE'),
    }),
    content: fc.constant({ kind: 'inline', crc: 1 }),
    headers: fc.constant({ contentType: 'text/plain' }),
    metadata: fc.constant([]),
    storageClass: fc.option(fc.constantFrom('GLACIER', 'STANDARD_IA'), { nil: undefined, freq: 5 }),
    owner: fc.option(fc.constant({ account: '1', canonicalId: 'other' }), { nil: undefined, freq: 5 }),
    encryption: fc.option(fc.constant({ kind: 'AES256' }), { nil: undefined, freq: 1 }),
  })
  .map(made => made as unknown as ObjectRecord);

const page = fc.record({
  objects: fc.uniqueArray(fc.tuple(key, record), { selector: ([name]) => name, minLength: 1, maxLength: 12 }),
  encodingType: fc.constantFrom(undefined, 'url'),
  owner: fc.constantFrom(undefined, { ID: 'bucket & owner' }, {}),
});

const write = new OutputWriters('http://s3.amazonaws.com/doc/2006-03-01/').operation(
  operationsOf(s3 as unknown as SdkModule).get('ListObjectsV2')!,
);

/** Whether pages of objects in that store are written as their shape says. Answers how many rows were taken in place. */
async function compare(kv: Kv): Promise<number> {
  let inPlace = 0;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(page, async ({ objects, encodingType, owner }) => {
      const table = ['object', `bucket ${run++}`];
      await kv.commit(
        [],
        objects.map(([name, made]) => ({ key: [...table, name], value: versionRecords.encode(made) })),
      );
      const found = (await kv.list(under(table))).map(foundObjects(table));
      inPlace += found.filter(object => object.inPlace() !== undefined).length;
      const ownerOf =
        owner && ((one: Pick<ObjectRecord, 'owner'>) => (one.owner ? { ID: one.owner.canonicalId } : owner));
      const { Contents } = listed(found, encodingType, ownerOf);
      const placed = write({ Contents }, {}).body;
      assert.equal(placed, write({ Contents: Contents!.toArray() }, {}).body);
      assert.match(String(placed), /<Contents><Key>/);
    }),
  );
  return inPlace;
}

test('rows are written from where they lie as their shape has them written, whatever they hold', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-contents-'));
  const kv = await openLmdb(directory);
  try {
    assert.ok((await compare(kv)) > 0);
  } finally {
    await kv.close();
    await rm(directory, { recursive: true });
  }
});

test('rows of a store that has them nowhere in memory are written as well', async () => {
  assert.equal(await compare(openMemoryKv()), 0);
});
