/**
 * What `npm test` runs, after the build: makes sure that the clients which the whole-system tests drive are there,
 * then runs every test under dist/, as many files at a time as there are cores.
 *
 *   npm test -- src/policy/parse/parse.test.ts test/clients    runs those files and folders alone
 *   npm test -- --without=rclone,s3cmd    leaves out the tests of exactly those clients, and says so
 *   npm run test:unit    runs the tests that stand beside the code, and installs nothing
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const venv = join(root, '.cache', 'clients');

/**
 * What pip puts into the virtual environment: AWS CLI 1, a boto3 that can redirect STS from a profile, the libraries
 * that read and write tables in a bucket, and what checks CloudFormation's templates.
 */
const pipPackages = [
  'awscli==1.46.3',
  'boto3==1.44.5',
  'cfn-lint==1.51.0',
  'deltalake==1.6.6',
  'duckdb==1.5.5',
  'duckdb-extensions==1.5.5',
  'duckdb-extension-aws==1.5.5',
  'duckdb-extension-httpfs==1.5.5',
  'obstore==0.12.1',
  'pyarrow==26.0.1',
  'pyiceberg[sql-sqlite]==0.12.0',
];

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** The clients, and the compiler for failing disks, by name: whether one is there, and the Debian packages that bring it. */
const clients = {
  awscli: { packages: ['awscli'], present: () => runs('/usr/bin/aws', '--version') },
  boto3: { packages: ['python3-boto3'], present: () => runs(python, '-c', 'import boto3') },
  s3cmd: { packages: ['s3cmd'], present: () => runs('s3cmd', '--version') },
  rclone: { packages: ['rclone'], present: () => runs('rclone', 'version') },
  restic: { packages: ['restic'], present: () => runs('restic', 'version') },
  // Where there is no FUSE, no package brings it.
  s3fs: { packages: ['s3fs'], present: () => existsSync('/dev/fuse') && runs('s3fs', '--version') },
  duplicity: { packages: ['duplicity'], present: () => runs('/usr/bin/duplicity', '--version') },
  postgresql: { packages: ['postgresql'], present: () => existsSync('/usr/lib/postgresql') },
  pgbouncer: { packages: ['pgbouncer'], present: () => existsSync('/usr/sbin/pgbouncer') },
  // The console is tested in a real browser, in Japanese too.
  chromium: {
    packages: ['chromium', 'fonts-noto-cjk'],
    present: () => runs('chromium', '--version') || runs('chromium-browser', '--version'),
  },
  // Stands before the server where docs/operating.md says so.
  nginx: { packages: ['nginx-light'], present: () => runs('nginx', '-v') || runs('/usr/sbin/nginx', '-v') },
  // Reads the metrics, and checks the rules of alerts.
  prometheus: { packages: ['prometheus'], present: () => runs('promtool', '--version') },
  faketime: { packages: ['faketime'], present: () => runs('faketime', '--version') },
  openssl: { packages: ['openssl'], present: () => runs('openssl', 'version') },
  ip: { packages: ['iproute2'], present: () => runs('ip', '-V') },
  cc: { packages: ['gcc', 'libc6-dev'], present: () => runs('cc', '--version') },
  pip: {
    packages: ['python3-venv'],
    present: () => venvIsReady() || runs(python, '-c', 'import ensurepip'),
  },
};

const { options, paths } = readArguments();
const left = leftOut(options.without);
const files = testFiles(options.unit ? ['src', ...paths] : paths);
// The tests beside the code drive no clients.
if (files.some(file => file.startsWith(join(root, 'dist', 'test')))) {
  provide(Object.keys(clients).filter(name => !left.includes(name)));
  if (!left.includes('pip')) makeVenv();
}
if (left.length > 0) console.log(`Left out: ${left.join(', ')}.`);
runTests(files);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        unit: { type: 'boolean', default: false },
        without: { type: 'string', multiple: true, default: [] },
      },
      allowPositionals: true,
    });
    return { options: values, paths: positionals };
  } catch (error) {
    return fail(`${error.message}. There are files and folders, --without=NAME[,NAME…] and --unit.`);
  }
}

/** The names given with --without; exits where one is no client. */
function leftOut(given) {
  const names = given.flatMap(list => list.split(','));
  const unknown = names.filter(name => !(name in clients));
  if (unknown.length > 0)
    fail(`No such client: ${unknown.join(', ')}. There are ${Object.keys(clients).join(', ')}.`);
  return names;
}

/** Installs what is missing where that is possible (root on Debian); else says what is missing and exits. */
function provide(names) {
  const missing = () => names.filter(name => !clients[name].present());
  let absent = missing();
  if (absent.length === 0) return;
  const packages = absent.flatMap(name => clients[name].packages);
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log(`Installing ${packages.join(' ')} …`);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const aptGet = (...args) => spawnSync('apt-get', args, { env: environment, encoding: 'utf8' });
    aptGet('update');
    const { status, stderr } = aptGet('install', '-y', '--no-install-recommends', ...packages);
    if (status !== 0) console.error(stderr);
    absent = missing();
  }
  if (absent.length > 0) {
    fail(
      `Missing for the tests: ${absent.join(', ')} (Debian: apt-get install ${packages.join(' ')}).\n` +
        `To leave those tests out: npm test -- --without=${absent.join(',')}`,
    );
  }
}

function venvIsReady() {
  const stamp = join(venv, 'packages');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === pipPackages.join('\n');
}

function makeVenv() {
  if (venvIsReady()) return;
  console.log(`Installing ${pipPackages.join(' ')} into ${venv} …`);
  execFileSync(python, ['-m', 'venv', '--clear', venv], { stdio: 'inherit' });
  execFileSync(
    join(venv, 'bin', 'pip'),
    ['install', '--quiet', '--disable-pip-version-check', ...pipPackages],
    {
      stdio: 'inherit',
    },
  );
  writeFileSync(join(venv, 'packages'), pipPackages.join('\n'));
}

/** The built tests whose source is still there: all, or those that the paths of files and folders mean. */
function testFiles(paths) {
  const dist = join(root, 'dist');
  const tests = readdirSync(dist, { recursive: true })
    .filter(file => file.endsWith('.test.js') && existsSync(join(root, file.replace(/\.js$/, '.ts'))))
    .sort();
  if (paths.length === 0) return tests.map(file => join(dist, file));
  const wanted = paths.map(path =>
    relative(root, resolve(path))
      .replace(/^dist\//, '')
      .replace(/\.ts$/, '.js'),
  );
  const isBelow = (file, path) => file === path || file.startsWith(`${path}/`);
  const empty = paths.filter((_, i) => !tests.some(file => isBelow(file, wanted[i])));
  if (empty.length > 0) fail(`No test there: ${empty.join(', ')}.`);
  return tests.filter(file => wanted.some(path => isBelow(file, path))).map(file => join(dist, file));
}

/** Node's own runner, whose closing lines come last. */
function runTests(files) {
  const flags = ['--test', '--test-reporter=spec', `--test-concurrency=${availableParallelism()}`];
  const environment = { ...process.env, KARIKAGI_TESTS_WITHOUT: left.join(','), KARIKAGI_TESTS_VENV: venv };
  const child = spawn(process.execPath, [...flags, ...files], {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
