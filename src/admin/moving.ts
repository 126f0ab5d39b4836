/** Rows and bodies on their way into stores that a server does not start on before all of it is there. */
import { SettingsError } from '../core/settings-error.js';
import { FIRST_ACCOUNT } from '../server/bootstrap.js';
import type { BodyCopier } from '../store/body-copier.js';
import { compareKeys } from '../store/keys.js';
import { type KeyOf, keyspaceOf } from '../store/keyspace.js';
import { type Item, type Key, type Kv, under, type Write } from '../store/kv.js';
import { rowsOf } from '../store/scan.js';

/** A row of the target while data is moved into it. */
const UNFINISHED: KeyOf<'server'> = ['server', 'migration'];

/** Rows in one commit, and bytes of their values, at most. */
const MOST_ROWS = 200;
const MOST_BYTES = 2 ** 21;
/** Bodies on their way at the same time. */
const BODIES_AT_ONCE = 4;

/** What rows are read from. */
type Source = Pick<Kv, 'list'>;

/** Throws `SettingsError` for a store into which data is being moved. */
export async function demandWhole(kv: Kv): Promise<void> {
  if ((await kv.get(UNFINISHED)) === undefined) return;
  throw new SettingsError(
    'a migration or a restore into these stores has not ended: run the same command again, which goes on where it stopped',
  );
}

/** Throws `SettingsError` where no server has made this data, or not all of it is there. */
export async function demandServerData(kv: Kv): Promise<void> {
  if ((await kv.get(FIRST_ACCOUNT)) === undefined)
    throw new SettingsError('the source holds no data of a server');
  await demandWhole(kv);
}

/**
 * Marks the target as one that data of the source is being moved into. Throws `SettingsError` where the source holds
 * nothing or the target holds something else.
 */
export async function beginMove(from: Kv, to: Kv): Promise<void> {
  await demandServerData(from);
  const [account, other, unfinished] = await Promise.all([
    from.get(FIRST_ACCOUNT),
    to.get(FIRST_ACCOUNT),
    to.get(UNFINISHED),
  ]);
  if (unfinished !== undefined && !Buffer.from(unfinished.value).equals(account!.value))
    throw new SettingsError('to: data of another server is being moved into these stores');
  if (other !== undefined && unfinished === undefined)
    throw new SettingsError('to: these stores hold data of a server; give empty ones');
  await to.commit([], [{ key: UNFINISHED, value: account!.value }]);
}

/** From now on, servers start on the target. */
export async function endMove(to: Kv): Promise<void> {
  await to.commit([], [{ key: UNFINISHED, value: undefined }]);
}

/** A row of one side or both, in order. */
interface Pair {
  readonly source: Item | undefined;
  readonly target: Item | undefined;
}

/** What says which processes run stays where they run. */
const moves = (key: Key): boolean =>
  compareKeys(key, UNFINISHED) !== 0 && keyspaceOf(key)?.isPassing === undefined;

async function* pairsOf(from: Source, to: Source): AsyncGenerator<Pair, void> {
  const [sources, targets] = [rowsOf(from), rowsOf(to)];
  let [source, target] = [await sources.next(), await targets.next()];
  while (!source.done || !target.done) {
    const order = source.done ? 1 : target.done ? -1 : compareKeys(source.value.key, target.value.key);
    const pair = {
      source: source.done || order > 0 ? undefined : source.value,
      target: target.done || order < 0 ? undefined : target.value,
    };
    if (moves((pair.source ?? pair.target)!.key)) yield pair;
    if (order <= 0) source = await sources.next();
    if (order >= 0) target = await targets.next();
  }
}

const areSame = ({ source, target }: Pair): boolean =>
  source !== undefined && target !== undefined && Buffer.compare(source.value, target.value) === 0;

/**
 * Makes the rows of the target those of the source. `wrote` hears of how many each commit has written. Answers how many
 * were there.
 */
export async function copyRows(
  from: Source,
  to: Kv,
  wrote: (rows: number) => void = () => undefined,
): Promise<number> {
  let found = 0;
  let writes: Write[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await to.commit([], writes);
    wrote(writes.length);
    writes = [];
    bytes = 0;
  };
  for await (const pair of pairsOf(from, to)) {
    if (areSame(pair)) {
      found++;
      continue;
    }
    writes.push({ key: (pair.source ?? pair.target)!.key, value: pair.source?.value });
    bytes += pair.source?.value.length ?? 0;
    if (writes.length >= MOST_ROWS || bytes >= MOST_BYTES) await flush();
  }
  await flush();
  return found;
}

/** Throws where a row of one side is not that of the other. */
export async function demandSameRows(from: Source, to: Source): Promise<void> {
  for await (const pair of pairsOf(from, to))
    if (!areSame(pair))
      throw new Error(
        `the record ${JSON.stringify((pair.source ?? pair.target)!.key)} differs: does a server run on one of the sides?`,
      );
}

export interface CopiedBodies {
  /** That the rows name. */
  readonly blobs: number;
  /** Of those, the ones that were not there yet, and their bytes. */
  readonly copied: number;
  readonly bytes: number;
  /** Ids of those that the source does not have whole. */
  readonly missing: readonly string[];
}

export const noBodies: CopiedBodies = { blobs: 0, copied: 0, bytes: 0, missing: [] };

/** Hears of how many bodies were gone through, and of the bytes that were copied. */
export type BodyProgress = (done: Pick<CopiedBodies, 'blobs' | 'bytes'>) => void;

/** Copies the bodies that rows name. */
export async function copyNamed(
  rows: Source,
  copier: BodyCopier,
  progress?: BodyProgress,
): Promise<CopiedBodies> {
  const done = { blobs: 0, copied: 0, bytes: 0, missing: [] as string[] };
  const copy = async (id: string): Promise<void> => {
    const length = await copier.copy(id);
    done.blobs++;
    if (length === undefined) done.missing.push(id);
    else if (length > 0) {
      done.copied++;
      done.bytes += length;
    }
    progress?.(done);
  };
  await eachOf(namedIn(rows), copy);
  await copier.finish();
  return done;
}

async function* namedIn(rows: Source): AsyncGenerator<string, void> {
  let before = '';
  for await (const { key } of rowsOf(rows, under(['blob']))) {
    const id = key[1] as string;
    if (id !== before) yield id;
    before = id;
  }
}

/** Does something with each body, some at a time; throws what fails first, once no other is under way. */
export async function eachOf<T>(bodies: AsyncIterable<T>, work: (body: T) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const body of bodies) {
      if (failures.length > 0) break;
      const working = work(body)
        .catch(error => void failures.push(error))
        .finally(() => underWay.delete(working));
      underWay.add(working);
      if (underWay.size >= BODIES_AT_ONCE) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) throw failures[0];
}
