/** What runs in processes of its own: scripts of this directory, the load generator, the bare server. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load.js';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs a script of this directory with `input` and reads the JSON that it prints. Rejects where it fails. */
export async function runScript<T>(
  name: string,
  args: readonly string[],
  { input = '', flags = [] }: { readonly input?: string; readonly flags?: readonly string[] } = {},
): Promise<T> {
  const child = spawn(process.execPath, [...flags, script(name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  return (await json(child.stdout)) as T;
}

/** How a load is put on: `LoadPlan` says what each is. */
export type Load = Pick<LoadPlan, 'connections' | 'warmUp' | 'seconds' | 'once'>;

/** Keeps many connections busy with requests that were signed before. */
export function load(endpoint: URL, requests: readonly Buffer[], how: Load): Promise<LoadResult> {
  const plan: LoadPlan = {
    host: endpoint.hostname,
    port: Number(endpoint.port),
    requests: requests.map(request => request.toString('base64')),
    ...how,
  };
  return runScript<LoadResult>('load.js', [], { input: JSON.stringify(plan) });
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

/** Processor time that a process and its children have taken so far, milliseconds; only on Linux. */
export async function processorMilliseconds(pid: number): Promise<number> {
  const task = `/proc/${pid}/task/${pid}/children`;
  const children = (await readFile(task, 'utf8')).split(' ').filter(Boolean);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 and 15, in hundredths of a second; the second one, the name, may hold spaces.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  const own = (Number(user) + Number(system)) * 10;
  const others = await Promise.all(children.map(child => processorMilliseconds(Number(child))));
  return others.reduce((sum, of) => sum + of, own);
}
