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
  readonly endpoint?: string;
  readonly encryption?: { readonly type: 'none' | 'sse-s3' | 'sse-kms'; readonly key?: string };
}

export interface Warehouse {
  readonly type: 'postgres';
  readonly url: SecretReference;
}

export interface Load {
  readonly files: readonly string[];
  readonly table: string;
  readonly columns?: readonly string[];
  readonly mode?: 'append' | 'truncate' | 'upsert';
  readonly keys?: readonly string[];
  readonly preSql?: readonly string[];
  readonly postSql?: readonly string[];
}

export interface Unload {
  readonly table?: string;
  readonly query?: string;
  readonly file: string;
}

export interface JobFile {
  readonly job: string;
  readonly connection: Connection;
  readonly warehouse: Warehouse;
  readonly load?: Load;
  readonly unload?: Unload;
  readonly format?: { readonly delimiter?: string; readonly header?: boolean; readonly nullText?: string };
  readonly staging?: { readonly partSize?: number; readonly parallel?: number; readonly keep?: boolean };
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
    ['job', 'connection', 'warehouse'],
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
        endpoint: text('S3 and STS, where they are not AWS’s own.', { pattern: '^https?://' }),
        encryption: object('How staged objects are encrypted; default: as the bucket says.', ['type'], {
          type: { enum: ['none', 'sse-s3', 'sse-kms'] },
          key: text('ARN of the KMS key, for sse-kms.', {
            pattern: '^arn:aws[\\w-]*:kms:[a-z0-9-]+:\\d{12}:key/.+$',
          }),
        }),
      }),
      warehouse: object('Where the table is.', ['type', 'url'], {
        type: { enum: ['postgres'] },
        url: secret('postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full.'),
      }),
      load: object('Files into a table.', ['files', 'table'], {
        files: texts('CSV files, with .gz compressed; from the job file’s directory.', { minItems: 1 }),
        table: text('NAME or SCHEMA.NAME.'),
        columns: texts('The columns of the files; default: their header, or all of the table.', {
          minItems: 1,
        }),
        mode: { enum: ['append', 'truncate', 'upsert'], description: 'Default append.' },
        keys: texts('The columns that tell rows apart, for upsert.', { minItems: 1 }),
        ...sql,
      }),
      unload: object('A table or a query into a file.', ['file'], {
        table: text('NAME or SCHEMA.NAME.'),
        query: text('A SELECT.'),
        file: text('CSV, with .gz compressed; from the job file’s directory.'),
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
        keep: { type: 'boolean', description: 'Leaves the staged objects after success; default false.' },
      }),
    },
  ),
};
