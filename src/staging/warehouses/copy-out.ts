/** `COPY … TO STDOUT` over PostgreSQL's wire protocol. */
import { Readable } from 'node:stream';
import type pg from 'pg';

const COPY_DATA = 0x64;
/** CopyOutResponse, and what a server may send at any time: notices, parameters, notifications. */
const PASSED_OVER = /^[HNSA]$/;
/** A message's code, and its length, which counts itself ("Message Formats", PostgreSQL). */
const HEAD = 5;
/** Bytes that are read ahead. */
const AHEAD = 2 ** 18;

/**
 * The bytes that a COPY gives, as a stream: `client.query(new CopyOut(sql))`. PostgreSQL sends every row as a message,
 * and a buffer for each would cost more than all else: the messages' heads are taken out in place. Throws, as a stream,
 * what the server answers.
 */
export class CopyOut extends Readable implements pg.Submittable {
  /** At the end of the stream. */
  rowCount = 0;
  readonly #sql: string;
  #socket: Readable | undefined;
  /** By which the client itself reads answers. */
  #client: ((chunk: Buffer) => void) | undefined;
  /** Of a head that is not whole. */
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the present message that are still to come, and whether they are rows. */
  #left = 0;
  #isData = false;

  constructor(sql: string) {
    super({ highWaterMark: AHEAD });
    this.#sql = sql;
  }

  submit(connection: pg.Connection): void {
    this.#socket = connection.stream;
    this.#client = this.#socket.listeners('data')[0] as (chunk: Buffer) => void;
    this.#socket.off('data', this.#client);
    this.#socket.on('data', this.#take);
    connection.query(this.#sql);
  }

  override _read(): void {
    this.#socket?.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const { rows, end } = this.#compact(bytes);
    if (rows > 0 && !this.push(bytes.subarray(0, rows))) this.#socket!.pause();
    if (end !== undefined) this.#giveBack(bytes.subarray(end));
  };

  /** Moves the rows together at the beginning. `end`: of the first message that is the client's to read. */
  #compact(bytes: Buffer): { readonly rows: number; readonly end?: number } {
    let rows = 0;
    let at = 0;
    for (;;) {
      const next = Math.min(bytes.length, at + this.#left);
      if (this.#isData) {
        bytes.copyWithin(rows, at, next);
        rows += next - at;
      }
      this.#left -= next - at;
      at = next;
      if (bytes.length - at < HEAD || this.#left > 0) break;
      const code = bytes[at]!;
      this.#isData = code === COPY_DATA;
      if (!this.#isData && !PASSED_OVER.test(String.fromCharCode(code))) return { rows, end: at };
      this.#left = bytes.readUInt32BE(at + 1) + 1 - HEAD;
      at += HEAD;
    }
    this.#rest = bytes.subarray(at);
    return { rows };
  }

  /** The end of the rows, or an error in their place. */
  #giveBack(bytes: Buffer): void {
    const socket = this.#socket!;
    socket.off('data', this.#take);
    socket.on('data', this.#client!);
    this.#client!.call(socket, bytes);
    socket.resume();
  }

  /** Calls of the client. */
  handleError(error: Error): void {
    this.destroy(error);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.push(null);
  }
}
