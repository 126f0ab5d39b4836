/**
 * Damage to the file of the records: whatever is done to its pages, either every record is still read as it was
 * written, or it is said that something is damaged. `npm run test:damage` tries many thousand times as much.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { END, type Item, type Key, ValueDamaged } from '../kv.js';
import { openLmdb } from './lmdb.js';
import { demandHead, StoreDamaged, walkFile } from './lmdb-tree.js';

const PAGE = 4096;
/** Cases of each kind of damage. */
const CASES = Number(process.env['KARIKAGI_DAMAGE_CASES'] ?? 25);

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = numbers(Number(process.env['KARIKAGI_DAMAGE_SEED'] ?? 1));

type Damaging = (file: Buffer, older: Buffer, page: number) => Buffer | undefined;

function filled(file: Buffer, from: number, to: number, byte: () => number): undefined {
  for (let at = from; at < to; at++) file[at] = byte();
}

const zero = () => 0;
const noise = () => random(256);

/** What may happen to a page. Answers another file where its length changes. */
const KINDS: Readonly<Record<string, Damaging>> = {
  zeroed: (file, _, page) => filled(file, page * PAGE, (page + 1) * PAGE, zero),
  'zeroed in its first half': (file, _, page) => filled(file, page * PAGE, page * PAGE + PAGE / 2, zero),
  'zeroed in its second half': (file, _, page) =>
    filled(file, page * PAGE + PAGE / 2, (page + 1) * PAGE, zero),
  'zeroed in a sector': (file, _, page) => {
    const at = page * PAGE + 512 * random(8);
    return filled(file, at, at + 512, zero);
  },
  random: (file, _, page) => filled(file, page * PAGE, (page + 1) * PAGE, noise),
  'random in a sector': (file, _, page) => {
    const at = page * PAGE + 512 * random(8);
    return filled(file, at, at + 512, noise);
  },
  'random in some bytes': (file, _, page) => {
    for (let count = 1 + random(8); count > 0; count--) file[page * PAGE + random(PAGE)] = noise();
    return undefined;
  },
  'changed in a bit': (file, _, page) => {
    file[page * PAGE + random(PAGE)]! ^= 1 << random(8);
    return undefined;
  },
  swapped: (file, _, page) => {
    const other = 2 + random(file.length / PAGE - 2);
    const held = Buffer.from(file.subarray(page * PAGE, (page + 1) * PAGE));
    file.copy(file, page * PAGE, other * PAGE, (other + 1) * PAGE);
    held.copy(file, other * PAGE);
    return undefined;
  },
  'another page': (file, _, page) => {
    const other = 2 + random(file.length / PAGE - 2);
    file.copy(file, page * PAGE, other * PAGE, (other + 1) * PAGE);
    return undefined;
  },
  'torn between two pages': (file, _, page) => {
    const other = 2 + random(file.length / PAGE - 2);
    const cut = 512 * (1 + random(7));
    file.copy(file, page * PAGE + cut, other * PAGE + cut, (other + 1) * PAGE);
    return undefined;
  },
  'of an earlier time': (file, older, page) => {
    older.copy(file, page * PAGE, page * PAGE, (page + 1) * PAGE);
    return undefined;
  },
  'torn between two times': (file, older, page) => {
    const cut = 512 * (1 + random(7));
    older.copy(file, page * PAGE + cut, page * PAGE + cut, (page + 1) * PAGE);
    return undefined;
  },
  'cut off': (file, _, page) => Buffer.from(file.subarray(0, page * PAGE + random(PAGE))),
};

const key = (n: number): Key => ['object', 'bucket', `o${String(n).padStart(5, '0')}`];

/** What LMDB takes for the end of a range. Without a page's head it would end the process, which `verify` prevents. */
const SHORTENING: Readonly<Record<string, Damaging>> = {
  'zeroed in its second half': KINDS['zeroed in its second half']!,
  'zeroed in a sector behind its head': (file, _, page) => {
    const at = page * PAGE + 512 * (1 + random(7));
    return filled(file, at, at + 512, zero);
  },
};

