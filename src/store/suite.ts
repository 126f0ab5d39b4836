/** The tests that every adapter passes. An adapter's own test file calls these with how to open it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type BlobInfo, BlobMissing, type Blobs } from './blobs.js';
import {
  type Check,
  END,
  type Item,
  type Key,
  type KeyPart,
  type Kv,
  type Range,
  under,
  type Write,
} from './kv.js';

/** Opens a fresh, empty store; `release` closes it and removes what it left. */
export type OpenFresh<S> = () => Promise<{ readonly store: S; release(): Promise<void> }>;

/** Runs `body` on a fresh store. */
async function withFresh<S>(open: OpenFresh<S>, body: (store: S) => Promise<void>): Promise<void> {
  const { store, release } = await open();
  try {
    await body(store);
  } finally {
    await release();
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();
const put = (key: Key, value: string): Write => ({ key, value: bytes(value) });

/** The tests of a key-value store. `runs` is how often each randomised one is tried. */
export function testKv(name: string, open: OpenFresh<Kv>, runs: number): void {
  const kvTest = (title: string, body: (kv: Kv) => Promise<void>) => test(title, () => withFresh(open, body));

  describe(`${name} as a key-value store`, () => {
    kvTest('keeps what was committed, empty and large values included', async kv => {
      const large = Buffer.alloc(1 << 20, 'karikagi');
      assert.equal(await kv.get(['a']), undefined);
      const writes = [put(['a'], ''), { key: ['b', 1], value: large }, put(['\0', 'é𐀀', 2 ** 53 - 1], 'x')];
      assert.equal(await kv.commit([], writes), true);
      for (const { key, value } of writes) assert.ok(Buffer.from(value!).equals((await kv.get(key))!.value));
      assert.deepEqual(
        (await kv.list(under([]))).map(item => item.key),
        [['\0', 'é𐀀', 2 ** 53 - 1], ['a'], ['b', 1]],
      );
    });

    kvTest('gives every write its version, also when a key comes back with the same value', async kv => {
      const seen = new Set<number>();
      for (let round = 0; round < 20; round++) {
        await kv.commit([], [put(['k'], 'same')]);
        seen.add((await kv.get(['k']))!.version);
        if (round % 2 === 0) await kv.commit([], [{ key: ['k'], value: undefined }]);
      }
      assert.equal(seen.size, 20);
    });

    kvTest('writes all or nothing, by all of the checks', async kv => {
      await kv.commit([], [put(['a'], '1'), put(['b'], '1')]);
      const { version } = (await kv.get(['a']))!;
      const writes = [put(['a'], '2'), put(['c'], '2'), { key: ['b'], value: undefined }];
      const absent: Check = { key: ['c'], version: undefined };
      assert.equal(
        await kv.commit(
          [
            { key: ['a'], version },
            { key: ['b'], version: undefined },
          ],
          writes,
        ),
        false,
      );
      assert.equal(await kv.commit([{ key: ['a'], version: version + 1 }, absent], writes), false);
      assert.equal(await kv.commit([{ key: ['x'], version }], writes), false);
      assert.deepEqual(
        (await kv.list(under([]))).map(item => text(item.value)),
        ['1', '1'],
      );
      assert.equal(await kv.commit([{ key: ['a'], version }, absent], writes), true);
      assert.deepEqual(
        (await kv.list(under([]))).map(item => text(item.value)),
        ['2', '2'],
      );
      assert.equal(await kv.commit([{ key: ['a'], version }], []), false);
      assert.equal(await kv.commit([], []), true);
    });

    kvTest('refuses a key that cannot be stored, and nothing else', async kv => {
      const bad: Key[] = [[], ['a', END], ['x'.repeat(2000)], [-1], ['\ud800']];
      const good = kv.commit([], [put(['good'], '1')]);
      for (const key of bad) await assert.rejects(kv.commit([], [put(['partner'], '1'), put(key, '1')]));
      assert.equal(await good, true);
      assert.deepEqual(
        (await kv.list(under([]))).map(item => item.key),
        [['good']],
      );
    });

    kvTest('keeps its own copy of a value', async kv => {
      const value = Buffer.from('before');
      await kv.commit([], [{ key: ['k'], value }]);
      value.fill('x');
      assert.equal(text((await kv.get(['k']))?.value), 'before');
    });

    kvTest('loses no update when many clients compare and swap', async kv => {
      await kv.commit([], [put(['counter'], '0')]);
      const increment = async (): Promise<void> => {
        const { value, version } = (await kv.get(['counter']))!;
        const next = put(['counter'], String(Number(text(value)) + 1));
        if (!(await kv.commit([{ key: ['counter'], version }], [next]))) await increment();
      };
      await Promise.all(Array.from({ length: 20 }, increment));
      assert.equal(text((await kv.get(['counter']))?.value), '20');
    });

    kvTest('lists one snapshot while others write', async kv => {
      const accounts = Array.from({ length: 10 }, (_, id) => ['account', id]);
      await kv.commit(
        [],
        accounts.map(key => put(key, '100')),
      );
      const transfer = async (from: number, to: number): Promise<void> => {
        const [a, b] = [(await kv.get(['account', from]))!, (await kv.get(['account', to]))!];
        await kv.commit(
          [
            { key: ['account', from], version: a.version },
            { key: ['account', to], version: b.version },
          ],
          [
            put(['account', from], String(Number(text(a.value)) - 1)),
            put(['account', to], String(Number(text(b.value)) + 1)),
          ],
        );
      };
      const total = async (): Promise<number> =>
        (await kv.list(under(['account']))).reduce((sum, item) => sum + Number(text(item.value)), 0);
      for (let round = 0; round < 10; round++) {
        const transfers = accounts.map((_, id) => transfer(id, (id + 1 + (round % 9)) % 10));
        const totals = accounts.map(() => total());
        await Promise.all(transfers);
        assert.deepEqual(
          await Promise.all(totals),
          accounts.map(() => 1000),
        );
      }
    });

    test('agrees with a model, in what it holds and in every range', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), steps =>
          withFresh(open, async kv => {
            const model = new Model();
            for (const step of steps) await model.check(kv, step);
          }),
        ),
        { numRuns: runs },
      );
    });

    test('makes concurrent commits happen in some order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRace, { minLength: 2, maxLength: 5 }), races =>
          withFresh(open, kv => checkRaces(kv, races)),
        ),
        { numRuns: runs },
      );
    });

    kvTest('refuses all work once it is closed, after finishing what was under way', async kv => {
      const last = kv.commit([], [put(['k'], 'v')]);
      await kv.close();
      assert.equal(await last, true);
      await assert.rejects(kv.get(['k']));
      await assert.rejects(kv.list(under([])));
      await assert.rejects(kv.commit([], [put(['k'], 'w')]));
      await kv.close();
    });
  });
}

