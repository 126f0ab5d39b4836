/**
 * The tests that build programs with other languages' tools, or run large ones: Go, Java, Hadoop, Spark, Terraform,
 * Ansible, Ceph. What a machine does not have is left out, and said. A quarter of an hour on two processors.
 *
 *   npm run test:toolchains
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const directory = join(root, 'dist/test/toolchains');
const files = readdirSync(directory).filter(file => file.endsWith('.test.js'));
const options = ['--test', '--test-reporter=spec', '--test-concurrency=1', '--test-timeout=1800000'];
const child = spawn(process.execPath, [...options, ...files.map(file => join(directory, file))], {
  cwd: root,
  env: { ...process.env, KARIKAGI_TOOLCHAINS: '1', KARIKAGI_TESTS_VENV: join(root, '.cache/clients') },
  stdio: 'inherit',
});
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
