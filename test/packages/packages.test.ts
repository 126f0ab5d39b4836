/** The Debian package and the image's steps, in chroots of Debian that debootstrap makes: as root, for some minutes. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { until } from '../support/until.js';

const skip =
  process.env['KARIKAGI_PACKAGES'] === undefined && 'takes minutes, and root: npm run test:packages';
/** What may be there from before: an archive of `npm run tarball`, and a root that debootstrap made. */
const archiveBefore = process.env['KARIKAGI_PACKAGES_ARCHIVE'];
const rootBefore = process.env['KARIKAGI_PACKAGES_ROOT'];

const run = (command: string, args: readonly string[], cwd?: string) =>
  execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(cwd && { cwd }),
  }).trim();

/** In a root, with its own processes and its own view of mounts; the network is the machine's. */
const IN_ROOT = `
set -eu
mount --rbind "$1" "$1"
mount -t proc proc "$1/proc"
mount --bind /dev "$1/dev"
exec chroot "$1" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 sh -euc "$2"
`;
const inRoot = (root: string, script: string) => [
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  'sh',
  '-c',
  IN_ROOT,
  'sh',
  root,
  script,
];

suite('packages', { skip }, () => {
  let home: string;
  let debian: string;
  let archive: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'karikagi-packages-'));
    debian = rootBefore ?? join(home, 'debian');
    if (!existsSync(debian)) run('debootstrap', ['--variant=minbase', 'bookworm', debian]);
    archive = archiveBefore ?? run(process.execPath, [resolve('tools/tarball.mjs')], home);
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  /** A root of its own, as debootstrap made it. */
  function freshRoot(name: string): string {
    const root = join(home, name);
    run('cp', ['-a', debian, root]);
    return root;
  }

  /** The same package as a later version. */
  function later(deb: string, version: string): string {
    const made = join(home, basename(deb).replace(/_[^_]+_/, `_${version}_`));
    const control = join(home, 'control');
    run('cp', [deb, made]);
    run('dpkg-deb', ['--control', deb, control]);
    const text = readFileSync(join(control, 'control'), 'utf8');
    writeFileSync(join(control, 'control'), text.replace(/^Version: .*$/m, `Version: ${version}`));
    const options = ['--owner=0', '--group=0', '-C', control, '.'];
    run('tar', ['-c', '-z', '-f', join(home, 'control.tar.gz'), ...options]);
    run('ar', ['r', made, 'control.tar.gz'], home);
    return made;
  }

  test('the Debian package is installed, serves, is upgraded, removed and purged', async () => {
    const deb = run(process.execPath, [resolve('tools/debian-package.mjs'), archive], home);
    const root = freshRoot('installed');
    const sh = (script: string) => run('unshare', inRoot(root, script));
    const install = (file: string) => {
      run('cp', [file, join(root, 'tmp/karikagi.deb')]);
      return sh('dpkg --install /tmp/karikagi.deb');
    };
    install(deb);
    const at = (path: string) => join(root, path);
    const mode = (path: string) => (statSync(at(path)).mode & 0o7777).toString(8);
    assert.deepEqual(['etc/karikagi', 'etc/karikagi/config.json', 'var/lib/karikagi'].map(mode), [
      '750',
      '640',
      '700',
    ]);
    assert.equal(sh('stat -c %U:%G /var/lib/karikagi /etc/karikagi'), 'karikagi:karikagi\nroot:karikagi');
    assert.match(sh('getent passwd karikagi'), /:\/var\/lib\/karikagi:\/usr\/sbin\/nologin$/);
    assert.equal(sh('find /usr/lib/karikagi ! -type l -perm /7022 | head -1'), '', 'nothing to write to');
    assert.ok(existsSync(at('etc/systemd/system/multi-user.target.wants')));
    const unit = readFileSync(at('lib/systemd/system/karikagi.service'), 'utf8');
    const command = /^ExecStart=(.*)$/m.exec(unit)![1]!;
    assert.equal(command, '/usr/bin/karikagi serve --config /etc/karikagi/config.json');

    const ports = { port: 25_101, consolePort: 25_102 };
    const config = JSON.stringify({ data: '/var/lib/karikagi', ...ports });
    // As an administrator changes it.
    sh(`echo '${config}' > /etc/karikagi/config.json`);
    let server: ChildProcess | undefined;
    const health = 'karikagi health --console http://127.0.0.1:25102 > /dev/null 2>&1 && echo ready || true';
    const start = async () => {
      const asService = `exec setpriv --reuid karikagi --regid karikagi --init-groups --no-new-privs ${command}`;
      server = spawn('unshare', inRoot(root, asService), { stdio: 'ignore' });
      await until(() => sh(health) === 'ready');
    };
    const stop = async () => {
      // Of the namespace, the server is the first process: SIGTERM is its own.
      const ended = once(server!, 'exit');
      run('pkill', ['--signal', 'TERM', '--parent', String(server!.pid)]);
      await ended;
    };
    await start();
    const credentials = readFileSync(at('var/lib/karikagi/credentials'), 'utf8');
    const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(credentials)![1]!;
    const s3 = new S3Client({
      endpoint: 'http://127.0.0.1:25101',
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: {
        accessKeyId: value('aws_access_key_id'),
        secretAccessKey: value('aws_secret_access_key'),
      },
    });
    const object = { Bucket: 'packaged', Key: 'k' };
    await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
    await s3.send(new PutObjectCommand({ ...object, Body: 'kept' }));
    assert.equal(sh('stat -c %U:%a /var/lib/karikagi/root.key'), 'karikagi:600');
    await stop();

    install(later(deb, '99.0.0'));
    assert.match(sh('dpkg --status karikagi'), /^Version: 99\.0\.0$/m);
    assert.equal(readFileSync(at('etc/karikagi/config.json'), 'utf8').trim(), config);
    assert.equal(mode('etc/karikagi/config.json'), '640');
    await start();
    const { Body } = await s3.send(new GetObjectCommand(object));
    assert.equal(await Body!.transformToString(), 'kept');
    s3.destroy();
    await stop();

    sh('dpkg --remove karikagi');
    assert.equal(existsSync(at('usr/lib/karikagi')), false);
    assert.equal(readFileSync(at('etc/karikagi/config.json'), 'utf8').trim(), config);
    sh('dpkg --purge karikagi');
    assert.equal(existsSync(at('etc/karikagi')), false);
    assert.ok(existsSync(at('var/lib/karikagi/root.key')), 'the data stay');
    assert.equal(sh('find /etc/systemd /var/lib/systemd -name "karikagi*" | head -1'), '');
  });

  test('the steps of the image make what its Dockerfile starts', () => {
    mkdirSync(join(home, 'pack'));
    const flags = ['pack', '--silent', '--ignore-scripts', '--pack-destination', join(home, 'pack')];
    const packed = run('npm', flags);
    const said = run('sh', [
      resolve('packaging/image/try-image.sh'),
      join(home, 'pack', packed),
      freshRoot('image'),
    ]);
    assert.match(said, /The image's steps work/);
  });
});