const anyPart = fc.oneof(fc.constantFrom('', 'a', 'ab', 'b', '\0', 'é'), fc.constantFrom(0, 1, 255, 256));
const anyKey = fc.array(anyPart, { minLength: 1, maxLength: 3 });
const anyBound = fc
  .tuple(fc.array(anyPart, { maxLength: 3 }), fc.boolean())
  .map(([key, all]): Key => (all ? [...key, END] : key));

type Step =
  | {
      readonly checks: readonly { key: Key; holds: boolean }[];
      readonly writes: readonly { key: Key; value: string | undefined }[];
    }
  | { readonly range: Range };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    checks: fc.array(fc.record({ key: anyKey, holds: fc.constantFrom(true, true, true, false) }), {
      maxLength: 2,
    }),
    writes: fc.uniqueArray(
      fc.record({ key: anyKey, value: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }) }),
      {
        maxLength: 5,
        selector: write => JSON.stringify(write.key),
      },
    ),
  }),
  fc.record({
    range: fc.record({
      start: anyBound,
      end: anyBound,
      reverse: fc.boolean(),
      limit: fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY)),
    }),
  }),
);

/** A store as simple as it gets: an array that is sorted by the words of kv.ts. */
class Model {
  #items: Item[] = [];

  /** Does the same to the store and here, and compares. */
  async check(kv: Kv, step: Step): Promise<void> {
    if ('range' in step) {
      assert.deepEqual(plain(await kv.list(step.range)), plain(this.#list(step.range)));
      return;
    }
    const checks = step.checks.map(({ key, holds }) => {
      const version = this.#get(key)?.version;
      return { key, version: holds ? version : (version ?? 0) + 1 };
    });
    const writes = step.writes.map(({ key, value }) => ({
      key,
      value: value === undefined ? value : bytes(value),
    }));
    const applied = step.checks.every(({ holds }) => holds);
    assert.equal(await kv.commit(checks, writes), applied);
    for (const { key, value } of applied ? writes : []) {
      this.#items = this.#items.filter(item => compareKeys(item.key, key) !== 0);
      const stored = await kv.get(key);
      assert.equal(text(stored?.value), text(value));
      if (value !== undefined) this.#items.push({ key, value, version: stored!.version });
    }
  }

  #get(key: Key): Item | undefined {
    return this.#items.find(item => compareKeys(item.key, key) === 0);
  }

  #list({ start, end, reverse, limit }: Range): Item[] {
    const items = this.#items
      .filter(({ key }) => compareKeys(start, key) <= 0 && compareKeys(key, end) < 0)
      .sort((a, b) => compareKeys(a.key, b.key));
    return (reverse ? items.reverse() : items).slice(0, limit);
  }
}

