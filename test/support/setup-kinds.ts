/** A server with two accounts, and set-ups of every kind for the tests of the forms in which they are written. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import {
  emit,
  type Form,
  nothing,
  readerOf,
  type SetupOptions,
  type Site,
  type Sites,
  setUp,
} from '../../src/clients/setup/index.js';
import { startServer } from '../../src/index.js';
import type { Keys } from '../clients/stage.js';
import { openAccount } from './accounts.js';

export const REGION = 'ap-northeast-1';
export const FIRST = '111122223333';
export const SECOND = '444455556666';

export const OPTIONS: SetupOptions = {
  name: 'fresh',
  bucket: 'fresh-bucket',
  prefix: 'staging/',
  access: 'read-write',
  source: { kind: 'user', name: 'loader' },
  kms: true,
  externalId: 'agreed-4711',
  demandsId: true,
  maximum: 7200,
};
/** Every source, access and number of accounts once. */
export const KINDS: readonly (readonly [string, Partial<SetupOptions>, 'one' | 'two'])[] = [
  ['a user and a key', {}, 'one'],
  [
    'a user of another account',
    { name: 'across', bucket: 'across-bucket', access: 'read', source: { kind: 'user', name: 'reader' } },
    'two',
  ],
  [
    'a machine, without a key',
    { name: 'machine', bucket: 'm-bucket', kms: false, source: { kind: 'instance-profile', name: 'web' } },
    'one',
  ],
  [
    'a machine of another account',
    { name: 'far', bucket: 'far-bucket', source: { kind: 'instance-profile', name: 'far-web' } },
    'two',
  ],
  [
    'a service',
    {
      name: 'report',
      bucket: 'report-bucket',
      access: 'write',
      source: { kind: 'service', name: 'lambda.amazonaws.com' },
      externalId: undefined,
      demandsId: false,
    },
    'one',
  ],
];

const kindOf = (name: string) => {
  const [, more, accounts] = KINDS.find(([kind]) => kind === name)!;
  return { options: { ...OPTIONS, ...more }, accounts };
};

export type Forms = Awaited<ReturnType<typeof openForms>>;

export async function openForms() {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-forms-'));
  const server = await startServer({ data: 'memory', port: 0, region: REGION, account: FIRST, log: 'none' });
  const root: Keys = server.root!;
  const owner: Keys = await openAccount(server, SECOND);

  function siteOf(account: string, credentials: Keys, seen: boolean): Site {
    const config = { endpoint: server.endpoint, region: REGION, credentials };
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    const clients = { iam: new IAMClient(config), kms: new KMSClient(config), s3 };
    const place = { partition: 'aws', account, region: REGION };
    return { place, clients, reader: seen ? readerOf(clients) : nothing };
  }

  function sitesOf(accounts: 'one' | 'two', seen: boolean): Sites {
    const source = siteOf(FIRST, root, seen);
    return { source, bucket: accounts === 'one' ? source : siteOf(SECOND, owner, seen) };
  }

  return {
    home,
    endpoint: server.endpoint,
    root,
    /** The second account's root user. */
    owner,
    sitesOf,
    /** The files, in a directory of their own. */
    async emitted(form: Form, name: string): Promise<string[]> {
      const { options, accounts } = kindOf(name);
      const sites = sitesOf(accounts, false);
      const report = await setUp(options, sites, { plan: true });
      const directory = join(home, `${options.name}-${form}`);
      await mkdir(directory, { recursive: true });
      const files = emit(form, { ...report, options, sites });
      for (const { file, text } of files) await writeFile(join(directory, file), text, { mode: 0o755 });
      return files.map(({ file }) => join(directory, file));
    },
    /** What a set-up would still call where a form of it has been made. */
    async missing(name: string): Promise<string[]> {
      const { options, accounts } = kindOf(name);
      const report = await setUp(options, sitesOf(accounts, true), { plan: true });
      return report.steps.map(({ call }) => call.operation);
    },
    async close() {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
