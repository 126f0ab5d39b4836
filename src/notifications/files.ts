import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { DAY_MS } from '../core/time.js';
import { removeOlder } from '../events/event-files.js';
import type { Message } from './message.js';
import type { Target } from './target.js';

/**
 * Appends events to a file, one JSON object a line. The file is opened for each batch, so that it may be moved away
 * and begun again.
 */
export function linesFile(path: string): Target {
  return { deliver: messages => append(path, messages) };
}

/**
 * Appends events to one file a day (UTC), `events-2026-01-31.jsonl`, and deletes files older than `keepDays`.
 */
export function dailyFiles(directory: string, keepDays: number, clock: Clock): Target {
  let day = '';
  return {
    async deliver(messages) {
      const today = new Date(clock.now()).toISOString().slice(0, 10);
      const delivery = await append(join(directory, `events-${today}.jsonl`), messages);
      if (today !== day) removeOlder(directory, Date.parse(today) - keepDays * DAY_MS);
      day = today;
      return delivery;
    },
  };
}

/** All or, where it throws, perhaps some: those are then appended once more. On disk when it resolves. */
async function append(path: string, messages: readonly Message[]): Promise<{ taken: readonly Message[] }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(messages.map(({ body }) => `${body}\n`).join(''));
    await file.datasync();
  } finally {
    await file.close();
  }
  return { taken: messages };
}
