/** Runs the command line against a server. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Server } from './all-kinds.js';

const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

/** `karikagi ARGS --json`. `home`: where it finds no settings of anybody. */
export async function runCli(server: Server, home: string, ...args: string[]) {
  const { status, stdout, stderr } = await runText(server, home, ...args, '--json');
  return { status, stderr, report: stdout ? JSON.parse(stdout) : undefined };
}

/** `karikagi ARGS`. */
export async function runText({ endpoint, credentials }: Server, home: string, ...args: string[]) {
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const child = spawn(process.execPath, [cli, ...args], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => (stdout += chunk));
  child.stderr.on('data', chunk => (stderr += chunk));
  const status = await new Promise<number>(done => child.once('close', done));
  return { status, stderr, stdout };
}
