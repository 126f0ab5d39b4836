import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  formatDateTime,
  formatDateTimeZeroMillis,
  formatHttpDate,
  parseDate,
  parseDateTime,
  parseEpochSeconds,
  parseHttpDate,
} from './timestamps.js';

type Parser = (text: string) => Date | undefined;

const cases: [parse: Parser, text: string, iso: string | undefined][] = [
  [parseDateTime, '2011-07-15T23:28:33Z', '2011-07-15T23:28:33.000Z'],
  [parseDateTime, '2011-07-15T23:28:33.3599Z', '2011-07-15T23:28:33.359Z'],
  [parseDateTime, '2011-07-15T23:28:33', '2011-07-15T23:28:33.000Z'],
  [parseDateTime, '2011-07-15T23:28:33+09:00', '2011-07-15T14:28:33.000Z'],
  [parseDateTime, '2011-07-15T23:28:33-0130', '2011-07-16T00:58:33.000Z'],
  [parseDateTime, '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  [parseDateTime, '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  [parseDateTime, '2023-02-29T00:00:00Z', undefined],
  [parseDateTime, '2023-04-31T00:00:00Z', undefined],
  [parseDateTime, '2023-13-01T00:00:00Z', undefined],
  [parseDateTime, '2023-01-01T24:00:00Z', undefined],
  [parseDateTime, '2023-01-01T00:00:00+25:00', undefined],
  [parseDateTime, '2023-01-01', undefined],
  [parseDateTime, 'now', undefined],
  [parseDate, '2023-01-01', '2023-01-01T00:00:00.000Z'],
  [parseDate, '2023-02-30', undefined],
  // The three examples of RFC 9110, section 5.6.7.
  [parseHttpDate, 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  [parseHttpDate, 'Sunday, 06-Nov-94 08:49:37 GMT', '2094-11-06T08:49:37.000Z'],
  [parseHttpDate, 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
  [parseHttpDate, 'Sun, 31 Feb 1994 08:49:37 GMT', undefined],
  [parseHttpDate, '1994-11-06T08:49:37Z', undefined],
  [parseEpochSeconds, '0', '1970-01-01T00:00:00.000Z'],
  [parseEpochSeconds, '1.5', '1970-01-01T00:00:01.500Z'],
  [parseEpochSeconds, '1.7E9', '2023-11-14T22:13:20.000Z'],
  [parseEpochSeconds, '1e300', undefined],
  [parseEpochSeconds, '', undefined],
];

suite('timestamps', () => {
  for (const [parse, text, iso] of cases) {
    test(`${parse.name} ${JSON.stringify(text)}`, () => assert.equal(parse(text)?.toISOString(), iso));
  }

  test('what is written is what is read', () => {
    const date = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, value => {
        const whole = new Date(Math.floor(value.getTime() / 1000) * 1000);
        assert.deepEqual(parseDateTime(formatDateTime(value)), value);
        assert.deepEqual(parseDateTime(formatDateTimeZeroMillis(value)), whole);
        assert.deepEqual(parseHttpDate(formatHttpDate(whole)), whole);
      }),
    );
  });
});
