/** Writing the inventories that are due: files of lines, and a manifest that names them, last. */

import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { bodyOf, type RequestBody } from '../../../core/http-message.js';
import type { Logger } from '../../../core/log.js';
import { DAY_MS, HOUR_MS } from '../../../core/time.js';
import { type Bucket, everyEntry, type Inventory, type StoredInventory } from '../../../objects/index.js';
import { bucketSource, md5Of, type ServicePorts, ServiceRefused, writeAsService } from '../service-writes.js';
import { type Listed, lineOf, schemaOf } from './inventory-fields.js';

const SERVICE = 's3.amazonaws.com';
/** How long a list that the destination's policy refuses is left alone, milliseconds. */
const REFUSED_FOR = HOUR_MS;
/** Lines of one file. */
const MOST_LINES = 1_000_000;
/** Lines that are compressed at once. */
const BLOCK = 1000;

/** One file of a list. */
interface ListFile {
  readonly key: string;
  /** Bytes, compressed. */
  readonly size: number;
  readonly MD5checksum: string;
}

/**
 * Writes the list of every inventory that is due: a daily one once a day (UTC), a weekly one on Sundays, and each one
 * when it is new. One process of those that share a store may do it.
 */
export class InventoryRuns {
  readonly #ports: ServicePorts;
  readonly #log: Logger;
  /** When a list was refused last, by its bucket and id: milliseconds since the epoch. */
  readonly #refused = new Map<string, number>();

  constructor(ports: ServicePorts, log: Logger) {
    this.#ports = ports;
    this.#log = log;
  }

  /** Once for each. What cannot be written is tried again by a later call. `signal` ends it between two pages. */
  async run(signal: AbortSignal): Promise<void> {
    const { inventories, clock } = this.#ports.objects;
    for (const stored of await inventories.all()) {
      if (signal.aborted) return;
      const now = clock.now();
      if (isDue(stored, now)) await this.#write(stored, now, signal);
    }
  }

