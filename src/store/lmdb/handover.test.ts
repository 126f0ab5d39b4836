/** Commits that one process hands to another; the other one is this file, started in a role. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { CommitInDoubt, type Kv, under } from '../kv.js';
import { testKv } from '../suite/suite.js';
import { Handover, takeOver } from './handover.js';
import {
  answerFrame,
  batchFrame,
  commitsOf,
  type EncodedCommit,
  Frames,
  numberOf,
  outcomesOf,
  sizeOf,
} from './handover-frames.js';
import { openLmdb } from './lmdb.js';

const script = fileURLToPath(import.meta.url);
const [ROLE, DIRECTORY] = process.argv.slice(2);
/** The file descriptors of a committer: a channel for each process that hands over. */
const CHANNELS = [3, 4];
const WRITES = 60;

if (ROLE === 'commit') {
  const store = await openLmdb(DIRECTORY!);
  for (const fd of CHANNELS) store.takeOver(new Socket({ fd }));
  process.stdout.write('ready\n');
  // It ends when both channels do.
} else if (ROLE === 'count') {
  const store = await openLmdb(DIRECTORY!, { handover: new Handover(new Socket({ fd: 3 })) });
  await count(store);
  await store.close();
} else {
  defineTests();
}

/** Adds to a counter that others add to as well, each time only where it is as it was read. */
async function count(kv: Kv): Promise<void> {
  for (let done = 0; done < WRITES; ) {
    const { value, version } = (await kv.get(['counter']))!;
    const next = Buffer.from(String(Number(Buffer.from(value)) + 1));
    if (await kv.commit([{ key: ['counter'], version }], [{ key: ['counter'], value: next }])) done++;
  }
}

