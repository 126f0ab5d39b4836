/** Backups of servers whose records are in PostgreSQL and whose bodies are in an S3 store, and what is made of them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { backUp, type RunningServer, restore, scrub, startServer, systemClock } from '../src/index.js';
import { openRecords } from '../src/store/data-directory.js';
import { under } from '../src/store/kv.js';
import { without } from './clients/run.js';
import { AllKinds, type Server, s3Of } from './support/all-kinds.js';
import { churn } from './support/churn.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';

const cli = resolve(import.meta.dirname, '../src/bundle/karikagi.js');

suite('backups of several machines', { skip: without('postgresql') }, () => {
  let postgres: PostgresServer;
  let directory: string;
  let bodyStore: RunningServer;
  let server: RunningServer;
  let settings: Stores;
  const kinds = new AllKinds('kinds');

  interface Stores {
    readonly data: string;
    readonly kv: string;
    readonly blobs: string;
    readonly rootKeyFile: string;
  }

  const at = (name: string) => join(directory, name);
  const callerOf = ({ endpoint, root }: RunningServer): Server => ({ endpoint, credentials: root! });
  /** Stores of a name of their own, under the root key of the first server. */
  const storesOf = (name: string): Stores => ({
    data: at(name),
    kv: postgres.createDatabase(name),
    blobs: `s3://${name}/some/prefix?endpoint=${bodyStore.endpoint}&region=us-east-1`,
    rootKeyFile: join(at('first'), 'root.key'),
  });
  const start = (stores: Partial<Stores> & { data: string }) =>
    startServer({ port: 0, log: 'none', ...stores });

  before(async () => {
    postgres = await startPostgres();
    directory = mkdtempSync(join(tmpdir(), 'karikagi-cluster-backup-'));
    bodyStore = await startServer({ data: 'memory', port: 0, log: 'none' });
    process.env['AWS_ACCESS_KEY_ID'] = bodyStore.root!.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = bodyStore.root!.secretAccessKey;
    const s3 = s3Of(callerOf(bodyStore));
    for (const Bucket of ['first', 'second']) await s3.send(new CreateBucketCommand({ Bucket }));
    s3.destroy();
    settings = storesOf('first');
    const { rootKeyFile: _, ...stores } = settings;
    server = await start(stores);
    await kinds.fill(callerOf(server));
  });
  after(async () => {
    await server.close(0);
    await bodyStore.close(0);
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    postgres.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test('are whole while objects are replaced and deleted, and done again they copy what is new', async () => {
    const s3 = s3Of(callerOf(server));
    await s3.send(new CreateBucketCommand({ Bucket: 'busy' }));
    s3.destroy();
    let over = false;
    const churning = churn(callerOf(server), 'busy', 0, () => over);
    try {
      for (let round = 0; round < 2; round++) {
        const report = await backUp(settings, at('backup'), systemClock, { withRootKey: round === 1 });
        assert.deepEqual(report.missing, []);
        assert.equal(report.hasRootKey, round === 1);
        assert.ok(report.blobs > 5);
        assert.ok(round === 0 ? report.copied === report.blobs : report.copied < report.blobs);
        const { damaged, unread, leftovers } = await scrub(
          { data: at('backup'), rootKeyFile: settings.rootKeyFile },
          systemClock,
        );
        assert.deepEqual([damaged, unread, leftovers.blobs], [[], undefined, 0]);
      }
    } finally {
      over = true;
    }
    assert.ok((await churning) > 3);
  });

  test('have nothing of the servers that ran', async () => {
    const records = await openRecords(at('backup'));
    for (const space of ['lease', 'blob-hold'])
      assert.deepEqual(await records.list(under([space])), [], space);
    await records.close();
  });

  test('become a directory, on which a server alone starts', async t => {
    const { missing, hasRootKey } = await restore(
      { data: at('alone'), rootKeyFile: undefined },
      at('backup'),
      systemClock,
    );
    assert.deepEqual([missing, hasRootKey], [[], true]);
    const alone = await start({ data: at('alone') });
    t.after(() => alone.close(0));
    assert.equal(alone.root!.secretAccessKey, server.root!.secretAccessKey);
    await kinds.check(callerOf(alone));
  });

  test('go into an empty database and bucket; a run that was cut short is taken up again', async t => {
    const second = storesOf('second');
    await mkdir(second.data, { mode: 0o700 });
    const cut = restore(second, at('backup'), systemClock, {
      progress() {
        throw new Error('cut short');
      },
    });
    await assert.rejects(cut, /cut short/);
    await assert.rejects(start(second), /a migration or a restore into these stores has not ended/);
    await assert.rejects(backUp(second, at('half'), systemClock), /has not ended|no data of a server/);
    const report = await restore(second, at('backup'), systemClock);
    assert.deepEqual([report.missing, report.hasRootKey], [[], true]);
    assert.ok(report.copied < report.blobs, 'what was there is copied again');
    await assert.rejects(restore(second, at('backup'), systemClock), /hold data of a server/);
    const { damaged, versions } = await scrub(second, systemClock);
    assert.deepEqual(damaged, []);
    assert.ok(versions > 10);
    const again = await start(second);
    t.after(() => again.close(0));
    await kinds.check(callerOf(again));

    // A body that the bucket has lost, as after a restore of one without the other.
    const s3 = s3Of(callerOf(bodyStore));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'second' }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'second', Key: Contents[0]!.Key! }));
    s3.destroy();
    const after = await scrub(second, systemClock);
    assert.ok(after.damaged.length > 0);
    for (const { problem } of after.damaged) assert.match(problem, /no blob/);
    const incomplete = await backUp(second, at('incomplete'), systemClock);
    assert.equal(incomplete.missing.length, 1);
  });

  test('are of the records alone where that is asked for, and go beside bodies that are there', async () => {
    const { data, kv, rootKeyFile } = settings;
    const alone = { data, kv, rootKeyFile, blobs: undefined };
    const { blobs } = await backUp(alone, at('records'), systemClock, { metadataOnly: true });
    assert.equal(blobs, 0);
    const beside = { ...storesOf('beside'), blobs: settings.blobs };
    await restore(beside, at('records'), systemClock);
    assert.deepEqual((await scrub(beside, systemClock)).damaged, []);
  });

  test('are made by the command, which says what it cannot do', async () => {
    // Not to be waited for in this process's own thread: the store of bodies is in it.
    const errorOf = (...args: string[]) =>
      new Promise<string>(done =>
        execFile(process.execPath, [cli, ...args], (_, __, stderr) => done(stderr)),
      );
    const where = ['--kv', settings.kv, '--blobs', settings.blobs];
    for (const [args, message] of [
      [['backup', at('linked'), ...where, '--link'], /cannot be linked/],
      [['backup', at('no'), '--kv', settings.kv], /say where the bodies are/],
      [
        ['backup', at('no'), '--kv', postgres.createDatabase('none'), '--blobs', settings.blobs],
        /no data of a server/,
      ],
      [['restore', at('backup')], /say where to/],
    ] as const)
      assert.match(await errorOf(...args), message);
  });
});
