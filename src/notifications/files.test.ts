import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import { dailyFiles, linesFile } from './files.js';
import { messageOf } from './message.js';
import { HOOKS, openOutbox, START } from './testing.test.support.js';

suite('files of events', () => {
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-events-'));
  });
  after(() => rm(home, { recursive: true, force: true }));

  const { signal } = new AbortController();
  async function messages(...keys: string[]) {
    const stage = await openOutbox();
    for (const key of keys) await stage.happen(key);
    return (await stage.objects.outbox.waiting(HOOKS, undefined, 100, () => {})).map(messageOf);
  }
  const keysIn = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).Records[0].s3.object.key);

  test('get one line for each event, and may be moved away', async () => {
    const path = join(home, 'new', 'events.jsonl');
    const target = linesFile(path);
    const of = await messages('a', 'b');
    assert.deepEqual((await target.deliver(of, signal)).taken, of);
    await target.deliver(await messages('c'), signal);
    assert.deepEqual(await keysIn(path), ['a', 'b', 'c']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await rename(path, `${path}.1`);
    await target.deliver(await messages('d'), signal);
    assert.deepEqual(await keysIn(path), ['d']);
  });

  test('that cannot be written take nothing', async () => {
    await writeFile(join(home, 'file'), '');
    await assert.rejects(linesFile(join(home, 'file', 'x')).deliver(await messages('a'), signal));
  });

  test('of EventBridge are one a day, for so many days', async () => {
    const directory = join(home, 'bridge');
    const clock = new ManualClock(START);
    const target = dailyFiles(directory, 2, clock);
    for (let day = 0; day < 4; day++) {
      await target.deliver(await messages(`day ${day}`), signal);
      clock.advance(86_400);
    }
    assert.deepEqual((await readdir(directory)).sort(), [
      'events-2026-01-03.jsonl',
      'events-2026-01-04.jsonl',
      'events-2026-01-05.jsonl',
    ]);
  });
});
