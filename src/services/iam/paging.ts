/** Lists in pages. Source: IAM API Reference: `MaxItems` (1 to 1,000, default 100), `Marker`, `IsTruncated`. */
import { errors, type Page } from '../../identity/index.js';

const DEFAULT_ITEMS = 100;

export interface PagingInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface PagingOutput {
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** The members of the reply that tell whether there is more. */
  readonly page: PagingOutput;
}

/**
 * One page of what `fetch` lists in the order of keys. `keep` leaves out what the request does not ask for.
 * Throws `ValidationError` for a marker that this server did not make.
 */
export async function listPage<T>(
  input: PagingInput,
  fetch: (page: Page) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
  keep: (item: T) => boolean = () => true,
): Promise<Listed<T>> {
  const wanted = input.MaxItems ?? DEFAULT_ITEMS;
  const items: T[] = [];
  let after = readMarker(input.Marker);
  for (;;) {
    const limit = wanted + 1 - items.length;
    const fetched = await fetch({ after, limit });
    items.push(...fetched.filter(keep));
    if (items.length > wanted || fetched.length < limit) break;
    after = keyOf(fetched.at(-1)!);
  }
  return cut(items, wanted, keyOf);
}

/** One page of a list that is at hand. Its order is that of the keys. */
export function slicePage<T>(input: PagingInput, all: readonly T[], keyOf: (item: T) => string): Listed<T> {
  const after = readMarker(input.Marker);
  const sorted = [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter(item => keyOf(item) > after);
  return cut(rest, input.MaxItems ?? DEFAULT_ITEMS, keyOf);
}

function cut<T>(items: readonly T[], wanted: number, keyOf: (item: T) => string): Listed<T> {
  if (items.length <= wanted) return { items, page: { IsTruncated: false } };
  const kept = items.slice(0, wanted);
  return { items: kept, page: { IsTruncated: true, Marker: writeMarker(keyOf(kept.at(-1)!)) } };
}

function writeMarker(key: string): string {
  return Buffer.from(key).toString('base64');
}

function readMarker(marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined;
  const key = Buffer.from(marker, 'base64').toString('utf8');
  if (key === '' || writeMarker(key) !== marker) throw errors.ValidationError('Invalid Marker.');
  return key;
}
