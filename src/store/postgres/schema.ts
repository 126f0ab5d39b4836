import type { Connection } from './connection.js';

/**
 * What each version of the schema adds to the one before it. What stands here has run on somebody's data: it is added
 * to, never changed.
 *
 * - `kv`: the keys (store/keys.ts), each value with its checksum (store/checked-values.ts), as in LMDB.
 * - `kv_lane`: of each connection that commits, the number of its last batch and which of its members failed. A server
 *   whose connection broke off reads there whether its batch was applied.
 * - `kv_meta`: `versions`, the end of the versions that were handed out; `schema`, what is here.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE kv (k bytea PRIMARY KEY, ver bigint NOT NULL, v bytea NOT NULL)
     WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
   ALTER TABLE kv ALTER v SET STORAGE EXTERNAL;
   CREATE TABLE kv_lane (lane bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, batch bigint NOT NULL DEFAULT 0,
     bad int[] NOT NULL DEFAULT '{}', used timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 30);
   INSERT INTO kv_meta (name, value) VALUES ('versions', ${2 ** 50});`,
];

/** Serializes the servers that start at the same time. Any number that no other lock of this database has. */
const LOCK = 0x6b6172696b616769n;

/** The database was written by a later release. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

/** Brings the schema up to what this release needs. Throws `SchemaTooNew`; what PostgreSQL refuses comes as it is. */
export async function migrate(connection: Connection): Promise<void> {
  await connection.query({ text: `SELECT pg_advisory_lock(${LOCK})` });
  try {
    await connection.query({
      text: 'CREATE TABLE IF NOT EXISTS kv_meta (name text PRIMARY KEY, value bigint NOT NULL)',
    });
    const [row] = await connection.query<{ value: string }>({
      text: `SELECT value FROM kv_meta WHERE name = 'schema'`,
    });
    const present = Number(row?.value ?? 0);
    if (present > MIGRATIONS.length)
      throw new SchemaTooNew(
        `the database was written by a later release (its schema is ${present}, this release knows ${MIGRATIONS.length}): start that release`,
      );
    for (let version = present; version < MIGRATIONS.length; version++) {
      await connection.query({
        // One query of several statements is one transaction.
        text: `${MIGRATIONS[version]}
          INSERT INTO kv_meta (name, value) VALUES ('schema', ${version + 1})
            ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      });
    }
  } finally {
    await connection.query({ text: `SELECT pg_advisory_unlock(${LOCK})` });
  }
}
