/** The habits of the house that a machine can see; the linter has those about functions. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const COMMENT_WIDTH = 120;

/** Source files below the given folders: path → text. */
function filesOf(...folders: string[]): Map<string, string> {
  const paths = folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name)),
  );
  return new Map(paths.map(path => [path, readFileSync(path, 'utf8')]));
}

const sources = new Map(
  [...filesOf('src')].filter(([path]) => !path.startsWith('src/models/') && !path.includes('.test.')),
);

/** `path:line: text` of the lines that a rule finds. */
function linesWhere(
  files: ReadonlyMap<string, string>,
  isWrong: (line: string, path: string) => boolean,
): string[] {
  return [...files].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, i) => (isWrong(line, path) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  );
}

test('an exported name is used by another file', () => {
  const all = new Map([...filesOf('src', 'test', 'bench', 'tools', 'console/src')]);
  const users = new Map<string, Set<string>>();
  for (const [path, text] of all) {
    for (const [word] of text.matchAll(/[\w$]+/g)) {
      const paths = users.get(word);
      if (paths) paths.add(path);
      else users.set(word, new Set([path]));
    }
  }
  const unused: string[] = [];
  for (const [path, text] of sources) {
    if (path === 'src/index.ts') continue;
    const exports = text.matchAll(
      /^export (?:abstract |async )*(?:const|function\*?|class|interface|type) ([\w$]+)/gm,
    );
    for (const [, name] of exports) if (users.get(name!)!.size === 1) unused.push(`${path}: ${name}`);
  }
  assert.deepEqual(unused, []);
});

test('comments are at most 120 characters wide', () => {
  assert.deepEqual(
    linesWhere(
      sources,
      line => line.length > COMMENT_WIDTH && /^\s*(\/\/|\/?\*)/.test(line) && !/\S{80}/.test(line),
    ),
    [],
  );
});

test('comments avoid words that make a reader go back', () => {
  const words = /^\s*(\/\/|\/?\*).*\b(told|nobody|whoever|anew)\b/i;
  assert.deepEqual(
    linesWhere(new Map([...sources, ...filesOf('console/src')]), line => words.test(line)),
    [],
  );
});

test('lengths of time are written once', () => {
  const units =
    /\b(86_?400_000|24 \* 3600 \* 1000|24 \* 60 \* 60 \* 1000|60 \* 60 \* 1000|3600 \* 1000|3_600_000)\b/;
  assert.deepEqual(
    linesWhere(sources, (line, path) => units.test(line) && path !== 'src/core/time.ts'),
    [],
  );
});

/** Patience with a peer, a thread, a disk, another writer or requests; and waits of clients, which have no scheduler. */
const PATIENT = [
  'src/admin/scrub.ts',
  'src/clients/setup/proof.ts',
  'src/clients/setup/setup.ts',
  'src/core/background.ts',
  'src/core/scheduler.ts',
  'src/core/within.ts',
  'src/credentials/shared-cache.ts',
  'src/events/denials.ts',
  'src/http/idle-connections.ts',
  'src/http/receive.ts',
  'src/http/server.ts',
  'src/identity/federation/oidc-fetch.ts',
  'src/identity/federation/saml-reader.ts',
  'src/server/cluster/primary.ts',
  'src/server/running.ts',
  'src/staging/land.ts',
  'src/store/lmdb/handover.ts',
  'src/store/postgres/connection.ts',
  'src/store/postgres/lane.ts',
  'src/store/retry.ts',
];

/** Tests that make things happen at some time or other, or measure; what they assert holds whenever it is. */
const AT_ANY_TIME = [
  'src/http/server.test.ts',
  'test/console/attacks.ts',
  'test/faults/abuse/loop-watch.ts',
  'test/faults/abuse/memory.test.ts',
  'test/faults/abuse/victim.ts',
  'test/faults/cluster.test.ts',
  'test/faults/http-fuzz.test.ts',
  'test/faults/kill.test.ts',
  'test/faults/model-cluster.test.ts',
  'test/reload.test.ts',
  'test/support/tcp-proxy.ts',
  'test/support/until.ts',
];

const TIMERS = /(?<!\.)\b(?:setTimeout|setInterval)\(|\b(?:setTimeout|setInterval)\b.* from 'node:timers/;

test('what is done at its time is left to the scheduler; only patience has timers of its own', () => {
  const files = [...sources].filter(([, text]) => TIMERS.test(text)).map(([path]) => path);
  assert.deepEqual(files.sort(), PATIENT);
});

test('tests wait for conditions (test/support/until.ts), not for lengths of time', () => {
  const files = [...filesOf('src', 'test')]
    .filter(([path]) => (path.includes('.test.') || path.startsWith('test/')) && path !== 'test/tidy.test.ts')
    .filter(([, text]) => TIMERS.test(text))
    .map(([path]) => path);
  assert.deepEqual(files.sort(), AT_ANY_TIME);
});

test('files that the pages name are there', () => {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name));
  // As the pages name them: from the top, from `src`, from the console's folder, or from the room they speak of.
  const bases = ['', 'src', 'console', 'console/src', 'src/services/s3'];
  const named = /`([a-z0-9-]+(?:\/[\w.-]+)+\.(?:ts|tsx|mjs|py))`/g;
  const gone = [...pages, 'CONTRIBUTING.md', 'bench/README.md'].flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(named)]
      .map(([, file]) => file!)
      // `services/x/…` stands for any service.
      .filter(file => !file.includes('/x/') && !bases.some(base => existsSync(join(base, file))))
      .map(file => `${page}: ${file}`),
  );
  assert.deepEqual(gone, []);
});