const plain = (items: readonly Item[]) =>
  items.map(({ key, value, version }) => ({ key, value: text(value), version }));

function compareKeys(a: Key, b: Key): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareParts(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareParts(a: KeyPart, b: KeyPart): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  const rank = (part: KeyPart) => (typeof part === 'number' ? 0 : typeof part === 'string' ? 1 : 2);
  return rank(a) - rank(b);
}

/** One of several commits at once, over a few keys: which it checks (to be as they were before all) and writes. */
interface Race {
  readonly checks: readonly number[];
  readonly writes: readonly number[];
}

const RACED = 3;
const someKeys = fc.uniqueArray(fc.nat(RACED - 1), { maxLength: RACED });
const anyRace: fc.Arbitrary<Race> = fc.record({ checks: someKeys, writes: someKeys });

/** Commits all at once, and looks for an order of them that explains every outcome and what is left. */
async function checkRaces(kv: Kv, races: readonly Race[]): Promise<void> {
  const keys = Array.from({ length: RACED }, (_, id) => ['raced', id]);
  await kv.commit(
    [],
    keys.slice(1).map(key => put(key, 'before')),
  );
  const versions = await Promise.all(keys.map(async key => (await kv.get(key))?.version));
  const outcomes = await Promise.all(
    races.map((race, index) =>
      kv.commit(
        race.checks.map(id => ({ key: keys[id]!, version: versions[id] })),
        race.writes.map(id => put(keys[id]!, `race ${index}`)),
      ),
    ),
  );
  const left = await Promise.all(keys.map(async key => text((await kv.get(key))?.value)));
  const before = keys.map((_, id) => (id === 0 ? undefined : 'before'));
  assert.ok(
    explained(races, outcomes, before, left, new Set(races.keys())),
    `no order explains ${JSON.stringify({ races, outcomes, left })}`,
  );
}

function explained(
  races: readonly Race[],
  outcomes: readonly boolean[],
  state: readonly (string | undefined)[],
  left: readonly (string | undefined)[],
  open: ReadonlySet<number>,
): boolean {
  if (open.size === 0) return state.every((value, id) => value === left[id]);
  for (const index of open) {
    const race = races[index]!;
    const holds = race.checks.every(id => state[id] === (id === 0 ? undefined : 'before'));
    if (holds !== outcomes[index]) continue;
    const next = state.map((value, id) => (holds && race.writes.includes(id) ? `race ${index}` : value));
    const rest = new Set([...open].filter(other => other !== index));
    if (explained(races, outcomes, next, left, rest)) return true;
  }
  return false;
}

