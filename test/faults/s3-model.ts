/** What S3 must show of the keys that one client alone writes: plain data and the rules of versioning. */
import { createHash } from 'node:crypto';

export type Versioning = 'Enabled' | 'Suspended' | undefined;

/** Stands for a body of that many bytes, all of them following from its number. */
export type Body = `${number}:${number}`;

export interface ModelVersion {
  /** `null` for the null version; absent where the answer that would have told it was lost. */
  readonly id: string | undefined;
  /** Bodies of the parts; absent for a delete marker. */
  readonly parts?: readonly Body[];
  readonly etag?: string;
  readonly tag?: string | undefined;
}

/** The versions of a key, the newest first. */
export type ModelKey = readonly ModelVersion[];

export function contentOf(body: Body): Buffer {
  const [number, size] = body.split(':').map(Number);
  return Buffer.alloc(size!, createHash('sha512').update(String(number)).digest());
}

export const wholeOf = ({ parts = [] }: ModelVersion): Buffer => Buffer.concat(parts.map(contentOf));

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
export const etagOf = (body: Body): string => `"${md5(contentOf(body)).toString('hex')}"`;
export const multipartEtagOf = (parts: readonly Body[]): string =>
  `"${md5(Buffer.concat(parts.map(part => md5(contentOf(part))))).toString('hex')}-${parts.length}"`;

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
  const shown: string[] = [];
  const prefixes = new Set<string>();
  for (const key of [...keys].sort(inOrder)) {
    if (!key.startsWith(prefix) || (after !== undefined && inOrder(key, after) <= 0)) continue;
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) shown.push(key);
    else prefixes.add(key.slice(0, end + delimiter!.length));
  }
  return { keys: shown, prefixes: [...prefixes] };
}
