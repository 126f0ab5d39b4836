/** What `npm pack` ships is small, whole, and works without the source around it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { untilReady } from '../faults/server-process.js';

const ROOT = resolve('.');

interface Packed {
  readonly filename: string;
  readonly files: { path: string }[];
}

suite('the package', () => {
  let home: string;
  let packed: Packed;
  let cli: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'karikagi-package-'));
    const options = ['--json', '--ignore-scripts', '--pack-destination', home];
    packed = (JSON.parse(execFileSync('npm', ['pack', ...options], { encoding: 'utf8' })) as Packed[])[0]!;
    const modules = join(home, 'node_modules');
    mkdirSync(join(modules, 'karikagi'), { recursive: true });
    execFileSync('tar', [
      '-x',
      '-z',
      '--strip=1',
      '-f',
      join(home, packed.filename),
      '-C',
      join(modules, 'karikagi'),
    ]);
    for (const name of readdirSync(join(ROOT, 'node_modules')))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    cli = join(modules, 'karikagi', 'dist/src/bundle/karikagi.js');
  });
  after(() => rmSync(home, { recursive: true }));

  test('ships no more files than needed', () => {
    const paths = packed.files.map(({ path }) => path);
    assert.ok(paths.length < 900, `${paths.length} files`);
    for (const needed of [
      'dist/console/index.html',
      'packaging/systemd/karikagi.service',
      'docs/operating.md',
      'LICENSE',
    ])
      assert.ok(paths.includes(needed), needed);
    const odd = paths.filter(path => /\.test\.|\.map$|^(?:src|test|bench|tools)\/|\.png$/.test(path));
    assert.deepEqual(odd, []);
  });

  test('its command serves, with workers and the console, and says how it is', {
    timeout: 240_000,
  }, async () => {
    const flags = ['--data', join(home, 'data'), '--port', '0', '--console-port', '0', '--workers', '2'];
    const child = spawn(process.execPath, [cli, 'serve', ...flags, '--log', 'none', '--json'], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const server = await untilReady(child);
    const health = (url: string) =>
      spawnSync(process.execPath, [cli, 'health', '--console', url], { encoding: 'utf8' });
    try {
      const page = await fetch(server.console!);
      assert.match(await page.text(), /<title>Karikagi<\/title>/);
      const well = health(server.console!);
      assert.equal(well.status, 0, well.stdout + well.stderr);
      assert.match(well.stdout, /"status":"ready"/);
    } finally {
      assert.equal(await server.stop(), 0);
    }
    assert.equal(health(server.console!).status, 1);
  });

  test('what it exports works, and its types are whole', { timeout: 240_000 }, () => {
    const source = `
      import { ManualClock, startServer, type RunningServer } from 'karikagi';
      import { assumeRole } from 'karikagi/credentials';
      import { evaluate } from 'karikagi/policy';
      import * as staging from 'karikagi/staging';
      const server: RunningServer = await startServer({ data: 'memory', port: 0, clock: new ManualClock(), log: 'none' });
      const reply: Response = await fetch(server.endpoint);
      await server.close();
      console.log(reply.status, typeof assumeRole, typeof evaluate, typeof staging);
    `;
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
    writeFileSync(join(home, 'use.ts'), source);
    const flags = [
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--strict',
      '--types',
      'node',
      '--skipLibCheck',
    ];
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const compiled = spawnSync(tsc, [...flags, 'use.ts'], { cwd: home, encoding: 'utf8' });
    assert.equal(compiled.stdout, '');
    const ran = spawnSync(process.execPath, ['use.js'], { cwd: home, encoding: 'utf8' });
    assert.match(ran.stdout, /^403 function function object/, ran.stderr);
  });
});
