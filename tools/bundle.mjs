/**
 * Puts what the package offers, the command line and its modules, into a few files: loading one file takes Node a fraction
 * of the time that hundreds take. Packages stay where they are. Part of `npm run build`; docs/decisions/0003 says why.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

const source = 'dist/src';
const target = 'dist/src/bundle';
const types = 'dist/types';

/** What `package.json` exports, without `.js`. */
const exported = ['index', 'credentials/index', 'policy/index', 'staging/index', 'testcontainers/index'];

/**
 * The clients of the AWS SDK are CommonJS. An import makes Node read their large files three times, to find out what they
 * are and what they export: a `require` takes less than two thirds of that.
 */
const requiredClients = {
  name: 'required-clients',
  setup(bundle) {
    bundle.onResolve({ filter: /^@aws-sdk\/client-/ }, ({ path }) => ({ path, namespace: 'required' }));
    bundle.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path)).join(', ');
      const contents = `import { createRequire } from 'node:module';
export const { ${names} } = createRequire(import.meta.url)('${path}');`;
      return { contents, resolveDir: process.cwd() };
    });
  },
};

for (const directory of [target, types]) rmSync(directory, { recursive: true, force: true });
await build({
  // Processes and threads are started from files of their own.
  entryPoints: {
    karikagi: `${source}/cli/karikagi.js`,
    ...Object.fromEntries(exported.map(name => [name, `${source}/${name}.js`])),
    worker: `${source}/server/cluster/worker.js`,
    'saml-thread': `${source}/identity/federation/saml-thread.js`,
    'event-thread': `${source}/events/event-thread.js`,
    'digests-thread': `${source}/crypto/digests/digests-thread.js`,
  },
  outdir: target,
  bundle: true,
  splitting: true,
  packages: 'external',
  plugins: [requiredClients],
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  logLevel: 'warning',
});
// Read when it is first needed, from beside the code that needs it.
for (const beside of [`${source}/identity/policies`, target]) {
  copyFileSync('src/identity/policies/aws-managed-policies.jsonl', `${beside}/aws-managed-policies.jsonl`);
}

const declared = new Set();
for (const name of exported) declare(join(source, `${name}.d.ts`));

/** Copies the declarations in a file, and those that it names. */
function declare(file) {
  if (declared.has(file)) return;
  declared.add(file);
  const text = readFileSync(file, 'utf8');
  const copy = join(types, relative(source, file));
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file, copy);
  for (const [, from, of] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'|import '(\.[^']+)\.js'/g))
    declare(join(dirname(file), `${from ?? of}.d.ts`));
}
