/** The form of a job file: a JSON Schema for editors and for the reader, and the same as a type. */

/** Where a secret is: never the secret itself. Exactly one of the three. */
export interface SecretReference {
  /** The name of an environment variable. */
  readonly env?: string;
  /** A file whose content it is, without the last line break. */
  readonly file?: string;
  /** A program and its arguments, which prints it. No shell reads them. */
  readonly command?: readonly string[];
}

export interface Connection {
  readonly accessKey?: SecretReference;
  readonly secretKey?: SecretReference;
  readonly profile?: string;
  readonly s3IamRoleArn?: string;
  readonly useEc2Role?: boolean;
  readonly externalId?: string;
  /** Seconds. */
  readonly temporaryCredentialDuration?: number;
  readonly bucket: string;
  readonly prefix?: string;
  readonly region: string;
  readonly partition?: string;
  readonly endpoint?: string;
  readonly encryption?: Encryption;
}

export interface Encryption {
  readonly type: 'none' | 'sse-s3' | 'sse-kms' | 'client-side';
  readonly key?: string;
  readonly masterKey?: SecretReference;
}

export interface WarehouseSettings {
  readonly type: 'duckdb' | 'postgres' | 'redshift';
  /** Of DuckDB, and there only. */
  readonly path?: string;
  /** Of the others. */
  readonly url?: SecretReference;
  readonly iamRole?: string;
  readonly clusterRegion?: string;
  readonly copyOptions?: readonly string[];
  readonly copyRate?: number;
}

export interface Load {
  readonly files?: readonly string[];
  readonly from?: LoadFrom;
  readonly table: string;
  readonly columns?: readonly string[];
  readonly mode?: 'append' | 'truncate' | 'upsert';
  readonly keys?: readonly string[];
  readonly preSql?: readonly string[];
  readonly postSql?: readonly string[];
  readonly errorFile?: string;
  readonly maxErrors?: number;
}

export interface LoadFrom {
  readonly warehouse: WarehouseSettings;
  readonly table?: string;
  readonly query?: string;
}

export interface Unload {
  readonly table?: string;
  readonly query?: string;
  readonly file: string;
}

export interface Staging {
  /** MiB. */
  readonly partSize?: number;
  readonly parallel?: number;
  readonly compression?: 'gzip' | 'none';
  readonly overlap?: boolean;
  readonly keep?: boolean;
}

export interface JobFile {
  readonly job: string;
  readonly connection: Connection;
  readonly warehouse?: WarehouseSettings;
  readonly load?: Load;
  readonly unload?: Unload;
  readonly format?: { readonly delimiter?: string; readonly header?: boolean; readonly nullText?: string };
  readonly staging?: Staging;
}

const text = (description: string, more: object = {}) => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
});
const texts = (description: string, more: object = {}) => ({
  type: 'array',
  items: { type: 'string', minLength: 1 },
  description,
  ...more,
});
const object = (description: string, required: readonly string[], properties: object) => ({
  type: 'object',
  additionalProperties: false,
  description,
  required,
  properties,
});
const secret = (description: string) => ({
  ...object(`${description} A reference, never the secret itself.`, [], {
    env: text('The name of an environment variable.'),
    file: text('A file whose content it is.'),
    command: texts('A program and its arguments, which prints it.', { minItems: 1 }),
  }),
  minProperties: 1,
  maxProperties: 1,
});
/** What COPY takes beside what the job says itself ("Data conversion parameters" and "Data load operations", RSDG). */
const COPY_OPTION = [
  'ACCEPTANYDATE|BLANKSASNULL|EMPTYASNULL|EXPLICIT_IDS|FILLRECORD|IGNOREBLANKLINES|ROUNDEC|TRIMBLANKS|TRUNCATECOLUMNS',
  "ACCEPTINVCHARS( AS '[^'\\\\]')?",
  "(DATEFORMAT|TIMEFORMAT) AS '[^'\\\\]+'",
  '(COMPUPDATE|STATUPDATE) (ON|OFF)|COMPUPDATE PRESET|COMPROWS \\d+',
].join('|');
const warehouse = (description: string) =>
  object(description, ['type'], {
    type: { enum: ['duckdb', 'postgres', 'redshift'] },
    path: text('The file of DuckDB, made where it is missing; from the job file’s directory.'),
    url: secret('postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full.'),
    iamRole: text('The role of the Redshift cluster, or a chain of roles separated by commas, or default.', {
      pattern:
        '^(default|arn:aws[\\w-]*:iam::\\d{12}:role/[^,\\s]+(,arn:aws[\\w-]*:iam::\\d{12}:role/[^,\\s]+)*)$',
    }),
    clusterRegion: text('The region of the Redshift cluster; default: that of the bucket.', {
      pattern: '^[a-z0-9-]+$',
    }),
    copyOptions: texts('Further options of Redshift’s COPY: TRUNCATECOLUMNS.', {
      items: { type: 'string', pattern: `^(${COPY_OPTION})$` },
    }),
    copyRate: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'MiB of rows that Redshift loads in a second at least; default 10.',
    },
  });
