/**
 * LMDB's file as it is laid out: pages of a fixed size, the first two of which say where the trees begin. Reading them
 * here, rather than through LMDB, tells what is damaged: LMDB takes every page as it comes, and goes astray or ends the
 * process over one that is not whole. Source: the declarations of `MDB_meta`, `MDB_page` and `MDB_node` in the mdb.c
 * that lmdb-js is built from, on machines of 64 bits.
 */
import { endianness } from 'node:os';

/** What is wrong with a page. */
export class PageDamaged extends Error {
  override readonly name = 'PageDamaged';
}

/** Whether this machine lays its pages out as it is read here. */
export const READABLE = endianness() === 'LE' && !['arm', 'ia32', 'mips', 'mipsel'].includes(process.arch);

const HEADER = 24;
/** A node's header: where its data or its child is, its flags, the length of its key. */
const NODE = 8;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;
/** A node's data are on pages of their own. */
const BIG = 0x01;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
/** The root of an empty tree. */
const NO_PAGE = 2n ** 64n - 1n;

/** How many pages deep LMDB's cursors go (`CURSOR_STACK`). */
export const DEEPEST = 32;

/** One tree in the file. */
export interface Tree {
  readonly depth: number;
  readonly entries: number;
  /** Pages of each kind. */
  readonly branches: number;
  readonly leaves: number;
  readonly overflow: number;
  /** Absent where the tree is empty. */
  readonly root: number | undefined;
}

/** Where a snapshot of the store begins. */
export interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  /** Pages that are free. */
  readonly free: Tree;
  readonly main: Tree;
}

/** Bytes of the beginning of a page that hold its `Meta`. */
export const META_BYTES = HEADER + 152;

function demand(whole: boolean, problem: string): asserts whole {
  if (!whole) throw new PageDamaged(problem);
}

/** Reads a meta page. Throws `PageDamaged`. */
export function readMeta(page: Buffer): Meta {
  demand(page.length >= META_BYTES && (page.readUInt16LE(18) & META) !== 0, 'is no meta page');
  const at = HEADER;
  demand(page.readUInt32LE(at) === MAGIC, 'is no meta page of LMDB');
  demand((page.readUInt32LE(at + 4) & 0xffff) === DATA_VERSION, 'is of another version of LMDB');
  const pageSize = page.readUInt32LE(at + 24);
  demand(pageSize >= 256 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0, 'names no page size');
  return {
    pageSize,
    free: readTree(page, at + 24),
    main: readTree(page, at + 72),
    lastPage: read64(page, at + 120),
    transaction: read64(page, at + 128),
  };
}

function readTree(page: Buffer, at: number): Tree {
  const root = page.readBigUInt64LE(at + 40);
  return {
    depth: page.readUInt16LE(at + 6),
    branches: read64(page, at + 8),
    leaves: read64(page, at + 16),
    overflow: read64(page, at + 24),
    entries: read64(page, at + 32),
    root: root === NO_PAGE ? undefined : Number(root),
  };
}

/** As `readUInt16LE`, for places within a page that were looked at: there are dozens of them in each. */
function read16(page: Buffer, at: number): number {
  return page[at]! | (page[at + 1]! << 8);
}

function read64(page: Buffer, at: number): number {
  return page.readUInt32LE(at) + page.readUInt32LE(at + 4) * 2 ** 32;
}

/** A page's child, and the keys that may be under it. */
interface Child {
  readonly page: number;
  /** Inclusive; absent for the leftmost child, whose keys begin where its parent's do. */
  readonly from: Buffer | undefined;
}

/** A record that lies on pages of its own. */
export interface Large {
  readonly page: number;
  /** Of its data. */
  readonly bytes: number;
}

export interface BranchPage {
  readonly children: readonly Child[];
}

export interface LeafPage {
  readonly entries: number;
  /** The first key and the last. They lie in the page that was read. */
  readonly first: Buffer;
  readonly last: Buffer;
  readonly large: readonly Large[];
}

/** How the keys of a tree are ordered. */
export interface Order {
  keys(a: Buffer, b: Buffer): number;
  /** The keys of two nodes of a page, by where these begin: a page has dozens, too many to cut each out. */
  nodes(page: Buffer, a: number, b: number): number;
}

/** Of the records: byte by byte. */
export const byBytes: Order = {
  keys: (a, b) => Buffer.compare(a, b),
  nodes(page, a, b) {
    const [long, other] = [keyLength(page, a), keyLength(page, b)];
    const both = Math.min(long, other);
    for (let at = NODE; at < NODE + both; at++) {
      const difference = page[a + at]! - page[b + at]!;
      if (difference !== 0) return difference;
    }
    return long - other;
  },
};

