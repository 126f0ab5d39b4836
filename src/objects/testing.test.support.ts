/** For tests of the engine and of what stands on it. */
import { ApiError } from '../core/errors.js';
import type { RequestBody } from '../core/http-message.js';

/** A request body, given whole or in pieces. `length`: what the client declares, if not the truth. */
export function bodyOf(
  content: string | Uint8Array | readonly Uint8Array[],
  { length, trailers = {} }: { length?: number; trailers?: Readonly<Record<string, string>> } = {},
): RequestBody {
  const pieces = piecesOf(content);
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    length: length ?? size,
    trailers: new Map(Object.entries(trailers)),
    async *[Symbol.asyncIterator]() {
      yield* pieces;
    },
  };
}

function piecesOf(content: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** The whole of a body that was answered. */
export async function wholeOf(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const pieces: Uint8Array[] = [];
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** For `assert.rejects`: an `ApiError` of that code. */
export function code(expected: string, status?: number): (error: unknown) => boolean {
  return error =>
    error instanceof ApiError && error.code === expected && (status === undefined || error.status === status);
}
