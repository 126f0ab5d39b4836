import assert from 'node:assert/strict';
import { afterEach, suite, test } from 'node:test';
import { until } from '../../test/support/until.js';
import { type Logger, silentLogger } from '../core/log.js';
import { targetName } from '../objects/index.js';
import { LIFETIME, startDelivery } from './delivery.js';
import type { Message } from './message.js';
import type { Delivery, Target } from './target.js';
import { HOOKS, openOutbox, type Stage } from './testing.test.support.js';

const LINES = 'arn:aws:sqs:us-east-1:111122223333:lines';

/** Takes what `refuses` lets through, and remembers it. */
function target(refuses: (message: Message) => boolean = () => false) {
  const taken: string[] = [];
  let attempts = 0;
  const deliver = async (messages: readonly Message[]): Promise<Delivery> => {
    attempts++;
    const held = new Set<string>();
    const done = messages.filter(message => {
      const { subject } = message.pending;
      if (held.has(subject) || !refuses(message)) return !held.has(subject);
      held.add(subject);
      return false;
    });
    taken.push(...done.map(({ pending }) => `${pending.event.key}#${pending.event.size}`));
    return { taken: done, ...(done.length < messages.length && { failure: new Error('refused') }) };
  };
  return { deliver, taken, attempts: () => attempts };
}