/** Of the lists of free pages, whose keys are numbers of transactions. */
export const byNumber: Order = {
  keys(a, b) {
    demand(a.length === 8 && b.length === 8, 'has a key that is no number');
    return read64(a, 0) - read64(b, 0);
  },
  nodes: (page, a, b) => byNumber.keys(keyOf(page, a), keyOf(page, b)),
};

/** Which page it must be, in which snapshot and what kind of tree. */
export interface Place {
  readonly page: number;
  readonly meta: Meta;
  readonly order: Order;
}

function demandHeader(page: Buffer, place: Place, kind: number): void {
  demand(read64(page, 0) === place.page, 'is not the page that belongs there');
  demand(read64(page, 8) <= place.meta.transaction, 'is of a later time than the store');
  demand(page.readUInt16LE(18) === kind, 'is of another kind than its parent says');
}

/** Reads an inner page of a tree. Throws `PageDamaged`. */
export function readBranch(page: Buffer, place: Place): BranchPage {
  demandHeader(page, place, BRANCH);
  const children: Child[] = [];
  const nodes = nodesOf(page, 2, branchEnd);
  for (const at of nodes) {
    const key = keyOf(page, at);
    const child =
      page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 2 ** 16 + page.readUInt16LE(at + 4) * 2 ** 32;
    demand(children.length === 0 || key.length > 0, 'has an entry without a key');
    children.push({ page: child, from: children.length === 0 ? undefined : key });
  }
  // The first has no key that counts.
  demandOrder(page, nodes.slice(1), place.order);
  return { children };
}

/** Reads a leaf of a tree. Throws `PageDamaged`. */
export function readLeaf(page: Buffer, place: Place): LeafPage {
  demandHeader(page, place, LEAF);
  const large: Large[] = [];
  const nodes = nodesOf(page, 1, leafEnd);
  for (const at of nodes) {
    const length = keyLength(page, at);
    demand(length > 0, 'has a record without a key');
    const flags = read16(page, at + 4);
    demand(flags === 0 || flags === BIG, 'has a record of an unknown kind');
    if (flags === BIG) large.push({ page: read64(page, at + NODE + length), bytes: page.readUInt32LE(at) });
  }
  demandOrder(page, nodes, place.order);
  return {
    entries: nodes.length,
    first: keyOf(page, nodes[0]!),
    last: keyOf(page, nodes.at(-1)!),
    large,
  };
}

/** Checks the first of the pages that hold one record's data, and answers how many they are. Throws `PageDamaged`. */
export function readOverflow(page: Buffer, place: Place, bytes: number): number {
  demandHeader(page, place, OVERFLOW);
  const pages = page.readUInt32LE(20);
  const needed = Math.floor((HEADER - 1 + bytes) / place.meta.pageSize) + 1;
  demand(pages === needed, 'is of another length than its record');
  return pages;
}

/**
 * Where the nodes of a page begin, in the order of their keys. LMDB packs them from the end of the page without gaps:
 * their lengths must add up to what the page says is in use.
 */
function nodesOf(page: Buffer, fewest: number, endOf: (page: Buffer, at: number) => number): number[] {
  const lower = page.readUInt16LE(20) + HEADER;
  const upper = page.readUInt16LE(22) + HEADER;
  demand(lower <= upper && upper <= page.length && lower % 2 === 0, 'says wrongly how full it is');
  const count = (lower - HEADER) / 2;
  demand(count >= fewest, 'is empty');
  const nodes: number[] = [];
  let used = 0;
  for (let index = 0; index < count; index++) {
    const at = read16(page, HEADER + 2 * index) + HEADER;
    demand(at >= upper && at + NODE <= page.length && at % 2 === 0, 'has an entry outside of itself');
    const end = endOf(page, at);
    demand(end <= page.length, 'has an entry that is longer than itself');
    used += end - at;
    nodes.push(at);
  }
  demand(used === page.length - upper, 'has entries that do not fill it as it says');
  return nodes;
}

const even = (length: number): number => length + (length & 1);

const keyLength = (page: Buffer, node: number): number => read16(page, node + 6);

const branchEnd = (page: Buffer, at: number): number => at + even(NODE + keyLength(page, at));

/** The data of a large record are where they are: page, transaction and number of pages, 8 bytes each. */
function leafEnd(page: Buffer, at: number): number {
  const bytes = read16(page, at + 4) & BIG ? 24 : page.readUInt32LE(at);
  return at + even(NODE + keyLength(page, at) + bytes);
}

/** Of a node that ends within the page. */
function keyOf(page: Buffer, node: number): Buffer {
  const begin = node + NODE;
  return page.subarray(begin, begin + keyLength(page, node));
}

function demandOrder(page: Buffer, nodes: readonly number[], order: Order): void {
  for (let at = 1; at < nodes.length; at++) {
    demand(order.nodes(page, nodes[at - 1]!, nodes[at]!) < 0, 'has keys that are out of order');
  }
}
