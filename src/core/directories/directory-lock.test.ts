import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../../test/support/until.js';
import { DirectoryInUse, lockDirectory } from './directory-lock.js';

if (process.argv[2] === 'lock') {
  // As another process: prints the outcome and stays.
  const outcome = await lockDirectory(process.argv[3]!).then(
    () => 'locked',
    (error: Error) => error.name,
  );
  process.stdout.write(outcome);
  process.stdin.resume();
} else defineTests();

/** Its children end with the command. */
const IN_NAMESPACE = ['unshare', '-p', '-f', '--kill-child', '--mount-proc'];

async function start(
  directory: string,
  before: readonly string[] = [],
): Promise<{ child: ChildProcess; outcome: string }> {
  const own = [process.execPath, fileURLToPath(import.meta.url), 'lock', directory];
  const [command, ...args] = [...before, ...own];
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [outcome] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  return { child, outcome: String(outcome) };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function defineTests(): void {
  const inDirectory = (title: string, body: (directory: string) => Promise<void>) =>
    test(title, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-lock-'));
      try {
        await body(directory);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

  inDirectory(
    'a second holder is refused and told the first; a released lock can be taken',
    async directory => {
      const lock = await lockDirectory(join(directory, 'made'));
      await assert.rejects(lockDirectory(join(directory, 'made')), (error: unknown) => {
        assert.ok(error instanceof DirectoryInUse);
        assert.equal(error.pid, process.pid);
        return true;
      });
      await lock.release();
      await lock.release();
      await (await lockDirectory(join(directory, 'made'))).release();
      assert.deepEqual(await readdir(join(directory, 'made')), []);
    },
  );

  inDirectory('the lock of a killed process is taken over, that of a running one is not', async directory => {
    const { child, outcome } = await start(directory);
    assert.equal(outcome, 'locked');
    await assert.rejects(
      lockDirectory(directory),
      (error: unknown) => (error as DirectoryInUse).pid === child.pid,
    );
    await kill(child);
    const lock = await lockDirectory(directory);
    assert.equal(lock.afterCrash, true);
    await lock.release();
    const next = await lockDirectory(directory);
    assert.equal(next.afterCrash, false);
    await next.release();
  });

  inDirectory(
    'a process that was given the id of the holder does not count as the holder',
    async directory => {
      const lock = await lockDirectory(directory);
      const path = join(directory, 'server.lock');
      const holder = JSON.parse(await readFile(path, 'utf8'));
      await lock.release();
      await writeFile(path, JSON.stringify({ ...holder, started: '1' }));
      await (await lockDirectory(directory)).release();
      await writeFile(path, JSON.stringify({ ...holder, scope: 'before the last boot' }));
      await (await lockDirectory(directory)).release();
    },
  );

  inDirectory('a lock that names no holder keeps nobody off', async directory => {
    const path = join(directory, 'server.lock');
    for (const text of [
      '',
      '{',
      '{"pid":1}',
      'null',
      '[]',
      '{"pid":1,"started":"","scope":"","token":"../../x"}',
      '\0\0\0\0',
    ]) {
      await writeFile(path, text);
      await (await lockDirectory(directory)).release();
      assert.deepEqual(await readdir(directory), [], JSON.stringify(text));
    }
  });

  const namespaces = spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']).status === 0;
  test('a process in another PID namespace is kept off, and one there keeps off (needs unshare)', {
    skip: !namespaces && 'needs unshare and the right to use it',
  }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'karikagi-lock-'));
    try {
      const lock = await lockDirectory(directory);
      const refused = await start(directory, IN_NAMESPACE);
      assert.equal(refused.outcome, 'DirectoryInUse');
      await kill(refused.child);
      assert.ok((await readdir(directory)).includes('server.lock'));
      await lock.release();
      // Both are the first process of their namespace.
      const [first, second] = [await start(directory, IN_NAMESPACE), await start(directory, IN_NAMESPACE)];
      assert.deepEqual([first.outcome, second.outcome], ['locked', 'DirectoryInUse']);
      await kill(second.child);
      await assert.rejects(lockDirectory(directory), DirectoryInUse);
      await kill(first.child);
      await until(() =>
        lockDirectory(directory).then(
          lock => lock.release().then(() => true),
          () => false,
        ),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  inDirectory('of many that find a stale lock at once, one gets it', async directory => {
    const stale = { pid: 1, started: 'long ago', scope: 'another boot', token: 'stale' };
    const path = join(directory, 'server.lock');
    for (let round = 0; round < 30; round++) {
      await writeFile(path, JSON.stringify(stale));
      // Now and then, one that wanted to take over ended while doing so.
      if (round % 3 === 0) await writeFile(`${path}.stale`, JSON.stringify({ ...stale, token: 'midway' }));
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)));
      const locks = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          assert.ok(outcome.reason instanceof DirectoryInUse, outcome.reason);
      }
      assert.equal(locks.length, 1);
      await locks[0]!.release();
      assert.deepEqual(await readdir(directory), []);
    }
  });

  inDirectory('of several processes that start at once, one gets the lock', async directory => {
    const first = await start(directory);
    await kill(first.child);
    const starters = await Promise.all(Array.from({ length: 4 }, () => start(directory)));
    await Promise.all(starters.map(({ child }) => kill(child)));
    assert.deepEqual(starters.map(({ outcome }) => outcome).sort(), [
      'DirectoryInUse',
      'DirectoryInUse',
      'DirectoryInUse',
      'locked',
    ]);
  });
}
