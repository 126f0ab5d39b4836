import { randomBytes } from 'node:crypto';
import { bodyOf, headerText } from '../../../core/http-message.js';
import type { Logger } from '../../../core/log.js';
import type { Ending } from '../../../core/operation.js';
import type { Cancel, Scheduler } from '../../../core/scheduler.js';
import { DAY_MS } from '../../../core/time.js';
import type { Bucket, LoggingSetting } from '../../../objects/index.js';
import { sourceName } from '../object/copy-source.js';
import { bucketSource, type ServicePorts, ServiceRefused, writeAsService } from '../service-writes.js';
import type { S3Subject } from '../target.js';
import { deletionLine, logLine, operationName } from './access-log-line.js';

/** Between writes of what has come together, milliseconds of the machine's time. */
const PERIOD = 2 * 60 * 1000;
/** Bytes of lines that are written at once. */
const FULL = 1024 * 1024;
/** Bytes that are kept while they cannot be written; what comes then is lost, and the server's log says so. */
const MOST = 16 * FULL;

const SERVICE = 'logging.s3.amazonaws.com';

/** What a line says of a request beside how it ended. */
interface Line extends Pick<S3Subject, 'deletions' | 'version'> {
  readonly operation: string;
}

/** Lines that go into one object. */
interface Batch {
  readonly source: Bucket;
  readonly setting: LoggingSetting;
  /** When the first of the requests arrived, milliseconds since the epoch. */
  readonly time: number;
  lines: string[];
  bytes: number;
}

/**
 * Server access logs: a line for each request to a bucket that has logging, written as objects into its target every
 * two minutes, and at once where a megabyte has come together. As AWS's they are kept as well as can be and no better:
 * a server that is killed loses what it has not written yet, one that is stopped loses nothing.
 */
