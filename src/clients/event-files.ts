/** Events as files of CloudTrail's: `AWSLogs/ACCOUNT/CloudTrail/REGION/yyyy/mm/dd/….json.gz`. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CloudTrailFile, CloudTrailRecord } from '../core/cloudtrail.js';

/** Records of a file at most: CloudTrail's own stay below some megabytes. */
const MOST = 5000;

interface Batch {
  readonly folder: string;
  readonly account: string;
  readonly region: string;
  records: CloudTrailRecord[];
}

/** Puts records into files, each of an account, a region and a day. */
export class EventFiles {
  readonly #directory: string;
  readonly #batches = new Map<string, Batch>();
  /** Of files that were written. */
  readonly paths: string[] = [];
  records = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws what writing throws. */
  async add(record: CloudTrailRecord): Promise<void> {
    const { recipientAccountId: account = 'unknown', awsRegion: region, eventTime } = record;
    const folder = join('AWSLogs', account, 'CloudTrail', region, ...eventTime.slice(0, 10).split('-'));
    let batch = this.#batches.get(folder);
    if (!batch) this.#batches.set(folder, (batch = { folder, account, region, records: [] }));
    this.records++;
    if (batch.records.push(record) >= MOST) await this.#write(batch);
  }

  /** Writes what is left. Throws what writing throws. */
  async end(): Promise<void> {
    for (const batch of this.#batches.values()) await this.#write(batch);
  }

  async #write(batch: Batch): Promise<void> {
    const { folder, account, region, records } = batch;
    if (records.length === 0) return;
    batch.records = [];
    // CloudTrail's name has a time and 16 characters of its own; the same events have the same name here.
    const ids = records.map(({ eventID }) => eventID).join();
    const unique = createHash('sha256').update(ids).digest('base64').replace(/[+/=]/g, 'x').slice(0, 16);
    const time = records[0]!.eventTime.replace(/[-:]|:\d\dZ$/g, '').slice(0, 13);
    const path = join(folder, `${account}_CloudTrail_${region}_${time}Z_${unique}.json.gz`);
    await mkdir(dirname(join(this.#directory, path)), { recursive: true, mode: 0o700 });
    const file: CloudTrailFile = { Records: records };
    await writeFile(join(this.#directory, path), gzipSync(JSON.stringify(file)), {
      mode: 0o600,
    });
    this.paths.push(path);
  }
}
