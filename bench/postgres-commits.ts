/**
 * Durable commits of 4 KiB on PostgreSQL, 32 at a time: `postgres-commits.js URL SECONDS WAY`, where the way is one of
 * - `store`: by the key-value store, each commit for itself, as a server commits;
 * - a number of connections that divides 32: the store's one statement by plain clients, with prepared statements, over
 *   so many connections, the 32 commits spread over them as batches that are ready to be sent.
 * The database is one that a store has been opened in. Prints the rate as JSON, and how many there were in all.
 */
import pg from 'pg';
import { encodeKey } from '../src/store/keys.js';
import { packed } from '../src/store/postgres/batch.js';
import { COMMIT } from '../src/store/postgres/lane.js';
import { openPostgres } from '../src/store/postgres/postgres.js';

const CLIENTS = 32;
const VALUE = Buffer.alloc(4096, 'x');
/** At the end of a key's name. */
const DIGITS = 8;
/** Seconds before counting begins. */
const WARM_UP = 1;

const [url, seconds, way] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]];
const run = `${process.pid}-${process.hrtime.bigint()}`;
const begin = performance.now() + WARM_UP * 1000;
const end = begin + seconds * 1000;
let commits = 0;
/** Those of the warm-up, too. */
let all = 0;

const note = (count: number): void => {
  all += count;
  const now = performance.now();
  if (now >= begin && now < end) commits += count;
};

async function byStore(): Promise<void> {
  const kv = await openPostgres(url);
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let number = 0; performance.now() < end; number++) {
      const key = ['commit', run, client, number];
      if (!(await kv.commit([{ key, version: undefined }], [{ key, value: VALUE }])))
        throw new Error('a new key is said to be there');
      note(1);
    }
  });
  await Promise.all(clients);
  await kv.close();
}

/** A batch of new keys whose names end in digits, and where those stand in its bytes. */
function template(size: number, connection: number) {
  const keys = Array.from({ length: size }, (_, member) =>
    encodeKey(['commit', run, connection, `${member}-${'0'.repeat(DIGITS)}`]),
  );
  const [bytes, ...columns] = packed(
    keys.map(key => ({
      checks: [{ key, version: undefined }],
      writes: [{ key, value: VALUE }],
      version: 2 ** 50,
    })),
  );
  const digits: number[] = [];
  let at = 0;
  for (const { length } of keys) {
    // Of the key that is checked and of the one that is written, before the byte that ends a string.
    for (const start of [at, at + length]) digits.push(start + length - 1 - DIGITS);
    at += 2 * length + VALUE.length;
  }
  return { bytes: bytes as Buffer, columns, digits };
}

const ISOLATION = 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL';

async function byStatement(connections: number): Promise<void> {
  const size = CLIENTS / connections;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const client = new pg.Client(url);
      await client.connect();
      const { rows } = await client.query('INSERT INTO kv_lane DEFAULT VALUES RETURNING lane');
      await client.query(`${ISOLATION} SERIALIZABLE; SET plan_cache_mode = force_generic_plan`);
      const lane: string = rows[0].lane;
      const { bytes, columns, digits } = template(size, connection);
      let batch = 1;
      for (let number = 0; performance.now() < end; number++) {
        const name = String(number)
          .padStart(DIGITS, '0')
          // A string's bytes stand raised by one in a key.
          .replace(/./g, digit => String.fromCharCode(digit.charCodeAt(0) + 1));
        const sent = Buffer.from(bytes);
        for (const place of digits) sent.write(name, place, 'latin1');
        if (await landed(client, [sent, ...columns, lane, batch])) {
          batch++;
          note(size);
        }
      }
      await client.query(`${ISOLATION} READ COMMITTED`);
      await client.query('DELETE FROM kv_lane WHERE lane = $1', [lane]);
      await client.end();
    }),
  );
}

/** Whether it did; it did nothing where others were in its way. */
async function landed(client: pg.Client, values: unknown[]): Promise<boolean> {
  try {
    const { rows } = await client.query({ name: 'commit', text: COMMIT, values });
    if (!rows[0].applied || rows[0].bad.length > 0) throw new Error('a new key is said to be there');
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '40001') return false;
    throw error;
  }
}

await (way === 'store' ? byStore() : byStatement(Number(way)));
process.stdout.write(JSON.stringify({ perSecond: commits / seconds, all }));
