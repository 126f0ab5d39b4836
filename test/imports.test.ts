import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

/**
 * Who may import whom inside `src/`: the architecture's table. A folder not listed here may not exist.
 * The files at the root of `src/` that everyone may use are the vocabulary: errors, clock, messages, the
 * operation type, the log, random ids.
 */
const vocabulary = [
  'clock.ts',
  'errors.ts',
  'fair-queue.ts',
  'log.ts',
  'message.ts',
  'operation.ts',
  'random.ts',
  'rates.ts',
  'slices.ts',
];
const composition = [
  'main.ts',
  'console.ts',
  'open-services.ts',
  'workers.ts',
  'worker.ts',
  'worker-messages.ts',
  'served.ts',
  'karikagi-operations.ts',
  'first-start.ts',
  'private-authority.ts',
  'root-key.ts',
  'root-key-kms.ts',
  'root-key-rotation.ts',
  'scrub.ts',
  'store-damage.ts',
  'backup.ts',
  'settings.ts',
  'tuning.ts',
  'clock-skew.ts',
  'migrate.ts',
];
const table: Record<string, readonly string[]> = {
  policy: [],
  directories: [],
  store: ['directories'],
  models: [],
  digests: ['store'],
  wire: ['models'],
  identity: ['store', 'policy'],
  objects: ['store', 'digests'],
  auth: ['identity', 'policy', 'digests'],
  events: ['store', 'policy'],
  notifications: ['store', 'objects', 'events'],
  services: ['identity', 'policy', 'objects', 'store', 'models', 'events'],
  credentials: ['directories'],
  imds: ['clients', 'credentials'],
  http: ['wire', 'auth', 'events', 'identity', 'policy'],
  clients: ['policy', 'credentials'],
  staging: ['credentials'],
  cli: ['clients', 'credentials', 'imds', 'staging', 'policy'],
};
/** The commands for whoever runs a server: they work on its directory, not through its API. */
const operators = ['cli/serve.ts', 'cli/root-key.ts', 'cli/scrub.ts', 'cli/backup.ts', 'cli/migrate.ts'];
const withoutVocabulary = new Set(['policy', 'directories', 'store', 'models', 'digests']);

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
  if (composition.includes(file)) return true;
  if (target.startsWith('../')) return folder === 'cli' && target === '../package.json';
  if (vocabulary.includes(file)) return vocabulary.includes(target) || ['policy', 'identity'].includes(to);
  if (vocabulary.includes(target)) return !withoutVocabulary.has(folder);
  if (folder === 'cli' && composition.includes(target))
    return target === 'main.ts' && operators.includes(file);
  if (folder === 'services' && to === 'services') return service === toService;
  return folder === to || (table[folder] ?? []).includes(to);
}

test('only the clock reads the machine time', () => {
  const wrong = sources(root)
    .filter(path => !path.endsWith('src/clock.ts'))
    .filter(path => /Date\.now\(\)|new Date\(\)/.test(readFileSync(path, 'utf8')))
    .map(path => relative(root, path));
  assert.deepEqual(wrong, []);
});