suite('a damaged page of the store', () => {
  let scratch = '';
  let whole: Buffer;
  let older: Buffer;
  let records: Item[];

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'karikagi-damage-'));
    const kv = await openLmdb(join(scratch, 'whole'));
    for (let at = 0; at < 1600; at += 20) {
      if (at === 1000) await copyFile(join(scratch, 'whole', 'data.mdb'), join(scratch, 'older.mdb'));
      const writes = Array.from({ length: 20 }, (_, n) => ({
        key: key(((at + n) * 7919) % 1600),
        value: Buffer.alloc(n === 7 ? 9000 : 20 + random(200), at),
      }));
      await kv.commit([], [...writes, { key: key(random(1600)), value: undefined }]);
    }
    records = await kv.list({ start: [], end: [END] });
    await kv.close();
    whole = await readFile(join(scratch, 'whole', 'data.mdb'));
    older = Buffer.concat([await readFile(join(scratch, 'older.mdb')), whole]);
    assert.deepEqual((await walkFile(join(scratch, 'whole', 'data.mdb'))).damage, []);
  });

  after(() => rm(scratch, { recursive: true, force: true }));

  /** A store in a directory of its own, damaged. */
  async function damaged(name: string, damage: Damaging, page: number): Promise<string> {
    const directory = join(scratch, name);
    await mkdir(directory, { recursive: true });
    const copy = Buffer.from(whole);
    await writeFile(join(directory, 'data.mdb'), damage(copy, older, page) ?? copy);
    return directory;
  }

  /** All records, however they are read; undefined where it is said that something is damaged. */
  async function readAll(directory: string, verify: boolean): Promise<Item[] | undefined> {
    const kv = await openLmdb(directory);
    try {
      if (verify && (await kv.verify()).damage.length > 0) return undefined;
      const all: Item[] = [];
      // In pages, as clients list.
      for (let start: Key = []; ; ) {
        const page = await kv.list({ start, end: [END], limit: 100 });
        all.push(...page);
        if (page.length < 100) break;
        start = [...page.at(-1)!.key, 0];
      }
      for (const { key, value } of records) {
        const found = await kv.get(key);
        if (verify) assert.deepEqual(found?.value, value);
      }
      return all;
    } catch (error) {
      if (error instanceof ValueDamaged) return undefined;
      throw error;
    } finally {
      await kv.close();
    }
  }

  /** A store in which a leaf in the middle of the records is damaged, and nothing else. */
  async function damagedLeaf(): Promise<{ readonly directory: string; readonly leaf: number }> {
    for (let leaf = 2; leaf < whole.length / PAGE; leaf++) {
      const directory = await damaged('known', KINDS['zeroed']!, leaf);
      const { damage } = await walkFile(join(directory, 'data.mdb'));
      if (damage.length === 1 && damage[0]!.from?.length && damage[0]!.to?.length) return { directory, leaf };
    }
    assert.fail('there is no such leaf');
  }

  const same = (all: readonly Item[]) => {
    assert.deepEqual(
      all.map(({ key, value }) => [key, value]),
      records.map(({ key, value }) => [key, value]),
    );
  };

  for (const [name, damage] of Object.entries(KINDS)) {
    test(`is found, or does no harm: ${name}`, async t => {
      let found = 0;
      for (let round = 0; round < CASES; round++) {
        const page = random(whole.length / PAGE);
        const directory = await damaged('tried', damage, page);
        const said = await saysSo(t, directory, `page ${page}`);
        if (said) found++;
      }
      assert.ok(found > 0);
    });
  }

  /** Whether damage is said; fails where records are missing or changed and it is not. */
  async function saysSo(t: TestContext, directory: string, what: string): Promise<boolean> {
    try {
      const all = await readAll(directory, true);
      if (all === undefined) return true;
      same(all);
      return false;
    } catch (error) {
      if (error instanceof StoreDamaged) return true;
      t.diagnostic(what);
      throw error;
    }
  }

  for (const [name, damage] of Object.entries(SHORTENING)) {
    test(`never ends a range early: ${name}`, async () => {
      for (let page = 2; page < whole.length / PAGE; page++) {
        if (whole.readUInt16LE(page * PAGE + 18) !== 2 || page % 3 !== 0) continue;
        const directory = await damaged('ranged', damage, page);
        try {
          const kv = await openLmdb(directory);
          try {
            for (const reverse of [false, true]) {
              const all = await kv.list({ start: [], end: [END], reverse }).catch(() => undefined);
              if (all) same(reverse ? all.reverse() : all);
            }
          } finally {
            await kv.close();
          }
        } catch (error) {
          if (!(error instanceof StoreDamaged)) throw error;
        }
      }
    });
  }

  test('is neither read nor written over once it is known; the rest is read', async () => {
    const { directory, leaf } = await damagedLeaf();
    const kv = await openLmdb(directory);
    try {
      const { damage } = await kv.verify();
      assert.equal(damage.length, 1);
      assert.match(damage[0]!.problem, new RegExp(`^page ${leaf} `));
      const reads = await Promise.all(records.map(({ key }) => kv.get(key).catch(error => error)));
      const lost = reads.filter(read => read instanceof ValueDamaged);
      assert.ok(lost.length > 0 && lost.length < 100, `${lost.length}`);
      assert.equal(lost.length + reads.filter(read => read?.value).length, records.length);
      await assert.rejects(kv.list({ start: [], end: [END] }), ValueDamaged);
      const ranges = await Promise.all(
        records.map(({ key }) => kv.list({ start: key, end: [END], limit: 1 }).catch(error => error)),
      );
      assert.ok(ranges.every(one => one instanceof ValueDamaged || one.length === 1));
      await assert.rejects(kv.commit([], [{ key: key(1), value: Buffer.from('new') }]), StoreDamaged);
      await assert.rejects(kv.copyTo(join(scratch, 'copy')), StoreDamaged);
    } finally {
      await kv.close();
    }
  });

  test('the pages where the trees begin, and the length, are looked at before the store is opened', async () => {
    for (const page of [0, 1]) {
      const directory = await damaged('head', KINDS['zeroed']!, page);
      await assert.rejects(
        openLmdb(directory),
        /is damaged: page [01] is no meta page.*restore the last backup/,
      );
    }
    const directory = await damaged('head', file => Buffer.from(file.subarray(0, file.length / 2)), 0);
    await assert.rejects(demandHead(join(directory, 'data.mdb')), StoreDamaged);
  });

  test('a store that is written to meanwhile is found whole', async () => {
    const directory = await damaged('busy', () => undefined, 2);
    const [kv, other] = [await openLmdb(directory), await openLmdb(directory)];
    let over = false;
    const writing = (async () => {
      for (let n = 0; !over; n++) {
        await kv.commit([], [{ key: key(n % 1600), value: Buffer.alloc(random(3000), n) }]);
      }
    })();
    for (let round = 0; round < 20; round++) assert.deepEqual((await other.verify()).damage, []);
    over = true;
    await writing;
    await Promise.all([kv.close(), other.close()]);
  });
});
