import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { newTrail, openTrailWorld, SIGNAL } from './trails.test.support.js';

type Step = 'record' | 'tidy' | 'deliver' | 'before' | 'after' | 'restart' | 'wait';

test('each event is delivered once, whenever the server or the bucket fails', async t => {
  const steps = fc.array(
    fc.constantFrom<Step>('record', 'record', 'tidy', 'deliver', 'before', 'after', 'restart', 'wait'),
    { minLength: 5, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 0, max: 2 }), async (taken, good) => {
      const world = await openTrailWorld(t, 3000);
      let now = await world.open();
      const trail = await now.trails.create(newTrail());
      assert.ok(typeof trail === 'object');
      await now.trails.startLogging(trail);
      const expected: string[] = [];
      for (const step of taken) {
        if (step === 'record') {
          for (let count = 0; count < 7; count++) {
            const awsRegion = count % 3 === 0 ? 'eu-west-1' : 'us-east-1';
            const one = world.event({ awsRegion });
            now.audit.record(one);
            expected.push(one.eventID);
          }
        } else if (step === 'tidy') await now.audit.tidy();
        else if (step === 'wait') world.clock.advance(60);
        else if (step === 'restart') {
          await now.audit.close();
          now = await world.open();
        } else {
          Object.assign(world.logs, { fails: step === 'deliver' ? undefined : step, good });
          await now.delivery.run(SIGNAL);
          // As after a kill: nothing of what the process knew is left.
          if (step !== 'deliver') {
            await now.audit.close();
            now = await world.open();
          }
        }
      }
      world.logs.fails = undefined;
      await now.delivery.run(SIGNAL);
      assert.deepEqual(world.logs.delivered(), expected);
      // What is delivered takes no room any more.
      await now.audit.tidy();
      await now.delivery.run(SIGNAL);
      const due = (await readdir(world.directory)).filter(name => name.endsWith('.due'));
      assert.deepEqual(due, []);
      await now.audit.close();
    }),
    { numRuns: 12 },
  );
});

test('a trail has what was called while it logged, in its regions and its account', async t => {
  const { clock, logs, open, event } = await openTrailWorld(t);
  const { audit, trails, delivery } = await open();
  const local = newTrail({ name: 'local', multiRegion: false, globalServices: false });
  const trail = await trails.create(local);
  assert.ok(typeof trail === 'object');
  audit.record(event());
  clock.advance(1);
  await trails.startLogging(trail);
  const source = 'kms.amazonaws.com';
  const taken = event({ eventSource: source });
  const late = event({ eventSource: source, arrived: clock.now() + 400 });
  for (const one of [
    taken,
    event({ eventSource: source, awsRegion: 'eu-west-1' }),
    event({ eventSource: source, recipientAccountId: '222233334444' }),
    event(),
    { ...event(), eventName: undefined },
  ])
    audit.record(one);
  clock.advance(1);
  await trails.stopLogging((await trails.find(trail))!);
  clock.advance(1);
  audit.record(event({ eventSource: source }));
  // It had begun before.
  audit.record(late);
  await delivery.run(SIGNAL);
  assert.deepEqual(logs.delivered(), [taken.eventID, late.eventID]);
  await audit.close();
});

test('one trail that fails does not hold up another, and catches up', async t => {
  const { logs, open, event } = await openTrailWorld(t);
  const { audit, trails, delivery } = await open();
  for (const name of ['one', 'two']) {
    const trail = await trails.create(newTrail({ name, bucket: name }));
    await trails.startLogging(trail as Exclude<typeof trail, string>);
  }
  const put = logs.put.bind(logs);
  let isAway = true;
  logs.put = async write => {
    if (isAway && write.bucket === 'one') throw new Error('away');
    await put(write);
  };
  const events = [event(), event()];
  for (const one of events) audit.record(one);
  await delivery.run(SIGNAL);
  const ids = events.map(({ eventID }) => eventID);
  assert.deepEqual(logs.delivered(), ids);
  const [one] = await trails.ofAccount('111122223333');
  assert.equal((await trails.status(one!)).deliveryError, 'InternalError');
  await audit.tidy();
  isAway = false;
  await delivery.run(SIGNAL);
  assert.deepEqual(logs.delivered(), [...ids, ...ids].sort());
  const { deliveryError, delivered } = await trails.status(one!);
  assert.equal(deliveryError, undefined);
  assert.ok(delivered);
  await audit.close();
});

test('without a trail, lines do not stay beside their segment', async t => {
  const { clock, directory, open, event } = await openTrailWorld(t);
  const { audit, trails, delivery } = await open();
  const due = async () => (await readdir(directory)).filter(name => name.endsWith('.due')).length;
  const fill = async () => {
    for (let count = 0; count < 10; count++) audit.record(event());
    await audit.search({ terms: [], limit: 1 });
    await audit.tidy();
  };
  await fill();
  assert.ok((await due()) > 0);
  await delivery.release();
  assert.equal(await due(), 0);
  const trail = await trails.create(newTrail());
  assert.ok(typeof trail === 'object');
  await trails.startLogging(trail);
  await fill();
  const waiting = await due();
  assert.ok(waiting > 0);
  await delivery.release();
  assert.equal(await due(), waiting);
  await trails.stopLogging(trail);
  await delivery.release();
  assert.equal(await due(), waiting, 'what was called before the end is still to be delivered');
  clock.advance(25 * 3600);
  await delivery.release();
  assert.equal(await due(), 0);
  await audit.close();
});
