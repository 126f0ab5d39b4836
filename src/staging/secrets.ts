/** Where a reference to a secret leads. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { StagingError } from './errors.js';
import type { SecretReference } from './job-schema.js';

/** Milliseconds that a command may take. */
const COMMAND_TIMEOUT = 30_000;

/** The secret. `what` names it in messages. Throws `StagingError`, whose message never holds what was read. */
export async function secretOf(reference: SecretReference, what: string, directory: string): Promise<string> {
  const found = (await read(reference, what, directory)).replace(/\r?\n$/, '');
  if (found !== '') return found;
  throw new StagingError(`${what}: ${placeOf(reference)} is empty or not set`);
}

async function read(reference: SecretReference, what: string, directory: string): Promise<string> {
  const { env, file, command } = reference;
  if (env !== undefined) return process.env[env] ?? '';
  try {
    if (file !== undefined) return await readFile(resolve(directory, file), 'utf8');
    const [program = '', ...args] = command ?? [];
    return (await promisify(execFile)(program, args, { cwd: directory, timeout: COMMAND_TIMEOUT })).stdout;
  } catch (error) {
    // What a command printed may hold the secret: only its code is said.
    const { code } = error as { code?: string | number };
    throw new StagingError(`${what}: ${placeOf(reference)} failed (${code})`);
  }
}

function placeOf({ env, file, command }: SecretReference): string {
  if (env !== undefined) return `the environment variable ${env}`;
  return file !== undefined ? `the file ${file}` : `the command ${command?.[0]}`;
}
