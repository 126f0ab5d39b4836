/** `Limit` and `Marker` of the operations that list. */
import { errors } from '../../kms/errors.js';

interface PageInput {
  readonly Limit?: number | undefined;
  readonly Marker?: string | undefined;
}

interface PageOutput {
  readonly Truncated: boolean;
  readonly NextMarker?: string;
}

/** How many to read for a page: one more, to see whether there are others. `most` bounds what a caller may ask for. */
export function pageLimit({ Limit }: PageInput, usual: number, most = usual): number {
  return Math.min(Limit ?? usual, most) + 1;
}

/** Where the page starts: behind this. Throws `InvalidMarkerException`. */
export function readMarker({ Marker }: PageInput): string[] | undefined {
  if (Marker === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(Marker, 'base64url').toString());
    if (Array.isArray(parts) && parts.every(part => typeof part === 'string')) return parts;
  } catch {
    // Not ours.
  }
  throw errors.InvalidMarkerException();
}

/** Cuts what was read to the page. `place`: where an item stands, for the next page to start behind it. */
export function page<T>(
  read: readonly T[],
  limit: number,
  place: (item: T) => readonly string[],
): { readonly items: T[]; readonly output: PageOutput } {
  const items = read.slice(0, limit - 1);
  const last = items.at(-1);
  if (read.length < limit || last === undefined) return { items, output: { Truncated: false } };
  const marker = Buffer.from(JSON.stringify(place(last))).toString('base64url');
  return { items, output: { Truncated: true, NextMarker: marker } };
}
