import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { without } from '../../../test/clients/run.js';
import { s3Of } from '../../../test/support/all-kinds.js';
import { type PgBouncer, startPgBouncer } from '../../../test/support/pgbouncer.js';
import { freePort, type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { startServer } from '../../index.js';
import { CommitStats } from '../commit-stats.js';
import { encodeKey } from '../keys.js';
import { checkedValue } from '../lmdb/value-checksum.js';
import { testKv } from '../suite/suite.js';
import { Batch } from './batch.js';
import { Connection } from './connection.js';
import { Lane } from './lane.js';
import { openPostgres } from './postgres.js';
import { serversOf } from './servers.js';
import { SessionsShared } from './sessions.js';

describe('PostgreSQL behind pgbouncer', { skip: without('postgresql') || without('pgbouncer') }, () => {
  let server: PostgresServer;
  let sessions: PgBouncer;
  let made = 0;

  before(async () => {
    server = await startPostgres();
    sessions = await startPgBouncer(await freePort(), server.port, 'session');
  });
  after(async () => {
    await sessions?.close();
    server?.remove();
  });

  const through = ({ port }: PgBouncer): string =>
    server.createDatabase(`fresh_${++made}`).replace(String(server.port), String(port));

  testKv(
    'PostgreSQL behind pgbouncer',
    async () => {
      const store = await openPostgres(through(sessions));
      return { store, release: () => store.close() };
    },
    2,
  );

  test('serves a server', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'karikagi-behind-'));
    const blobs = pathToFileURL(directory).href;
    const data = join(directory, 'own');
    const running = await startServer({ data, port: 0, log: 'none', kv: through(sessions), blobs });
    const s3 = s3Of({ endpoint: running.endpoint, credentials: running.root! });
    const object = { Bucket: 'behind', Key: 'k' };
    await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
    for (let count = 0; count < 20; count++) {
      await s3.send(new PutObjectCommand({ ...object, Body: `${count}` }));
      const { Body } = await s3.send(new GetObjectCommand(object));
      assert.equal(await Body!.transformToString(), `${count}`);
    }
    s3.destroy();
    await running.close();
    await rm(directory, { recursive: true });
  });

  test('that shares sessions is refused, by the start and by each commit', async () => {
    const transactions = await startPgBouncer(await freePort(), server.port, 'transaction');
    const url = through(transactions);
    await assert.rejects(openPostgres(url), SessionsShared);
    await transactions.close();

    // Where the start took such a pool for another: what the session began with is not there.
    const direct = url.replace(String(transactions.port), String(server.port));
    const kv = await openPostgres(direct);
    const connection = new Connection(serversOf(direct), 'SET plan_cache_mode = force_generic_plan');
    const lane = new Lane(connection, new CommitStats());
    const batch = new Batch();
    const key = encodeKey(['k']);
    batch.add({ checks: [], writes: [{ key, value: checkedValue(key, Buffer.from('1')) }], version: 1 });
    await assert.rejects(lane.apply(batch), SessionsShared);
    assert.equal(await kv.get(['k']), undefined);
    await lane.close();
    await kv.close();
  });
});