const sql = {
  preSql: texts('Statements before the rows, in their transaction.'),
  postSql: texts('Statements after the rows, in their transaction.'),
};

/** JSON Schema (draft 7) of a job file, as `karikagi staging schema` prints it. */
export const jobSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A staging job of Karikagi',
  ...object(
    'Loads files into a warehouse, or unloads a query from one, by way of S3.',
    ['job', 'connection'],
    {
      job: text('Its name, also under the prefix in S3.', { pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
      connection: object('Who works on which bucket.', ['bucket', 'region'], {
        accessKey: secret('Access key id of a user.'),
        secretKey: secret('Secret access key of a user.'),
        profile: text('A profile of ~/.aws, where no keys are given.'),
        s3IamRoleArn: text('The role that works on the bucket.', {
          pattern: '^arn:aws[\\w-]*:iam::\\d{12}:role/.+$',
        }),
        useEc2Role: { type: 'boolean', description: 'The role of this EC2 instance assumes s3IamRoleArn.' },
        externalId: text("What the role's trust policy asks for.", { pattern: '^[\\w+=,.@:\\/-]{2,1224}$' }),
        temporaryCredentialDuration: {
          type: 'integer',
          minimum: 900,
          maximum: 43200,
          description: 'Seconds that each session lasts; default 900. Sessions are renewed.',
        },
        bucket: text('The staging bucket.', { pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
        prefix: text('What the keys of staged objects begin with; default staging/.', {
          pattern: '^[\\w!.()-]+(/[\\w!.()-]+)*/$',
        }),
        region: text('The region of the bucket.', { pattern: '^[a-z0-9-]+$' }),
        partition: { enum: ['aws', 'aws-cn', 'aws-us-gov'], description: 'Default: that of the region.' },
        endpoint: text('S3 and STS, where they are not AWS’s own.', { pattern: '^https?://' }),
        encryption: object('How staged objects are encrypted; default: as the bucket says.', ['type'], {
          type: { enum: ['none', 'sse-s3', 'sse-kms', 'client-side'] },
          key: text('ARN of the KMS key, for sse-kms.', {
            pattern: '^arn:aws[\\w-]*:kms:[a-z0-9-]+:\\d{12}:key/.+$',
          }),
          masterKey: secret('256 bits in Base64, for client-side.'),
        }),
      }),
      warehouse: warehouse('Where the table is; default: DuckDB in the file JOB.duckdb.'),
      load: object('Files, or the rows of another warehouse, into a table.', ['table'], {
        files: texts('CSV files, with .gz compressed, or Parquet; from the job file’s directory.', {
          minItems: 1,
        }),
        from: object('A table or a query in the place of files.', ['warehouse'], {
          warehouse: warehouse('Where the rows are.'),
          table: text('NAME or SCHEMA.NAME.'),
          query: text('A SELECT.'),
        }),
        table: text('NAME or SCHEMA.NAME.'),
        columns: texts('The columns of the files; default: their header, or all of the table.', {
          minItems: 1,
        }),
        mode: { enum: ['append', 'truncate', 'upsert'], description: 'Default append.' },
        keys: texts('The columns that tell rows apart, for upsert.', { minItems: 1 }),
        ...sql,
        errorFile: text('Records that the table refuses go there, and the others are loaded.'),
        maxErrors: {
          type: 'integer',
          minimum: 1,
          maximum: 100_000,
          description: 'Records that may be refused, with errorFile; default 1000.',
        },
      }),
      unload: object('A table or a query into a file.', ['file'], {
        table: text('NAME or SCHEMA.NAME.'),
        query: text('A SELECT.'),
        file: text('CSV, with .gz compressed, or Parquet; from the job file’s directory.'),
      }),
      format: object('The dialect: RFC 4180 in UTF-8, quotes doubled inside quotes.', [], {
        delimiter: text('One character; default a comma.', {
          pattern: '^[\\t\\x20\\x21\\x23-\\x2d\\x2f\\x3a-\\x40\\x5e-\\x60\\x7c-\\x7e]$',
        }),
        header: { type: 'boolean', description: 'Whether each file begins with the names; default true.' },
        nullText: {
          type: 'string',
          pattern: '^[^\\r\\n"]*$',
          description: 'Unquoted, this is NULL; default empty.',
        },
      }),
      staging: object('How the rows travel.', [], {
        partSize: {
          type: 'integer',
          minimum: 1,
          maximum: 64,
          description: 'MiB of rows in one object before compression; default 8.',
        },
        parallel: { type: 'integer', minimum: 1, maximum: 16, description: 'Objects at once; default 4.' },
        compression: {
          enum: ['gzip', 'none'],
          description:
            'Of staged objects; default gzip. Without it a fast network carries them with less work.',
        },
        overlap: {
          type: 'boolean',
          description:
            'Whether parts land while others are staged, so that the transaction is open meanwhile; default true, but for mode truncate, which locks readers out.',
        },
        keep: { type: 'boolean', description: 'Leaves the staged objects after success; default false.' },
      }),
    },
  ),
};
