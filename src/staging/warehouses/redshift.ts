/** Amazon Redshift as the warehouse: it reads and writes the bucket itself. */
import type pg from 'pg';
import { spanText } from '../../credentials/index.js';
import { StagingError } from '../errors.js';
import { gzipped } from '../gzip.js';
import type { Job } from '../job.js';
import type { WarehouseSettings as RedshiftSettings } from '../job-schema.js';
import { headerOf } from '../records.js';
import type { Column, StagedPart } from '../rows.js';
import { checkKeys, LOADS, quoteName, selectOf, tableName } from './names.js';
import {
  type Authorization,
  type Copy,
  copyStatement,
  type Statement,
  unloadStatement,
} from './redshift-sql.js';
import type { Loaded, Place, Staged, StagedRows, Unloaded, Unloading, Warehouse } from './warehouse.js';
import { answered, connect, describe } from './wire.js';

/** Logs in. Throws `StagingError`. */
export async function openRedshift(job: Job, settings: RedshiftSettings, what: Unloaded): Promise<Warehouse> {
  return new RedshiftWarehouse(job, settings, await connect(job, settings.url!), what);
}

class RedshiftWarehouse implements Warehouse {
  readonly #job: Job;
  readonly #settings: RedshiftSettings;
  readonly #client: pg.Client;
  readonly #what: Unloaded;
  /** A table for each job: a load locks it, and loads of other jobs go on. */
  readonly #loads: string;

  constructor(job: Job, settings: RedshiftSettings, client: pg.Client, what: Unloaded) {
    this.#job = job;
    this.#settings = settings;
    this.#client = client;
    this.#what = what;
    this.#loads = quoteName(`${LOADS}_${job.job.replaceAll('-', '_')}`);
  }

