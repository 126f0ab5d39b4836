/** What only makes sense together in a job file: the rules that a JSON Schema cannot say. */
import { CHAINING_LIMIT, partitionOf } from '../credentials/index.js';
import type { JobFile, Load, WarehouseSettings } from './job-schema.js';

/** What is wrong, and with which property. */
export interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** The problems of a job file that has the schema's form. */
export function* together(job: JobFile): Generator<Problem> {
  const { connection, load, unload, warehouse } = job;
  if ((load === undefined) === (unload === undefined)) {
    yield { path: [], message: 'a job has either load or unload' };
  }
  yield* keysTogether(connection);
  yield* placesTogether(connection);
  if (load?.mode === 'upsert' && !load.keys) yield { path: ['load'], message: 'upsert needs keys' };
  if (load?.keys && load.mode !== 'upsert')
    yield { path: ['load', 'keys'], message: 'keys belong to mode upsert' };
  if (unload && (unload.table === undefined) === (unload.query === undefined)) {
    yield { path: ['unload'], message: 'needs either table or query' };
  }
  if (load) yield* loadTogether(load);
  if (warehouse) yield* warehouseTogether(warehouse, ['warehouse'], job);
}

function* loadTogether({ files, from, errorFile, maxErrors }: Load): Generator<Problem> {
  if ((files === undefined) === (from === undefined)) {
    yield { path: ['load'], message: 'needs either files or from' };
  }
  if (from && (from.table === undefined) === (from.query === undefined)) {
    yield { path: ['load', 'from'], message: 'needs either table or query' };
  }
  if (from && from.warehouse.type === 'redshift') {
    yield {
      path: ['load', 'from', 'warehouse', 'type'],
      message: 'Redshift is no source of a load: unload from it into a file, and load that',
    };
  } else if (from) yield* warehouseTogether(from.warehouse, ['load', 'from', 'warehouse']);
  if (maxErrors !== undefined && errorFile === undefined) {
    yield { path: ['load', 'maxErrors'], message: 'only errorFile makes use of it' };
  }
}

const ONLY_REDSHIFT = ['iamRole', 'clusterRegion', 'copyOptions', 'copyRate'] as const;

function* warehouseTogether(
  settings: WarehouseSettings,
  path: readonly string[],
  job?: JobFile,
): Generator<Problem> {
  const { type, path: file, url } = settings;
  const of = (name: string, message: string) => ({ path: [...path, name], message });
  if (type === 'duckdb' && url) yield of('url', 'DuckDB is a file: write path');
  if (type === 'duckdb' && file === undefined) yield { path, message: 'path is missing: the file of DuckDB' };
  if (type !== 'duckdb' && !url) yield { path, message: 'url is missing' };
  if (type !== 'duckdb' && file !== undefined) yield of('path', 'only duckdb makes use of it');
  if (type === 'redshift') return yield* redshiftTogether(settings, path, job!);
  for (const name of ONLY_REDSHIFT) {
    if (settings[name] !== undefined) yield of(name, 'only redshift makes use of it');
  }
}

/** Statements that would end the transaction of a load ("TRUNCATE", "VACUUM", "CALL" in Redshift's Developer Guide). */
const ENDING = /^\s*(begin|start|commit|end|rollback|abort|truncate|vacuum|call)\b/i;

