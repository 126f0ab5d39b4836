import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '../core/clock.js';
import { renewing } from './renewing.js';
import { SharedCache } from './shared-cache.js';

/** As another process: fetches through the cache, notes the fetch in a file, and prints the key. */
async function asProcess(directory: string): Promise<void> {
  const cache = new SharedCache({ of: { role: 'r' }, directory });
  const fetch = async () => {
    await appendFile(join(directory, 'fetches'), `${process.pid}\n`);
    return {
      accessKeyId: `K${process.pid}`,
      secretAccessKey: 's',
      expiration: new Date(Date.now() + 3_600_000),
    };
  };
  process.stdout.write((await renewing(fetch, { cache }).get()).accessKeyId);
}

if (process.argv[2] === 'fetch') await asProcess(process.argv[3]!);
else defineTests();

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-cache-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function keyOf(directory: string): Promise<string> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'fetch', directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', text => (output += text));
    child.on('error', reject);
    child.on('close', () => settle(output));
  });
}

function defineTests(): void {
  test('processes that start at once fetch once and get the same keys', async t => {
    const directory = await scratch(t);
    const keys = await Promise.all(Array.from({ length: 8 }, () => keyOf(directory)));
    const fetches = (await readFile(join(directory, 'fetches'), 'utf8')).trim().split('\n');
    assert.equal(fetches.length, 1);
    assert.deepEqual([...new Set(keys)], [`K${fetches[0]}`]);
  });

  test('the file is for its owner alone, and no lock is left', async t => {
    const directory = await scratch(t);
    const cache = new SharedCache({ of: { role: 'r' }, directory });
    const expiration = new Date(Date.now() + 3_600_000);
    const keys = renewing(async () => ({ accessKeyId: 'K', secretAccessKey: 's', expiration }), { cache });
    await keys.get();
    assert.equal((await stat(cache.file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(cache.file, '..'))).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(join(cache.file, '..')), ['keys.json']);
    await cache.clear();
    assert.equal(await cache.read(), undefined);
  });

  test('long-term keys are not written again', async t => {
    const cache = new SharedCache({ of: {}, directory: await scratch(t) });
    await renewing(async () => ({ accessKeyId: 'K', secretAccessKey: 's' }), { cache }).get();
    assert.equal(await cache.read(), undefined);
  });

  test('keys of another role, or another order of the same options', async t => {
    const directory = await scratch(t);
    const file = (of: Record<string, unknown>) => new SharedCache({ of, directory }).file;
    assert.equal(file({ a: 1, b: { c: 2, d: 3 } }), file({ b: { d: 3, c: 2 }, a: 1, e: undefined }));
    assert.notEqual(file({ a: 1 }), file({ a: 2 }));
    assert.notEqual(file({ tags: ['a', 'b'] }), file({ tags: ['b', 'a'] }));
  });

  test('a damaged file counts as none, and expired keys are not read', async t => {
    const directory = await scratch(t);
    const clock = new ManualClock();
    const cache = new SharedCache({ of: {}, directory });
    let fetches = 0;
    const fetch = async () => ({
      accessKeyId: `K${++fetches}`,
      secretAccessKey: 's',
      expiration: new Date(clock.now() + 900_000),
    });
    const get = async () => (await renewing(fetch, { clock, cache }).get()).accessKeyId;
    assert.equal(await get(), 'K1');
    assert.equal(await get(), 'K1');
    await writeFile(cache.file, '{"format":1,"credentials":{');
    assert.equal(await get(), 'K2');
    clock.advance(901);
    assert.equal(await get(), 'K3');
  });
}
