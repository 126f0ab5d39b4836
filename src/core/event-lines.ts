/**
 * Events as lines of a file, in ASCII. What many events have alike stands once, in lines of its own: a *form*, which is
 * an event whose other members are null, and the names of those that are an event's own.
 *
 *   [{"eventVersion":"1.11","userIdentity":null,"eventTime":null,…},"eventTime",…]
 *
 * A *client*: who sent it, and with what.
 *
 *   [{"userIdentity":{…},"userAgent":"…"}]
 *
 * An event says where in the file the lines of its form and of its client begin, bytes, and what its own members are.
 *
 *   [1042,77,"2026-01-31T12:00:00Z",…]
 *
 * In files from before, each line is a whole event.
 */
import type { AuditEvent } from './cloudtrail.js';

type Member = keyof AuditEvent;

/** All members, in the order of an event's JSON, and where each stands. Those of forms have few values. */
const MEMBERS: Readonly<Record<Member, 'form' | 'client' | 'own'>> = {
  eventVersion: 'form',
  userIdentity: 'client',
  eventTime: 'own',
  eventSource: 'form',
  eventName: 'form',
  awsRegion: 'form',
  sourceIPAddress: 'own',
  userAgent: 'client',
  errorCode: 'form',
  errorMessage: 'own',
  requestParameters: 'own',
  responseElements: 'own',
  additionalEventData: 'own',
  requestID: 'own',
  eventID: 'own',
  readOnly: 'form',
  resources: 'own',
  eventType: 'form',
  apiVersion: 'form',
  managementEvent: 'form',
  recipientAccountId: 'form',
  eventCategory: 'form',
  vpcEndpointId: 'form',
  vpcEndpointAccountId: 'form',
  serviceEventDetails: 'own',
  tlsDetails: 'own',
  sessionCredentialFromConsole: 'form',
  arrived: 'own',
  httpStatus: 'form',
  durationMs: 'own',
  sharedEventID: 'own',
};
const NAMES = Object.keys(MEMBERS) as Member[];
const OWN = NAMES.filter(name => MEMBERS[name] === 'own');
const OF_FORM = NAMES.filter(name => MEMBERS[name] === 'form');

/** A form that stands in the file. */
interface WrittenForm {
  readonly members: readonly unknown[];
  readonly at: number;
}

interface WrittenClient {
  readonly userAgent: string | undefined;
  readonly at: number;
}

/** Makes the lines of one file, from its beginning on. What it remembers is less than what stands in the file. */
export class LineWriter {
  readonly #forms = new Map<string, WrittenForm>();
  readonly #clients = new Map<string, WrittenClient>();
  /** The latest of each event name, and of each identity: most are like the ones before. */
  readonly #latestForms = new Map<string | undefined, WrittenForm>();
  readonly #latestClients = new WeakMap<object, WrittenClient>();
  #length = 0;
  /** What is added. */
  #lines = '';

  /** Bytes of all lines. */
  get length(): number {
    return this.#length;
  }

  /** The line of an event, behind those of its form and its client where the file has none yet. */
  add(event: AuditEvent): string {
    this.#lines = '';
    const own: unknown[] = [0, 0];
    let present = (event.userIdentity === undefined ? 0 : 1) | (event.userAgent === undefined ? 0 : 2);
    for (let at = 0; at < OWN.length; at++) {
      const value = event[OWN[at]!];
      if (value === undefined) continue;
      own.push(value);
      present |= 4 << at;
    }
    own[0] = this.#formOf(event, present).at;
    own[1] = this.#clientOf(event).at;
    this.#append(own);
    return this.#lines;
  }

  /** `present`: which of the other members the event has. */
  #formOf(event: AuditEvent, present: number): WrittenForm {
    const { eventName } = event;
    const latest = this.#latestForms.get(eventName);
    if (latest && isLike(latest, event, present)) return latest;
    const members = [present, ...OF_FORM.map(name => event[name])];
    const form = found(this.#forms, JSON.stringify(members), () => ({
      members,
      at: this.#append(formOf(event)),
    }));
    this.#latestForms.set(eventName, form);
    return form;
  }

  #clientOf({ userIdentity, userAgent }: AuditEvent): WrittenClient {
    const latest = userIdentity && this.#latestClients.get(userIdentity);
    if (latest && latest.userAgent === userAgent) return latest;
    const line = [{ userIdentity, userAgent }];
    const client = found(this.#clients, JSON.stringify(line), () => ({ userAgent, at: this.#append(line) }));
    if (userIdentity) this.#latestClients.set(userIdentity, client);
    return client;
  }

  /** Answers where the line begins. */
  #append(values: readonly unknown[]): number {
    const at = this.#length;
    const json = JSON.stringify(values);
    const line = `${Buffer.byteLength(json) === json.length ? json : inAscii(json)}\n`;
    this.#lines += line;
    this.#length += line.length;
    return at;
  }
}

