/** Reads recorded events: files, directories, prefixes of buckets. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { readerOf } from '../core/event-lines.js';
import { objectsOf } from './record-splitter.js';

export interface EventSources {
  /** Paths of files and directories, `s3://bucket/prefix`, `-` for standard input. */
  readonly sources: readonly string[];
  /** Made where a source is in a bucket. */
  readonly s3?: (() => S3Client) | undefined;
  /** Called for a file that cannot be read: the others are read. Default: throws. */
  readonly failed?: ((file: string, problem: string) => void) | undefined;
  /** Called for each file that was read. */
  readonly read?: ((file: string) => void) | undefined;
}

/** Of what a directory or a prefix holds, files that may have events; not CloudTrail's digests. */
const EVENTS = /\.(?:json|jsonl|ndjson|log)(?:\.gz)?$|\.lines$/;
const NO_EVENTS = /(?:^|\/)(?:CloudTrail-Digest|CloudTrail-Insight)\//;

/** Objects of a bucket that are asked for ahead. */
const AHEAD = 4;

/**
 * The records of all sources, in the order of the files' names, those that came together together. Memory is bounded by
 * the largest record and four open objects, or by a server's own file of lines (8 MiB). Throws `Error` for a source
 * that is not there.
 */
export async function* readEvents(options: EventSources): AsyncGenerator<object[]> {
  for (const source of options.sources) {
    const files = source.startsWith('s3://') ? objectsUnder(source, options) : filesOf(source);
    for await (const { name, open } of files) {
      try {
        if (name.endsWith('.lines')) yield eventsIn(await text(await open()));
        else yield* objectsOf(await unzipped(await open()));
        options.read?.(name);
      } catch (error) {
        if (!options.failed) throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
        options.failed(name, (error as Error).message);
      }
    }
  }
}

interface EventFile {
  readonly name: string;
  open(): Promise<Readable>;
}

async function* filesOf(path: string): AsyncGenerator<EventFile> {
  if (path === '-') {
    yield { name: 'standard input', open: async () => process.stdin };
    return;
  }
  if (!(await stat(path)).isDirectory()) {
    yield { name: path, open: async () => createReadStream(path, { highWaterMark: 1024 * 1024 }) };
    return;
  }
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (NO_EVENTS.test(`${inner}/`) || entry.name.startsWith('.')) continue;
    if (entry.isDirectory() || (entry.isFile() && EVENTS.test(entry.name))) yield* filesOf(inner);
  }
}

async function* objectsUnder(source: string, { s3 }: EventSources): AsyncGenerator<EventFile> {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(source) ?? [];
  if (bucket === '' || !s3) throw new Error(`"${source}" is no s3://bucket/prefix`);
  const client = s3();
  const opened: EventFile[] = [];
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
  for await (const { Contents = [] } of pages) {
    for (const { Key = '' } of Contents) {
      if (NO_EVENTS.test(Key) || !(EVENTS.test(Key) || Key === prefix)) continue;
      const body = client
        .send(new GetObjectCommand({ Bucket: bucket, Key }))
        .then(({ Body }) => Body as unknown as Readable);
      // A failure is reported where the object is opened.
      body.catch(() => {});
      opened.push({ name: `s3://${bucket}/${Key}`, open: () => body });
      if (opened.length >= AHEAD) yield opened.shift() as EventFile;
    }
  }
  yield* opened;
}

/** What a server of ours has written down and not compressed yet. */
function eventsIn(lines: string): object[] {
  const reader = readerOf(lines);
  return lines.split('\n').flatMap(line => reader.event(line) ?? []);
}

/** Gzip is known by its first two bytes, whatever the name says. */
async function unzipped(stream: Readable): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = await chunks.next();
  if (first.done) return Readable.from([]);
  const whole = (async function* () {
    yield first.value;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  })();
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  return isGzip ? Readable.from(whole).compose(createGunzip()) : whole;
}
