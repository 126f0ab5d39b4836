/** Searches the files of events. Synchronous: it runs in a thread of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '../core/cloudtrail.js';
import { inAscii, isAlike, readerOf } from '../core/event-lines.js';
import { eventFiles, segmentFile } from './event-files.js';
import { type EventPage, type EventQuery, matches, newerFirst, pageOf } from './query.js';
import { Segment } from './segment-read.js';
import { ANY_ERROR, term } from './terms.js';

/** A file whose events may be next; it is opened once its newest event may be. */
interface Source {
  /** Of its newest event, milliseconds since the epoch. */
  readonly last: number;
  events(): Iterator<AuditEvent>;
  close(): void;
}

/** The events of a directory that answer the query, newest first. A search that begins at no file has none. */
export function searchFiles(directory: string, query: EventQuery): EventPage {
  const sources = sourcesOf(directory, query);
  try {
    return pageOf(merged(sources, query.limit + 1), query.limit);
  } finally {
    for (const source of sources) source.close();
  }
}

function sourcesOf(directory: string, query: EventQuery): Source[] {
  const { from = 0, to = Number.MAX_VALUE, after } = query;
  const newest = Math.min(to, after?.arrived ?? Number.MAX_VALUE);
  const sources: Source[] = [];
  const files = eventFiles(directory);
  const sealed = new Set(files.filter(({ kind }) => kind === 'seg').map(({ name }) => name));
  for (const { name, kind } of files) {
    // A process that ended between the two leaves the lines beside their segment.
    if (kind === 'due' || (kind !== 'seg' && sealed.has(segmentFile(name)))) continue;
    const source =
      kind === 'seg'
        ? segmentSource(join(directory, name), from, newest, query)
        : lineSource(join(directory, name), query);
    if (source) sources.push(source);
  }
  return sources.sort((one, other) => other.last - one.last);
}

function segmentSource(path: string, from: number, newest: number, query: EventQuery): Source | undefined {
  const segment = Segment.open(path);
  if (!segment) return undefined;
  if (segment.last < from || segment.first > newest) {
    segment.close();
    return undefined;
  }
  return { last: segment.last, events: () => segment.find(query), close: () => segment.close() };
}

/** Lines that are no segment yet are few enough to be looked through. */
function lineSource(path: string, query: EventQuery): Source | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const words = query.terms.map(wordsOf);
  const found: AuditEvent[] = [];
  const reader = readerOf(text);
  for (const line of text.split('\n')) {
    if (line === '' || isAlike(line) || !mayMatch(reader.partsOf(line), words)) continue;
    const event = reader.event(line);
    if (event && matches(event, query)) found.push(event);
  }
  found.sort(newerFirst);
  return found[0] && { last: found[0].arrived, events: () => found.values(), close: () => {} };
}

/**
 * A term's value as it may stand in an event's JSON, in ASCII or not; `undefined` where nothing need stand there as
 * such.
 */
function wordsIn(term: string): string[] | undefined {
  const value = term.slice(1);
  if (term.startsWith(NAME_LETTER) || value === ANY_ERROR || value === 'root') return undefined;
  const word = JSON.stringify(value).slice(1, -1);
  return [...new Set([word, inAscii(word)])];
}

/** Names are compared without case: an event has to be read for that. */
const NAME_LETTER = term('name', '');

/** One of them stands in each line that is meant; none where no line can be left out so. */
function wordsOf(some: readonly string[]): readonly string[] {
  const words = some.map(wordsIn);
  return words.every(found => found !== undefined) ? words.flat() : [];
}

function mayMatch(parts: readonly string[], words: readonly (readonly string[])[]): boolean {
  return words.every(some => some.length === 0 || some.some(word => parts.some(part => part.includes(word))));
}

/** The newest of several sources, each newest first and they by their newest. */
function merged(sources: readonly Source[], count: number): AuditEvent[] {
  const found: AuditEvent[] = [];
  const open: { next: AuditEvent; readonly rest: Iterator<AuditEvent> }[] = [];
  let waiting = 0;
  while (found.length < count) {
    while (
      waiting < sources.length &&
      (open.length === 0 || sources[waiting]!.last >= open[0]!.next.arrived)
    ) {
      const rest = sources[waiting++]!.events();
      const { value, done } = rest.next();
      if (!done) insert(open, { next: value, rest });
    }
    const first = open.shift();
    if (!first) break;
    found.push(first.next);
    const { value, done } = first.rest.next();
    if (!done) insert(open, { next: value, rest: first.rest });
  }
  return found;
}

/** Keeps them by the next event of each, the newest first. */
function insert<T extends { readonly next: AuditEvent }>(open: T[], added: T): void {
  const at = open.findIndex(({ next }) => newerFirst(added.next, next) < 0);
  open.splice(at < 0 ? open.length : at, 0, added);
}
