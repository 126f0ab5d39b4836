/**
 * Walks LMDB's file page by page, without LMDB: whether every page that belongs to a snapshot is there, is whole and is
 * where it belongs, and whether there are as many records as the store says.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import {
  type BranchPage,
  byBytes,
  byNumber,
  DEEPEST,
  type Large,
  type LeafPage,
  META_BYTES,
  type Meta,
  type Order,
  PageDamaged,
  READABLE,
  readBranch,
  readLeaf,
  readMeta,
  readOverflow,
  type Tree,
} from './lmdb-pages.js';

/** A part of the store that cannot be read. */
export interface TreeDamage {
  readonly problem: string;
  /** The stored keys between which records may be missing: inclusive, exclusive; absent where there is no bound. */
  readonly from?: Buffer | undefined;
  readonly to?: Buffer | undefined;
  /** The same with the leaves on either side: going through those steps onto the damaged page. */
  near: Bounds;
}

/** Stored keys from (inclusive) to (exclusive). */
interface Bounds {
  readonly from: Buffer | undefined;
  readonly to: Buffer | undefined;
}

export interface TreeReport {
  /** Pages that were read. */
  readonly pages: number;
  /** Records that are there. */
  readonly entries: number;
  /** What is wrong; at most `MOST` of it. */
  readonly damage: readonly TreeDamage[];
}

/** The store's file is not whole. The message says where, and what to do. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';

  constructor(path: string, damage: readonly TreeDamage[]) {
    const more = damage.length > 1 ? ` (and ${damage.length - 1} more)` : '';
    super(
      `${path} is damaged: ${damage[0]?.problem}${more}. What is in it cannot be relied on: restore the last backup; see docs/operating.md, "What to do about damage".`,
    );
  }
}

/** Whether a record may be missing because of it. */
export function harmsKey({ from, to }: TreeDamage, key: Buffer): boolean {
  return (
    (from === undefined || Buffer.compare(from, key) <= 0) &&
    (to === undefined || Buffer.compare(key, to) < 0)
  );
}

/** Whether going from one stored key to another comes upon it. */
export function harmsRange({ near: { from, to } }: TreeDamage, low: Buffer, high: Buffer): boolean {
  return (
    (from === undefined || Buffer.compare(from, high) <= 0) &&
    (to === undefined || Buffer.compare(low, to) <= 0)
  );
}

/** Whether any record of the store may be missing. */
export function harmsAll(damage: readonly TreeDamage[]): boolean {
  return damage.some(({ from, to }) => from === undefined && to === undefined);
}

/** So much damage is listed. */
const MOST = 1000;
/** Pages that are read in one turn of the event loop. */
const TURN = 32;

/**
 * Looks at what is cheap to look at: the pages where the trees begin, and the file's length. Where the file is shorter
 * than the store says, at all of it. An absent or empty file is a new store's. Throws `StoreDamaged`.
 */
export async function demandHead(path: string): Promise<void> {
  if (!READABLE) return;
  const file = await opened(path);
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    if (size === 0) return;
    const head = await stable(file, async meta => {
      const walk = new Walk(file, size, meta);
      walk.roots();
      return walk.damage.length === 0 && size < (meta.lastPage + 1) * meta.pageSize
        ? await walkAll(file, size, meta)
        : walk.report();
    });
    if (head.damage.length > 0) throw new StoreDamaged(path, head.damage);
  } finally {
    await file.close();
  }
}

/**
 * Walks the newest snapshot in a file. Its pages must not be reused meanwhile: walking a store in use takes a read
 * transaction that began before.
 */
