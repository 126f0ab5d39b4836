/**
 * Where the embedded stores lie in a data directory, and in a backup, which is laid out alike: the one place that
 * knows. New records are written beside those that are there, and then take their place.
 */
import { access, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectory, syncDirectory } from '../core/directories/directories.js';
import { type LmdbStore, openLmdb } from './lmdb/lmdb.js';

const RECORDS = 'kv';
const NEW_RECORDS = 'kv.new';
const FILE = 'data.mdb';
/** Address space that the records' file may grow by while it is open here. */
const GROWTH = 2 ** 32;

/** The directory of the records. */
export const recordsIn = (directory: string): string => join(directory, RECORDS);

/** The file of the records. */
export const recordsFile = (directory: string): string => join(directory, RECORDS, FILE);

/** The directory of large bodies. */
export const bodiesIn = (directory: string): string => join(directory, 'blobs');

/** Whether a directory holds records: more than a first start that was cut short. */
export function holdsRecords(directory: string): Promise<boolean> {
  return access(recordsFile(directory)).then(
    () => true,
    () => false,
  );
}

/** The records that are there, beside a server that may be running. Throws where there are none, and as `openLmdb`. */
export async function openRecords(directory: string): Promise<LmdbStore> {
  const { size } = await stat(recordsFile(directory));
  return await openLmdb(recordsIn(directory), { mapSize: size + GROWTH });
}

/** Whether a directory has something in `names` that only records on their way leave there. */
export const wasBegun = (names: readonly string[]): boolean => names.includes(NEW_RECORDS);

/** Copies records to where they do not yet count, in place of an earlier attempt's, and opens the copy. */
export async function copyRecords(from: LmdbStore, directory: string): Promise<LmdbStore> {
  const path = await newRecordsIn(directory);
  await from.copyTo(path);
  return await openLmdb(path);
}

/** Opens a store without records where they do not yet count, in place of an earlier attempt's. */
export async function beginRecords(directory: string): Promise<LmdbStore> {
  return await openLmdb(await newRecordsIn(directory));
}

async function newRecordsIn(directory: string): Promise<string> {
  const path = join(directory, NEW_RECORDS);
  await rm(path, { recursive: true, force: true });
  await makeDirectory(resolve(path));
  return path;
}

/** Puts the copied records in place of those that are there, all or nothing. */
export async function takeRecords(directory: string): Promise<void> {
  await makeDirectory(resolve(recordsIn(directory)));
  await rename(join(directory, NEW_RECORDS, FILE), recordsFile(directory));
  // Tells of readers of the former file.
  await rm(join(recordsIn(directory), 'lock.mdb'), { force: true });
  await syncDirectory(recordsIn(directory));
}

/** Removes what copying records has left, whether they were taken or not. */
export async function dropCopy(directory: string): Promise<void> {
  await rm(join(directory, NEW_RECORDS), { recursive: true, force: true });
}