  async load(rows: StagedRows): Promise<Loaded> {
    const client = this.#client;
    try {
      await this.#makeLoads();
      const manifest = await writeManifest(this.#job, rows);
      const { parts, rows: expected } = rows.staged();
      const authorization = await this.#authorization(rows.place, secondsOf(this.#settings, parts));
      await client.query('BEGIN');
      // Redshift holds no key unique. The lock comes before the transaction's snapshot, which the SELECT takes
      // ("Isolation levels in Amazon Redshift"), so that of two processes the later one meets the row of the earlier.
      await client.query(`LOCK ${this.#loads}`);
      const { rows: known } = await client.query(`SELECT rows FROM ${this.#loads} WHERE run = $1`, [
        rows.run,
      ]);
      if (known.length > 0) {
        await client.query('ROLLBACK');
        const loaded = Number(known[0].rows);
        return { rows: loaded, refused: expected - loaded, before: true };
      }
      await client.query(`INSERT INTO ${this.#loads} (run, rows) VALUES ($1, $2)`, [rows.run, expected]);
      await this.#inTransaction(rows, manifest, authorization);
      await client.query('COMMIT');
      return { rows: expected, refused: 0, before: false };
    } catch (error) {
      throw answered(error, 'the warehouse has loaded nothing');
    }
  }

  async unload({ place, staged }: Unloading): Promise<void> {
    try {
      // How long it takes is not known before: the session begins with it.
      const authorization = await this.#authorization(place, this.#job.duration * FRESH);
      const to = `${place.url}part-`;
      await this.#send(unloadStatement(this.#job, { select: selectOf(this.#what), to, authorization }));
      await staged(await this.#unloaded(place));
    } catch (error) {
      throw answered(error, 'the warehouse has handed out nothing');
    }
  }

  columns(): Promise<readonly Column[]> {
    return describe(this.#client, selectOf(this.#what));
  }

  async missingRights(): Promise<readonly string[]> {
    const { load } = this.#job;
    const { query, table } = this.#what;
    if (query !== undefined) {
      await this.#client.query(`EXPLAIN ${query}`);
      return [];
    }
    const name = table ?? load!.table;
    const missing: string[] = [];
    for (const right of table === undefined ? rightsOf(this.#job) : ['SELECT']) {
      const ask = 'SELECT has_table_privilege($1, $2) AS has';
      const { rows } = await this.#client.query(ask, [tableName(name), right]);
      if (!rows[0].has) missing.push(`${right} on ${name}`);
    }
    if (table === undefined && missing.length === 0) await this.#makeLoads();
    return missing;
  }

  /** Unloads one row, or loads one into a table that is gone with the session. */
  async prove(place: Place): Promise<string> {
    const authorization = await this.#authorization(place, 0);
    if (this.#what.table !== undefined || this.#what.query !== undefined) {
      const to = `${place.url}part-`;
      await this.#send(unloadStatement(this.#job, { select: 'SELECT 1 AS probe', to, authorization }));
      return 'the warehouse has written an object itself';
    }
    const isCompressed = this.#job.compression === 'gzip';
    const probe = `part-0.csv${isCompressed ? '.gz' : ''}`;
    await place.put(probe, isCompressed ? await gzipped(ONE) : ONE);
    const manifest = await putManifest(this.#job, place, [`${place.name}${probe}`]);
    const table = 'karikagi_probe';
    await this.#client.query(`CREATE TEMP TABLE ${table} (probe integer)`);
    await this.#send(
      copyStatement(this.#job, this.#settings, { table, columns: undefined, manifest, authorization }),
    );
    return 'the warehouse has read an object itself';
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  async #makeLoads(): Promise<void> {
    try {
      await this.#client.query(`SELECT 1 FROM ${this.#loads} LIMIT 0`);
    } catch (error) {
      if ((error as { code?: string }).code !== NO_TABLE) throw error;
      const columns = 'run varchar(64) NOT NULL, rows bigint NOT NULL, loaded timestamp DEFAULT getdate()';
      await this.#client.query(`CREATE TABLE IF NOT EXISTS ${this.#loads} (${columns})`);
    }
  }

  /**
   * The warehouse's own role, where the job names one: Redshift renews its keys by itself. Else the connection's keys,
   * which must live until the statement ends ("Authorization parameters"). Throws `StagingError` where they cannot.
   */
  async #authorization(place: Place, seconds: number): Promise<Authorization> {
    const { iamRole } = this.#settings;
    if (iamRole !== undefined) return { role: iamRole };
    const { keys, secondsLeft } = await place.keys(seconds);
    if (secondsLeft >= seconds) return { keys };
    throw new StagingError(
      `Redshift may need the keys for ${spanText(seconds)}, and they live ${spanText(secondsLeft)}: name a role of the cluster in warehouse.iamRole, whose keys it renews, or raise connection.temporaryCredentialDuration as far as the role allows`,
    );
  }

  async #inTransaction(rows: StagedRows, manifest: string, authorization: Authorization): Promise<void> {
    const { mode = 'append', preSql = [], postSql = [], table: target } = this.#job.load!;
    const table = tableName(target);
    for (const statement of preSql) await this.#client.query(statement);
    // TRUNCATE would commit what is done so far ("TRUNCATE", usage notes).
    if (mode === 'truncate') await this.#client.query(`DELETE FROM ${table}`);
    const copy = { manifest, authorization, columns: rows.columns };
    if (mode === 'upsert') await this.#upsert(rows, table, copy);
    else await this.#copy({ ...copy, table }, rows.staged().rows);
    for (const statement of postSql) await this.#client.query(statement);
  }

  /**
   * Redshift knows no ON CONFLICT: rows that are there are updated, others inserted ("Performing a merge operation by
   * specifying a column list").
   */
  async #upsert(
    rows: StagedRows,
    table: string,
    copy: { readonly manifest: string; readonly authorization: Authorization },
  ): Promise<void> {
    const keys = this.#job.load!.keys!;
    const columns =
      rows.columns ?? (await describe(this.#client, `SELECT * FROM ${table}`)).map(({ name }) => name);
    checkKeys(keys, columns);
    const staged = 'karikagi_staged';
    const names = columns.map(quoteName);
    await this.#client.query(`CREATE TEMP TABLE ${staged} (LIKE ${table})`);
    await this.#copy({ ...copy, columns, table: staged }, rows.staged().rows);
    const quoted = keys.map(quoteName);
    const { rows: twice } = await this.#client.query(
      `SELECT 1 FROM ${staged} GROUP BY ${quoted.join(', ')} HAVING count(*) > 1 LIMIT 1`,
    );
    if (twice.length > 0) throw new StagingError('load.keys: two records of the files have the same keys');
    const same = quoted.map(key => `${table}.${key} = ${staged}.${key}`).join(' AND ');
    const others = names.filter(name => !quoted.includes(name)).map(name => `${name} = ${staged}.${name}`);
    if (others.length > 0) {
      await this.#client.query(`UPDATE ${table} SET ${others.join(', ')} FROM ${staged} WHERE ${same}`);
    }
    const list = names.join(', ');
    await this.#client.query(
      `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${staged} WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${same})`,
    );
    await this.#client.query(`DROP TABLE ${staged}`);
  }

  async #copy(copy: Copy, expected: number): Promise<void> {
    await this.#send(copyStatement(this.#job, this.#settings, copy));
    const { rows } = await this.#client.query('SELECT pg_last_copy_count() AS rows');
    const taken = Number(rows[0].rows);
    if (taken === expected) return;
    throw new StagingError(`the warehouse has taken ${taken} rows of ${expected}`);
  }

  /** What Redshift answers may quote the statement: secrets in it are taken out. */
  async #send({ text, shown }: Statement): Promise<void> {
    try {
      await this.#client.query(text);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      const clean = secretsOf(text, shown).reduce((left, secret) => left.replaceAll(secret, '…'), message);
      const advice = /expired/i.test(clean)
        ? '. The keys have ended before it did: name a role of the cluster in warehouse.iamRole'
        : '';
      // The error itself is left behind, as its members may quote the statement as well.
      throw Object.assign(new StagingError(`${shown} failed: ${clean}${advice}`), { code });
    }
  }

