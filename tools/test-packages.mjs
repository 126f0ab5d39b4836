/**
 * Makes the packages, and tries them in chroots of Debian: installed, started, upgraded, removed, purged; and the steps of
 * the image. As root, with debootstrap, and the registries of npm and Debian. Some minutes, and an hour at most.
 *
 *   npm run test:packages
 *
 * KARIKAGI_PACKAGES_ARCHIVE and KARIKAGI_PACKAGES_ROOT name an archive of `npm run tarball` and a root of debootstrap that
 * are there already.
 */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const options = ['--test', '--test-reporter=spec', '--test-timeout=3600000'];
const child = spawn(process.execPath, [...options, join(root, 'dist/test/packages/packages.test.js')], {
  cwd: root,
  env: { ...process.env, KARIKAGI_PACKAGES: '1' },
  stdio: 'inherit',
});
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
