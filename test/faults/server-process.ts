import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../src/bundle/karikagi.js', import.meta.url));

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  readonly endpoint: string;
  /** Where the console is, and the metrics; absent without them. */
  readonly console: string | undefined;
  readonly metrics: string | undefined;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status once the process is gone. */
  stop(): Promise<number | null>;
}

/**
 * Starts `karikagi serve` on a data directory and a free port, without a log. `more`: further flags. `through`: the
 * words before the command.
 */
export function spawnServer(
  data: string,
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  stderr: 'inherit' | 'pipe' = 'inherit',
  through: readonly string[] = [],
): ChildProcess {
  const flags = ['serve', '--data', data, '--port', '0', '--log', 'none', '--json', ...more];
  const env = { ...process.env, ...environment };
  const [program = '', ...words] = [...through, process.execPath, cli, ...flags];
  return spawn(program, words, { stdio: ['ignore', 'pipe', stderr], env });
}

/** Starts a server and resolves once it is ready. Rejects where it ends before. */
export async function startServerProcess(
  data: string,
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Promise<ServerProcess> {
  return untilReady(spawnServer(data, more, environment, 'inherit', through));
}

/** The server of a process that prints its start as one JSON object. Rejects where it ends before. */
export async function untilReady(child: ChildProcess): Promise<ServerProcess> {
  const ended = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line').then(([first]) => String(first)),
    ended.then(([status]) => Promise.reject(new Error(`the server ended with status ${status}`))),
  ]);
  const { endpoint, console, metrics, credentialsFile } = JSON.parse(line);
  return {
    pid: child.pid!,
    endpoint,
    console,
    metrics,
    credentials: await readCredentials(credentialsFile),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

async function readCredentials(path: string) {
  const text = await readFile(path, 'utf8');
  const value = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)![1]!;
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}
