/** An object of a page: of a thousand, most are written down at once and never looked at again. */
import { encodeBound } from '../../store/keys.js';
import type { Item, Key } from '../../store/kv.js';
import { type Glance, glanceAt, type ListedObject, listedObject } from '../versions/version-records.js';

/** The client's key is the third part of a row's. */
export function clientKey({ key }: { readonly key: Key }): string | undefined {
  return key[2] as string | undefined;
}

/** What makes the entries of a table's rows. */
export function foundObjects(table: Key): (row: Item) => FoundObject {
  // Behind the tag of a string.
  const keyAt = encodeBound(table).length + 1;
  return row => new FoundObject(row, keyAt);
}

/** An object in a listing. Its `item` throws `RecordUnreadable`. */
export class FoundObject {
  readonly #row: Item;
  readonly #keyAt: number;

  /** `keyAt`: where the client's key begins in the row's, as it is stored. */
  constructor(row: Item, keyAt: number) {
    this.#row = row;
    this.#keyAt = keyAt;
  }

  get key(): string {
    return clientKey(this.#row)!;
  }

  get item(): ListedObject {
    return listedObject(this.#row.value);
  }

  /** Where its key and its record are, of most objects; what it answers is written over by the next one's. */
  inPlace(): PlacedObject | undefined {
    const { place } = this.#row;
    const glance = place && glanceAt(place.bytes, place.keyEnd, place.end);
    if (glance === undefined) return undefined;
    placed.bytes = place!.bytes;
    placed.keyStart = place!.start + this.#keyAt;
    // Before the byte that ends a string.
    placed.keyEnd = place!.keyEnd - 1;
    placed.glance = glance;
    return placed;
  }
}

/** What a listing shows of an object, in memory that is not written again. */
export interface PlacedObject {
  readonly bytes: Buffer;
  /** Where its key is: UTF-8, every byte raised by one. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly glance: Glance;
}

const placed = {} as { -readonly [Member in keyof PlacedObject]: PlacedObject[Member] };
