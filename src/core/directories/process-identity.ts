/** Tells whether the process that left something on disk still runs. */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process began, in the system's own unit; empty where the system does not tell. */
  readonly started: string;
  /** Within which process ids mean something: on Linux a boot and a PID namespace, elsewhere a host. */
  readonly scope: string;
}

/** `elsewhere`: it belongs to another boot, container or host, whose processes cannot be seen from here. */
type Liveness = 'alive' | 'dead' | 'elsewhere';

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const { pid } = process;
  return { pid, started: (await startOf(pid)) ?? '', scope: await ownScope() };
}

/** Whether that process runs: the very one, not another that was given its id since. */
export async function livenessOf({ pid, started, scope }: ProcessIdentity): Promise<Liveness> {
  if (scope !== (await ownScope())) return 'elsewhere';
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as someone else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  const startedNow = (await startOf(pid)) ?? '';
  return started === startedNow ? 'alive' : 'dead';
}

async function ownScope(): Promise<string> {
  const boot = await ownBoot();
  return boot === undefined ? hostname() : `${boot} ${await readlink('/proc/self/ns/pid')}`;
}

/** What the system calls the time since it was started; undefined where it does not tell (elsewhere than on Linux). */
export async function ownBoot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Field 22 of /proc/pid/stat (proc(5)): clock ticks from boot to the start of the process. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command in parentheses, may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
