/** A PostgreSQL server of a test's own: Debian's, on loopback, with its data in a temporary directory. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, NETWORK } from './machines.js';
import { until } from './until.js';

const VERSIONS = '/usr/lib/postgresql';

/**
 * Where the programs of PostgreSQL lie: those that KARIKAGI_TESTS_POSTGRES names, else those of the newest version that
 * Debian's packages brought; undefined where there are none.
 */
export function postgresPrograms(): string | undefined {
  const named = process.env['KARIKAGI_TESTS_POSTGRES'];
  if (named) return named;
  if (!existsSync(VERSIONS)) return undefined;
  const newest = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0];
  const programs = newest && join(VERSIONS, newest, 'bin');
  return programs && existsSync(join(programs, 'initdb')) ? programs : undefined;
}

export interface PostgresServer {
  readonly port: number;
  readonly directory: string;
  /** `postgres://postgres@127.0.0.1:PORT/NAME`; makes the database. */
  createDatabase(name: string): string;
  /** One statement, on the database `postgres` unless told otherwise; its rows as text, columns by `|`. */
  run(sql: string, database?: string): string;
  /** As `run`, while this process goes on. */
  running(sql: string, database?: string): Promise<void>;
  /** `immediate`: as a crash. */
  stop(mode?: 'fast' | 'immediate'): void;
  start(): void;
  /** A server that follows this one, until it is promoted. What this one acknowledges is then on both. */
  standby(): Promise<Standby>;
  /** Stops it and removes its data. */
  remove(): void;
}

export interface Standby extends PostgresServer {
  /** Takes over: from now on it is written to. The other one must be gone. */
  promote(): void;
}

/**
 * Starts a server on a free port. `settings`: lines of postgresql.conf. `machine`: where it runs, and is reached by the
 * other machines; default: on loopback. Throws where PostgreSQL is not installed.
 */
export function startPostgres(settings: readonly string[] = [], machine?: Machine): Promise<PostgresServer> {
  const fill = (call: Call, data: string) => {
    call(
      'initdb',
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '--no-sync',
      '--data-checksums',
      '-E',
      'UTF8',
    );
    if (machine) appendFileSync(join(data, 'pg_hba.conf'), `host all all ${NETWORK} trust\n`);
  };
  return startOn(settings, fill, machine);
}

const LOOPBACK = { address: '127.0.0.1', through: [] };

/** Calls a program of PostgreSQL, as the user that it runs as. */
type Call = (program: string, ...args: string[]) => string;

/** `fill`: makes the data directory. */
async function startOn(
  settings: readonly string[],
  fill: (call: Call, data: string) => void,
  { address: host, through }: Pick<Machine, 'address' | 'through'> = LOOPBACK,
): Promise<Standby> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is missing (Debian: apt-get install postgresql)');
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-postgres-'));
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL does not run as root.
  const [before, ...rest] = [...through, ...(isRoot ? ['runuser', '-u', 'postgres', '--'] : ['env'])];
  const call: Call = (program, ...args) =>
    execFileSync(before!, [...rest, join(programs, program), ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  if (isRoot) {
    const [user, group] = ['-u', '-g'].map(flag => Number(execFileSync('id', [flag, 'postgres'])));
    chownSync(directory, user!, group!);
  }
  const data = join(directory, 'data');
  fill(call, data);
  const port = await freePort();
  const options = [
    `port=${port}`,
    `listen_addresses=${host}`,
    `unix_socket_directories=${directory}`,
    'max_pred_locks_per_transaction=256',
    ...settings,
  ];
  const start = () => {
    const flags = options.map(option => `-c ${option}`).join(' ');
    call('pg_ctl', 'start', '-w', '-s', '-D', data, '-l', join(directory, 'log'), '-o', flags);
  };
  const stop = (mode: 'fast' | 'immediate' = 'fast') => {
    spawnSync(before!, [...rest, join(programs, 'pg_ctl'), 'stop', '-w', '-s', '-m', mode, '-D', data]);
  };
  const address = ['-h', host, '-p', String(port), '-U', 'postgres'];
  const psql = (sql: string, database = 'postgres') =>
    ['psql', '-X', '-q', '-A', '-t', ...address, '-c', sql, database] as const;
  const run = (sql: string, database?: string) => call(...psql(sql, database));
  start();
  return {
    port,
    directory,
    createDatabase(name) {
      run(`CREATE DATABASE ${name}`);
      return `postgres://postgres@${host}:${port}/${name}`;
    },
    run,
    async running(sql, database) {
      const [program, ...args] = psql(sql, database);
      const child = spawn(before!, [...rest, join(programs, program), ...args], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [status] = await once(child, 'exit');
      if (status !== 0) throw new Error(`psql ended with ${status}`);
    },
    start,
    stop,
    async standby() {
      const standby = await startOn(FOLLOWING, (ask, target) => {
        ask('pg_basebackup', ...address, '-D', target, '-R', '-X', 'stream', '--no-sync', '-c', 'fast');
      });
      run("ALTER SYSTEM SET synchronous_standby_names = '*'");
      run('SELECT pg_reload_conf()');
      await until(
        () => run("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").trim() === '1',
      );
      return standby;
    },
    promote() {
      call('pg_ctl', 'promote', '-w', '-s', '-D', data);
    },
    remove() {
      stop('immediate');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** It asks again soon after it has lost the one that it follows. */
const FOLLOWING = ['wal_retrieve_retry_interval=200ms'];

/** A free port that stays free while the server is down: below those that the system gives to clients. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise(resolve => server.close(resolve));
    return port;
  }
}
