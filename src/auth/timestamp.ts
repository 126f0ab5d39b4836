const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** `20130524T000000Z` in milliseconds since the epoch; `undefined` where the text is no such time. */
export function parseTimestamp(text: string): number | undefined {
  const match = BASIC.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries a 13th month over into the next year: such a text is not a time.
  return formatTimestamp(time) === text ? time : undefined;
}

/** A `Date` header: ISO 8601 basic format, or HTTP's own format. */
export function parseDateHeader(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return parseTimestamp(text);
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Milliseconds since the epoch as `20130524T000000Z`. */
export function formatTimestamp(time: number): string {
  return isoSeconds(time).replace(/[-:]/g, '');
}

/** Milliseconds since the epoch as `2013-05-24T00:00:00Z`. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