  async #write(stored: StoredInventory, now: number, signal: AbortSignal): Promise<void> {
    const { buckets, inventories } = this.#ports.objects;
    const { bucket: name, bucketId, inventory } = stored;
    const id = `${bucketId}/${inventory.id}`;
    if (Math.abs(now - (this.#refused.get(id) ?? Number.NEGATIVE_INFINITY)) < REFUSED_FOR) return;
    const source = await buckets.find(name);
    if (source?.id !== bucketId || source.deleting) return;
    try {
      await writeList(source, inventory, now, this.#ports, signal);
      await inventories.finished(stored, now);
      this.#refused.delete(id);
    } catch (error) {
      if (signal.aborted) return;
      // Until somebody has changed the policy, asking again each time is no use.
      if (error instanceof ServiceRefused) this.#refused.set(id, now);
      const fields = { bucket: name, inventory: inventory.id, error: String(error) };
      this.#log.warn('an inventory could not be written', fields);
    }
  }
}

/** Whether a new day, or for a weekly list a new Sunday, has begun since the last one. Times in UTC. */
function isDue({ inventory, lastRun }: StoredInventory, now: number): boolean {
  if (!inventory.enabled) return false;
  if (lastRun === undefined) return true;
  return periodOf(inventory.frequency, now) > periodOf(inventory.frequency, lastRun);
}

function periodOf(frequency: Inventory['frequency'], time: number): number {
  const day = Math.floor(time / DAY_MS);
  // The first of January 1970 was a Thursday.
  return frequency === 'Daily' ? day : Math.floor((day + 4) / 7);
}

/** Throws `ServiceRefused`, what the engine throws, and where `signal` ends it. */
async function writeList(
  source: Bucket,
  inventory: Inventory,
  now: number,
  ports: ServicePorts,
  signal: AbortSignal,
): Promise<void> {
  const { destination, id } = inventory;
  const stamp = new Date(now).toISOString();
  const base = [...(destination.prefix ? [destination.prefix] : []), source.name, id].join('/');
  const put = (key: string, contentType: string, body: RequestBody) =>
    writeAsService(
      {
        service: SERVICE,
        source: bucketSource(source),
        target: destination.bucket,
        owner: destination.account,
        key: `${base}/${key}`,
        contentType,
        body,
        encrypted: destination.encrypted ? 'SSE-S3' : undefined,
      },
      ports,
    );
  const putText = (key: string, contentType: string, text: string) =>
    put(key, contentType, bodyOf(Buffer.from(text)));
  const schema = schemaOf(inventory.versions, inventory.fields);
  const files: ListFile[] = [];
  for await (const body of filesOf(blocksOf(source, inventory, schema, ports, signal))) {
    const name = `data/${randomUUID()}.csv.gz`;
    const { size, etag } = await put(name, 'application/x-gzip', body);
    files.push({ key: `${base}/${name}`, size, MD5checksum: etag });
  }
  const target = `arn:${source.partition}:s3:::${destination.bucket}`;
  const links = files.map(({ key }) => `s3://${destination.bucket}/${key}\n`).join('');
  await putText(`hive/dt=${stamp.slice(0, 16).replace(/[T:]/g, '-')}/symlink.txt`, 'text/plain', links);
  const manifest = JSON.stringify({
    sourceBucket: source.name,
    destinationBucket: target,
    version: '2016-11-30',
    creationTimestamp: String(now),
    fileFormat: 'CSV',
    fileSchema: schema.join(', '),
    files,
  });
  const folder = `${stamp.slice(0, 16).replace(':', '-')}Z`;
  await putText(`${folder}/manifest.json`, 'application/json', manifest);
  // Who waits for the checksum finds the rest.
  await putText(`${folder}/manifest.checksum`, 'text/plain', md5Of(manifest));
}

/** The lines of a list, some at a time. */
async function* blocksOf(
  bucket: Bucket,
  { versions, prefix }: Inventory,
  schema: readonly string[],
  { objects, ownerOf }: ServicePorts,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const owner = (await ownerOf(bucket.owner))?.account.canonicalId ?? '';
  let block = '';
  let lines = 0;
  for await (const listed of versions === 'All' ? allVersions() : currentVersions()) {
    block += lineOf(schema, { bucket, owner, ...listed });
    if (++lines % BLOCK !== 0) continue;
    signal.throwIfAborted();
    yield block;
    block = '';
  }
  if (block !== '') yield block;

  type Version = Pick<Listed, 'key' | 'version' | 'isLatest'>;
  async function* allVersions(): AsyncGenerator<Version> {
    const list = everyEntry(
      options => objects.listVersions(bucket, { ...options, prefix }),
      ({ version }) => version.id,
    );
    for await (const { key, item } of list) yield { key, ...item };
  }
  async function* currentVersions(): AsyncGenerator<Version> {
    const list = everyEntry(options => objects.listRecords(bucket, { ...options, prefix }));
    for await (const { key, item } of list) yield { key, version: item, isLatest: true };
  }
}

/** The same lines as compressed files; each must be read to its end before the next is asked for. */
async function* filesOf(blocks: AsyncGenerator<string>): AsyncGenerator<RequestBody> {
  let next = await blocks.next();
  async function* lines(): AsyncGenerator<string> {
    for (let count = 0; !next.done && count < MOST_LINES; count += BLOCK) {
      yield next.value;
      next = await blocks.next();
    }
  }
  while (!next.done) {
    yield {
      length: undefined,
      trailers: new Map(),
      [Symbol.asyncIterator]: () => compressed(lines()),
    };
  }
}

function compressed(lines: AsyncIterable<string>): AsyncIterator<Uint8Array> {
  const gzip = createGzip();
  // What goes wrong with the lines goes wrong with reading them.
  pipeline(lines, gzip, () => {});
  return gzip[Symbol.asyncIterator]();
}
