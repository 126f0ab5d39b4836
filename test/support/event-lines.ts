import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from '../../src/core/cloudtrail.js';
import { readerOf } from '../../src/core/event-lines.js';

/** What stands in the files of a server's events to which it still adds, by their names. */
export async function eventsInFiles(data: string): Promise<Map<string, AuditEvent[]>> {
  const directory = join(data, 'events');
  const found = new Map<string, AuditEvent[]>();
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.lines')) continue;
    const text = await readFile(join(directory, name), 'utf8');
    const reader = readerOf(text);
    const events = text.split('\n').map(line => reader.event(line));
    found.set(
      name,
      events.filter(event => event !== undefined),
    );
  }
  return found;
}

/** Those of all its files. */
export async function eventsIn(data: string): Promise<AuditEvent[]> {
  return [...(await eventsInFiles(data)).values()].flat();
}
