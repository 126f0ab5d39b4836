/** What bench/cluster.ts has measured, as lines. */
import type { Figure } from './figures.js';
import type { LoadResult } from './load.js';

export type Operation = 'PUT 4 KiB' | 'GET 4 KiB' | 'LIST, a page of 256' | 'AssumeRole';
export const OPERATIONS: readonly Operation[] = [
  'PUT 4 KiB',
  'GET 4 KiB',
  'LIST, a page of 256',
  'AssumeRole',
];

/** Per request: what it took besides time. Processor time in microseconds. */
export interface Measured extends LoadResult {
  readonly node: number;
  readonly database: number;
  readonly statements: number;
  /** Bytes of PostgreSQL's log. */
  readonly logged: number;
}

/** What one more thing in the store takes, bytes. */
export interface Growth {
  /** Of the table and its index. */
  readonly bytes: number;
  readonly logged: number;
}

export interface Growths {
  readonly object: Growth;
  readonly session: Growth;
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

export const rate = (perSecond: number): string => `${Math.round(perSecond)}/s`;

export function figureOfEmbedded([operation, { perSecond, median: half, p99, node }]: [
  Operation,
  Measured,
]): Figure {
  return {
    name: `${operation}, embedded store`,
    value: rate(perSecond),
    against: `${half.toFixed(1)} ms, 99 % ${p99.toFixed(1)} ms; processor ${Math.round(node)} µs of the server`,
    met: true,
  };
}

export function figureOf(
  operation: Operation,
  count: number,
  measured: Measured,
  { embedded, single }: { readonly embedded: Measured; readonly single: Measured },
): Figure {
  const { perSecond, median: half, p99, node, database, statements, logged } = measured;
  const share = (of: Measured): string => (perSecond / of.perSecond).toFixed(2);
  return {
    name: `${operation}, ${count === 1 ? '1 node' : `${count} nodes`}`,
    value: rate(perSecond),
    against: [
      `${share(embedded)} of embedded, ${share(single)} of 1 node`,
      `${half.toFixed(1)} ms, 99 % ${p99.toFixed(1)} ms`,
      `processor ${Math.round(node)} µs of nodes, ${Math.round(database)} µs of PostgreSQL`,
      `${statements.toFixed(2)} statements, ${kib(logged)} of log`,
    ].join('; '),
    met: true,
  };
}

/** Round trips of each kind of request at most, as docs/cluster.md says. */
const TRIPS: Readonly<Record<Operation, number>> = {
  'PUT 4 KiB': 2,
  'GET 4 KiB': 1,
  'LIST, a page of 256': 2,
  AssumeRole: 2,
};

export function figureOfSingle(
  operation: Operation,
  { perSecond, median: half, node, database, statements }: Measured,
) {
  const most = TRIPS[operation];
  return {
    name: `${operation}, 1 node, 1 client`,
    value: `${statements.toFixed(2)} trips`,
    against: `aim ${most}; ${rate(perSecond)}, ${half.toFixed(1)} ms; processor ${Math.round(node)} µs of the node, ${Math.round(database)} µs of PostgreSQL`,
    // What servers ask for by themselves is among them.
    met: statements < most + 0.1,
  };
}

export function figuresOfGrowth({ object, session }: Growths): readonly Figure[] {
  return [
    ['a new object of 4 KiB, table and index', object] as const,
    ['a session, table and index', session] as const,
  ].map(([name, { bytes, logged }]) => ({
    name,
    value: kib(bytes),
    against: `${kib(logged)} of log`,
    met: true,
  }));
}

/** Requests of a mix in a second, a hundred in all: the unit that docs/cluster.md counts load in. */
const MIX: Readonly<Record<Operation, number>> = {
  'GET 4 KiB': 70,
  'PUT 4 KiB': 20,
  'LIST, a page of 256': 5,
  AssumeRole: 5,
};

/**
 * What the mix takes. Of PostgreSQL, between what it costs where 32 requests share their round trips and where each has
 * its own. Each PUT is of a new object.
 */
export function figureOfMix(
  full: ReadonlyMap<Operation, Measured>,
  alone: ReadonlyMap<Operation, Measured>,
  { object, session }: Growths,
): Figure {
  const cores = (results: ReadonlyMap<Operation, Measured>, of: 'node' | 'database'): string =>
    (
      OPERATIONS.reduce((sum, operation) => sum + MIX[operation] * results.get(operation)![of], 0) / 1e6
    ).toFixed(3);
  const [puts, sessions] = [MIX['PUT 4 KiB'], MIX.AssumeRole];
  const logged = puts * object.logged + sessions * session.logged;
  const grown = (puts * object.bytes + sessions * session.bytes) * 86_400;
  return {
    name: '100 requests a second of a mix',
    value: `${cores(full, 'node')} cores`,
    against: [
      'of nodes: 70 GET, 20 PUT of new objects, 5 LIST, 5 AssumeRole',
      `${cores(full, 'database')} to ${cores(alone, 'database')} cores of PostgreSQL`,
      `${puts + sessions} commits, ${kib(logged)} of log a second`,
      `${(grown / 1e9).toFixed(1)} GB a day`,
    ].join('; '),
    met: true,
  };
}
