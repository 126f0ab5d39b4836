/**
 * Makes a Debian package of the archive that tools/tarball.mjs made: what it depends on and Node.js are in it.
 *
 *   npm run tarball && node tools/debian-package.mjs karikagi-VERSION-linux-x64.tar.gz
 *
 * prints the name of `karikagi_VERSION_ARCHITECTURE.deb`, made in the current directory. `--version=…` gives it another
 * version: that of a build of your own. Takes dpkg-deb, and no network.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '..');
const parts = join(root, 'packaging/debian');
const { values, positionals } = parseArgs({
  options: { version: { type: 'string' } },
  allowPositionals: true,
});
const archive = positionals[0];
const named = /^karikagi-(.+)-linux-(x64|arm64)\.tar\.gz$/.exec(basename(archive ?? ''));
if (!named) {
  console.error('Say which archive: karikagi-VERSION-linux-x64.tar.gz, made by npm run tarball.');
  process.exit(1);
}
const version = values.version ?? named[1];
const architecture = { x64: 'amd64', arm64: 'arm64' }[named[2]];
const stage = mkdtempSync(join(tmpdir(), 'karikagi-deb-'));
const run = (command, args) =>
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }).toString();

try {
  const tree = join(stage, 'tree');
  const at = (...path) => join(tree, ...path);
  const directories = [
    'DEBIAN',
    'etc/karikagi',
    'lib/systemd/system',
    'usr/bin',
    'usr/lib',
    'usr/share/doc/karikagi',
  ];
  for (const directory of directories) mkdirSync(at(directory), { recursive: true });
  run('tar', ['-x', '-z', '-f', resolve(archive), '-C', at('usr/lib')]);
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  symlinkSync('../lib/karikagi/bin/karikagi', at('usr/bin/karikagi'));
  copyFileSync(join(parts, 'config.json'), at('etc/karikagi/config.json'));
  const unit = readFileSync(join(root, 'packaging/systemd/karikagi.service'), 'utf8')
    .replace('# /etc/systemd/system/karikagi.service. ', '# ')
    .replace('/usr/local/bin/karikagi', '/usr/bin/karikagi');
  writeFileSync(at('lib/systemd/system/karikagi.service'), unit);
  const doc = name => at('usr/share/doc/karikagi', name);
  copyFileSync(join(root, 'LICENSE'), doc('copyright'));
  writeFileSync(doc('changelog.gz'), gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }));
  for (const name of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(parts, name), at('DEBIAN', name));
    chmodSync(at('DEBIAN', name), 0o755);
  }
  copyFileSync(join(parts, 'conffiles'), at('DEBIAN/conffiles'));
  const size = run('du', ['-s', '-k', '--apparent-size', tree]).split('\t')[0];
  const control = readFileSync(join(parts, 'control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCHITECTURE@', architecture)
    .replace('@SIZE@', size);
  writeFileSync(at('DEBIAN/control'), control);
  const name = `karikagi_${version}_${architecture}.deb`;
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', tree, join(stage, name)]);
  const made = resolve(name);
  copyFileSync(join(stage, name), `${made}.new`);
  renameSync(`${made}.new`, made);
  console.log(made);
} finally {
  rmSync(stage, { recursive: true });
}
