/** Several commits as the parameters of one statement. */

/** One commit as it is sent. Each key stands once among its writes. */
export interface PendingCommit {
  readonly checks: readonly { readonly key: Buffer; readonly version: number | undefined }[];
  /** `value`: as it is stored; undefined deletes. */
  readonly writes: readonly { readonly key: Buffer; readonly value: Buffer | undefined }[];
  /** Of what it writes. */
  readonly version: number;
}

/** Commits in one statement, and bytes of their keys and values, at most. */
const MOST_COMMITS = 256;
const MOST_BYTES = 4 * 2 ** 20;

/** One character per byte: equal strings are equal keys. */
export const keyName = (key: Buffer): string => key.toString('latin1');

/**
 * A growing set of commits that one statement may apply, as if one after the other: the statement checks all of them
 * against what was there before, so a commit may not touch what one before it writes.
 */
export class Batch<C extends PendingCommit = PendingCommit> {
  readonly commits: C[] = [];
  readonly #checked = new Set<string>();
  readonly #written = new Set<string>();
  #bytes = 0;

  get isFull(): boolean {
    return this.commits.length >= MOST_COMMITS || this.#bytes >= MOST_BYTES;
  }

  /** Takes a commit where it fits; answers whether it did. */
  add(commit: C): boolean {
    const bytes = sizeOf(commit);
    const isTooMuch = this.isFull || this.#bytes + bytes > MOST_BYTES;
    if ((this.commits.length > 0 && isTooMuch) || this.writesWhat(commit)) return false;
    this.#bytes += bytes;
    for (const { key } of commit.checks) this.#checked.add(keyName(key));
    for (const { key } of commit.writes) this.#written.add(keyName(key));
    this.commits.push(commit);
    return true;
  }

  /** Whether a commit checks or writes something that this batch writes. */
  writesWhat({ checks, writes }: PendingCommit): boolean {
    return touches(this.#written, checks) || touches(this.#written, writes);
  }

  /** Whether a commit and this batch, both under way, would hinder one another. */
  hinders(commit: PendingCommit): boolean {
    return this.writesWhat(commit) || touches(this.#checked, commit.writes);
  }
}

function touches(names: ReadonlySet<string>, of: readonly { readonly key: Buffer }[]): boolean {
  return of.some(({ key }) => names.has(keyName(key)));
}

function sizeOf({ checks, writes }: PendingCommit): number {
  let bytes = 0;
  for (const { key } of checks) bytes += key.length;
  for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0);
  return bytes;
}

/**
 * All keys and values in one run of bytes, and where they stand in it: hundreds of times less to encode and to parse
 * than arrays of bytes. The members are the statement's parameters $1 to $11.
 */
export function packed(commits: readonly PendingCommit[]): (Buffer | string)[] {
  const bytes: Buffer[] = [];
  let at = 0;
  const place = (part: Buffer): number => {
    const start = at;
    bytes.push(part);
    at += part.length;
    return start;
  };
  const checks: (number | string)[][] = [[], [], [], []];
  const writes: number[][] = [[], [], [], [], [], []];
  for (const [index, commit] of commits.entries()) {
    for (const { key, version } of commit.checks) {
      append(checks, index, place(key), key.length, version ?? 'NULL');
    }
    for (const { key, value } of commit.writes) {
      const valueAt = value ? place(value) : 0;
      append(writes, index, place(key), key.length, valueAt, value ? value.length : -1, commit.version);
    }
  }
  return [Buffer.concat(bytes, at), ...[...checks, ...writes].map(column => `{${column.join(',')}}`)];
}

function append<T>(columns: T[][], ...row: T[]): void {
  for (const [index, value] of row.entries()) columns[index]!.push(value);
}
