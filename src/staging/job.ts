/** Reads a job file: its form by the schema, then what only makes sense together. Every finding has its position. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import { SHORTEST_DURATION } from '../credentials/index.js';
import { StagingError } from './errors.js';
import { type Problem, partitionOfRegion, together } from './job-rules.js';
import { type JobFile, jobSchema, type WarehouseSettings } from './job-schema.js';

/** What is wrong with a job file, and where. */
export interface JobFinding {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** `connection.region`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** A job file with findings: its message has one line each, as compilers print them. */
export class JobFileError extends StagingError {
  constructor(
    file: string,
    readonly findings: readonly JobFinding[],
  ) {
    super(
      findings
        .map(
          ({ line, column, path, message }) => `${file}:${line}:${column}: ${path && `${path}: `}${message}`,
        )
        .join('\n'),
    );
  }
}

/** A job with its defaults filled in. */
export interface Job extends JobFile {
  readonly warehouse: WarehouseSettings;
  /** The directory that relative paths begin at. */
  readonly directory: string;
  readonly duration: number;
  readonly partition: string;
  /** Where everything of this job is in the bucket: `staging/orders/`. */
  readonly prefix: string;
  readonly dialect: { readonly delimiter: string; readonly header: boolean; readonly nullText: string };
  /** Bytes. */
  readonly partSize: number;
  readonly parallel: number;
  readonly compression: 'gzip' | 'none';
  /** Records that the table may refuse. */
  readonly maxErrors: number;
}

/** Throws `JobFileError`, and what reading the file throws. */
export async function openJob(path: string): Promise<Job> {
  return readJob(await readFile(path, 'utf8'), { file: path, directory: dirname(resolve(path)) });
}

/** Reads the text of a job file. `file` names it in messages. Throws `JobFileError`. */
export function readJob(text: string, { file = 'job', directory = process.cwd() } = {}): Job {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, path: readonly string[], message: string): JobFinding => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, path: path.join('.'), message };
  };
  const broken = document.errors.map(({ pos, message }) => at(pos[0], [], message));
  if (broken.length > 0) throw new JobFileError(file, broken);
  const content: unknown = document.toJS({ maxAliasCount: 0 });
  const validate = new Ajv({ allErrors: true }).compile<JobFile>(jobSchema);
  const problems: Problem[] = validate(content)
    ? [...together(content)]
    : (validate.errors ?? []).map(fromSchema);
  if (problems.length === 0) return withDefaults(content as JobFile, directory);
  const findings = problems.map(({ path, message }) => at(offsetOf(document, path), path, message));
  throw new JobFileError(
    file,
    findings.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

const SECRETS = /^(accessKey|secretKey|masterKey|url)$/;

function fromSchema({ instancePath, keyword, params, message = '' }: ErrorObject): Problem {
  const path = instancePath.split('/').slice(1);
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    return { path: [...path, name], message: 'there is no such property' };
  }
  if (keyword === 'required') return { path, message: `${String(params['missingProperty'])} is missing` };
  if (keyword === 'enum') {
    return { path, message: `must be one of ${(params['allowedValues'] as string[]).join(', ')}` };
  }
  if (keyword === 'type' && SECRETS.test(path.at(-1) ?? '')) {
    return {
      path,
      message: 'a secret is a reference, never text: {env: NAME}, {file: PATH} or {command: [PROGRAM]}',
    };
  }
  return { path, message };
}

/** Where the value at a path begins, its name where it has one; the nearest thing above it where it is missing. */
function offsetOf(document: Document.Parsed, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const above: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(above)) {
      const pair = above.items.find(({ key }) => String(key) === path[length - 1]);
      const key = pair?.key as { range?: readonly number[] } | undefined;
      if (key?.range) return key.range[0]!;
    }
  }
  return document.contents?.range?.[0] ?? 0;
}

/** Records that may be refused where there is a file for them. */
const MAX_ERRORS = 1000;

function withDefaults(file: JobFile, directory: string): Job {
  const { connection, format = {}, staging = {}, job } = file;
  return {
    ...file,
    warehouse: file.warehouse ?? { type: 'duckdb', path: `${job}.duckdb` },
    directory,
    duration: connection.temporaryCredentialDuration ?? SHORTEST_DURATION,
    partition: partitionOfRegion(connection.region),
    prefix: `${connection.prefix ?? 'staging/'}${job}/`,
    dialect: {
      delimiter: format.delimiter ?? ',',
      header: format.header ?? true,
      nullText: format.nullText ?? '',
    },
    partSize: (staging.partSize ?? 8) * 2 ** 20,
    parallel: staging.parallel ?? 4,
    compression: staging.compression ?? 'gzip',
    maxErrors: file.load?.errorFile === undefined ? 0 : (file.load.maxErrors ?? MAX_ERRORS),
  };
}