async function* chunked(content: Buffer, chunks: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < content.length; turn++) {
    const length = chunks[turn % chunks.length]!;
    yield content.subarray(at, (at += length));
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function infosOf(blobs: Blobs): Promise<BlobInfo[]> {
  const infos: BlobInfo[] = [];
  for await (const info of blobs.list()) infos.push(info);
  return infos;
}

/** Content that differs in every part, so that no piece can pass for another. */
function contentOf(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE((at * 2654435761) >>> 0, at);
  return content;
}

/** The tests of a store of bodies, whose clock must show `now`. `runs` is how often each randomised one is tried. */
export function testBlobs(name: string, open: OpenFresh<Blobs>, now: number, runs: number): void {
  const blobTest = (title: string, body: (blobs: Blobs) => Promise<void>) =>
    test(title, () => withFresh(open, body));

  describe(`${name} as a store of bodies`, () => {
    test('gives back every body and every range of it', () =>
      withFresh(open, blobs =>
        fc.assert(
          fc.asyncProperty(
            anyLength,
            anyChunks,
            fc.array(fc.tuple(anyShare, anyShare)),
            async (length, chunks, shares) => {
              const content = contentOf(length);
              const { id, size } = await blobs.write(chunked(content, chunks));
              assert.equal(size, length);
              assert.ok(content.equals(await collect(blobs.read(id))));
              for (const pair of shares) {
                const [start, end] = pair.map(share => Math.round(share * length)).sort((a, b) => a - b);
                assert.ok(content.subarray(start, end).equals(await collect(blobs.read(id, start, end))));
              }
            },
          ),
          { numRuns: runs },
        ),
      ));

    blobTest('lists what is there, with its size and time, and deletes', async blobs => {
      const first = await blobs.write(chunked(contentOf(10), [3]));
      const second = await blobs.write(chunked(contentOf(200_000), [65_536]));
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
      assert.deepEqual(
        (await infosOf(blobs)).sort(byId),
        [first, second].map(blob => ({ ...blob, modified: now })).sort(byId),
      );
      await blobs.delete(first.id);
      await blobs.delete(first.id);
      assert.deepEqual(await infosOf(blobs), [{ ...second, modified: now }]);
      await assert.rejects(collect(blobs.read(first.id)), BlobMissing);
    });

    blobTest('keeps nothing of a source that fails, and passes its error on', async blobs => {
      const failure = new Error('the client went away');
      for (const length of [0, 10, 3_000_000]) {
        const source = async function* () {
          yield* chunked(contentOf(length), [65_536]);
          throw failure;
        };
        await assert.rejects(blobs.write(source()), error => error === failure);
      }
      assert.deepEqual(await infosOf(blobs), []);
    });

    blobTest('knows no ids but its own', async blobs => {
      for (const id of [
        '',
        '.',
        '..',
        '../x',
        '/etc/passwd',
        'a'.repeat(32),
        '0'.repeat(31),
        `${'0'.repeat(31)}/`,
        '\0',
      ]) {
        await assert.rejects(collect(blobs.read(id)), BlobMissing);
        await blobs.delete(id);
      }
    });

    blobTest('refuses a range that the body does not have', async blobs => {
      const { id } = await blobs.write(chunked(contentOf(100), [100]));
      for (const [start, end] of [
        [0, 101],
        [50, 49],
        [101, undefined],
        [-1, 10],
      ] as const) {
        await assert.rejects(collect(blobs.read(id, start, end)), RangeError);
      }
      assert.equal((await collect(blobs.read(id, 100))).length, 0);
    });

    blobTest('serves many at once', async blobs => {
      const contents = Array.from({ length: 16 }, (_, index) => contentOf(index * 50_000));
      const stored = await Promise.all(contents.map(content => blobs.write(chunked(content, [9_999]))));
      const read = await Promise.all(stored.map(({ id }) => collect(blobs.read(id))));
      for (const [index, content] of contents.entries()) assert.ok(content.equals(read[index]!));
    });

    blobTest('lets a reader leave early', async blobs => {
      const content = contentOf(2_000_000);
      const { id } = await blobs.write(chunked(content, [65_536]));
      for await (const piece of blobs.read(id)) {
        assert.ok(piece.length < content.length);
        break;
      }
      assert.ok(content.equals(await collect(blobs.read(id))));
    });

    blobTest('refuses all work once it is closed', async blobs => {
      await blobs.close();
      await assert.rejects(blobs.write(chunked(contentOf(1), [1])));
      await assert.rejects(collect(blobs.read('0'.repeat(32))));
      await blobs.close();
    });
  });
}

const BLOCK = 65_536;
const anyLength = fc.oneof(
  fc.nat(300),
  fc
    .tuple(fc.nat(6), fc.integer({ min: -2, max: 2 }))
    .map(([blocks, more]) => Math.max(0, blocks * BLOCK + more)),
  fc.nat(3_000_000),
);
const anyChunks = fc.array(fc.oneof(fc.integer({ min: 1000, max: 200_000 }), fc.constant(BLOCK)), {
  minLength: 1,
  maxLength: 4,
});
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });
