import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/index.js';
import { installed, succeeds, without } from './run.js';
import type { Stage } from './stage.js';

/** The commands of the page in one script. */
function scriptOf(page: string): string {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(match => match[1]!);
  const lines = blocks
    .join('\n')
    .replaceAll(/^(.+) # refused$/gm, 'if $1; then echo "not refused: $1"; exit 1; fi');
  const command = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');
  return [
    'set -euo pipefail',
    `aws() { "${installed('aws')}" "$@"; }`,
    `karikagi() { "${process.execPath}" "${command}" "$@"; }`,
    lines,
  ].join('\n');
}

test('the commands of docs/accounts.md do what it says', { skip: without('pip') }, async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-accounts-doc-'));
  const server = await startServer({ data: join(home, 'data'), port: 0, log: 'none' });
  t.after(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });
  const script = scriptOf(await readFile('docs/accounts.md', 'utf8'));
  const output = await succeeds({ home } as Stage, 'bash', ['-c', script], {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_DEFAULT_REGION: server.settings.region,
    AWS_SHARED_CREDENTIALS_FILE: server.credentialsFile!,
  });
  assert.match(output, /assumed-role\/OrganizationAccountAccessRole\//);
  assert.match(output, /eu-west-1 +ENABLED_BY_DEFAULT +Inactive/);
  assert.match(output, /Revoked: every session of role OrganizationAccountAccessRole/);
  assert.match(await readFile(join(home, 'china.ini'), 'utf8'), /partition aws-cn/);
  const sessions = JSON.parse(await readFile(join(home, 'sessions.json'), 'utf8'));
  assert.match(sessions[0].Issuer.Arn, /:user\/admin$/);
});
