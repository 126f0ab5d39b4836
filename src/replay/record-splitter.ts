/** Cuts text of recorded events into records as it arrives, in bounded memory. */

/** Bytes: CloudTrail's own records have at most a megabyte ("CloudTrail record contents"). */
const LARGEST_RECORD = 16 * 1024 * 1024;

/** How a file begins that lists its records: CloudTrail's own, and what `aws cloudtrail lookup-events` prints. */
const LISTS = /^\uFEFF?\s*(?:\{\s*"(?:Records|Events)"\s*:\s*)?\[/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LINE = 0x0a;

/** Bytes up to which a list is read as a whole, which is the quickest: CloudTrail's files are smaller as a rule. */
const WHOLE = 32 * 1024 * 1024;

/**
 * The JSON objects of a text: one a line, one behind the other, or the items of a list; those that came together
 * together. Throws `SyntaxError` for what is no JSON, `RangeError` for a record beyond 16 MiB.
 */
export async function* objectsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<object[]> {
  let splitter: Splitter | undefined;
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    bytes += chunk.length;
    if (!splitter || (splitter.isList && bytes < WHOLE)) {
      splitter ??= begin(joined(waiting));
      if (!splitter || splitter.isList) continue;
    }
    const { records, rest } = splitter.split(joined(waiting));
    yield records;
    waiting = [rest];
    bytes = rest.length;
    if (bytes > LARGEST_RECORD) throw new RangeError('a record is larger than 16 MiB');
  }
  const last = joined(waiting).toString('utf8').trim();
  if (last === '') return;
  if (splitter?.isList) yield* itemsOf(last);
  else if (splitter instanceof Lines) yield [...unwrapped(JSON.parse(last))];
  else if (!splitter || splitter.isOpen) throw new SyntaxError('the file ends within a record');
}

/** Between two records of CloudTrail: within a text there would be a backslash before the quotation mark. */
const BETWEEN = '},{"eventVersion"';
/** Characters that are parsed at once: what is dropped soon costs the least. */
const PIECE = 64 * 1024;

/** The items of a list that is there as a whole. Throws `SyntaxError` for what is no JSON. */
function* itemsOf(text: string): Generator<object[]> {
  const begin = text.indexOf('[') + 1;
  const end = text.lastIndexOf(']');
  if (!parsed(text.slice(0, begin) + text.slice(Math.max(begin, end)))) {
    // What is behind the items has a bracket of its own, or the text is broken.
    yield [...unwrapped(JSON.parse(text))];
    return;
  }
  for (let from = begin; from < end; ) {
    const next = text.indexOf(BETWEEN, from + PIECE);
    const piece = next < 0 ? undefined : parsed(`[${text.slice(from, next + 1)}]`);
    // Within a record, the like of it may stand in a list.
    yield [...unwrapped(piece ?? JSON.parse(`[${text.slice(from, end)}]`))];
    from = piece ? next + 2 : end;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one buffer of which the list then consists. */
function joined(parts: Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!;
  const whole = Buffer.concat(parts);
  parts.splice(0, parts.length, whole);
  return whole;
}

interface Splitter {
  /** Whether a record has begun that has not ended. */
  readonly isOpen: boolean;
  /** Whether it is a list of which nothing was split yet. */
  readonly isList: boolean;
  /** The records that end in the bytes, and what is left of these. */
  split(bytes: Buffer): { records: object[]; rest: Buffer };
}

/** Which form it is; `undefined` where more bytes are needed to say so. */
function begin(bytes: Buffer): Splitter | undefined {
  const head = bytes.subarray(0, 256).toString('utf8');
  if (/^\uFEFF?\s*(?:\{\s*(?:"\w*(?:"\s*:?\s*)?)?)?$/.test(head) && bytes.length < 256) return undefined;
  if (LISTS.test(head) || /^\uFEFF?\s*\{\s*(?:\n|\r)/.test(head)) return new Braces(LISTS.test(head));
  if (!/^\uFEFF?\s*\{/.test(head)) throw new SyntaxError('the file holds no JSON objects');
  return new Lines();
}

/** One object a line: no line break stands within. */
class Lines implements Splitter {
  readonly isOpen = false;
  readonly isList = false;

  split(bytes: Buffer): { records: object[]; rest: Buffer } {
    const records: object[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE); end >= 0; end = bytes.indexOf(LINE, from)) {
      const line = bytes.toString('utf8', from, end).trim();
      from = end + 1;
      if (line !== '') records.push(...unwrapped(JSON.parse(line)));
    }
    return { records, rest: bytes.subarray(from) };
  }
}

/** Objects by their braces: those of a list, or laid out over several lines. */
class Braces implements Splitter {
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Where the look at the waiting bytes goes on. */
  #at = 0;

  /** `isList`: they are items of a list, behind the first bracket. */
  constructor(public isList: boolean) {}

  get isOpen(): boolean {
    return this.#depth > 0;
  }

  split(bytes: Buffer): { records: object[]; rest: Buffer } {
    const records: object[] = [];
    if (this.isList) this.#at = bytes.indexOf('[') + 1;
    this.isList = false;
    let from = 0;
    for (let at = this.#at; at < bytes.length; at++) {
      const depth = this.#depth;
      this.#take(bytes[at]!);
      if (depth === 0 && this.#depth === 1) from = at;
      else if (depth === 1 && this.#depth === 0)
        records.push(...unwrapped(JSON.parse(bytes.toString('utf8', from, at + 1))));
    }
    const rest = bytes.subarray(this.#depth > 0 ? from : bytes.length);
    this.#at = rest.length;
    return { records, rest };
  }

  #take(byte: number): void {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inText = false;
    } else if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN) this.#depth++;
    // What closes the object around the list closes nothing here.
    else if (byte === CLOSE && this.#depth > 0) this.#depth--;
  }
}

/** `aws cloudtrail lookup-events` prints each record as text within its own object. */
function* unwrapped(value: unknown): Generator<object> {
  if (Array.isArray(value)) {
    for (const one of value) yield* unwrapped(one);
    return;
  }
  if (typeof value !== 'object' || value === null) throw new SyntaxError('a record must be a JSON object');
  const {
    CloudTrailEvent: inner,
    Records,
    Events: list = Records,
  } = value as Readonly<Record<string, unknown>>;
  if (typeof inner === 'string') yield* unwrapped(JSON.parse(inner));
  else if (Array.isArray(list)) for (const one of list) yield* unwrapped(one);
  else yield value;
}
