/**
 * Keeps the last of a disk free of bodies. Deleting writes to the store before it gives anything back: on a disk that
 * is full to the last page, nothing could be deleted any more.
 */
import { statfs } from 'node:fs/promises';

/** Bytes that are kept free, on disks where that is little. */
const RESERVE = 64 * 2 ** 20;
/** On smaller disks, this share of them. */
const SHARE = 0.05;
/** Milliseconds of the machine's time. */
const LOOK_MS = 100;

/** There is no room for more bodies. Its code is that of a full disk. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
  readonly code = 'ENOSPC';

  constructor() {
    super('what is left of the disk is kept for deletions');
  }
}

export interface Room {
  /** Throws `NoRoom`. */
  demand(): void;
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
 * `interval`: milliseconds of the machine's time.
 */
export async function watchRoom(directory: string, usage: Usage = statfs, interval = LOOK_MS): Promise<Room> {
  let isLow = false;
  const look = async (): Promise<void> => {
    try {
      const { bsize, blocks, bavail } = await usage(directory);
      isLow = bavail * bsize < Math.min(RESERVE, blocks * bsize * SHARE);
    } catch {
      isLow = false;
    }
  };
  await look();
  const timer = setInterval(look, interval);
  timer.unref();
  return {
    demand() {
      if (isLow) throw new NoRoom();
    },
    close: () => clearInterval(timer),
  };
}
