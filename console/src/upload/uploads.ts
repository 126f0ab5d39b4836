/** Uploads of this tab: what waits, runs, is paused or done. They go on while one looks at other pages. */
import { useSyncExternalStore } from 'react';
import { Transfer } from './transfer.js';

export type UploadStatus = 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'canceled';

export interface Upload {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** Bytes that the server has. */
  readonly sent: number;
  readonly status: UploadStatus;
  readonly error?: unknown;
}

/** A file and the key that it is to have. */
export interface ToUpload {
  readonly file: File;
  readonly key: string;
}

/** Files that are sent together. */
const TOGETHER = 3;

const listeners = new Set<() => void>();
const transfers = new Map<number, Transfer>();
let uploads: readonly Upload[] = [];
let last = 0;
let whenDone: () => void = () => {};

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads,
  );
}

/** `done` is called after each file that has arrived. */
export function addUploads(bucket: string, files: readonly ToUpload[], done: () => void): void {
  whenDone = done;
  const added = files.map(({ file, key }): Upload => {
    const id = ++last;
    transfers.set(id, new Transfer(bucket, key, file, sent => change(id, { sent })));
    return { id, bucket, key, size: file.size, sent: 0, status: 'waiting' };
  });
  uploads = [...added, ...uploads];
  tell();
  startNext();
}

export function pause(id: number): void {
  transfers.get(id)?.stop();
  change(id, { status: 'paused' });
  startNext();
}

/** Goes on with what is still missing; also after a failure. */
export function resume(id: number): void {
  change(id, { status: 'waiting', error: undefined });
  startNext();
}

/** What has been sent of it is given up on the server, too. */
export async function cancel(id: number): Promise<void> {
  change(id, { status: 'canceled' });
  startNext();
  await transfers.get(id)?.abort();
}

export function clearFinished(): void {
  const over: readonly UploadStatus[] = ['done', 'canceled'];
  for (const { id } of uploads.filter(({ status }) => over.includes(status))) transfers.delete(id);
  uploads = uploads.filter(({ status }) => !over.includes(status));
  tell();
}

function startNext(): void {
  const running = uploads.filter(({ status }) => status === 'running').length;
  const waiting = [...uploads].reverse().filter(({ status }) => status === 'waiting');
  for (const { id } of waiting.slice(0, Math.max(0, TOGETHER - running))) void run(id);
}

async function run(id: number): Promise<void> {
  change(id, { status: 'running' });
  try {
    const complete = await transfers.get(id)!.send();
    if (complete) {
      change(id, { status: 'done' });
      whenDone();
    }
  } catch (error) {
    // One that was paused or canceled meanwhile fails on purpose.
    if (uploads.find(upload => upload.id === id)?.status === 'running') {
      change(id, { status: 'failed', error });
    }
  }
  startNext();
}

function change(id: number, part: Partial<Upload>): void {
  uploads = uploads.map(upload => (upload.id === id ? { ...upload, ...part } : upload));
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

window.addEventListener('beforeunload', event => {
  if (uploads.some(({ status }) => status === 'running' || status === 'waiting')) event.preventDefault();
});
