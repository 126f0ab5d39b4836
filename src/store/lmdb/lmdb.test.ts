import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { open } from 'lmdb';
import { compareKeys, decodeKey, encodeBound, encodeKey } from '../keys.js';
import { type Key, type Kv, under, ValueDamaged } from '../kv.js';
import { testKv } from '../suite/suite.js';
import { openLmdb } from './lmdb.js';

const script = fileURLToPath(import.meta.url);
const INCREMENTS = 100;

/** What this file does when a test starts it as another process. */
const roles: Record<string, (kv: Kv) => Promise<void>> = {
  async increment(kv) {
    for (let done = 0; done < INCREMENTS; ) {
      const { value, version } = (await kv.get(['counter']))!;
      const next = Buffer.from(String(Number(Buffer.from(value)) + 1));
      if (await kv.commit([{ key: ['counter'], version }], [{ key: ['counter'], value: next }])) done++;
    }
  },
  /** Answers each key on its standard input with the value it finds there. */
  async read(kv) {
    for await (const line of process.stdin) {
      const entry = await kv.get([String(line).trim()]);
      process.stdout.write(`${entry === undefined ? 'nothing' : Buffer.from(entry.value)}\n`);
    }
  },
  /** Fills the disk, prints how many commits were acknowledged and how many of its keys it then sees. */
  async fill(kv) {
    const write = (id: number, size: number) =>
      kv.commit([], [{ key: ['full', id], value: Buffer.alloc(size) }]);
    let acknowledged = 0;
    let rejected = 0;
    while (rejected < 3) {
      const batch = Array.from({ length: 3 }, (_, index) => write(acknowledged + index, 100_000));
      const results = await Promise.allSettled(batch);
      if (results.every(({ status }) => status === 'fulfilled')) acknowledged += batch.length;
      else rejected++;
    }
    const visible = (await kv.list(under(['full']))).length;
    console.log(JSON.stringify({ acknowledged, visible }));
  },
  /** Ends its process so many turns after it began to commit, once the commit has had the time to wait for that. */
  async exit(kv) {
    void kv.commit([], [{ key: ['k'], value: Buffer.from('v') }]);
    for (let turns = Number(process.argv[4]); turns > 0; turns--) await setImmediate();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    if (process.argv[5]) throw new Error(process.argv[5]);
    process.exit(0);
  },
};

const role = roles[process.argv[2] ?? ''];
if (role !== undefined) {
  const kv = await openLmdb(process.argv[3]!);
  await role(kv);
  await kv.close();
} else {
  defineTests();
}