export async function walkFile(path: string): Promise<TreeReport> {
  const file = READABLE ? await opened(path) : undefined;
  if (file === undefined) return { pages: 0, entries: 0, damage: [] };
  try {
    return await stable(file, async meta => walkAll(file, (await file.stat()).size, meta));
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is found damaged counts only if the store has not gone on meanwhile: else it is looked at again, some times. */
async function stable(file: FileHandle, look: (meta: Meta) => Promise<TreeReport>): Promise<TreeReport> {
  for (let tries = 0; ; tries++) {
    const meta = newestMeta(file);
    if (meta instanceof PageDamaged)
      return { pages: 0, entries: 0, damage: [{ problem: meta.message, near: ALL }] };
    const report = await look(meta);
    if (report.damage.length === 0 || tries === 4) return report;
    const now = newestMeta(file);
    if (!(now instanceof PageDamaged) && now.transaction === meta.transaction) return report;
  }
}

/** LMDB needs both meta pages, and goes by the later one. */
function newestMeta(file: FileHandle): Meta | PageDamaged {
  let which = 0;
  try {
    const first = readMeta(read(file, 0, Buffer.alloc(META_BYTES)));
    which = 1;
    const second = readMeta(read(file, first.pageSize, Buffer.alloc(META_BYTES)));
    return second.transaction > first.transaction ? second : first;
  } catch (error) {
    if (error instanceof PageDamaged) return new PageDamaged(`page ${which} ${error.message}`);
    throw error;
  }
}

/** Bytes of the file, into a buffer; fewer where it ends before. */
function read(file: FileHandle, position: number, into: Buffer): Buffer {
  return into.subarray(0, readSync(file.fd, into, 0, into.length, position));
}

async function walkAll(file: FileHandle, size: number, meta: Meta): Promise<TreeReport> {
  const walk = new Walk(file, size, meta);
  await walk.free();
  await walk.main();
  return walk.report();
}

const ALL: Bounds = { from: undefined, to: undefined };
/** Behind every record. */
const NOTHING: Bounds = { from: Buffer.alloc(16, 0xff), to: Buffer.alloc(16, 0xff) };

interface Counts {
  entries: number;
  branches: number;
  leaves: number;
  overflow: number;
}

/** A page that is to be looked at, with all under it. */
interface Subtree {
  readonly page: number;
  readonly depth: number;
  readonly bounds: Bounds;
}

const KINDS = [
  ['entries', 'records'],
  ['leaves', 'leaf pages'],
  ['branches', 'inner pages'],
  ['overflow', 'pages of large records'],
] as const;

class Walk {
  readonly damage: TreeDamage[] = [];
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #meta: Meta;
  /** The last page that the store has and the file holds. */
  readonly #last: number;
  /** What a page is read into that nothing is needed of later: memory for each would take longer than the look. */
  readonly #scratch: Buffer;
  /** A bit for each page that was met. */
  readonly #seen: Uint8Array;
  /** The leaf that was met last, which is the one behind the next. */
  #behind: Bounds | undefined;
  /** How much of the damage has the leaf before it in its `near`. */
  #widened = 0;
  #pages = 0;
  #entries = 0;

  /** `size`: bytes of the file. */
  constructor(file: FileHandle, size: number, meta: Meta) {
    this.#file = file;
    this.#size = size;
    this.#meta = meta;
    this.#last = Math.min(meta.lastPage, Math.floor(size / meta.pageSize) - 1);
    this.#seen = new Uint8Array(Math.ceil((this.#last + 1) / 8));
    this.#scratch = Buffer.allocUnsafe(meta.pageSize);
  }

  report(): TreeReport {
    return { pages: this.#pages, entries: this.#entries, damage: this.damage };
  }

  /** Looks at the pages where the trees begin. */
  roots(): void {
    for (const tree of [this.#meta.free, this.#meta.main]) {
      if (tree.depth > DEEPEST) this.#add(`a tree is said to be ${tree.depth} pages deep`, ALL);
      else if (tree.root !== undefined) {
        const order = tree === this.#meta.free ? byNumber : byBytes;
        this.#page(tree.root, ALL, page => this.#parse(page, tree.root!, tree.depth === 1, order));
      }
    }
  }

  /** The records. */
  async main(): Promise<void> {
    this.#behind = undefined;
    this.#widened = this.damage.length;
    this.#entries = (await this.#tree(this.#meta.main, byBytes)).entries;
  }

  /** The lists of free pages: what is wrong with them harms no record. */
  async free(): Promise<void> {
    const before = this.damage.length;
    await this.#tree(this.#meta.free, byNumber);
    const found = this.damage.splice(before);
    for (const { problem } of found) this.#add(`in the lists of free pages: ${problem}`, NOTHING);
  }

  async #tree(tree: Tree, order: Order): Promise<Counts> {
    const before = this.damage.length;
    const counts: Counts = { entries: 0, branches: 0, leaves: 0, overflow: 0 };
    const next: Subtree[] = [];
    if (tree.depth > DEEPEST) this.#add(`a tree is said to be ${tree.depth} pages deep`, ALL);
    else if (tree.root !== undefined) next.push({ page: tree.root, depth: tree.depth, bounds: ALL });
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      next.push(...this.#subtree(one, order, counts));
      if (this.#pages % TURN === 0) await setImmediate();
    }
    // Where pages are damaged, their records are not counted.
    if (this.damage.length > before) return counts;
    for (const [kind, word] of KINDS) {
      if (counts[kind] === tree[kind]) continue;
      this.#add(`there are ${counts[kind]} ${word}, and the store says ${tree[kind]}`, ALL);
    }
    return counts;
  }

  /** Looks at the page at the top, and answers those under it. */
  #subtree({ page: number, depth, bounds }: Subtree, order: Order, counts: Counts): Subtree[] {
    let under: Subtree[] = [];
    const before = this.damage.length;
    const look = (page: Buffer) => {
      const read = this.#parse(page, number, depth === 1, order);
      if ('children' in read) {
        counts.branches++;
        under = childrenOf(read, depth - 1, bounds, order);
        return;
      }
      const { entries, first, last, large } = read;
      demandWithin({ from: first, to: last }, bounds, order, true);
      counts.leaves++;
      counts.entries += entries;
      for (const one of large) counts.overflow += this.#large(one, bounds, order);
    };
    // The keys of an inner page are the bounds of those under it.
    this.#page(number, bounds, look, depth > 1 ? Buffer.allocUnsafe(this.#meta.pageSize) : this.#scratch);
    // From the last page to the first: what was met before is behind this one.
    if (under.length > 0) return under;
    for (const one of this.damage.slice(this.#widened, before)) one.near = { ...one.near, from: bounds.from };
    this.#widened = before;
    this.#behind = bounds;
    return under;
  }

  #parse(page: Buffer, number: number, isLeaf: boolean, order: Order): BranchPage | LeafPage {
    const place = { page: number, meta: this.#meta, order };
    return isLeaf ? readLeaf(page, place) : readBranch(page, place);
  }

  /** Answers how many pages the data of a record take. */
  #large({ page: number, bytes }: Large, bounds: Bounds, order: Order): number {
    let pages = 0;
    this.#page(number, bounds, page => {
      pages = readOverflow(page, { page: number, meta: this.#meta, order }, bytes);
      for (let next = 1; next < pages; next++) {
        if (!this.#mark(number + next)) throw new PageDamaged('runs into another page');
      }
      if (this.#size < (number + pages) * this.#meta.pageSize) throw new PageDamaged('is cut short');
    });
    return pages;
  }

  /** Reads one page, and notes what is wrong with it. */
  #page(number: number, bounds: Bounds, look: (page: Buffer) => unknown, into = this.#scratch): void {
    try {
      if (!this.#mark(number)) throw new PageDamaged('is in two places, or does not exist');
      const { pageSize } = this.#meta;
      const page = read(this.#file, number * pageSize, into);
      if (page.length < pageSize) throw new PageDamaged('is behind the end of the file');
      this.#pages++;
      look(page);
    } catch (error) {
      if (!(error instanceof PageDamaged)) throw error;
      this.#add(`page ${number} ${error.message}`, bounds);
    }
  }

  /** Whether the page exists and was not met before. */
  #mark(page: number): boolean {
    if (!(page >= 2 && page <= this.#last)) return false;
    const bit = 1 << (page & 7);
    const at = Math.floor(page / 8);
    if (this.#seen[at]! & bit) return false;
    this.#seen[at]! |= bit;
    return true;
  }

  #add(problem: string, { from, to }: Bounds): void {
    if (this.damage.length >= MOST) return;
    this.damage.push({ problem, from, to, near: { from, to: this.#behind ? this.#behind.to : to } });
  }
}

function childrenOf({ children }: BranchPage, depth: number, outer: Bounds, order: Order): Subtree[] {
  return children.map(({ page, from }, at) => {
    const bounds = { from: from ?? outer.from, to: children[at + 1]?.from ?? outer.to };
    demandWithin(bounds, outer, order);
    return { page, depth, bounds };
  });
}

/** `closed`: `to` is the last key itself. */
function demandWithin(inner: Bounds, outer: Bounds, order: Order, closed = false): void {
  const before = inner.from && outer.from && order.keys(inner.from, outer.from) < 0;
  const behind = inner.to && outer.to ? order.keys(inner.to, outer.to) : -1;
  if (before || behind > 0 || (closed && behind === 0))
    throw new PageDamaged('has keys that belong elsewhere');
}
