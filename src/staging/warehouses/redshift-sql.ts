/** The texts of COPY and UNLOAD, as Redshift's Developer Guide gives their grammar ("COPY", "UNLOAD"). */
import type { Credentials } from '../../credentials/index.js';
import type { Job } from '../job.js';
import type { WarehouseSettings } from '../job-schema.js';
import { quoteName } from './names.js';

/** Whose rights Redshift uses on the bucket. */
export type Authorization = { readonly role: string } | { readonly keys: Credentials };

/** `text` goes to Redshift, and nowhere else; `shown` is the same for people and logs, without secrets. */
export interface Statement {
  readonly text: string;
  readonly shown: string;
}

/** A literal: Redshift takes a backslash inside of one as an escape. */
const quoteRedshift = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const HIDDEN = "'…'";

/**
 * The clause of COPY and UNLOAD that says whose rights count ("Authorization parameters"). A chain of roles is one
 * text, separated by commas without spaces ("Chaining IAM roles in Amazon Redshift").
 */
function clauseOf(authorization: Authorization, hidden: boolean): string {
  if ('role' in authorization) {
    return authorization.role === 'default'
      ? 'IAM_ROLE default'
      : `IAM_ROLE ${quoteRedshift(authorization.role)}`;
  }
  const { accessKeyId, secretAccessKey, sessionToken } = authorization.keys;
  const secret = (text: string) => (hidden ? HIDDEN : quoteRedshift(text));
  const token = sessionToken === undefined ? '' : ` SESSION_TOKEN ${secret(sessionToken)}`;
  return `ACCESS_KEY_ID ${quoteRedshift(accessKeyId)} SECRET_ACCESS_KEY ${secret(secretAccessKey)}${token}`;
}

function statement(parts: readonly (string | Authorization)[]): Statement {
  const joined = (hidden: boolean) =>
    parts.map(part => (typeof part === 'string' ? part : clauseOf(part, hidden))).join(' ');
  return { text: joined(false), shown: joined(true) };
}

function formatOf({ dialect, compression }: Job): string {
  const { delimiter, nullText } = dialect;
  const gzip = compression === 'gzip' ? ' GZIP' : '';
  return `FORMAT AS CSV DELIMITER AS ${quoteRedshift(delimiter)} NULL AS ${quoteRedshift(nullText)}${gzip}`;
}

/**
 * REGION is needed where the bucket is in another region than the cluster, and harmless elsewhere ("COPY from Amazon
 * S3").
 */
const regionOf = ({ connection }: Job) => `REGION AS ${quoteRedshift(connection.region)}`;

export interface Copy {
  /** As SQL names it. */
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  /** URL of the manifest. */
  readonly manifest: string;
  readonly authorization: Authorization;
}

/** `COPY … FROM 's3://…/manifest' … MANIFEST …`. Objects that S3 encrypts need no option to be read. */
export function copyStatement(
  job: Job,
  { copyOptions = [] }: WarehouseSettings,
  { table, columns, manifest, authorization }: Copy,
): Statement {
  const named = columns ? ` (${columns.map(quoteName).join(', ')})` : '';
  return statement([
    `COPY ${table}${named} FROM ${quoteRedshift(manifest)}`,
    authorization,
    `MANIFEST ${formatOf(job)} ${regionOf(job)}`,
    ...copyOptions,
  ]);
}

export interface Unload {
  readonly select: string;
  /** URL that the objects' names begin with. */
  readonly to: string;
  readonly authorization: Authorization;
}

/** `UNLOAD ('…') TO 's3://…' … MANIFEST VERBOSE …`. In one stream where the SELECT asks for an order, else in many. */
export function unloadStatement(job: Job, { select, to, authorization }: Unload): Statement {
  const { encryption } = job.connection;
  const key =
    encryption?.type === 'sse-kms' ? [`KMS_KEY_ID ${quoteRedshift(encryption.key!)} ENCRYPTED`] : [];
  const parallel = /\border\s+by\b/i.test(select) ? 'OFF' : 'ON';
  return statement([
    `UNLOAD (${quoteRedshift(select)}) TO ${quoteRedshift(to)}`,
    authorization,
    `MANIFEST VERBOSE ${formatOf(job)} PARALLEL ${parallel} MAXFILESIZE AS ${LARGEST_FILE} MB`,
    ...key,
    regionOf(job),
  ]);
}

/** MB: a staged object is in memory when it is read back. The least that UNLOAD takes is 5. */
const LARGEST_FILE = 16;
