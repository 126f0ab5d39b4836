import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startServer } from '../index.js';

const run = promisify(execFile);
const program = resolve(import.meta.dirname, 'karikagi.js');

test('karikagi root-key rotates, tells how far it is, and forgets', async t => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-root-key-cli-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const rootKey = async (...args: string[]) => {
    const { stdout } = await run(process.execPath, [program, 'root-key', ...args, '--data', data, '--json']);
    return JSON.parse(stdout) as { former: string[]; resealed: boolean; sessionsEnd?: string };
  };
  const server = await startServer({ data, port: 0, log: 'none' });
  await assert.rejects(rootKey('rotate'), /in use by process/);
  await server.close();
  const rotated = await rootKey('rotate');
  assert.equal(rotated.former.length, 1);
  assert.equal(Date.parse(rotated.sessionsEnd!) - Date.parse(rotated.former[0]!), 129_600_000);
  assert.equal(rotated.resealed, false);
  await assert.rejects(rootKey('forget', '--end-sessions'), /still sealed under a former root key/);
  let sealed: () => void = () => undefined;
  const resealed = new Promise<void>(settle => (sealed = settle));
  const info = (message: string) => message.startsWith('everything stored is sealed') && sealed();
  const logger = { info, warn: () => undefined, error: () => undefined };
  const again = await startServer({ data, port: 0, logger });
  await resealed;
  await again.close();
  assert.equal((await rootKey()).resealed, true);
  await assert.rejects(rootKey('forget'), /may live until/);
  assert.deepEqual(await rootKey('forget', '--end-sessions'), { ...(await rootKey()), former: [] });
});
