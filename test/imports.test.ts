import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

/** Who may import whom inside `src/`: the architecture's table. A room that is not listed may not exist. */
const table: Record<string, readonly string[]> = {
  policy: [],
  core: ['policy'],
  store: ['core'],
  crypto: ['core'],
  models: [],
  wire: ['models', 'core'],
  identity: ['store', 'crypto', 'policy', 'core'],
  objects: ['store', 'crypto', 'core'],
  kms: ['store', 'crypto', 'policy', 'identity', 'core'],
  events: ['store', 'policy', 'core'],
  trails: ['store', 'crypto', 'events', 'policy', 'core'],
  auth: ['identity', 'policy', 'crypto', 'core'],
  notifications: ['store', 'objects', 'events', 'core'],
  services: [
    'auth',
    'identity',
    'policy',
    'objects',
    'kms',
    'store',
    'wire',
    'models',
    'events',
    'trails',
    'core',
  ],
  http: ['wire', 'auth', 'events', 'identity', 'policy', 'core'],
  admin: ['objects', 'store', 'crypto', 'core', 'server'],
  server: [
    'admin',
    'core',
    'credentials',
    'crypto',
    'events',
    'http',
    'identity',
    'models',
    'notifications',
    'objects',
    'services',
    'store',
    'trails',
    'wire',
  ],
  credentials: ['core'],
  clients: ['policy', 'credentials', 'core'],
  imds: ['clients', 'credentials', 'core'],
  staging: ['credentials'],
  testcontainers: [],
  replay: ['clients', 'policy', 'core'],
  'index.ts': ['admin', 'core', 'http', 'imds', 'objects', 'server'],
  cli: ['clients', 'credentials', 'imds', 'replay', 'staging', 'policy', 'core'],
};
/** The commands for whoever runs a server: they work on its directory, not through its API. */
const operators = [
  'cli/serve.ts',
  'cli/root-key.ts',
  'cli/scrub.ts',
  'cli/backup.ts',
  'cli/migrate.ts',
  'cli/store-settings.ts',
];

const root = resolve('src');

function sources(directory: string): string[] {
  return readdirSync(directory).flatMap(name => {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith('.ts') && !name.includes('.test.') ? [path] : [];
  });
}

function imports(path: string): string[] {
  const found = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)\b[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm,
  );
  return [...found].map(match =>
    relative(root, resolve(dirname(path), (match[1] ?? match[2])!)).replace(/\.js$/, '.ts'),
  );
}

test('every import inside src/ is one that the architecture allows', () => {
  const wrong: string[] = [];
  for (const path of sources(root)) {
    const file = relative(root, path);
    const [folder = '', service] = file.split('/');
    for (const target of imports(path)) {
      const [to = '', toService] = target.split('/');
      if (!allowed(file, folder, service, target, to, toService)) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

function allowed(
  file: string,
  folder: string,
  service: string | undefined,
  target: string,
  to: string,
  toService: string | undefined,
) {
  if (target.startsWith('../')) return folder === 'cli' && target === '../package.json';
  if (target === 'index.ts') return operators.includes(file);
  if (folder === 'services' && to === 'services') return service === toService;
  return folder === to || (table[folder] ?? []).includes(to);
}

test('only the clock reads the machine time', () => {
  const wrong = sources(root)
    .filter(path => !path.endsWith('src/core/clock.ts'))
    .filter(path => /Date\.now\(\)|new Date\(\)/.test(readFileSync(path, 'utf8')))
    .map(path => relative(root, path));
  assert.deepEqual(wrong, []);
});

test("the console's time comes from one place", () => {
  const reading = readdirSync('console/src', { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .filter(name => /Date\.now\(\)|new Date\(\)/.test(readFileSync(join('console/src', name), 'utf8')));
  assert.deepEqual(reading, ['clock.ts']);
});

test('no module imports itself by way of others; types count', () => {
  const graph = new Map(sources(root).map(path => [relative(root, path), imports(path)]));
  const rings = ringsOf(graph).map(ring => ring.sort().join(' '));
  assert.deepEqual(rings.sort(), []);
});

/** Groups of modules that reach one another (Tarjan, "Depth-first search and linear graph algorithms", 1972). */
function ringsOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const rings: string[][] = [];
  const visit = (module: string) => {
    const number = order.size;
    order.set(module, number);
    lowest.set(module, number);
    stack.push(module);
    for (const target of graph.get(module) ?? []) {
      if (!graph.has(target)) continue;
      if (!order.has(target)) visit(target);
      // What left the stack belongs to a ring of its own.
      if (stack.includes(target)) lowest.set(module, Math.min(lowest.get(module)!, lowest.get(target)!));
    }
    if (lowest.get(module) !== number) return;
    const ring = stack.splice(stack.indexOf(module));
    if (ring.length > 1) rings.push(ring);
  };
  for (const module of graph.keys()) if (!order.has(module)) visit(module);
  return rings;
}

test('sockets, doors and signatures name no service', () => {
  const named =
    /(['"])(?:sts|iam|s3|s3express|kms|organizations|access-analyzer|cloudtrail|rolesanywhere|karikagi)(?:\1|:)/;
  const wrong = ['http', 'auth']
    .flatMap(room => sources(join(root, room)))
    .filter(path => named.test(readFileSync(path, 'utf8')))
    .map(path => relative(root, path));
  assert.deepEqual(wrong, []);
});

test('what runs in the console imports nothing of Node', () => {
  const rooms = ['policy', 'clients/setup'].flatMap(room => sources(join(root, room)));
  const files = ['pull-bucket', 'pull-details', 'pull-keys', 'pull-options', 'pull-organization'];
  const wrong = [...rooms, ...files.map(name => join(root, 'replay', `${name}.ts`))]
    .filter(path => /from 'node:|import\('node:/.test(readFileSync(path, 'utf8')))
    .map(path => relative(root, path));
  assert.deepEqual(wrong, []);
});
