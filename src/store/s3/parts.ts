/** Bytes of a part of an upload: S3 takes no less than 5 MiB but for the last, and 10,000 of them; no body has more. */
const PART = 8 * 2 ** 20;

/** Puts a body's chunks together into parts. The last one may be of any size but empty. */
export async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + PART - size);
      chunks.push(piece);
      size += piece.length;
      at += piece.length;
      if (size < PART) continue;
      yield Buffer.concat(chunks, size);
      chunks = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(chunks, size);
}
