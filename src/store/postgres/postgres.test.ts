import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { without } from '../../../test/clients/run.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { startProxy } from '../../../test/support/tcp-proxy.js';
import { until } from '../../../test/support/until.js';
import { CommitInDoubt, type Key, type Kv, StoreUnavailable, under, ValueDamaged } from '../kv.js';
import { rowsOf } from '../scan.js';
import { testKv } from '../suite/suite.js';
import { openPostgres } from './postgres.js';
import { SchemaTooNew } from './schema.js';
import { BadPostgresUrl } from './servers.js';

const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

describe('the store on PostgreSQL', { skip: without('postgresql') }, () => {
  let server: PostgresServer;
  let made = 0;

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.remove());

  const freshDatabase = (): string => server.createDatabase(`fresh_${++made}`);
  const nameOf = (url: string): string => new URL(url).pathname.slice(1);

  testKv(
    'PostgreSQL',
    async () => {
      const store = await openPostgres(freshDatabase());
      return { store, release: () => store.close() };
    },
    8,
  );

  /** Adds one to a counter, and leaves a mark, until that was applied. */
  async function increment(kv: Kv, mark: Key): Promise<'applied' | 'in doubt'> {
    for (;;) {
      try {
        const entry = await kv.get(['counter']);
        const next = Buffer.from(String(Number(Buffer.from(entry?.value ?? '0')) + 1));
        const checks = [
          { key: ['counter'], version: entry?.version },
          { key: mark, version: undefined },
        ];
        const writes = [
          { key: ['counter'], value: next },
          { key: mark, value: next },
        ];
        if (await kv.commit(checks, writes)) return 'applied';
      } catch (error) {
        if (error instanceof CommitInDoubt) return 'in doubt';
        if (!(error instanceof StoreUnavailable)) throw error;
      }
    }
  }

  const counterOf = async (kv: Kv): Promise<number> =>
    Number(Buffer.from((await kv.get(['counter']))?.value ?? '0'));

  test('sends one statement after the other on each connection', async () => {
    const kv = await openPostgres(freshDatabase(), { readers: 2 });
    await kv.commit([], [{ key: ['a'], value: Buffer.from('value') }]);
    const lists = await Promise.all(Array.from({ length: 50 }, () => kv.list(under(['a']))));
    assert.ok(lists.every(({ length }) => length === 1));
    await kv.close();
    await turn();
    assert.deepEqual(
      warnings.filter(message => message.includes('client.query()')),
      [],
    );
  });

  describe('a snapshot', () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ key: ['some', index], value: Buffer.from('value') }));

    test('is of one moment, whatever is committed after it', async () => {
      const kv = await openPostgres(freshDatabase());
      await kv.commit([], some(450));
      const moment = await kv.snapshot();
      await kv.commit([], [{ key: ['some', 3], value: undefined }]);
      await kv.commit([], [{ key: ['some', 1000], value: Buffer.from('late') }]);
      const keys: Key[] = [];
      for await (const { key } of rowsOf(moment)) keys.push(key);
      assert.deepEqual(
        keys,
        some(450).map(({ key }) => key),
      );
      await moment.close();
      assert.equal((await kv.list(under(['some']))).length, 450);
      await kv.close();
    });

    test('ends with its connection, rather than going on with what is there by then', async () => {
      const url = freshDatabase();
      const kv = await openPostgres(url);
      await kv.commit([], some(3));
      const moment = await kv.snapshot();
      assert.equal((await moment.list(under(['some']))).length, 3);
      server.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = '${nameOf(url)}' AND state = 'idle in transaction'`,
      );
      for (let attempt = 0; attempt < 2; attempt++)
        await assert.rejects(moment.list(under(['some'])), StoreUnavailable);
      await moment.close();
      await kv.close();
    });
  });

  describe('several servers on one PostgreSQL', () => {
    test('lose no update of one another and never use a version twice', async () => {
      const url = freshDatabase();
      const stores = await Promise.all([1, 2, 3].map(() => openPostgres(url)));
      const each = 40;
      await Promise.all(
        stores.map(async (kv, index) => {
          for (let count = 0; count < each; count++) await increment(kv, ['mark', index, count]);
        }),
      );
      const marks = await stores[0]!.list(under(['mark']));
      assert.equal(await counterOf(stores[1]!), stores.length * each);
      assert.equal(marks.length, stores.length * each);
      assert.equal(new Set(marks.map(({ version }) => version)).size, marks.length);
      await Promise.all(stores.map(kv => kv.close()));
      assert.equal(server.run('SELECT count(*) FROM kv_lane', nameOf(url)), '0\n');
    });

    test('count what they commit, what others were in the way of, and who is at work', async () => {
      const url = freshDatabase();
      const [a, b] = [await openPostgres(url), await openPostgres(url)];
      const each = 40;
      await Promise.all(
        [a, b].map(async kv => {
          for (let count = 0; count < each; count++) await increment(kv, [`mark of ${kv === a}`, count]);
        }),
      );
      for (const { commits } of [a, b]) {
        assert.equal(commits.applied, each);
        assert.equal(commits.failed, 0);
        assert.equal(commits.sizes.sum, commits.applied + commits.refused);
        assert.equal(
          commits.sizes.counts.reduce((sum, count) => sum + count, 0),
          commits.seconds.counts.reduce((sum, count) => sum + count, 0),
        );
        assert.ok(commits.seconds.sum > 0);
        assert.equal(commits.lanes!.all, 2);
        assert.equal(commits.lanes!.busy(), 0);
      }
      const refused = a.commits.refused + b.commits.refused;
      const retried = a.commits.retried + b.commits.retried;
      assert.ok(refused + retried > 0, 'of two that count up at once, one is in the way of the other');
      await Promise.all([a.close(), b.close()]);
    });

    test('cannot both find absent what the other writes (write skew)', async () => {
      const url = freshDatabase();
      const [a, b] = [await openPostgres(url), await openPostgres(url)];
      for (let round = 0; round < 30; round++) {
        const [mine, theirs]: Key[] = [
          ['skew', round, 'a'],
          ['skew', round, 'b'],
        ];
        const value = Buffer.from('x');
        const applied = await Promise.all([
          a.commit([{ key: theirs!, version: undefined }], [{ key: mine!, value }]),
          b.commit([{ key: mine!, version: undefined }], [{ key: theirs!, value }]),
        ]);
        assert.equal(applied.filter(Boolean).length, 1);
      }
      await Promise.all([a.close(), b.close()]);
    });
  });

  describe('PostgreSQL that cannot be reached', () => {
    test('every outcome is the true one while connections are cut at random', async () => {
      const url = freshDatabase();
      const proxy = await startProxy(server.port);
      const through = url.replace(String(server.port), String(proxy.port));
      const kv = await openPostgres(through);
      const outcomes = new Map<string, string>();
      const applied = () => [...outcomes.values()].filter(outcome => outcome === 'applied').length;
      let isOver = false;
      const cutting = (async () => {
        while (!isOver) {
          // After some commits, so that the others are under way however slow the machine is.
          const enough = applied() + 1 + Math.random() * 20;
          await until(() => isOver || applied() >= enough);
          proxy.cut();
        }
      })();
      await Promise.all(
        Array.from({ length: 8 }, async (_, client) => {
          for (let count = 0; applied() < 100; count++)
            outcomes.set(`${client}/${count}`, await increment(kv, ['mark', `${client}/${count}`]));
        }),
      );
      isOver = true;
      await cutting;
      const marks = new Set((await kv.list(under(['mark']))).map(({ key }) => String(key[1])));
      for (const [mark, outcome] of outcomes)
        assert.ok(outcome !== 'applied' || marks.has(mark), `${mark} was acknowledged and is lost`);
      // What no client was answered is either there once or not at all: a mark checks that it is absent.
      assert.equal(await counterOf(kv), marks.size);
      await kv.close();
      await proxy.close();
    });

    test('reads and commits say so, and work again by themselves', async () => {
      const own = await startPostgres();
      const kv = await openPostgres(own.createDatabase('stopped'));
      try {
        await kv.commit([], [{ key: ['k'], value: Buffer.from('1') }]);
        own.stop('immediate');
        // Until this process has seen its connections end, what it sends is in doubt.
        for (let turns = 0; turns < 10; turns++) await turn();
        const refused = await Promise.allSettled([
          kv.get(['k']),
          kv.list(under([])),
          kv.commit([], [{ key: ['k'], value: Buffer.from('2') }]),
        ]);
        for (const result of refused)
          assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailable);
        own.start();
        assert.equal(String((await kv.get(['k']))?.value), '1');
        assert.equal(await kv.commit([], [{ key: ['k'], value: Buffer.from('3') }]), true);
        assert.equal(String((await kv.get(['k']))?.value), '3');
      } finally {
        await kv.close();
        own.remove();
      }
    });

    test('a server that answers nothing is given up; one that is slow is waited for', async () => {
      const url = freshDatabase();
      const proxy = await startProxy(server.port);
      const swallowed = await openPostgres(url.replace(String(server.port), String(proxy.port)));
      const slow = await openPostgres(url);
      await slow.commit([], [{ key: ['k'], value: Buffer.from('v') }]);
      assert.equal(String((await swallowed.get(['k']))?.value), 'v');
      proxy.mode = 'silent';
      // Longer than a connection may be silent before it is looked whether the server is there.
      const lock = 'BEGIN; LOCK TABLE kv; SELECT pg_sleep(6); COMMIT';
      const locked = server.running(lock, nameOf(url));
      const isLocked = `SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'kv'::regclass`;
      await until(() => server.run(isLocked, nameOf(url)).trim() === '1');
      const [refused, waited] = await Promise.allSettled([swallowed.get(['k']), slow.get(['k'])]);
      assert.ok(refused.status === 'rejected' && refused.reason instanceof StoreUnavailable);
      assert.ok(waited.status === 'fulfilled' && String(waited.value?.value) === 'v');
      await locked;
      proxy.mode = 'open';
      assert.equal(String((await swallowed.get(['k']))?.value), 'v');
      await Promise.all([swallowed.close(), slow.close(), proxy.close()]);
    });

    test('the hosts of the URL are tried in order', async () => {
      const url = new URL(freshDatabase());
      const kv = await openPostgres(
        `postgres://postgres@127.0.0.1:1,127.0.0.1:${server.port}${url.pathname}`,
      );
      assert.equal(await kv.commit([], [{ key: ['k'], value: Buffer.from('v') }]), true);
      await kv.close();
    });

    test('a URL that cannot be read is refused without its password', async () => {
      for (const url of [
        'mysql://u:hunter2@h/d',
        'postgres://u:hunter2@h:port/d?sslmode=verify-full&sslrootcert=/nowhere',
      ])
        await assert.rejects(openPostgres(url), (error: Error) => {
          assert.ok(error instanceof BadPostgresUrl);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        });
    });
  });

  describe('what is stored in PostgreSQL', () => {
    test('is never handed out where it is damaged', async () => {
      const url = freshDatabase();
      const kv = await openPostgres(url);
      await kv.commit([], [{ key: ['a'], value: Buffer.from('first') }]);
      await kv.commit([], [{ key: ['b'], value: Buffer.from('second') }]);
      server.run(
        `UPDATE kv SET v = set_byte(v, 0, 0) WHERE position('first' IN encode(v, 'escape')) = 1`,
        nameOf(url),
      );
      await assert.rejects(kv.get(['a']), ValueDamaged);
      await assert.rejects(kv.list(under([])), ValueDamaged);
      const damaged: Key[] = [];
      const items = await kv.list({ ...under([]), damaged: key => damaged.push(key) });
      assert.deepEqual([items.map(({ key }) => key), damaged], [[['b']], [['a']]]);
      await kv.close();
    });

    test('is left alone by a release that is older than it', async () => {
      const url = freshDatabase();
      await (await openPostgres(url)).close();
      server.run(`UPDATE kv_meta SET value = 99 WHERE name = 'schema'`, nameOf(url));
      await assert.rejects(openPostgres(url), SchemaTooNew);
    });

    test('many servers may start at once on an empty database', async () => {
      const url = freshDatabase();
      const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgres(url)));
      await Promise.all(stores.map(kv => kv.close()));
    });
  });
});
