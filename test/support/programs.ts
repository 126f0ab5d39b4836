/** Programs as children of the tests of machines and keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Fleet } from './fleet.js';

/** The command line, for `node`. */
export const KARIKAGI = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

/** What a client has beside its own home: nothing of this machine's. */
export function environment(
  fleet: Fleet,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    HOME: fleet.home,
    AWS_CONFIG_FILE: join(fleet.home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(fleet.home, 'credentials'),
    AWS_PAGER: '',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...more,
  };
}

/** What a program prints on standard output; it is ended after `timeout` milliseconds. Throws where it fails. */
export function output(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  timeout = 120_000,
): Promise<string> {
  return new Promise((settle, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
    child.on('error', reject);
    child.on('close', status => {
      if (status === 0) settle(stdout.trim());
      else reject(new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`));
    });
  });
}

/** The first line that a program prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) return line;
  throw new Error('the server ended before it was ready');
}