  /** The parts that UNLOAD has written, by its manifest. */
  async #unloaded(place: Place): Promise<Staged> {
    const found = await place.get('part-manifest');
    if (!found) throw new StagingError('UNLOAD has left no manifest');
    const { entries, schema, meta } = JSON.parse(Buffer.from(found).toString()) as UnloadManifest;
    const parts = entries.map(({ url, meta: { content_length, record_count } }, index): StagedPart => {
      const name = `${place.name}${url.slice(place.url.length)}`;
      return { index, name, rows: record_count, bytes: content_length };
    });
    const header = headerOf(
      schema.elements.map(({ name }) => name),
      this.#job.dialect.delimiter,
    );
    return { parts, rows: meta.record_count, header };
  }
}

/** What UNLOAD writes with MANIFEST VERBOSE ("UNLOAD", `MANIFEST`). */
interface UnloadManifest {
  readonly entries: readonly {
    readonly url: string;
    readonly meta: { readonly content_length: number; readonly record_count: number };
  }[];
  readonly schema: { readonly elements: readonly { readonly name: string }[] };
  readonly meta: { readonly record_count: number };
}

/** A row of one column. */
const ONE = Buffer.from('1\n');

/** "undefined_table" ("PostgreSQL Error Codes"). */
const NO_TABLE = '42P01';
/** Share of a session that is left when it counts as new. */
const FRESH = 0.9;
/** Seconds that a COPY takes whatever it loads: compiling, queueing, committing. */
const BASE_SECONDS = 60;
/** MiB of rows in a second that a small cluster loads at least. */
const COPY_RATE = 10;
/** Seconds that the keys of a COPY must live: half as much again as it is likely to take. */
function secondsOf({ copyRate = COPY_RATE }: RedshiftSettings, parts: readonly StagedPart[]): number {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return 1.5 * (BASE_SECONDS + bytes / 2 ** 20 / copyRate);
}

function writeManifest(job: Job, { staged, place }: StagedRows): Promise<string> {
  return putManifest(
    job,
    place,
    staged().parts.map(({ name }) => name),
  );
}

/**
 * Each file is mandatory: COPY would leave out those that are gone, and say nothing ("Using a manifest to specify data
 * files").
 */
async function putManifest(
  { connection, prefix }: Job,
  place: Place,
  names: readonly string[],
): Promise<string> {
  const entries = names.map(name => ({ url: `s3://${connection.bucket}/${prefix}${name}`, mandatory: true }));
  await place.put('manifest', Buffer.from(JSON.stringify({ entries })));
  return `${place.url}manifest`;
}

/** The texts that are in the statement and not in what is shown. */
function secretsOf(text: string, shown: string): readonly string[] {
  if (text === shown) return [];
  return [...text.matchAll(/(?:SECRET_ACCESS_KEY|SESSION_TOKEN) '([^']+)'/g)].map(match => match[1]!);
}

function rightsOf({ load }: Job): readonly string[] {
  if (load?.mode === 'truncate') return ['INSERT', 'DELETE'];
  return load?.mode === 'upsert' ? ['INSERT', 'SELECT', 'UPDATE'] : ['INSERT'];
}