function isLike({ members }: WrittenForm, event: AuditEvent, present: number): boolean {
  if (members[0] !== present) return false;
  for (let at = 0; at < OF_FORM.length; at++) if (members[at + 1] !== event[OF_FORM[at]!]) return false;
  return true;
}

function found<T>(known: Map<string, T>, key: string, make: () => T): T {
  let one = known.get(key);
  if (one === undefined) {
    one = make();
    known.set(key, one);
  }
  return one;
}

function formOf(event: AuditEvent): unknown[] {
  const present = NAMES.filter(name => event[name] !== undefined);
  const form = present.map(name => [name, MEMBERS[name] === 'form' ? event[name] : null]);
  return [Object.fromEntries(form), ...present.filter(name => MEMBERS[name] === 'own')];
}

/** A character is a byte of the file then. */
export function inAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line of what events have alike. */
export interface Alike {
  readonly line: string;
  /** Members that stand elsewhere are null. */
  readonly event: Partial<AuditEvent>;
  /** Of a form. */
  readonly own: readonly Member[];
}

/** An event's line. */
export interface Line {
  /** Its form and its client; none where the line has the whole event. */
  readonly alike: readonly Alike[];
  /** What they do not have. */
  readonly own: OwnMembers;
}

type OwnMembers = Partial<AuditEvent> & Pick<AuditEvent, 'arrived' | 'eventID'>;

/** Reads the lines of one file, in any order. */
export class LineReader {
  readonly #lineAt: (at: number) => string;
  readonly #alike = new Map<number, Alike | undefined>();

  /** `lineAt`: the line that begins at that byte of the file; anything where there is none. */
  constructor(lineAt: (at: number) => string) {
    this.#lineAt = lineAt;
  }

  /** `undefined` for a line that is no event, or one from before events had a place in time. */
  read(line: string): Line | undefined {
    const parsed = isAlike(line) ? undefined : parsedOf(line);
    if (!Array.isArray(parsed)) return isPlaced(parsed) ? { alike: [], own: parsed } : undefined;
    const form = this.#at(parsed[0]);
    const client = this.#at(parsed[1]);
    if (!form || !client || form.own.length !== parsed.length - 2) return undefined;
    const own: Record<string, unknown> = {};
    for (let at = 0; at < form.own.length; at++) own[form.own[at]!] = parsed[at + 2];
    return isPlaced(own) ? { alike: [form, client], own } : undefined;
  }

  event(line: string): AuditEvent | undefined {
    const read = this.read(line);
    return read && (Object.assign({}, ...read.alike.map(({ event }) => event), read.own) as AuditEvent);
  }

  /** The JSON of all that a line is made of, without reading it. */
  partsOf(line: string): string[] {
    if (!line.startsWith('[')) return [line];
    const [form, client] = line.slice(1, 40).split(',', 2).map(Number);
    return [line, this.#at(form)?.line ?? '', this.#at(client)?.line ?? ''];
  }

  #at(at: unknown): Alike | undefined {
    if (typeof at !== 'number' || !Number.isSafeInteger(at) || at < 0) return undefined;
    if (!this.#alike.has(at)) this.#alike.set(at, alikeIn(this.#lineAt(at)));
    return this.#alike.get(at);
  }
}

/** Of the lines of a text that is all of a file. */
export function readerOf(text: string): LineReader {
  return new LineReader(at => text.slice(at, text.indexOf('\n', at)));
}

/** Whether it has what events have alike. */
export function isAlike(line: string): boolean {
  return line.startsWith('[{');
}

function alikeIn(line: string): Alike | undefined {
  const parsed = isAlike(line) ? parsedOf(line) : undefined;
  if (!Array.isArray(parsed)) return undefined;
  const [event, ...own] = parsed as [Partial<AuditEvent>, ...Member[]];
  return { line, event, own };
}

function parsedOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isPlaced(event: unknown): event is OwnMembers {
  const { arrived, eventID } = (event ?? {}) as Record<string, unknown>;
  return typeof arrived === 'number' && typeof eventID === 'string';
}
