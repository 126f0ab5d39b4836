/**
 * Keeps the last of a disk free of bodies. Deleting writes to the store before it gives anything back: on a disk that
 * is full to the last page, nothing could be deleted any more.
 */
import { statfs } from 'node:fs/promises';
import { type Scheduler, systemScheduler } from '../core/scheduler.js';

/** Bytes that are kept free, on disks where that is little. */
const RESERVE = 64 * 2 ** 20;
/** On smaller disks, this share of them. */
const SHARE = 0.05;
/** What is kept even of deletions: this part of the reserve. */
const LAST = 1 / 16;
/** Milliseconds. */
const LOOK_MS = 100;

/** Bytes. */
interface Disk {
  readonly size: number;
  /** What a program without privileges may still write. */
  readonly free: number;
  /** What is kept for deletions: with less than that left, there is no room for bodies. */
  readonly reserve: number;
}

/** There is no room for more bodies. Its code is that of a full disk. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
  readonly code = 'ENOSPC';

  constructor() {
    super('what is left of the disk is kept for deletions');
  }
}

export interface Room {
  /** What the last look has found, bytes; undefined where the system does not tell. */
  readonly disk: Disk | undefined;
  /** For bodies. Throws `NoRoom`. */
  demand(): void;
  /**
   * For any change of the store. Throws `NoRoom`: LMDB as lmdb-js 3.5.6 has it may end the process where a write finds
   * no room, since it puts words about it into less memory than they take.
   */
  demandLast(): void;
  close(): void;
}

/** How much of a file system is there, in blocks of `bsize` bytes. */
export type Usage = (directory: string) => Promise<{
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
}>;

/**
 * Looks at the disk of a directory, now and ten times a second. Where the system does not tell, there is room.
 */
export async function watchRoom(
  directory: string,
  usage: Usage = statfs,
  scheduler: Scheduler = systemScheduler,
): Promise<Room> {
  let disk: Disk | undefined;
  const look = async (): Promise<void> => {
    try {
      const { bsize, blocks, bavail } = await usage(directory);
      const size = blocks * bsize;
      disk = { size, free: bavail * bsize, reserve: Math.min(RESERVE, size * SHARE) };
    } catch {
      disk = undefined;
    }
  };
  await look();
  const cancel = scheduler.every(LOOK_MS, look);
  return {
    get disk() {
      return disk;
    },
    demand() {
      if (disk && disk.free < disk.reserve) throw new NoRoom();
    },
    demandLast() {
      if (disk && disk.free < disk.reserve * LAST) throw new NoRoom();
    },
    close: cancel,
  };
}