suite('delivery', () => {
  let stop: (() => Promise<void>) | undefined;
  afterEach(() => stop?.());

  function start(stage: Stage, targets: Record<string, Target>, log: Logger = silentLogger) {
    const { objects, clock } = stage;
    const { outbox } = objects;
    const map = new Map(Object.entries(targets));
    stop = startDelivery({ outbox, clock, scheduler: clock, log, targets: map, nameOf: targetName });
    return stop;
  }

  /** Waits for a condition while time passes: a minute at each look. */
  const inTime = ({ clock }: Stage, condition: () => boolean) =>
    until(() => {
      clock.advance(60);
      return condition();
    });

  test('sends what waited before it began, and what comes after, each once', async () => {
    const stage = await openOutbox();
    const hooks = target();
    await stage.happen('a', { size: 1 });
    start(stage, { hooks });
    await until(() => hooks.taken.length === 1);
    await stage.happen('b', { size: 1 });
    await until(() => hooks.taken.length === 2);
    await until(async () => (await stage.waiting()).length === 0);
    assert.deepEqual(hooks.taken, ['a#1', 'b#1']);
  });

  test('finds what other processes have written', async () => {
    const stage = await openOutbox();
    const hooks = target();
    start(stage, { hooks });
    stage.objects.outbox.committed = () => {};
    await stage.happen('a', { size: 1 });
    await inTime(stage, () => hooks.taken.length === 1);
  });

  test('goes through more than a page', async () => {
    const stage = await openOutbox();
    for (let n = 0; n < 1203; n++) await stage.happen(`k${n % 7}`, { size: n });
    const hooks = target();
    start(stage, { hooks });
    await until(async () => (await stage.waiting()).length === 0);
    assert.equal(new Set(hooks.taken).size, 1203);
    assert.equal(hooks.taken.length, 1203);
  });

  test('keeps the order of each key, and lets one that is refused hold up only itself', async () => {
    const stage = await openOutbox();
    let refused = 0;
    const hooks = target(({ pending }) => pending.event.key === 'bad' && refused++ < 5);
    for (let size = 0; size < 3; size++) {
      await stage.happen('bad', { size });
      await stage.happen('good', { size });
    }
    start(stage, { hooks });
    await inTime(stage, () => hooks.taken.length === 6);
    assert.deepEqual(hooks.taken, ['good#0', 'good#1', 'good#2', 'bad#0', 'bad#1', 'bad#2']);
    assert.equal(hooks.attempts() >= 6, true);
  });

  test('leaves a target alone that is down, and others as they are', async () => {
    const stage = await openOutbox([HOOKS, LINES]);
    let isDown = true;
    const lines = target();
    const working = target();
    const hooks: Target = {
      deliver: async messages => {
        if (isDown) throw new Error('connection refused');
        return working.deliver(messages);
      },
    };
    const said: string[] = [];
    const say = (message: string) => said.push(message);
    start(stage, { hooks, lines }, { info: say, warn: say, error: say });
    await stage.happen('a', { size: 1 });
    await until(() => lines.taken.length === 1);
    await until(() => said.length > 0);
    isDown = false;
    await inTime(stage, () => working.taken.length === 1);
    await until(() => said.length === 2);
    assert.deepEqual(said, [
      'events could not be delivered and are tried again',
      'events are delivered again',
    ]);
  });

  test('gives up after a day, and says so', async () => {
    const stage = await openOutbox();
    const hooks = target(({ pending }) => pending.event.key === 'bad');
    const said: string[] = [];
    await stage.happen('bad', { size: 1 });
    start(stage, { hooks }, { ...silentLogger, error: message => said.push(message) });
    await inTime(stage, () => hooks.attempts() > 2);
    assert.deepEqual(await stage.waiting(), ['bad']);
    stage.clock.advance(LIFETIME / 1000 + 1);
    await until(() => said.length > 0);
    assert.deepEqual(await stage.waiting(), []);
    assert.deepEqual(said, ['1 events could not be delivered for a day and are dropped']);
  });

  test('gives up all that is old, however much of it waits for a target that is down', async () => {
    const stage = await openOutbox();
    for (let n = 0; n < 1100; n++) await stage.happen(`k${n}`);
    stage.clock.advance(LIFETIME / 1000 + 1);
    await stage.happen('new');
    let attempts = 0;
    const deliver = async (messages: readonly Message[]) => {
      attempts++;
      throw new Error(`${messages.length} events, and nobody there`);
    };
    start(stage, { hooks: { deliver } });
    await until(async () => (await stage.waiting()).length === 1);
    assert.deepEqual(await stage.waiting(), ['new']);
    await stop!();
    assert.ok(attempts < 10, `${attempts} attempts`);
  });

  test('goes past what cannot be read, and says so once', async () => {
    const stage = await openOutbox();
    const hooks = target();
    const said: string[] = [];
    for (let n = 0; n < 600; n++) await stage.happen(`k${n}`);
    const pending = await stage.objects.outbox.waiting(HOOKS, undefined, 1000, () => {});
    const damaged = [...pending.slice(0, 550), pending.at(-1)!].map(({ row }) => row);
    await stage.kv.commit(
      [],
      damaged.map(key => ({ key, value: Buffer.from('no record') })),
    );
    start(stage, { hooks }, { ...silentLogger, error: message => said.push(message) });
    await until(() => hooks.taken.length === 49);
    await stage.happen('later');
    await until(() => hooks.taken.length === 50);
    assert.equal(said.length, damaged.length);
    // A change of that key goes on, and is told behind what cannot be read.
    await stage.happen(pending.at(-1)!.event.key);
    await until(() => hooks.taken.length === 51);
  });

  test('keeps what has no target any more until there is one', async () => {
    const stage = await openOutbox();
    await stage.happen('a', { size: 1 });
    let warned = false;
    await start(stage, {}, { ...silentLogger, warn: () => (warned = true) });
    await until(() => warned);
    await stop!();
    assert.deepEqual(await stage.waiting(), ['a']);
    const hooks = target();
    start(stage, { hooks });
    await until(() => hooks.taken.length === 1);
  });

  test('ends with what it was doing, and leaves the rest', async () => {
    const stage = await openOutbox();
    const hooks: Target = {
      deliver: (_, signal) =>
        new Promise(resolve => signal.addEventListener('abort', () => resolve({ taken: [], failure: 1 }))),
    };
    await stage.happen('a', { size: 1 });
    const end = start(stage, { hooks });
    await end();
    assert.deepEqual(await stage.waiting(), ['a']);
  });
});
