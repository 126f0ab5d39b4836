/**
 * Does what docs/operating.md tells a newcomer: a TLS endpoint behind nginx, real roles, the console, Prometheus. In a
 * network and with an /etc, a /var/lib and a /run of its own, so that nothing of the machine is changed or in the way.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { installed, without } from './clients/run.js';
import { blocksOf, demandOutput, scriptOf } from './support/pages.js';

const CLI = resolve(import.meta.dirname, '../src/bundle/karikagi.js');
const ROOT = resolve('.');

/** Mounts belong to the namespaces, and end with them. */
const OWN_MACHINE = `
ip link set lo up
mount -t tmpfs tmpfs "$STAGE"
cp -a /etc "$STAGE/etc"
mkdir -p "$STAGE/lib/nginx" "$STAGE/lib/prometheus" "$STAGE/log/nginx" "$STAGE/run" "$STAGE/bin"
mount --bind "$STAGE/etc" /etc
mount --bind "$STAGE/lib" /var/lib
mount --bind "$STAGE/log" /var/log
mount --bind "$STAGE/run" /run
cp "$PROGRAMS"/* "$STAGE/bin/"
mount --bind "$STAGE/bin" /usr/local/bin
rm -f /etc/nginx/sites-enabled/default
echo '127.0.0.1 localhost s3.example.com console.example.com' > /etc/hosts
mkdir -p /etc/systemd/system
cd "$STAGE"
`;

/** Where a machine has no systemd running: does with units and daemons what the page asks of it. */
const SYSTEMCTL = `#!/bin/bash
set -e
case "$*" in
  daemon-reload) systemd-analyze verify /etc/systemd/system/karikagi.service ;;
  'enable --now karikagi')
    unit=/etc/systemd/system/karikagi.service
    of() { sed -n "s/^$1=//p" "$unit"; }
    install -d -m "$(of StateDirectoryMode)" -o "$(of User)" -g "$(of Group)" "/var/lib/$(of StateDirectory)"
    as=(setpriv --reuid "$(of User)" --regid "$(of Group)" --clear-groups --no-new-privs)
    # A checkout that only root can read is run as root.
    "\${as[@]}" test -r "$KARIKAGI/package.json" || as=()
    cd /
    env -i PATH=/usr/local/bin:/usr/bin:/bin "\${as[@]}" $(of ExecStart) > /var/log/karikagi.log 2>&1 &
    ;;
  'reload nginx') pgrep -x nginx > /dev/null && nginx -s reload || nginx ;;
  'restart prometheus')
    prometheus --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/var/lib/prometheus \\
      --web.listen-address=127.0.0.1:9090 > /var/log/prometheus.log 2>&1 &
    ;;
  *) echo "systemctl $*: not here" >&2; exit 1 ;;
esac
`;

const wanting =
  without('nginx') ||
  without('prometheus') ||
  without('pip') ||
  without('openssl') ||
  (process.getuid?.() !== 0 && 'namespaces of its own take root');

test('docs/operating.md, from nothing to a TLS endpoint', { skip: wanting, timeout: 240_000 }, async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-page-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const programs = join(home, 'programs');
  const stage = join(home, 'stage');
  for (const directory of [programs, stage]) await mkdir(directory);
  await chmod(home, 0o755);
  for (const [name, text] of Object.entries({
    karikagi: `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`,
    aws: `#!/bin/sh\nexec '${installed('aws')}' "$@"\n`,
    systemctl: SYSTEMCTL,
  })) {
    await writeFile(join(programs, name), text, { mode: 0o755 });
  }
  const page = await readFile('docs/operating.md', 'utf8');
  const [, section = ''] = /^## From nothing to a TLS endpoint\n([\s\S]*?)^## /m.exec(page)!;
  const blocks = blocksOf(section);
  assert.ok(blocks.length > 5);
  const { status, output } = await runAlone(scriptOf(blocks, OWN_MACHINE), {
    PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: stage,
    STAGE: stage,
    PROGRAMS: programs,
    KARIKAGI: ROOT,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  });
  demandOutput(blocks, status, output);
});

/** Runs a script in namespaces of its own; all that it leaves running ends with it. */
function runAlone(script: string, env: Record<string, string>) {
  return new Promise<{ status: number | null; output: string }>((settle, reject) => {
    const own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const child = spawn('unshare', [...own, '/bin/bash', '-c', `exec 2>&1\n${script}`], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 200_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', text => (output += text));
    child.on('error', reject);
    // The daemons keep the pipe open until they are gone.
    child.on('exit', status => settle({ status, output }));
  });
}
