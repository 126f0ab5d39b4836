/** A network namespace in which the address of instance metadata is a server's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Fleet, openFleet, PROFILE } from './fleet.js';
import { environment, firstLine, KARIKAGI, output } from './programs.js';

/** A command, `through` before it. */
export function command(through: readonly string[], ...words: string[]): [string, string[]] {
  const [program = '', ...args] = [...through, ...words];
  return [program, args];
}

/** For a test's `skip`. */
export const noNamespace =
  process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/sbin/ip')
    ? false
    : 'needs root on Linux with iproute2';

/** The words of a command that runs another one in a namespace, whose loopback has 169.254.169.254. */
async function openNamespace(t: TestContext): Promise<string[]> {
  const name = `karikagi-${process.pid}`;
  const ip = (...args: string[]) => output('ip', args, { PATH: process.env['PATH'] ?? '' });
  await ip('netns', 'add', name);
  t.after(() => ip('netns', 'delete', name));
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'address', 'add', '169.254.169.254/32', 'dev', 'lo');
  return ['ip', 'netns', 'exec', name];
}

/** Of `serveInNamespace`. */
export interface NamespaceOptions {
  /** Runs while the server can still be reached from here. */
  readonly prepare?: (fleet: Fleet) => Promise<void>;
  /** `optional` opens IMDSv1, from a process of its own. Default: `karikagi serve --imds`, which demands tokens. */
  readonly tokens?: 'required' | 'optional';
}

const METADATA = '169.254.169.254:80';

/** A fleet whose server runs in such a namespace, with the endpoint of instance metadata on port 80 of its address. */
export async function serveInNamespace(
  t: TestContext,
  { prepare, tokens = 'required' }: NamespaceOptions = {},
): Promise<{ fleet: Fleet; through: string[] }> {
  const through = await openNamespace(t);
  const region = 'eu-central-1';
  const fleet = await openFleet({ region, data: join(tmpdir(), `karikagi-ns-${process.pid}`) });
  const { data } = fleet.server.settings;
  await prepare?.(fleet);
  await fleet.server.close();
  const { port } = new URL(fleet.endpoint);
  const start = async (...args: string[]) => {
    const env = { ...environment(fleet), ...keysOf(fleet) };
    const [program, words] = command(through, process.execPath, KARIKAGI, ...args);
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    });
    return await firstLine(child);
  };
  const place = ['--data', data, '--port', port, '--region', region, '--log', 'none'];
  const imds = tokens === 'required' ? ['--imds', `${PROFILE}=${METADATA}`] : [];
  await start('serve', ...place, ...imds, '--json');
  if (tokens === 'optional') {
    await start('imds', '--instance-profile', PROFILE, '--listen', METADATA, '--tokens', tokens, '--json');
  }
  t.after(() => rm(data, { recursive: true, force: true }));
  return { fleet, through };
}

const keysOf = ({ root, endpoint }: Fleet) => ({
  AWS_ACCESS_KEY_ID: root.accessKeyId,
  AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
  AWS_ENDPOINT_URL: endpoint,
});
