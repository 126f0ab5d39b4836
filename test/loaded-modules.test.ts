/** A server loads what it needs: its clients' packages, and what is off, are left alone. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { startServerProcess } from './faults/server-process.js';

/**
 * Of the command line's other commands, of stores elsewhere, of what is asked for by a setting. The clients of the SDK,
 * which are loaded for their schemas, load providers of credentials themselves, and signatures.
 */
const LEFT_ALONE =
  /^(@aws-sdk\/(credential-provider-(?!node$|env$)|lib-|s3-)|@smithy\/credential-|@duckdb|@opentelemetry|@cloud-copilot|pg|pg-|tar-stream|yaml|qr|jose|xml-crypto|node-forge)/;

test('a server that answers has not loaded what only commands and other settings need', async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-modules-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const list = join(home, 'modules.json');
  const hook = join(home, 'hook.cjs');
  // What `import` takes of CommonJS is in this cache as well.
  await writeFile(
    hook,
    `process.on('exit', () => require('node:fs').writeFileSync(process.env.MODULES, JSON.stringify(Object.keys(require.cache))));`,
  );
  const server = await startServerProcess(join(home, 'data'), [], {
    MODULES: list,
    NODE_OPTIONS: `--require=${hook}`,
  });
  const { endpoint, credentials } = server;
  const config = { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
  const clients = [
    new S3Client(config),
    new STSClient(config),
    new IAMClient(config),
    new KMSClient(config),
  ] as const;
  await clients[0].send(new ListBucketsCommand({}));
  await clients[1].send(new GetCallerIdentityCommand({}));
  await clients[2].send(new ListUsersCommand({}));
  await clients[3].send(new ListKeysCommand({}));
  for (const client of clients) client.destroy();
  assert.equal(await server.stop(), 0);
  const loaded: string[] = JSON.parse(await readFile(list, 'utf8'));
  const packages = [
    ...new Set(loaded.flatMap(path => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])),
  ];
  assert.ok(packages.includes('@aws-sdk/client-s3'), 'the list is of what was loaded');
  assert.deepEqual(
    packages.filter(name => LEFT_ALONE.test(name)),
    [],
  );
});
