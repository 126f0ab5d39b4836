/** Going through more rows than fit in memory. */
import { END, type Item, type Key, type Kv, ValueDamaged, type Version } from './kv.js';

/** Rows read at once: bodies may lie in them. */
const PAGE = 200;

export interface Rows {
  /** Inclusive. Default: the first key there is. */
  readonly start?: Key;
  /** Exclusive. Default: behind the last key there is. */
  readonly end?: Key;
  /** Hears of each damaged row, which is then left out; see `Range`. Without it, such a row ends the iteration. */
  readonly damaged?: (key: Key, version: Version) => void;
}

/**
 * The rows of a range in order, in pages: each page is from one snapshot, the next from a later one. Throws
 * `ValueDamaged`.
 */
export async function* rowsOf(
  kv: Pick<Kv, 'list'>,
  { start = [], end = [END], damaged }: Rows = {},
): AsyncGenerator<Item, void> {
  for (let from = start; ; ) {
    let lost = 0;
    const count = (key: Key, version: Version): void => {
      lost++;
      damaged!(key, version);
    };
    const page = await kv.list({ start: from, end, limit: PAGE, ...(damaged && { damaged: count }) });
    yield* page;
    if (page.length + lost < PAGE) return;
    const last = page.at(-1);
    if (last === undefined) throw new ValueDamaged(`${PAGE} rows one behind the other are damaged`);
    from = [...last.key, 0];
  }
}
