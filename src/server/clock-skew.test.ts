import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '../core/clock.js';
import { silentLogger } from '../core/log.js';
import { SettingsError } from '../core/settings-error.js';
import { watchSkew } from './clock-skew.js';

const NOW = Date.UTC(2026, 0, 1);

/** A server whose database is `ahead` of it by so many milliseconds. */
function serverWith(ahead: number) {
  const clock = new ManualClock(NOW);
  const said: unknown[] = [];
  const database = { ahead, asked: 0, isAway: false };
  const time = async () => {
    database.asked++;
    if (database.isAway) throw new Error('away');
    return clock.now() + database.ahead;
  };
  const log = {
    ...silentLogger,
    error: (_: string, fields?: Readonly<Record<string, unknown>>) => said.push(fields?.['milliseconds']),
  };
  return { clock, said, database, watch: () => watchSkew({ clock, scheduler: clock, time, log }) };
}

test('a server whose clock is over five seconds from the database’s does not start', async () => {
  for (const [ahead, what] of [
    [5001, /5001 ms behind/],
    [-5001, /5001 ms ahead of/],
  ] as const)
    await assert.rejects(
      serverWith(ahead).watch(),
      (error: Error) => error instanceof SettingsError && what.test(error.message),
    );
  for (const ahead of [5000, -5000, 0]) await (await serverWith(ahead).watch())();
});

test('over one second is said every minute, while the database can be asked', async () => {
  const { clock, said, database, watch } = serverWith(0);
  const end = await watch();
  const minute = async (ahead: number) => {
    database.ahead = ahead;
    clock.advance(60);
    await turn();
  };
  await minute(1000);
  assert.deepEqual(said, []);
  await minute(1001);
  await minute(-20_000);
  assert.deepEqual(said, [1001, -20_000]);
  database.isAway = true;
  await minute(9000);
  database.isAway = false;
  await minute(2000);
  assert.deepEqual(said, [1001, -20_000, 2000]);
  await end();
  await minute(2000);
  assert.equal(database.asked, 6);
});
