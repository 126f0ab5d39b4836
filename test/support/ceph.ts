/** A cluster of Ceph with its object gateway: one of each daemon, in memory, on loopback. Debian's packages bring it. */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './all-kinds.js';
import { until } from './until.js';

const DAEMONS = ['/usr/bin/ceph-mon', '/usr/bin/ceph-mgr', '/usr/bin/ceph-osd', '/usr/bin/radosgw'];

/** For a test's `skip`. */
export const noCeph = DAEMONS.every(existsSync)
  ? false
  : 'needs Ceph (Debian: apt-get install ceph-mon ceph-mgr ceph-osd radosgw)';

export interface Ceph extends Server {
  /** As its programs say it. */
  readonly version: string;
  close(): Promise<void>;
}

/** Starts a cluster; the credentials are of a user of the gateway. */
export async function startCeph(): Promise<Ceph> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-ceph-'));
  const conf = join(directory, 'ceph.conf');
  const [monitor, gateway] = [await freePort(), await freePort()];
  const cluster = randomUUID();
  await writeFile(conf, configuration(cluster, directory, monitor, gateway));
  for (const name of ['mon', 'mgr', 'osd', 'rgw']) await mkdir(join(directory, name));
  const ask = (program: string, ...args: string[]) =>
    execFileSync(program, ['-c', conf, ...args], { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 });
  // In the foreground, so that they are children of this process.
  const daemon = (program: string, ...args: string[]) =>
    spawn(program, ['-c', conf, '-f', ...args], { stdio: 'ignore' });
  const daemons: ReturnType<typeof daemon>[] = [];
  const close = async () => {
    for (const child of daemons.reverse()) {
      if (child.exitCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(directory, { recursive: true });
  };
  try {
    const map = join(directory, 'map');
    const address = `[v2:127.0.0.1:${monitor}]`;
    execFileSync('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', address, map], {
      stdio: 'pipe',
    });
    ask('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map);
    daemons.push(daemon('ceph-mon', '-i', 'a'), daemon('ceph-mgr', '-i', 'x'));
    const osd = randomUUID();
    ask('ceph', 'osd', 'new', osd);
    ask('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
    daemons.push(daemon('ceph-osd', '-i', '0'));
    const user = ['user', 'create', '--uid=bodies', '--display-name=bodies'];
    const { keys } = JSON.parse(ask('radosgw-admin', ...user)) as {
      keys: { access_key: string; secret_key: string }[];
    };
    daemons.push(daemon('radosgw', '-n', 'client.admin'));
    const endpoint = `http://127.0.0.1:${gateway}`;
    await until(() =>
      fetch(endpoint).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return {
      endpoint,
      credentials: { accessKeyId: keys[0]!.access_key, secretAccessKey: keys[0]!.secret_key },
      version: execFileSync('radosgw', ['--version'], { encoding: 'utf8' }).trim(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(cluster: string, directory: string, monitor: number, gateway: number): string {
  return `[global]
fsid = ${cluster}
mon host = v2:127.0.0.1:${monitor}/0
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = ${2 ** 31}
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
run dir = ${directory}
log file = ${directory}/$name.log
pid file = ${directory}/$name.pid
admin socket = ${directory}/$name.asok
mon data = ${directory}/mon
mgr data = ${directory}/mgr
osd data = ${directory}/osd
rgw data = ${directory}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gateway}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
