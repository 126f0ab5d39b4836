/** Cuts CSV (RFC 4180) into parts at the ends of records, without reading more of it than its quotes. */
import { StagingError } from './errors.js';

/** Whole records, and how many. */
export interface CutRecords {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
/** Bytes of one record at most: a quote that is never closed would else gather all of a file in memory. */
const LONGEST_RECORD = 16 * 2 ** 20;

/**
 * Parts of at least `size` bytes each but the last: they end with the first record that reaches it, so that the same
 * bytes are always cut alike. A last record without a line break gets one. `what` names the source in messages. Throws
 * `StagingError` for a record over 16 MiB and for a quote that is not closed.
 */
export async function* cutRecords(
  source: AsyncIterable<Uint8Array>,
  size: number,
  what: string,
): AsyncGenerator<CutRecords> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  let before = 0;
  let open = 0;
  const scan: Scan = { quoted: false, rows: 0, end: 0 };
  for await (const chunk of source) {
    let from = 0;
    scan.end = 0;
    while (scanRecords(chunk, scan, from + size - length)) {
      yield { bytes: Buffer.concat([...gathered, chunk.subarray(from, scan.end)]), rows: scan.rows };
      before += scan.rows;
      scan.rows = 0;
      gathered = [];
      length = 0;
      from = scan.end;
    }
    open = scan.end > 0 ? chunk.length - scan.end : open + chunk.length;
    if (open > LONGEST_RECORD) {
      throw new StagingError(
        `${what}: record ${before + scan.rows + 1} is longer than 16 MiB. Is a quote missing there?`,
      );
    }
    gathered.push(chunk.subarray(from));
    length += chunk.length - from;
  }
  if (scan.quoted) {
    throw new StagingError(`${what}: a quote in record ${before + scan.rows + 1} is never closed`);
  }
  if (length === 0) return;
  yield {
    bytes: Buffer.concat(open > 0 ? [...gathered, Buffer.from('\n')] : gathered),
    rows: open > 0 ? scan.rows + 1 : scan.rows,
  };
}

/** Where reading has come to in a chunk. */
interface Scan {
  /** Inside of quotes. */
  quoted: boolean;
  /** Records that have ended since the last cut. */
  rows: number;
  /** Behind the last record that ends in this chunk; 0 before the first. */
  end: number;
}

/**
 * Reads on from the last record's end to that of the first record at or behind `least`. Returns `false` at the end of
 * the chunk. A function of its own, since engines compile loops over bytes in generators badly.
 */
function scanRecords(chunk: Uint8Array, scan: Scan, least: number): boolean {
  let { quoted, rows, end } = scan;
  const { length } = chunk;
  for (let at = end; at < length; at++) {
    const byte = chunk[at]!;
    // So are most bytes.
    if (byte > QUOTE) continue;
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === LINE_FEED && !quoted) {
      rows++;
      end = at + 1;
      if (end >= least) break;
    }
  }
  Object.assign(scan, { quoted, rows, end });
  return end > 0 && end >= least;
}

/** The first record, without its line break, and an iterable of what follows. `undefined` where there is none. */
export async function takeHeader(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly header: string | undefined; readonly rest: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  let quoted = false;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const chunk = next.value;
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] === QUOTE) quoted = !quoted;
      if (chunk[at] !== LINE_FEED || quoted) continue;
      const bytes = Buffer.concat([...start, chunk.subarray(0, at)]);
      return { header: textOf(bytes), rest: following(chunk.subarray(at + 1), iterator) };
    }
    start.push(chunk);
    length += chunk.length;
    if (length > LONGEST_RECORD) throw new StagingError('the header is longer than 16 MiB');
  }
  const header = length > 0 ? textOf(Buffer.concat(start)) : undefined;
  return { header, rest: following(new Uint8Array(0), iterator) };
}

const textOf = (bytes: Buffer) =>
  bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r$/, '');

/** What an iterator gives, behind one more. */
export async function* following<T>(first: T, iterator: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield first;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

/** The fields of one record. */
export function fieldsOf(record: string, delimiter: string): readonly string[] {
  const fields = [''];
  const append = (text: string) => fields.push(fields.pop()! + text);
  let quoted = false;
  for (let at = 0; at < record.length; at++) {
    const character = record[at]!;
    if (character === '"' && quoted && record[at + 1] === '"') append(record[at++]!);
    else if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) fields.push('');
    else append(character);
  }
  return fields;
}

/** A record of names. */
export function headerOf(names: readonly string[], delimiter: string): string {
  return names.map(name => `"${name.replaceAll('"', '""')}"`).join(delimiter);
}

/** The first half of so many whole records, rounded down, and the rest. */
export function halves(bytes: Uint8Array, count: number): readonly [Uint8Array, Uint8Array] {
  let left = Math.floor(count / 2);
  let quoted = false;
  for (let at = 0; at < bytes.length && left > 0; at++) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    if (bytes[at] === LINE_FEED && !quoted && --left === 0) {
      return [bytes.subarray(0, at + 1), bytes.subarray(at + 1)];
    }
  }
  return [bytes.subarray(0, 0), bytes];
}

/** How many whole records there are. */
export function countRecords(bytes: Uint8Array): number {
  let count = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (bytes[at] === LINE_FEED && !quoted) count++;
  }
  return count;
}
