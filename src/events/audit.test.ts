import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import type { AuditEvent } from '../core/cloudtrail.js';
import { LineWriter, readerOf } from '../core/event-lines.js';
import { type AuditOptions, openAuditLog } from './audit.js';
import { MemoryEvents } from './memory-events.js';
import { type EventPage, type EventPosition, type EventQuery, matches, newerFirst } from './query.js';
import { searchFiles } from './search.js';
import { sealFile } from './segment-write.js';
import { ANY_ERROR, term } from './terms.js';

const START = Date.UTC(2026, 0, 30, 23, 59, 59);
let made = 0;

function event(more: Partial<AuditEvent> = {}): AuditEvent {
  const arrived = more.arrived ?? START + made;
  return {
    eventVersion: '1.11',
    eventTime: new Date(arrived).toISOString(),
    arrived,
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'us-east-1',
    requestID: `R${made}`,
    eventID: `E${String(made++).padStart(6, '0')}`,
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/alice', userName: 'alice' },
    recipientAccountId: '111122223333',
    ...more,
  };
}

async function open(t: TestContext, more: Partial<AuditOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  const clock = new ManualClock(START);
  const options = {
    space: { keepDays: 30, bytes: 1e9 },
    clock,
    scheduler: clock,
    keeps: true,
    failed: assert.ifError,
    ...more,
  };
  const reopen = () => openAuditLog(directory, options);
  return { directory, clock, reopen, audit: await reopen() };
}

/** All pages of a query. */
async function all(
  ask: (query: EventQuery) => Promise<EventPage> | EventPage,
  query: Omit<EventQuery, 'after'>,
) {
  const events: AuditEvent[] = [];
  let after: EventPosition | undefined;
  do {
    const page: EventPage = await ask({ ...query, after });
    assert.ok(page.events.length <= query.limit);
    events.push(...page.events);
    after = page.next;
  } while (after);
  return events;
}

const ids = (events: readonly AuditEvent[]) => events.map(({ eventID }) => eventID);
const names = async (directory: string, ending: string) =>
  (await readdir(directory)).filter(name => name.endsWith(ending)).sort();

test('events are lines in a file a day, and old files go', async t => {
  const { directory, audit, clock } = await open(t);
  await writeFile(join(directory, 'events-2025-12-01-x-1.jsonl'), '');
  await writeFile(join(directory, 'something-else'), '');
  audit.record(event({ arrived: START }));
  audit.record(event({ arrived: START + 2000 }));
  // It arrived first and ended last: it does not begin yesterday's file again.
  audit.record(event({ arrived: START + 100 }));
  const found = await all(query => audit.search(query), { terms: [], limit: 10 });
  assert.deepEqual(
    found.map(({ arrived }) => arrived - START),
    [2000, 100, 0],
  );
  await audit.tidy();
  await audit.close();
  assert.ok((await readdir(directory)).includes('something-else'));
  assert.ok(!(await readdir(directory)).includes('events-2025-12-01-x-1.jsonl'));
  const [lines] = await names(directory, '.lines');
  const begun = `events-2026-01-31-${clock.now().toString(36)}`;
  assert.ok(lines!.startsWith(begun) && lines!.endsWith(`-${process.pid}.lines`), lines);
  const text = await readFile(join(directory, lines!), 'utf8');
  const reader = readerOf(text);
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .flatMap(line => reader.event(line) ?? [])
      .map(({ arrived }) => arrived - START),
    [2000, 100],
  );
});

test('the oldest files go where they take too much space together', async t => {
  const { directory, audit } = await open(t, { space: { keepDays: 30, bytes: 64_000 } });
  await writeFile(join(directory, 'events-2026-01-29-x-1.jsonl'), 'x'.repeat(60_000));
  for (let count = 0; count < 2000; count++) {
    // What cannot be compressed, so that segments take space.
    const userAgent = Array.from({ length: 40 }, (_, at) =>
      ((count * 7919 + at * 104_729) % 99_991).toString(36),
    ).join('');
    audit.record(event({ userAgent }));
    if (count % 100 === 0) await audit.search({ terms: [], limit: 1 });
  }
  await audit.close();
  await audit.tidy();
  await audit.close();
  const left = await readdir(directory);
  assert.ok(!left.includes('events-2026-01-29-x-1.jsonl'));
  const sizes = await Promise.all(left.map(async name => (await stat(join(directory, name))).size));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  assert.ok(size > 0 && size < 100_000, `${size} bytes`);
});

test('what was left behind by a process that was killed becomes a segment, half a line aside', async t => {
  const { directory, audit, reopen } = await open(t);
  const events = [event(), event(), event()];
  for (const one of events) audit.record(one);
  await audit.search({ terms: [], limit: 1 });
  await audit.close();
  const [lines] = await names(directory, '.lines');
  await appendFile(join(directory, lines!), '[0,143,"2026');
  const again = await reopen();
  t.after(() => again.close());
  const last = event();
  again.record(last);
  await again.tidy();
  assert.equal((await names(directory, '.seg')).length, 1);
  const found = await again.search({ terms: [], limit: 10 });
  assert.deepEqual(ids(found.events), ids([...events, last]).reverse());
});

test('lines that wait for a delivery take a quarter of the room at most', async t => {
  const { directory, audit } = await open(t, { space: { keepDays: 30, bytes: 100_000 } });
  const day = '2026-01-30';
  for (const count of [1, 2, 3, 4]) {
    await writeFile(join(directory, `events-${day}-w${count}-1.due`), 'x'.repeat(10_000));
    await writeFile(join(directory, `events-${day}-w${count}-1.seg`), 'x'.repeat(20_000));
  }
  await audit.tidy();
  const left = async (ending: string) => (await names(directory, ending)).map(name => name.split('-')[4]);
  assert.deepEqual(await left('.due'), ['w3', 'w4']);
  assert.deepEqual(await left('.seg'), ['w1', 'w2', 'w3', 'w4']);
  await audit.close();
});