/** Starts this file in a role. */
function start(role: string, directory: string, shell = '', ...more: string[]) {
  const command = `${shell} exec "$0" "$@"`;
  return spawn('sh', ['-c', command, process.execPath, script, role, directory, ...more], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function output(child: ReturnType<typeof start>): Promise<string> {
  child.stdin.end();
  let all = '';
  for await (const chunk of child.stdout) all += chunk;
  const status = child.exitCode ?? (await new Promise(resolve => child.once('exit', resolve)));
  assert.equal(status, 0);
  return all;
}

function defineTests(): void {
  testKv(
    'lmdb',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-lmdb-'));
      const store = await openLmdb(directory);
      return {
        store,
        async release() {
          await store.close();
          await rm(directory, { recursive: true });
        },
      };
    },
    40,
  );

  const onDisk = (title: string, body: (directory: string) => Promise<void>) =>
    test(title, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-lmdb-'));
      try {
        await body(directory);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

  onDisk('a process that exits while it commits ends, and the store is open to others', async directory => {
    for (const turns of ['0', '1', '2', '3']) {
      const child = start('exit', directory, '', turns);
      await new Promise(resolve => child.once('exit', resolve));
    }
    const thrower = start('exit', directory, '2>&1', '2', 'nobody caught me');
    let said = '';
    for await (const chunk of thrower.stdout) said += chunk;
    assert.match(said, /Error: nobody caught me/);
    const kv = await openLmdb(directory);
    assert.equal(await kv.commit([], [{ key: ['k'], value: Buffer.from('after') }]), true);
    await kv.close();
  });

  onDisk('what was committed is there when the store is opened again, at its version', async directory => {
    const first = await openLmdb(directory);
    await first.commit([], [{ key: ['k'], value: Buffer.from('v') }]);
    const before = await first.get(['k']);
    await first.close();
    const second = await openLmdb(directory);
    assert.deepEqual(await second.get(['k']), before);
    await second.commit([], [{ key: ['k'], value: Buffer.from('v') }]);
    assert.notEqual((await second.get(['k']))!.version, before!.version);
    await second.close();
  });

  onDisk('several processes on one directory lose no update', async directory => {
    const kv = await openLmdb(directory);
    await kv.commit([], [{ key: ['counter'], value: Buffer.from('0') }]);
    const others = [start('increment', directory), start('increment', directory)];
    await Promise.all([roles['increment']!(kv), ...others.map(output)]);
    assert.equal(String((await kv.get(['counter']))!.value), String(3 * INCREMENTS));
    await kv.close();
  });

  onDisk('another process sees a commit as soon as it is acknowledged', async directory => {
    const kv = await openLmdb(directory);
    const reader = start('read', directory);
    const answers = reader.stdout[Symbol.asyncIterator]();
    for (let round = 0; round < 50; round++) {
      await kv.commit([], [{ key: ['k'], value: Buffer.from(`round ${round}`) }]);
      reader.stdin.write('k\n');
      assert.equal(String((await answers.next()).value), `round ${round}\n`);
    }
    await output(reader);
    await kv.close();
  });

  onDisk('the map grows with the data, in every process that has it open', async directory => {
    const kv = await openLmdb(directory, { mapSize: 128 * 1024 });
    const reader = start('read', directory);
    const answers = reader.stdout[Symbol.asyncIterator]();
    for (let id = 0; id < 40; id++) {
      const key = `large ${id}`;
      await kv.commit([], [{ key: [key], value: Buffer.alloc(200_000, `${id}`) }]);
      reader.stdin.write(`${key}\n`);
      let answer = '';
      while (!answer.endsWith('\n')) answer += (await answers.next()).value;
      assert.equal(answer, `${Buffer.alloc(200_000, `${id}`)}\n`);
    }
    assert.equal((await kv.list(under([]))).length, 40);
    await output(reader);
    await kv.close();
  });

  onDisk('a full disk rejects the commit, hides it, and leaves the store usable', async directory => {
    const { acknowledged, visible } = JSON.parse(await output(start('fill', directory, 'ulimit -f 4000;')));
    assert.ok(acknowledged > 3);
    assert.equal(visible, acknowledged);
    const kv = await openLmdb(directory);
    assert.equal((await kv.list(under(['full']))).length, acknowledged);
    assert.equal(await kv.commit([], [{ key: ['full', acknowledged], value: Buffer.alloc(100_000) }]), true);
    assert.equal((await kv.list(under(['full']))).length, acknowledged + 1);
    await kv.close();
  });

  /** Flips one bit in every copy of some bytes in the file of a closed store: pages that were replaced stay in it. */
  async function flip(directory: string, bytes: Uint8Array): Promise<void> {
    const path = join(directory, 'data.mdb');
    const file = await readFile(path);
    let found = 0;
    for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1), found++) file[at + 5]! ^= 4;
    assert.ok(found > 0);
    await writeFile(path, file);
  }

  const values: Record<string, number> = { small: 50, large: 20_000 };
  for (const [name, size] of Object.entries(values)) {
    onDisk(`a flipped bit in a ${name} value is found, and everything else still read`, async directory => {
      const first = await openLmdb(directory);
      const value = (of: string) => Buffer.alloc(size, `value of ${of}, `);
      for (const of of ['a', 'b', 'c']) await first.commit([], [{ key: [of], value: value(of) }]);
      await first.close();
      await flip(directory, Buffer.from('value of b'));
      const kv = await openLmdb(directory);
      await assert.rejects(kv.get(['b']), ValueDamaged);
      await assert.rejects(kv.list(under([])), ValueDamaged);
      const damaged: Key[] = [];
      const rest = await kv.list({ ...under([]), damaged: key => damaged.push(key) });
      assert.deepEqual(damaged, [['b']]);
      assert.deepEqual(
        rest.map(item => [item.key, Buffer.from(item.value)]),
        ['a', 'c'].map(of => [[of], value(of)]),
      );
      assert.deepEqual(Buffer.from((await kv.get(['c']))!.value), value('c'));
      await kv.close();
    });
  }

  onDisk('a flipped bit in a key is found', async directory => {
    const first = await openLmdb(directory);
    await first.commit([], [{ key: ['object', 'a key of some length'], value: Buffer.from('v') }]);
    await first.close();
    await flip(directory, encodeKey(['a key of some length']));
    const kv = await openLmdb(directory);
    await assert.rejects(kv.list(under([])), ValueDamaged);
    assert.equal((await kv.list({ ...under([]), damaged: () => undefined })).length, 0);
    await kv.close();
  });

  const group = fc.tuple(fc.nat(3), fc.nat(3));
  const question = fc.record({
    first: group,
    last: group,
    groups: fc.subarray([0, 1, 2, 3]),
    limit: fc.nat(12),
  });

  onDisk('a list goes where it is to skip to', async directory => {
    const kv = await openLmdb(directory);
    const keys = [0, 1, 2, 3].flatMap(a => [0, 1, 2, 3].map(b => ['t', `${a}`, `${b}`]));
    await kv.commit(
      [],
      [...keys, ['u']].map(key => ({ key, value: Buffer.from(key.join()) })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(question, { maxLength: 5 }), async questions => {
        for (const { first, last, groups, limit } of questions) {
          const [start, end] = [first, last].map(([a, b]) => ['t', `${a}`, `${b}`]) as [string[], string[]];
          const skips = (key: Key) => groups.includes(Number(key[1]));
          let before: number | undefined;
          const skipTo = (bytes: Buffer, from: number, to: number) => {
            const number = Number(decodeKey(bytes, from, to)[1]);
            const isAgain = number === before;
            before = number;
            return isAgain && groups.includes(number) ? encodeBound(['t', `${number + 1}`]) : undefined;
          };
          const within = keys.filter(key => compareKeys(key, start) >= 0 && compareKeys(key, end) < 0);
          const expected = within
            .filter((key, at) => !skips(key) || at === 0 || within[at - 1]![1] !== key[1])
            .slice(0, limit);
          const listed = await kv.list({ start, end, limit, skipTo });
          assert.deepEqual(
            listed.map(({ key, value }) => [key, String(value)]),
            expected.map(key => [key, key.join()]),
          );
        }
      }),
    );
    await kv.close();
  });

  onDisk(
    'values from before there were checksums are read, and get one when they are written again',
    async directory => {
      const old = open(directory, {
        noSubdir: false,
        useVersions: true,
        keyEncoding: 'binary',
        encoding: 'binary',
      });
      await old.put(encodeKey(['old']), Buffer.from('from before'), 7);
      await old.close();
      const kv = await openLmdb(directory);
      const { value, version } = (await kv.get(['old']))!;
      assert.equal(String(value), 'from before');
      const listed = await kv.list(under([]));
      assert.deepEqual(
        listed.map(item => ({ key: item.key, value: item.value, version: item.version })),
        [{ key: ['old'], value, version }],
      );
      assert.ok(
        await kv.commit([{ key: ['old'], version }], [{ key: ['old'], value: Buffer.from('new value') }]),
      );
      await kv.close();
      await flip(directory, Buffer.from('new value'));
      const damaged = await openLmdb(directory);
      await assert.rejects(damaged.get(['old']), ValueDamaged);
      await damaged.close();
    },
  );
}
