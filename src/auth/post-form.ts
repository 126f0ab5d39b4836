import type { HttpRequest, RequestBody } from '../core/http-message.js';
import { s3Errors } from '../core/s3-errors.js';

/** Of everything before the file (Amazon S3 API Reference, "POST Object"). */
const MAX_FIELDS = 20 * 1024;
/** Of the headers of one part. */
const MAX_PART_HEADERS = 4096;

/** An upload as a browser sends it, read up to its file. */
export interface PostForm {
  /** By lower-case name, in order; of a name given twice the last counts. */
  readonly fields: ReadonlyMap<string, string>;
  /** What the file is called where it comes from; empty where that is not said. */
  /** Absent of a plain field. */
  readonly filename: string | undefined;
  /** The file's bytes; what follows the file is disregarded, as S3 does. */
  readonly file: RequestBody;
  /** Lets go of the request's body, read to its end or not. */
  close(): void;
}

/** Whether a request is sent by a form with a file (RFC 7578). */
export const isPostForm = (request: HttpRequest): boolean =>
  request.method === 'POST' && /^multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '');

/** Reads the fields of a form and stops where its file begins. Throws S3's errors for what is no such form. */
export async function readPostForm(request: HttpRequest): Promise<PostForm> {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    request.headers.get('content-type') ?? '',
  );
  if (boundary === null) throw s3Errors.MalformedPOSTRequest();
  const reader = new PartReader(request.body, `--${boundary[1] ?? boundary[2]}`);
  try {
    return { ...(await readFields(reader)), file: fileBody(reader), close: () => reader.close() };
  } catch (error) {
    reader.close();
    throw error;
  }
}

async function readFields(reader: PartReader): Promise<Pick<PostForm, 'fields' | 'filename'>> {
  const fields = new Map<string, string>();
  let size = 0;
  for (;;) {
    const part = await reader.nextPart();
    if (part === undefined) throw s3Errors.IncorrectNumberOfFilesInPostRequest();
    if (part.name === 'file') return { fields, filename: part.filename };
    const value: Uint8Array[] = [];
    size += part.name.length;
    for await (const bytes of reader.content()) {
      size += bytes.length;
      if (size > MAX_FIELDS) break;
      value.push(bytes);
    }
    if (size > MAX_FIELDS) throw s3Errors.MaxPostPreDataLengthExceeded();
    fields.set(part.name, Buffer.concat(value).toString('utf8'));
  }
}

function fileBody(reader: PartReader): RequestBody {
  return {
    length: undefined,
    trailers: new Map(),
    async *[Symbol.asyncIterator]() {
      yield* reader.content();
      await reader.drain();
    },
  };
}

interface Part {
  /** Lower-case. */
  readonly name: string;
  /** Absent of a plain field. */
  readonly filename: string | undefined;
}

/** The parts of a multipart body, one after the other, holding no more than a piece of it. */
class PartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  /** Read and not yet handed out. The first delimiter needs no line end before it: one is put there. */
  #held: Buffer = Buffer.from('\r\n');
  /** Whether the last delimiter was taken off and its part has not begun. */
  #between = false;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>, delimiter: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`\r\n${delimiter}`, 'latin1');
  }

  /** Goes past the delimiter and the headers of the next part; `undefined` after the last. */
  async nextPart(): Promise<Part | undefined> {
    if (!this.#between) {
      for await (const _ of this.content()) {
        // The preamble, or what was left unread of the part before.
      }
    }
    this.#between = false;
    const end = await this.#take(2);
    if (end === '--') return undefined;
    if (end !== '\r\n') throw s3Errors.MalformedPOSTRequest();
    return partOf(await this.#headers());
  }

  /** The bytes up to the next delimiter, which is taken off. */
  async *content(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(this.#delimiter);
      if (at >= 0) {
        const rest = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + this.#delimiter.length);
        this.#between = true;
        if (rest.length > 0) yield rest;
        return;
      }
      // The end of what is held may be the beginning of a delimiter.
      const sure = this.#held.length - this.#delimiter.length + 1;
      if (sure > 0) {
        const bytes = this.#held.subarray(0, sure);
        this.#held = this.#held.subarray(sure);
        yield bytes;
      }
      await this.#more();
    }
  }

  /** Reads to the end of the body, so that its length is checked and the connection can go on. */
  async drain(): Promise<void> {
    while (!this.#ended) {
      this.#held = Buffer.alloc(0);
      await this.#read();
    }
  }

  close(): void {
    void this.#source.return?.();
  }

  async #headers(): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf('\r\n\r\n');
      if (at >= 0 && at <= MAX_PART_HEADERS) {
        const text = this.#held.subarray(0, at).toString('utf8');
        this.#held = this.#held.subarray(at + 4);
        return text;
      }
      if (this.#held.length > MAX_PART_HEADERS) throw s3Errors.MalformedPOSTRequest();
      await this.#more();
    }
  }

  async #take(length: number): Promise<string> {
    while (this.#held.length < length) await this.#more();
    const text = this.#held.subarray(0, length).toString('latin1');
    this.#held = this.#held.subarray(length);
    return text;
  }

  async #more(): Promise<void> {
    await this.#read();
    if (this.#ended) throw s3Errors.MalformedPOSTRequest();
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) this.#ended = true;
    else if (this.#held.length === 0) this.#held = Buffer.from(value.buffer, value.byteOffset, value.length);
    else this.#held = Buffer.concat([this.#held, value]);
  }
}

function partOf(headers: string): Part {
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(headers)?.[1];
  const name = disposition && parameter(disposition, 'name');
  if (!name) throw s3Errors.MalformedPOSTRequest();
  return { name: name.toLowerCase(), filename: parameter(disposition, 'filename') };
}

/** A parameter of `Content-Disposition`, as browsers write it: `%22` for a quote. */
function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(disposition);
  return (match?.[1] ?? match?.[2])?.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"');
}
