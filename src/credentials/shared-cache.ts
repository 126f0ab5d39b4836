/** Keys in a file of their owner's, so that many processes fetch them once. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DirectoryInUse, type DirectoryLock, lockDirectory } from '../core/directories/directory-lock.js';
import { CredentialsError } from './errors.js';
import type { CredentialsCache, Fetched } from './renewing.js';
import type { Credentials } from './types.js';

export interface SharedCacheOptions {
  /**
   * Everything that the keys depend on: role, session name, tags, source, endpoint … Keys of equal values are shared,
   * others never. Only its hash is on disk.
   */
  readonly of: Readonly<Record<string, unknown>>;
  /** Default: `cacheDirectory()`. */
  readonly directory?: string | undefined;
}

/** How long to wait for another process that fetches, milliseconds: it may be asking a person for a code. */
const LONGEST_WAIT = 120_000;
const BETWEEN_TRIES = 100;
const FORMAT = 1;

/** `KARIKAGI_CACHE`, else `karikagi/credentials` under `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheDirectory(): string {
  const { KARIKAGI_CACHE, XDG_CACHE_HOME } = process.env;
  if (KARIKAGI_CACHE) return resolve(KARIKAGI_CACHE);
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'karikagi', 'credentials');
}

/** The file has mode 0600, its directory 0700. It is replaced whole, so that no reader sees a part of it. */
export class SharedCache<C extends Credentials = Credentials> implements CredentialsCache<C> {
  readonly #directory: string;

  constructor({ of, directory = cacheDirectory() }: SharedCacheOptions) {
    const name = createHash('sha256').update(stable(of)).digest('hex').slice(0, 40);
    this.#directory = join(resolve(directory), name);
  }

  /** The file of the keys. */
  get file(): string {
    return join(this.#directory, 'keys.json');
  }

  async read(): Promise<Fetched<C> | undefined> {
    try {
      return decoded<C>(JSON.parse(await readFile(this.file, 'utf8')));
    } catch {
      // Missing, damaged or of another version: there are none.
      return undefined;
    }
  }

  /** Throws what the operating system says of the directory. */
  async write({ credentials, fetched }: Fetched<C>): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const part = `${this.file}.${process.pid}`;
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify({ format: FORMAT, fetched, credentials }));
    } finally {
      await file.close();
    }
    await rename(part, this.file);
  }

  /** Forgets the keys. */
  async clear(): Promise<void> {
    await rm(this.file, { force: true });
  }

  /** The lock ends with its process. Throws `CredentialsError` where another one holds it for two minutes. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const lock = await this.#lock();
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  async #lock(): Promise<DirectoryLock> {
    for (let waited = 0; ; waited += BETWEEN_TRIES) {
      try {
        return await lockDirectory(this.#directory);
      } catch (error) {
        if (!(error instanceof DirectoryInUse)) throw error;
        if (waited >= LONGEST_WAIT) {
          throw new CredentialsError(
            'Unavailable',
            `process ${error.pid} has been fetching the same keys for too long`,
          );
        }
      }
      await wait(BETWEEN_TRIES);
    }
  }
}

/** Throws for what is no entry. */
function decoded<C extends Credentials>(value: unknown): Fetched<C> | undefined {
  const { format, fetched, credentials } = value as {
    format: number;
    fetched: number;
    credentials: Record<string, unknown> & { expiration?: string };
  };
  if (
    format !== FORMAT ||
    typeof fetched !== 'number' ||
    typeof credentials?.['secretAccessKey'] !== 'string'
  ) {
    return undefined;
  }
  const { expiration, ...rest } = credentials;
  if (expiration === undefined) return { fetched, credentials: rest as unknown as C };
  const end = new Date(expiration);
  if (Number.isNaN(end.getTime())) return undefined;
  return { fetched, credentials: { ...rest, expiration: end } as unknown as C };
}

/** JSON with the members of every object in the order of their names; members that are `undefined` are left out. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