function* redshiftTogether(
  { clusterRegion, iamRole }: WarehouseSettings,
  path: readonly string[],
  { connection, load, unload, format }: JobFile,
): Generator<Problem> {
  const partition = connection.partition ?? partitionOfRegion(connection.region);
  if (clusterRegion !== undefined && partitionOfRegion(clusterRegion) !== partition) {
    yield { path: [...path, 'clusterRegion'], message: `is not of the bucket's partition, ${partition}` };
  }
  if (iamRole?.startsWith('arn:') && iamRole.split(',').some(arn => partitionOf(arn) !== partition)) {
    yield { path: [...path, 'iamRole'], message: `is not of the bucket's partition, ${partition}` };
  }
  if (connection.encryption?.type === 'client-side') {
    yield {
      path: ['connection', 'encryption', 'type'],
      message: 'Redshift’s COPY and UNLOAD take no client-side encryption since April 30, 2026: use sse-kms',
    };
  }
  if (load?.errorFile !== undefined) {
    yield {
      path: ['load', 'errorFile'],
      message: 'Redshift lists refused records outside of the transaction: a load is whole or not there',
    };
  }
  if (unload?.query !== undefined && /\blimit\s+\d+\s*;?\s*$/i.test(unload.query)) {
    yield {
      path: ['unload', 'query'],
      message: 'UNLOAD takes no LIMIT in the outer SELECT: put the query into another SELECT',
    };
  }
  if (format?.nullText?.includes('\\')) {
    yield {
      path: ['format', 'nullText'],
      message: 'Redshift takes a backslash as an escape: use another text',
    };
  }
  for (const name of ['preSql', 'postSql'] as const) {
    if (!load?.[name]?.some(statement => ENDING.test(statement))) continue;
    yield {
      path: ['load', name],
      message: 'BEGIN, COMMIT, ROLLBACK, TRUNCATE, VACUUM and CALL can end the transaction of the load',
    };
  }
}

function* keysTogether(connection: JobFile['connection']): Generator<Problem> {
  const { accessKey, secretKey, profile, s3IamRoleArn: role, useEc2Role, externalId } = connection;
  const { temporaryCredentialDuration: duration } = connection;
  const of = (name: string, message: string) => ({ path: ['connection', name], message });
  if (accessKey && !secretKey) yield of('accessKey', 'secretKey is missing beside it');
  if (secretKey && !accessKey) yield of('secretKey', 'accessKey is missing beside it');
  if (accessKey && profile !== undefined) yield of('profile', 'either a profile or accessKey and secretKey');
  if (useEc2Role && accessKey)
    yield of('accessKey', 'with useEc2Role no permanent key is used: leave it out');
  if (useEc2Role && profile !== undefined) yield of('profile', 'with useEc2Role no profile is used');
  if (useEc2Role && role === undefined) yield of('useEc2Role', 's3IamRoleArn is missing: the role to assume');
  if (role === undefined && externalId !== undefined)
    yield of('externalId', 'only s3IamRoleArn makes use of it');
  if (role === undefined && duration !== undefined) {
    yield of('temporaryCredentialDuration', 'only s3IamRoleArn makes use of it');
  }
  if (useEc2Role && duration !== undefined && duration > CHAINING_LIMIT) {
    yield of(
      'temporaryCredentialDuration',
      `a role that an EC2 role assumes is a chain: its sessions last ${CHAINING_LIMIT} seconds at most, whatever the role allows`,
    );
  }
}

function* placesTogether(connection: JobFile['connection']): Generator<Problem> {
  const { region, s3IamRoleArn, encryption, partition: said } = connection;
  const partition = partitionOfRegion(region);
  if (said !== undefined && said !== partition) {
    yield {
      path: ['connection', 'partition'],
      message: `the region ${region} is of partition ${partition}, not ${said}`,
    };
  }
  if (s3IamRoleArn !== undefined && partitionOf(s3IamRoleArn) !== partition) {
    yield {
      path: ['connection', 's3IamRoleArn'],
      message: `the role is of partition ${partitionOf(s3IamRoleArn)}, the region ${region} of ${partition}: partitions do not mix`,
    };
  }
  if (!encryption) return;
  const { type, key, masterKey } = encryption;
  if (type !== 'client-side' && masterKey) {
    yield { path: ['connection', 'encryption', 'masterKey'], message: 'a master key belongs to client-side' };
  }
  if (type === 'client-side' && !masterKey) {
    yield { path: ['connection', 'encryption'], message: 'client-side needs a masterKey' };
  }
  if (type !== 'sse-kms' && key !== undefined) {
    yield { path: ['connection', 'encryption', 'key'], message: 'a key belongs to sse-kms' };
  }
  if (type === 'sse-kms' && key === undefined) {
    yield { path: ['connection', 'encryption'], message: 'sse-kms needs the ARN of a key' };
  }
  if (type === 'sse-kms' && key !== undefined && key.split(':')[3] !== region) {
    yield {
      path: ['connection', 'encryption', 'key'],
      message: `S3 takes only keys of the bucket's own region, ${region}`,
    };
  }
}

export function partitionOfRegion(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
