/**
 * Checks the console's types and builds it into dist/console, unless that was made of the same sources. Part of
 * `npm run build`.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const stamp = join(root, 'dist', 'console', 'sources');

// The policy engine and the set-up library run in the page.
const sources = [
  'console',
  'src/policy',
  'src/clients/setup',
  'src/core/cloudtrail.ts',
  'src/core/time.ts',
  'src/credentials/errors.ts',
  'src/credentials/session-cap.ts',
  'src/replay',
  'src/staging/rows.ts',
  'src/staging/run-state.ts',
  'package.json',
  'package-lock.json',
  'tools/console.mjs',
];

/** Of the names and contents of all that the console is made of. */
function digest() {
  const hash = createHash('sha256');
  for (const path of sources.flatMap(filesOf).sort()) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesOf(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  const names = readdirSync(join(root, path), { recursive: true });
  return names.map(name => join(path, name)).filter(name => statSync(join(root, name)).isFile());
}

const current = digest();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== current) {
  execFileSync('tsc', ['-p', join(root, 'console', 'tsconfig.json')], { stdio: 'inherit' });
  await build({ configFile: join(root, 'console', 'vite.config.js'), logLevel: 'warn' });
  writeFileSync(stamp, current);
}
