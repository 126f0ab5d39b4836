/**
 * A lock that the kernel keeps, and lets go of when its process ends, however it ends. It holds between all processes
 * that have the file, also in other PID namespaces and containers: on Linux a lock of an open file description
 * (`F_OFD_SETLK`, also over NFS 4), on macOS `flock`, on Windows `LockFileEx`.
 */
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';

/** What is used of fs-native-extensions, which has no types. */
interface Locks {
  /** False where another holds it. */
  tryLock(fd: number): boolean;
}

interface KernelLock {
  /** Removes the file and lets the next one in. */
  release(): Promise<void>;
}

/**
 * Takes the lock on a file, which is made where it does not exist. Answers 'held' where another has it, 'none' where
 * this machine has no such locks: there is no binary for it.
 */
export async function takeKernelLock(path: string): Promise<KernelLock | 'held' | 'none'> {
  const locks = await load();
  if (locks === undefined) return 'none';
  for (;;) {
    const file = await open(path, 'a+', 0o600);
    try {
      if (!locks.tryLock(file.fd)) {
        await file.close();
        return 'held';
      }
      if (await isAt(path, file)) return lockOn(path, file);
    } catch (error) {
      await file.close();
      throw error;
    }
    // Its last holder removed it in between.
    await file.close();
  }
}

function lockOn(path: string, file: FileHandle): KernelLock {
  return {
    async release() {
      // While the lock is held, so that no other's file is removed.
      await unlink(path);
      await file.close();
    },
  };
}

async function load(): Promise<Locks | undefined> {
  try {
    // @ts-expect-error: it has no types.
    return (await import('fs-native-extensions')).default as Locks;
  } catch {
    return undefined;
  }
}

/** Whether the file at a path is the one that is open. */
async function isAt(path: string, file: FileHandle): Promise<boolean> {
  const own = await file.stat();
  const there = await stat(path).catch(() => undefined);
  return there !== undefined && there.ino === own.ino && there.dev === own.dev;
}