export class AccessLog {
  readonly #ports: ServicePorts;
  readonly #log: Logger;
  readonly #batches = new Map<string, Batch>();
  readonly #cancel: Cancel;
  /** Lines that are being put together. */
  readonly #noting = new Set<Promise<void>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: ServicePorts, log: Logger, scheduler: Scheduler) {
    this.#ports = ports;
    this.#log = log;
    this.#cancel = scheduler.every(PERIOD, () => void this.flush());
  }

  /**
   * Takes note of a request, if it was to a bucket that is logged. `subject`: what it was about; absent where it was
   * refused before that was known. `origin`: `REST` or `WEBSITE`.
   */
  note(ending: Ending, subject: S3Subject | undefined, origin: string): void {
    const { bucket, source, deletions, version } = subject ?? {};
    const operation = operationName(ending, origin);
    if (!bucket) {
      if (ending.bucket !== undefined) this.#track(this.#noteUnknown(ending, ending.bucket, operation));
      return;
    }
    // Most buckets are not logged, and cost no more than this.
    if (bucket.logging) this.#track(this.#add(ending, bucket, { operation, deletions, version }));
    // A copy reads from another bucket, which has a line of its own.
    if (source?.bucket.logging && source.bucket.id !== bucket.id) {
      this.#track(this.#add(sourceEnding(ending), source.bucket, { operation: `${operation}_GET` }));
    }
  }

  /** Writes what has come together. Resolves once it is written, or has failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#noting);
    for (const [id, batch] of this.#batches) this.#write(id, batch);
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.flush();
  }

  #track(noting: Promise<void>): void {
    const noted = noting.catch(error => {
      this.#log.error('a request could not be logged', { error: String(error) });
    });
    this.#noting.add(noted);
    void noted.then(() => this.#noting.delete(noted));
  }

  async #noteUnknown(ending: Ending, name: string, operation: string): Promise<void> {
    const bucket = await this.#ports.objects.buckets.find(name);
    if (bucket?.logging) await this.#add(ending, bucket, { operation });
  }

  async #add(ending: Ending, bucket: Bucket, line: Line): Promise<void> {
    const { operation, deletions = [] } = line;
    const owner = (await this.#ports.ownerOf(bucket.owner))?.account.canonicalId ?? '-';
    const facts = { bucket, owner, operation, key: ending.key, ...objectFacts(ending, line) };
    const lines = [logLine(ending, facts), ...deletions.map(one => deletionLine(ending, facts, one))];
    this.#append(bucket, ending.arrived, lines);
  }

  #append(source: Bucket, time: number, lines: readonly string[]): void {
    const setting = source.logging!;
    const day = setting.format === 'EventTime' ? Math.floor(time / DAY_MS) : 0;
    const id = JSON.stringify([source.id, setting, day]);
    let batch = this.#batches.get(id);
    if (!batch) this.#batches.set(id, (batch = { source, setting, time, lines: [], bytes: 0 }));
    const full = batch.bytes >= FULL;
    if (batch.bytes >= MOST) return;
    for (const line of lines) {
      batch.lines.push(line);
      batch.bytes += line.length;
    }
    if (!full && batch.bytes >= FULL) this.#write(id, batch);
  }

  /** Writes behind the requests' backs, one object after the other. */
  #write(id: string, batch: Batch): void {
    this.#writing = this.#writing.then(async () => {
      const { lines, bytes } = batch;
      if (lines.length === 0) return;
      batch.lines = [];
      batch.bytes = 0;
      const failure = await this.#put(batch, lines).then(
        () => undefined,
        error => error,
      );
      if (failure === undefined || failure instanceof ServiceRefused) {
        if (batch.lines.length === 0) this.#batches.delete(id);
        if (!failure) return;
      } else {
        batch.lines = [...lines, ...batch.lines];
        batch.bytes += bytes;
      }
      const { name } = batch.source;
      this.#log.warn('an access log could not be written', { bucket: name, error: String(failure) });
    });
  }

  async #put({ source, setting, time }: Batch, lines: readonly string[]): Promise<void> {
    await writeAsService(
      {
        service: SERVICE,
        source: bucketSource(source),
        target: setting.target,
        owner: source.owner,
        key: keyOf(source, setting, time, this.#ports.objects.clock.now()),
        contentType: 'text/plain',
        body: bodyOf(Buffer.from(lines.join(''))),
        grants: setting.grants,
      },
      this.#ports,
    );
  }
}

/** What a copy reads, as the log of the bucket that it is in has it. */
function sourceEnding(ending: Ending): Ending {
  return {
    ...ending,
    key: sourceName(headerText(ending.request.headers.get('x-amz-copy-source') ?? '')).Key,
  };
}

/** The version that was asked for, and how large the object is. */
function objectFacts({ request, operation }: Ending, { version }: Line) {
  const versionId = /(?:^|&)versionId=([^&]*)/.exec(request.query)?.[1];
  if (operation === 'PutObject' || operation === 'UploadPart') {
    const length =
      request.headers.get('x-amz-decoded-content-length') ?? request.headers.get('content-length');
    return { versionId, objectSize: length === undefined ? request.body.length : Number(length) };
  }
  return { versionId, objectSize: version && !version.marker ? version.size : undefined };
}

/** The key of a log ("Log object key format", S3 User Guide). Times in milliseconds since the epoch. */
function keyOf({ owner, region, name }: Bucket, setting: LoggingSetting, time: number, now: number): string {
  const unique = randomBytes(8).toString('hex').toUpperCase();
  const stamp = (at: number) => new Date(at).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  const { prefix, format } = setting;
  if (format !== 'EventTime' && format !== 'DeliveryTime') return `${prefix}${stamp(now)}-${unique}`;
  // By the time of the events, the hours in the name are zeros: the log is of the whole day.
  const written = format === 'EventTime' ? `${stamp(time).slice(0, 10)}-00-00-00` : stamp(now);
  const [year, month, day] = written.split('-');
  return `${prefix}${owner}/${region}/${name}/${year}/${month}/${day}/${written}-${unique}`;
}
