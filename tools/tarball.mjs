/**
 * Makes one archive for machines without Node.js and npm: the package, what it depends on, and this machine's Node.js.
 *
 *   npm run tarball            karikagi-VERSION-linux-x64.tar.gz in the current directory
 *
 * Unpacked anywhere, `karikagi/bin/karikagi` starts it. Takes the registry for the dependencies.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const stage = mkdtempSync(join(tmpdir(), 'karikagi-tarball-'));
const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const packed = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', stage])
    .toString()
    .trim();
  const tree = join(stage, 'karikagi');
  for (const directory of ['bin', 'lib']) mkdirSync(join(tree, directory), { recursive: true });
  const quiet = ['--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', ...quiet, '--prefix', join(tree, 'lib'), join(stage, packed)], stage);
  copyFileSync(process.execPath, join(tree, 'bin', 'node'));
  const script = `#!/bin/sh
# Finds its own directory, also through links to this file.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/node_modules/karikagi/dist/src/bundle/karikagi.js" "$@"
`;
  writeFileSync(join(tree, 'bin', 'karikagi'), script);
  for (const name of ['node', 'karikagi']) chmodSync(join(tree, 'bin', name), 0o755);
  const archive = resolve(`karikagi-${version}-${process.platform}-${process.arch}.tar.gz`);
  run('tar', ['-c', '-z', '--owner=0', '--group=0', '-f', archive, '-C', stage, 'karikagi']);
  console.log(archive);
} finally {
  rmSync(stage, { recursive: true });
}
