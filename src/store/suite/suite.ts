/** The tests that every key-value adapter passes: its own test file calls them with how to open it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Check,
  END,
  type Entry,
  type Item,
  type Key,
  type KeyPart,
  type Kv,
  type Range,
  under,
  type Write,
} from '../kv.js';

/** Opens a fresh, empty store; `release` closes it and removes what it left. */
export type OpenFresh<S> = () => Promise<{ readonly store: S; release(): Promise<void> }>;

/** Runs `body` on a fresh store. */
export async function withFresh<S>(open: OpenFresh<S>, body: (store: S) => Promise<void>): Promise<void> {
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

const sumOf = (entries: readonly (Entry | undefined)[]): number =>
  entries.reduce((sum, entry) => sum + Number(text(entry?.value)), 0);

/** The tests of a key-value store. `runs` is how often each randomised one is tried. */
export function testKv(name: string, open: OpenFresh<Kv>, runs: number): void {
  const kvTest = (title: string, body: (kv: Kv) => Promise<void>) => test(title, () => withFresh(open, body));

  describe(`${name} as a key-value store`, () => {
    kvTest('keeps what was committed, empty and large values included', async kv => {
      const large = Buffer.alloc(1 << 20, 'karikagi');
      assert.equal(await kv.get(['a']), undefined);
      const empty = new Uint8Array(0);
      // An empty array that was asked for its buffer has no memory.
      assert.equal(empty.buffer.byteLength, 0);
      const writes = [
        { key: ['a'], value: empty },
        { key: ['b', 1], value: large },
        put(['\0', 'é𐀀', 2 ** 53 - 1], 'x'),
      ];
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

    kvTest('reads many keys at once as each by itself', async kv => {
      await kv.commit([], [put(['a'], '1'), put(['a', 1], '2')]);
      await kv.commit([], [put(['b'], '3')]);
      const keys: Key[] = [['b'], ['absent'], ['a', 1], ['a', '1'], ['b'], ['a']];
      const each = await Promise.all(keys.map(key => kv.get(key)));
      const together = await kv.getMany(keys);
      assert.deepEqual(
        together.map(entry => [text(entry?.value), entry?.version]),
        each.map(entry => [text(entry?.value), entry?.version]),
      );
      assert.deepEqual(await kv.getMany([]), []);
      const [a, , two] = together.toReversed();
      const checks = [
        { key: ['a'], version: a!.version },
        { key: ['a', 1], version: two?.version },
      ];
      assert.equal(await kv.commit(checks, [put(['a'], '4')]), false);
      const held = checks.map(check => (check.key.length === 2 ? { ...check, version: a!.version } : check));
      assert.equal(await kv.commit(held, [put(['a'], '4')]), true);
    });

    kvTest('lists and reads one snapshot while others write', async kv => {
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
      const total = async (): Promise<number> => sumOf(await kv.list(under(['account'])));
      const totalOfKeys = async (): Promise<number> => sumOf(await kv.getMany(accounts));
      for (let round = 0; round < 10; round++) {
        const transfers = accounts.map((_, id) => transfer(id, (id + 1 + (round % 9)) % 10));
        const totals = accounts.map((_, id) => (id % 2 === 0 ? total() : totalOfKeys()));
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
      await assert.rejects(kv.getMany([['k']]));
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
