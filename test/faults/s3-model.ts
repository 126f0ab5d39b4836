/** What S3 must show of the keys that one client alone writes: plain data and the rules of versioning. */
import { createHash } from 'node:crypto';

export type Versioning = 'Enabled' | 'Suspended' | undefined;

/** Stands for a body of that many bytes, all of them following from its number; or for what is left without the first. */
export type Body = `${number}:${number}` | `${number}:${number}:${number}`;

/** `day` stands for a time that is never reached. */
export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly day: number;
}

export interface ModelVersion {
  /** `null` for the null version; absent where the answer that would have told it was lost. */
  readonly id: string | undefined;
  /** What it is made of; absent for a delete marker. */
  readonly parts?: readonly Body[];
  readonly etag?: string;
  readonly tag?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly hold?: boolean;
}

/** The versions of a key, the newest first. */
export type ModelKey = readonly ModelVersion[];

/** Bytes after which the content of a body comes again. */
const PERIOD = 64;

export function contentOf(body: Body): Buffer {
  const [number, size, skipped = 0] = body.split(':').map(Number);
  const begin = skipped % PERIOD;
  const digest = createHash('sha512').update(String(number)).digest();
  return Buffer.alloc(size! + begin, digest).subarray(begin);
}

export const wholeOf = ({ parts = [] }: Pick<ModelVersion, 'parts'>): Buffer =>
  Buffer.concat(parts.map(contentOf));

/** The bytes of bodies, one behind the other, from `start` (inclusive) to `end` (exclusive). */
export function sliceOf(bodies: readonly Body[], start: number, end: number): Body[] {
  const found: Body[] = [];
  let offset = 0;
  for (const body of bodies) {
    const [number, size, skipped = 0] = body.split(':').map(Number);
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size!);
    if (from < to) found.push(`${number!}:${to - from}:${skipped + from}`);
    offset += size!;
  }
  return found;
}

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
export const etagOf = (...bodies: Body[]): string => `"${md5(wholeOf({ parts: bodies })).toString('hex')}"`;
export const multipartEtagOf = (parts: readonly (readonly Body[])[]): string =>
  `"${md5(Buffer.concat(parts.map(part => md5(wholeOf({ parts: part }))))).toString('hex')}-${parts.length}"`;

export const retainUntil = ({ day }: Retention): Date => new Date(Date.UTC(2100, 0, 1 + day));

/** Whether a version is kept from being deleted ("Locking objects with Object Lock"). */
export function isLocked({ retention, hold = false }: ModelVersion, bypass: boolean): boolean {
  return hold || (retention !== undefined && !(retention.mode === 'GOVERNANCE' && bypass));
}

/** Whether a retention may take the place of one that is running. */
export function mayRetain(
  before: Retention | undefined,
  next: Retention | undefined,
  bypass: boolean,
): boolean {
  if (!before) return true;
  if (next?.mode === before.mode && next.day >= before.day) return true;
  return before.mode === 'GOVERNANCE' && bypass;
}

/** The key's object, where its newest version is none that marks a deletion. */
export const current = (key: ModelKey): ModelVersion | undefined => (key[0]?.parts ? key[0] : undefined);

/** A new version on top; in place of the null version where versioning is not enabled ("How S3 Versioning works"). */
export function added(key: ModelKey, versioning: Versioning, version: ModelVersion): ModelKey {
  if (versioning === 'Enabled') return [version, ...key];
  return [{ ...version, id: 'null' }, ...key.filter(({ id }) => id !== 'null')];
}

/** Deleted without a version id ("Deleting object versions from a versioning-enabled bucket"). */
export function deleted(key: ModelKey, versioning: Versioning, id: string | undefined): ModelKey {
  return versioning === undefined ? [] : added(key, versioning, { id });
}

/** The order of listings: of the keys' UTF-8 bytes. */
export const inOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What a listing shows of keys: those themselves, and what their common prefixes are. */
export function listed(
  keys: readonly string[],
  { prefix, delimiter, after }: { prefix: string; delimiter: string | undefined; after: string | undefined },
): { keys: string[]; prefixes: string[] } {
  const folded = (key: string) => {
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : key.slice(0, end + delimiter!.length);
  };
  // What begins within a common prefix goes on behind all of it.
  const passed = after?.startsWith(prefix) ? folded(after) : undefined;
  const shown: string[] = [];
  const prefixes = new Set<string>();
  for (const key of [...keys].sort(inOrder)) {
    if (!key.startsWith(prefix) || (after !== undefined && inOrder(key, after) <= 0)) continue;
    const common = folded(key);
    if (common === undefined) shown.push(key);
    else if (common !== passed) prefixes.add(common);
  }
  return { keys: shown, prefixes: [...prefixes] };
}