/** A process that commits, and its channels. `shell`: words before the command. */
async function startCommitter(directory: string, shell = '') {
  const words = ['-c', `${shell} exec "$0" "$@"`, process.execPath, script, 'commit', directory];
  const child = spawn('sh', words, { stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'] });
  await once(child.stdout!, 'data');
  return { child, channels: CHANNELS.map(fd => child.stdio[fd] as Socket) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const put = (key: string, value = key) => ({ key: [key], value: Buffer.from(value) });

function defineTests(): void {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
  const check = fc.record({ key: bytes, version: fc.option(fc.nat(), { nil: undefined }) });
  const write = fc.record({ key: bytes, value: fc.option(fc.uint8Array(), { nil: undefined }) });
  const commit = fc.record({
    checks: fc.array(check, { maxLength: 3 }),
    writes: fc.array(write, { maxLength: 3 }),
  });

  test('batches and answers arrive as they were sent, however the stream is cut', () => {
    const batches = fc.array(fc.array(fc.tuple(commit, fc.boolean()), { minLength: 1, maxLength: 5 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(batches, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const frames = sent.flatMap((batch, index) => {
          const commits = batch.map(([one]) => one);
          const size = commits.reduce((sum, one) => sum + sizeOf(one), 0);
          const outcomes = batch.map(([, applied]) => applied);
          return [batchFrame(index, commits, size), answerFrame(index, outcomes)];
        });
        const stream = Buffer.concat(frames);
        const arrived: Buffer[] = [];
        const reader = new Frames();
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const end = at + cuts[cut % cuts.length]!;
          arrived.push(...reader.take(stream.subarray(at, end)));
          at = end;
        }
        assert.equal(arrived.length, 2 * sent.length);
        for (const [index, batch] of sent.entries()) {
          const [request, answer] = [arrived[2 * index]!, arrived[2 * index + 1]!];
          assert.deepEqual([numberOf(request), numberOf(answer)], [index, index]);
          assert.deepEqual(
            commitsOf(request).map(plain),
            batch.map(([one]) => plain(one)),
          );
          assert.deepEqual(
            outcomesOf(answer, batch.length),
            batch.map(([, applied]) => applied),
          );
        }
      }),
    );
  });

  test('an error arrives with its name, its code and its causes', () => {
    const cause = Object.assign(new Error('No space left on device'), { code: 28 });
    const error = new Error('the store could not commit', { cause });
    const [applied, failed, refused] = outcomesOf(answerFrame(7, [true, error, false]), 3);
    assert.deepEqual([applied, refused], [true, false]);
    assert.ok(failed instanceof Error);
    assert.equal(failed.message, error.message);
    assert.ok(failed.cause instanceof Error && 'code' in failed.cause);
    assert.equal(failed.cause.code, 28);
  });

  testKv(
    'lmdb whose commits are handed over',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-handover-'));
      const { child, channels } = await startCommitter(directory);
      const store = await openLmdb(directory, { handover: new Handover(channels[0]!) });
      channels[1]!.destroy();
      return {
        store,
        async release() {
          await store.close();
          await ended(child);
          assert.equal(store.commits.sizes.sum, 0, 'nothing was committed here');
          await rm(directory, { recursive: true });
        },
      };
    },
    10,
  );

  const onDisk = (title: string, body: (directory: string, t: TestContext) => Promise<void>) =>
    test(title, async t => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-handover-'));
      try {
        await body(directory, t);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

  onDisk('checks hold between two that hand over and one that commits by itself', async directory => {
    const alone = await openLmdb(directory);
    await alone.commit([], [put('counter', '0')]);
    const { child, channels } = await startCommitter(directory);
    const others = channels.map(async channel => {
      const other = spawn(process.execPath, [script, 'count', directory], {
        stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      });
      // What the other says is passed on, and so are the answers.
      const through = other.stdio[3] as Socket;
      through.pipe(channel).pipe(through);
      assert.deepEqual(await once(other, 'exit'), [0, null]);
    });
    await Promise.all([count(alone), ...others]);
    await ended(child);
    assert.equal(String((await alone.get(['counter']))!.value), String(3 * WRITES));
    await alone.close();
  });

  onDisk('a full disk rejects what was handed over, hides it, and says why', async directory => {
    const { child, channels } = await startCommitter(directory, 'ulimit -f 4000;');
    const kv = await openLmdb(directory, { handover: new Handover(channels[0]!) });
    channels[1]!.destroy();
    let acknowledged = 0;
    let reason: unknown;
    for (let rejected = 0; rejected < 3; ) {
      const batch = [0, 1, 2].map(id =>
        kv.commit([], [{ key: ['full', acknowledged + id], value: Buffer.alloc(100_000) }]),
      );
      const results = await Promise.allSettled(batch);
      const failed = results.find(result => result.status === 'rejected');
      if (failed === undefined) acknowledged += batch.length;
      else {
        reason = failed.reason;
        rejected++;
      }
    }
    assert.ok(acknowledged > 3);
    assert.ok(reason instanceof Error && !(reason instanceof CommitInDoubt), String(reason));
    assert.ok(reason.cause instanceof Error && 'code' in reason.cause, 'the code of the system');
    assert.equal((await kv.list(under(['full']))).length, acknowledged);
    assert.equal(await kv.commit([], [put('small')]), true);
    await kv.close();
    await ended(child);
  });

  onDisk(
    'a committer that is killed leaves in doubt what it had not answered, and others go on',
    async directory => {
      const { child, channels } = await startCommitter(directory);
      const kv = await openLmdb(directory, { handover: new Handover(channels[0]!) });
      assert.equal(await kv.commit([], [put('before')]), true);
      child.kill('SIGSTOP');
      const inDoubt = kv.commit([], [put('doubtful')]);
      const alike = assert.rejects(inDoubt, CommitInDoubt);
      // Sent at the end of the turn.
      await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
      child.kill('SIGKILL');
      await alike;
      assert.equal(await kv.commit([{ key: ['after'], version: undefined }], [put('after')]), true);
      assert.equal(String((await kv.get(['before']))!.value), 'before');
      assert.equal(String((await kv.get(['after']))!.value), 'after');
      assert.equal(kv.commits.applied, 1, 'the last one was committed here');
      await kv.close();
      await ended(child);
    },
  );

  onDisk('what a committer took before it was killed is there whole or not at all', async directory => {
    for (let round = 0; round < 10; round++) {
      const { child, channels } = await startCommitter(directory);
      const kv = await openLmdb(directory, { handover: new Handover(channels[0]!) });
      const outcomes = new Map<string, string>();
      const begun = Array.from({ length: 30 }, async (_, index) => {
        const name = `${round}-${index}`;
        const writes = [put(`a ${name}`), put(`b ${name}`)];
        const result = await kv.commit([], writes).catch((error: unknown) => error);
        outcomes.set(name, result === true ? 'applied' : result instanceof CommitInDoubt ? 'in doubt' : '?');
      });
      // By and by, so that some are answered.
      if (round % 2 === 0) await begun[0];
      else await new Promise(setImmediate);
      child.kill('SIGKILL');
      await Promise.all(begun);
      for (const [name, outcome] of outcomes) {
        const both = await kv.getMany([[`a ${name}`], [`b ${name}`]]);
        const there = both.filter(entry => entry !== undefined).length;
        assert.ok(outcome === 'applied' ? there === 2 : outcome === 'in doubt' && there !== 1, outcome);
      }
      await kv.close();
      await ended(child);
    }
  });

  onDisk('a committer that stands still for too long is given up', async directory => {
    const { child, channels } = await startCommitter(directory);
    child.kill('SIGSTOP');
    const kv = await openLmdb(directory, { handover: new Handover(channels[0]!, 50) });
    await assert.rejects(kv.commit([], [put('k')]), CommitInDoubt);
    assert.equal(await kv.commit([], [put('l')]), true);
    child.kill('SIGCONT');
    channels[1]!.destroy();
    await kv.close();
    await ended(child);
  });

  const encoded = (size: number): EncodedCommit => ({
    checks: [],
    writes: [{ key: Buffer.from('k'), value: Buffer.alloc(size) }],
  });

  test('commits of one turn go together, in their order, and are answered each for itself', async () => {
    const [here, there] = duplexPair();
    const handover = new Handover(here);
    const batches: number[][] = [];
    const frames = new Frames();
    there.on('data', chunk => {
      for (const frame of frames.take(chunk)) {
        const sizes = commitsOf(frame).map(({ writes }) => writes[0]!.value!.length);
        batches.push(sizes);
        const outcomes = sizes.map(size => (size === 2 ? new Error('no') : size === 1));
        there.write(answerFrame(numberOf(frame), outcomes));
      }
    });
    const settled = await Promise.allSettled([1, 2, 3].map(size => handover.commit(encoded(size))));
    assert.deepEqual(batches, [[1, 2, 3]]);
    assert.deepEqual(
      settled.map(result => (result.status === 'fulfilled' ? result.value : result.reason.message)),
      [true, 'no', false],
    );
    await handover.close();
  });

  test('what is on its way stays bounded; what was not sent when the channel ends was not done', async () => {
    const [here, there] = duplexPair({ highWaterMark: 2 ** 30 });
    const handover = new Handover(here);
    let bytes = 0;
    there.on('data', chunk => {
      bytes += chunk.length;
    });
    const MIB = 2 ** 20;
    const outcomes = Array.from({ length: 20 }, () =>
      handover.commit(encoded(MIB)).then(
        applied => applied,
        error => (error as Error).name,
      ),
    );
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.ok(bytes > 6 * MIB && bytes < 9 * MIB, String(bytes));
    there.destroy();
    here.destroy();
    const all = await Promise.all(outcomes);
    assert.equal(all.filter(outcome => outcome === 'CommitInDoubt').length, 7);
    assert.equal(all.filter(outcome => outcome === undefined).length, 13);
    assert.equal(await handover.commit(encoded(1)), undefined);
    await handover.close();
  });

  test('a batch is answered when all of it is settled, whatever the store throws', async () => {
    const [here, there] = duplexPair();
    const handover = new Handover(here);
    let release = (_applied: boolean): void => {};
    const last = new Promise<boolean>(resolve => {
      release = resolve;
    });
    const sizes: number[] = [];
    takeOver(there, commit => {
      const size = commit.writes[0]!.value!.length;
      sizes.push(size);
      if (size === 1) throw new Error('thrown');
      return size === 2 ? Promise.resolve(false) : last;
    });
    const settled = Promise.allSettled([1, 2, 3].map(size => handover.commit(encoded(size))));
    while (sizes.length < 3) await new Promise(setImmediate);
    release(true);
    assert.deepEqual(
      (await settled).map(result =>
        result.status === 'fulfilled' ? result.value : (result.reason as Error).message,
      ),
      ['thrown', false, true],
    );
    await handover.close();
  });
}

/** Without the kind of array that bytes are in. */
function plain({ checks, writes }: EncodedCommit) {
  const list = (bytes: Uint8Array | undefined) => bytes && [...bytes];
  return {
    checks: checks.map(({ key, version }) => ({ key: list(key), version })),
    writes: writes.map(({ key, value }) => ({ key: list(key), value: list(value) })),
  };
}
