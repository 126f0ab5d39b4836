import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../core/clock.js';
import { encodeKey } from '../../store/keys.js';
import type { Item, Kv, Range } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import { entryName, type Objects, openObjects } from '../index.js';
import { bodyOf } from '../testing.test.support.js';

/** Counts the rows that are read. */
class CountingKv implements Kv {
  rows = 0;
  /** Whether it goes by `skipTo`, as LMDB does. */
  constructor(readonly skips: boolean) {}
  readonly #kv = openMemoryKv();
  get = (...arguments_: Parameters<Kv['get']>) => this.#kv.get(...arguments_);
  getMany = (...arguments_: Parameters<Kv['getMany']>) => this.#kv.getMany(...arguments_);
  commit = (...arguments_: Parameters<Kv['commit']>) => this.#kv.commit(...arguments_);
  close = () => this.#kv.close();
  async list(range: Range): Promise<Item[]> {
    const rows = await this.#kv.list(this.skips ? { start: range.start, end: range.end } : range);
    const passed = this.skips ? withoutSkipped(rows, range) : rows;
    this.rows += passed.length;
    return passed;
  }
}

function withoutSkipped(rows: readonly Item[], { skipTo, limit = Number.POSITIVE_INFINITY }: Range): Item[] {
  const passed: Item[] = [];
  let next: Buffer | undefined;
  for (const row of rows) {
    if (passed.length === limit) break;
    const key = encodeKey(row.key);
    if (next && Buffer.compare(key, next) < 0) continue;
    next = skipTo?.(key, 0, key.length);
    if (!next) passed.push(row);
  }
  return passed;
}

async function bucketWith(keys: Iterable<string>, skips = false) {
  const clock = new ManualClock(1_700_000_000_000);
  const kv = new CountingKv(skips);
  const objects = await openObjects({ kv, blobs: openMemoryBlobs(() => clock.now()), clock });
  const bucket = await objects.buckets.create({
    name: 'bucket',
    owner: '111122223333',
    partition: 'aws',
    region: 'us-east-1',
  });
  for (const key of keys) {
    const received = await objects.contents.receive(bodyOf(key), Buffer.byteLength(key), {});
    await objects.versions.put(bucket, key, { headers: {}, metadata: [] }, received);
  }
  kv.rows = 0;
  return { objects, bucket, kv };
}

/** Every entry of a listing, as S3's documentation describes it, from all keys. */
function naive(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const entries = sorted
    .filter(key => key.startsWith(prefix))
    .map(key => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(entries)];
}

async function paged(
  { objects, bucket }: { objects: Objects; bucket: Awaited<ReturnType<Objects['buckets']['get']>> },
  prefix: string,
  delimiter: string,
  limit: number,
): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const after = seen.at(-1);
    const page = await objects.list(bucket, { prefix, delimiter, after, limit });
    assert.ok(page.entries.length <= limit);
    seen.push(...page.entries.map(entryName));
    if (!page.more) return seen;
    assert.equal(page.entries.length, limit, 'only the last page is short');
  }
}

test('pages of a listing are those of a naive one', async () => {
  const part = fc.constantFrom('a', 'b', '/', '//', 'é', '\u{1f600}', '\ufffd', '\0', 'ab');
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join(''));
  const text = fc.constantFrom('', 'a', 'a/', 'ab', '/', '\u{1f600}', 'zz');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { maxLength: 60 }),
      fc.array(fc.tuple(text, text, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (keys, questions, skips) => {
        const opened = await bucketWith(keys, skips);
        for (const [prefix, delimiter, limit] of questions) {
          assert.deepEqual(await paged(opened, prefix, delimiter, limit), naive(keys, prefix, delimiter));
        }
      },
    ),
    { numRuns: 80 },
  );
});

test('a listing reads in proportion to what it answers, not to what it folds', async () => {
  const keys = Array.from({ length: 3000 }, (_, index) => `d${index % 3}/${String(index).padStart(5, '0')}`);
  const { objects, bucket, kv } = await bucketWith(keys);
  const page = await objects.list(bucket, { delimiter: '/', limit: 1000 });
  assert.deepEqual(page.entries, [{ prefix: 'd0/' }, { prefix: 'd1/' }, { prefix: 'd2/' }]);
  assert.ok(kv.rows <= 4 * 16, `${kv.rows} rows read for three prefixes`);
  const skipping = await bucketWith(keys, true);
  const folded = await skipping.objects.list(skipping.bucket, { delimiter: '/', limit: 1000 });
  assert.deepEqual(folded.entries, page.entries);
  assert.equal(skipping.kv.rows, 3, 'one of each prefix');
  kv.rows = 0;
  const first = await objects.list(bucket, { limit: 10 });
  assert.equal(first.more, true);
  assert.equal(kv.rows, 11);
});

// LocalStack's recordings of AWS, test_list_objects_marker_common_prefixes and the same of versions and uploads.
test('a page that begins within a common prefix goes on behind it', async () => {
  const { objects, bucket } = await bucketWith(['a/1', 'a/2', 'b']);
  const names = async (after: string) =>
    (await objects.list(bucket, { delimiter: '/', after, limit: 10 })).entries.map(entryName);
  assert.deepEqual(await names('a/1'), ['b']);
  assert.deepEqual(await names('a/'), ['b']);
  assert.deepEqual(await names('a/2'), ['b']);
  assert.deepEqual(await names('b'), []);
});
