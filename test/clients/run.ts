/** Clients as child processes, away from this machine's own configuration. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Keys, REGION, type Stage } from './stage.js';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; the environment is what is given and a home of its own. Killed after four minutes. */
export function run(
  stage: Stage,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((settle, reject) => {
    const child = spawn(command, args, {
      cwd: stage.home,
      env: {
        PATH: process.env['PATH'] ?? '',
        LANG: 'C.UTF-8',
        HOME: stage.home,
        AWS_CONFIG_FILE: join(stage.home, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(stage.home, 'credentials'),
        AWS_DEFAULT_REGION: REGION,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_PAGER: '',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 240_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
    child.on('error', reject);
    child.on('close', status => settle({ status, stdout, stderr }));
  });
}

/** The standard output of a program that must succeed. */
export async function succeeds(
  stage: Stage,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(stage, command, args, environment);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
}

/** What a program says that must be refused, on both streams. */
export async function refused(
  stage: Stage,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(stage, command, args, environment);
  if (status !== 0) return stdout + stderr;
  throw new Error(`${command} ${args.join(' ')} was not refused\n${stdout}\n${stderr}`);
}

/** Credentials as the environment variables that every AWS client reads. */
export function asEnvironment(keys: Keys): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken !== undefined && { AWS_SESSION_TOKEN: keys.sessionToken }),
  };
}

/** As `tools/test.mjs` names them. */
type Client =
  | 'awscli'
  | 'boto3'
  | 's3cmd'
  | 'rclone'
  | 'restic'
  | 's3fs'
  | 'duplicity'
  | 'pip'
  | 'cc'
  | 'postgresql'
  | 'pgbouncer'
  | 'chromium'
  | 'faketime'
  | 'nginx'
  | 'prometheus'
  | 'openssl';

const left = (process.env['KARIKAGI_TESTS_WITHOUT'] ?? '').split(',');

/** For a test's `skip`: set where `npm test -- --without=NAME` leaves that client out. */
export const without = (name: Client): string | false =>
  left.includes(name) && `left out by --without=${name}`;

/** A program of the virtual environment that `npm test` makes. */
export const installed = (program: string): string =>
  join(process.env['KARIKAGI_TESTS_VENV'] ?? resolve('.cache/clients'), 'bin', program);
