/** What runs in processes of its own: scripts of this directory, the load generator, the bare server. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load.js';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface ScriptOptions {
  readonly input?: string;
  /** Of Node. */
  readonly flags?: readonly string[];
  /** The one core that it runs on; only on Linux. Default: any. */
  readonly core?: number | undefined;
}

/** Runs a script of this directory with `input` and reads the JSON that it prints. Rejects where it fails. */
export async function runScript<T>(
  name: string,
  args: readonly string[],
  { input = '', flags = [], core }: ScriptOptions = {},
): Promise<T> {
  const command = [process.execPath, ...flags, script(name), ...args];
  if (core !== undefined) command.unshift('taskset', '--cpu-list', String(core));
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  return (await json(child.stdout)) as T;
}

/** How a load is put on: `LoadPlan` says what each is. */
export type Load = Pick<LoadPlan, 'connections' | 'warmUp' | 'seconds' | 'once' | 'body' | 'pid'>;

/**
 * Keeps many connections busy with requests that were signed before. `core`: that the load runs on. `others`: servers
 * that have a part of them.
 */
export function load(
  endpoint: URL,
  requests: readonly Buffer[],
  how: Load,
  { core, others = [] }: { readonly core?: number; readonly others?: readonly URL[] } = {},
): Promise<LoadResult> {
  const plan: LoadPlan = {
    host: endpoint.hostname,
    ports: [endpoint, ...others].map(({ port }) => Number(port)),
    requests: requests.map(request => request.toString('base64')),
    ...how,
  };
  return runScript<LoadResult>('load.js', [], { input: JSON.stringify(plan), core });
}

/** The same load on a server that does nothing else. */
export async function loadBareServer(requests: readonly Buffer[], how: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [script('bare-server.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  try {
    return await load(new URL(`http://127.0.0.1:${port}`), requests, how);
  } finally {
    child.kill();
  }
}

/** Resident size of a process in MB. `field`: of Linux's /proc/PID/status; elsewhere all that is resident. */
export async function residentMegabytes(pid: number, field: 'VmRSS' | 'RssAnon' = 'VmRSS'): Promise<number> {
  const kilobytes =
    process.platform === 'linux'
      ? new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) / 1024;
}