describe('finding', () => {
  const queries: [string, string[][], (one: AuditEvent) => boolean][] = [
    ['a principal', [[term('principal', 'bob')]], one => one.userIdentity!.userName === 'bob'],
    [
      'an action, without case',
      [[term('name', 'PUTOBJECT'), term('name', 'CopyObject')]],
      one => ['PutObject', 'CopyObject'].includes(one.eventName!),
    ],
    ['a request', [[term('request', 'REQ-77')]], one => one.requestID === 'REQ-77'],
    [
      'errors of a principal',
      [[term('error', ANY_ERROR)], [term('principal', 'alice')]],
      one => one.errorCode !== undefined && one.userIdentity!.userName === 'alice',
    ],
    ['what there is not', [[term('principal', 'nobody')]], () => false],
    ['everything', [], () => true],
  ];

  test('pages through segments and files that are written to, newest first and none twice', async t => {
    const { audit, directory } = await open(t, { pieceBytes: 20_000 });
    const events: AuditEvent[] = [];
    for (let count = 0; count < 1500; count++) {
      const userName = count % 97 === 0 ? 'bob' : 'alice';
      const one = event({
        // Many in one millisecond, and some that come late.
        arrived: START + Math.floor(count / 10) - (count % 13 === 0 ? 25 : 0),
        requestID: `REQ-${count}`,
        eventName: ['GetObject', 'PutObject', 'CopyObject', 'ListObjects'][count % 4],
        userIdentity: { type: 'IAMUser', userName },
        ...(count % 50 === 0 && { errorCode: 'AccessDenied' }),
      });
      events.push(one);
      audit.record(one);
      if (count % 200 === 0) await audit.search({ terms: [], limit: 1 });
    }
    await audit.search({ terms: [], limit: 1 });
    await audit.tidy();
    assert.ok((await names(directory, '.seg')).length > 3);
    const memory = new MemoryEvents();
    for (const one of events) memory.record(one);
    for (const [what, terms, meant] of queries) {
      const expected = ids(events.filter(meant).sort(newerFirst));
      for (const log of [audit, memory]) {
        const found = await all(query => log.search(query), { terms, limit: 37 });
        assert.deepEqual(ids(found), expected, what);
      }
    }
    const [from, to] = [START + 20, START + 90];
    const within = await all(query => audit.search(query), { terms: [], from, to, limit: 50 });
    const expected = events.filter(({ arrived }) => arrived >= from && arrived <= to).sort(newerFirst);
    assert.deepEqual(ids(within), ids(expected));
    await audit.close();
  });

  test('a segment answers as its events do, whatever they are', async t => {
    const { directory, audit } = await open(t);
    await audit.close();
    const word = fc.constantFrom('a', 'b', 'c', 'arn:aws:iam::1:role/x"\\é', 'ü', '日本');
    const anyEvent = fc.record({
      arrived: fc.integer({ min: START, max: START + 50 }),
      eventName: fc.option(word, { nil: undefined }),
      requestID: word,
      errorCode: fc.option(word, { nil: undefined }),
      recipientAccountId: fc.option(word, { nil: undefined }),
      resources: fc.array(fc.record({ ARN: word, type: word }), { maxLength: 3 }),
    });
    const anyTerm = fc
      .tuple(fc.constantFrom('name', 'request', 'error', 'account', 'resource', 'resourceType'), word)
      .map(([kind, value]) => term(kind as 'name', value));
    const anyQuery = fc.record({
      terms: fc.array(fc.array(anyTerm, { minLength: 1, maxLength: 2 }), { maxLength: 3 }),
      from: fc.option(fc.integer({ min: START - 5, max: START + 55 }), { nil: undefined }),
      to: fc.option(fc.integer({ min: START - 5, max: START + 55 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 60 }),
        anyQuery,
        async (parts, query) => {
          const events = parts.map(part => event(part));
          const lines = join(directory, 'events-2026-01-30-t-1.jsonl');
          await writeFile(lines, events.map(one => `${JSON.stringify(one)}\n`).join(''));
          const expected = ids(events.filter(one => matches(one, { ...query, limit: 0 })).sort(newerFirst));
          const search = (one: EventQuery) => searchFiles(directory, one);
          assert.deepEqual(ids(await all(search, { ...query, limit: 7 })), expected);
          const segment = join(directory, 'events-2026-01-30-t-1.seg');
          sealFile(lines, segment);
          assert.deepEqual(ids(await all(search, { ...query, limit: 7 })), expected);
          // What an earlier version has made differs in nothing else.
          const bytes = await readFile(segment);
          bytes.write('1VEK', bytes.length - 4, 'latin1');
          await writeFile(segment, bytes);
          assert.deepEqual(ids(await all(search, { ...query, limit: 7 })), expected);
          await rm(segment);
          const writer = new LineWriter();
          const compact = join(directory, 'events-2026-01-30-t-1.lines');
          await writeFile(compact, events.map(one => writer.add(one)).join(''));
          assert.deepEqual(ids(await all(search, { ...query, limit: 7 })), expected);
          sealFile(compact, segment);
          assert.deepEqual(ids(await all(search, { ...query, limit: 7 })), expected);
          await rm(segment);
        },
      ),
      { numRuns: 150 },
    );
  });
});
