/**
 * Puts the command line's modules into a few files: loading one file takes Node a fraction of the time that hundreds
 * take. Packages stay where they are. Part of `npm run build`; docs/decisions/0003 says why.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const source = 'dist/src';
const target = 'dist/src/bundle';

rmSync(target, { recursive: true, force: true });
await build({
  // Processes and threads are started from files of their own.
  entryPoints: {
    karikagi: `${source}/cli/karikagi.js`,
    worker: `${source}/server/cluster/worker.js`,
    'saml-thread': `${source}/identity/federation/saml-thread.js`,
    'digests-thread': `${source}/crypto/digests/digests-thread.js`,
  },
  outdir: target,
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  logLevel: 'warning',
});
// Read when it is first needed, from beside the code that needs it.
for (const beside of [`${source}/identity/policies`, target]) {
  copyFileSync('src/identity/policies/aws-managed-policies.jsonl', `${beside}/aws-managed-policies.jsonl`);
}
