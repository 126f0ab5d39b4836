/** A pgbouncer of a test's own, before a server on loopback. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

export interface PgBouncer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts one on `port`, for all databases of the server on the port `target`. */
export async function startPgBouncer(
  port: number,
  target: number,
  mode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-pgbouncer-'));
  // It does not run as root.
  chmodSync(directory, 0o755);
  const users = join(directory, 'users');
  const configuration = join(directory, 'ini');
  writeFileSync(users, '"postgres" ""\n');
  const lines = [
    '[databases]',
    `* = host=127.0.0.1 port=${target}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    `pool_mode = ${mode}`,
    'default_pool_size = 50',
    'max_client_conn = 500',
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
  const child = spawn('/usr/sbin/pgbouncer', ['-q', ...user, configuration], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(() => answers(port));
  return {
    port,
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(directory, { recursive: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
