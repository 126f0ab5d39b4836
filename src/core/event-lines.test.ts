import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AuditEvent } from './cloudtrail.js';
import { LineReader, LineWriter, readerOf } from './event-lines.js';

const text = fc.oneof(
  fc.constantFrom('a', 'b', 'GetObject', 'é"\\\n\t', '日本', '\ud800', '__proto__', '["}'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 }));
const map = optional(fc.oneof(fc.constant(null), fc.dictionary(text, value, { maxKeys: 4 })));

/** Identities are the same object, an equal one, or another. */
const identities = [
  { type: 'IAMUser' as const, arn: 'arn:aws:iam::1:user/a', userName: 'a' },
  { type: 'IAMUser' as const, arn: 'arn:aws:iam::1:user/a', userName: 'a' },
  { type: 'AssumedRole' as const, sessionContext: { sessionIssuer: { arn: 'é' } }, invokedBy: undefined },
];

/** Of the members in the order of an event's JSON. */
const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  eventVersion: fc.constant('1.11'),
  userIdentity: fc.constantFrom(undefined, ...identities),
  eventTime: fc.constant('2026-01-31T12:00:00Z'),
  eventSource: optional(text),
  eventName: optional(text),
  awsRegion: text,
  sourceIPAddress: optional(text),
  userAgent: optional(text),
  errorCode: optional(text),
  errorMessage: optional(text),
  requestParameters: map,
  responseElements: map,
  additionalEventData: fc.option(fc.dictionary(text, value, { maxKeys: 3 }), { nil: undefined }),
  requestID: optional(text),
  eventID: text,
  readOnly: optional(fc.boolean()),
  resources: optional(fc.array(fc.record({ type: optional(text), ARN: optional(text) }), { maxLength: 3 })),
  eventType: optional(text),
  managementEvent: optional(fc.boolean()),
  recipientAccountId: optional(fc.constantFrom('111122223333', '444455556666')),
  eventCategory: fc.constantFrom('Data' as const, 'Management' as const),
  tlsDetails: optional(fc.record({ tlsVersion: text })),
  sessionCredentialFromConsole: optional(fc.constant('true')),
  arrived: fc.nat(),
  httpStatus: optional(fc.constantFrom(200, 403)),
  durationMs: optional(fc.nat()),
  sharedEventID: optional(text),
});

const written = (events: readonly AuditEvent[]) => {
  const writer = new LineWriter();
  const lines = events.map(event => writer.add(event)).join('');
  assert.equal(writer.length, Buffer.byteLength(lines));
  return lines;
};

test('what is read of lines has the JSON of the event that was written, member for member', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 30 }), events => {
      const lines = written(events);
      const reader = readerOf(lines);
      const read = lines.split('\n').map(line => reader.event(line));
      assert.deepEqual(
        read.filter(event => event !== undefined).map(event => JSON.stringify(event)),
        events.map(event => JSON.stringify(event)),
      );
    }),
    { numRuns: 500 },
  );
});

test('what events have alike stands once, and an event that differs in anything has its own', () => {
  fc.assert(
    fc.property(anyEvent, anyEvent, (one, other) => {
      const count = written([one, other, one, { ...other, eventID: 'another' }]).split('\n').length - 1;
      assert.ok(count >= 6 && count <= 8, `${count} lines`);
    }),
  );
});

test('a form that is not there makes no event: of a broken line, of one from elsewhere', () => {
  const whole = written([{ eventVersion: '1.11', eventTime: '', awsRegion: '', eventID: 'E', arrived: 1 }]);
  const event = whole.split('\n').at(-2)!;
  const reader = new LineReader(at => whole.slice(at).split('\n', 1)[0]!);
  assert.equal(reader.event(event)?.eventID, 'E');
  const broken = [
    event.slice(0, -3),
    event.replace(/^\[\d+/, '[7'),
    event.replace(/^\[\d+/, '[99999'),
    event.replace(/^\[\d+/, '[-1'),
    event.replace(/^\[\d+/, '["x"'),
    event.replace(/\]$/, ',1]'),
    '[]',
    '[0,0]',
    'null',
    '{"arrived":1}',
    '',
    whole.split('\n', 1)[0]!,
  ];
  for (const line of broken) assert.equal(reader.event(line), undefined, line);
});
