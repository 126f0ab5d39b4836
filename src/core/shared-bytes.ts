/**
 * Copies into memory that is shared, or out of it. `TypedArray.set` does so word by word, as other threads may write
 * meanwhile, and takes several times as long. The threads here take turns, and need none of that.
 */
export function copyShared(source: Uint8Array, target: Buffer, at = 0): void {
  // Filling with nothing is an error.
  if (source.length > 0) target.fill(source, at, at + source.length);
}
