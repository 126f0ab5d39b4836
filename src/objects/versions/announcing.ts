/** What a change tells of: to whom a bucket's notifications go, and to the buckets that have copies of it. */
import { BY_S3, type Cause, type ObjectEvent, type RemovalName } from '../events/events.js';
import type { Outbox } from '../events/outbox.js';
import type { Bucket, DeleteMarker, ObjectRecord, VersionRecord } from '../records.js';
import { type ReplicationRule, rulesFor } from '../replication/rules.js';
import { type Change, type Current, newestOf, type Shown, shownId } from './change.js';
import { sequenceOf } from './version-id.js';

/** An object of another bucket without its content. */
export type Replica = Omit<ObjectRecord, 'content' | 'salt'>;

export class Announcing {
  readonly #outbox: Outbox;
  readonly #replications: Outbox;

  constructor(outbox: Outbox, replications: Outbox) {
    this.#outbox = outbox;
    this.#replications = replications;
  }

  /** After the commit of a change. */
  committed({ announced, copied }: Change): void {
    if (announced) this.#outbox.committed();
    if (copied) this.#replications.committed();
  }

  async tellOfMarker(
    bucket: Bucket,
    key: string,
    marker: DeleteMarker,
    { event, origin }: Cause<RemovalName>,
    change: Change,
  ): Promise<void> {
    const after = sequenceOf(marker.id) - 1;
    if (bucket.notifications) {
      const made = { key, etag: NO_BYTES_MD5, versionId: shownId(marker) };
      const announced = { ...made, event: `${event}:DeleteMarkerCreated`, origin } as const;
      await this.announce(bucket, change, announced, after);
    }
    if (event !== 'ObjectRemoved' || !bucket.replication) return;
    const rules = rulesFor(bucket.replication, key, { what: 'marked' });
    const copied = { event: 'ObjectRemoved:DeleteMarkerCreated', after } as const;
    await this.replicate(bucket, key, change, marker, rules, copied);
  }

  async tellOfRemoval(
    bucket: Bucket,
    change: Change,
    key: string,
    cause: Cause<RemovalName> | undefined,
    removed: Shown,
    current: Current,
  ): Promise<void> {
    if (!cause || !bucket.notifications) return;
    const event = `${cause.event}:Delete` as const;
    const announced = { key, event, origin: cause.origin, versionId: shownId(removed) };
    await this.announce(bucket, change, announced, newestOf(current));
  }

  /** Adds to a change what tells of it, after everything up to the sequence `previous`. */
  async announce(
    bucket: Bucket,
    change: Change,
    event: Omit<ObjectEvent, 'bucket' | 'time'>,
    previous: number,
  ): Promise<void> {
    const announcement = await this.#outbox.announce(bucket, event, previous);
    if (!announcement) return;
    change.checks.push(...announcement.checks);
    change.writes.push(...announcement.writes);
    change.announced = true;
  }

  /** Adds to a change what has a version copied, after everything up to the sequence `after`. */
  async replicate(
    bucket: Bucket,
    key: string,
    change: Change,
    version: Replica | DeleteMarker,
    rules: readonly ReplicationRule[],
    { event, after }: { readonly event: ObjectEvent['event']; readonly after: number },
  ): Promise<void> {
    if (rules.length === 0) return;
    const targets = rules.map(({ id, destination }) => ({ destination: destination.bucket, ruleId: id }));
    const waiting = { event, key, versionId: shownId(version), origin: BY_S3 };
    const { checks, writes } = await this.#replications.announceTo(bucket, waiting, targets, after);
    change.checks.push(...checks);
    change.writes.push(...writes);
    change.copied = true;
  }
}

/** Of a delete marker: it has no bytes. */
const NO_BYTES_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

export function replicaEvent(key: string, record: VersionRecord): Omit<ObjectEvent, 'bucket' | 'time'> {
  const versionId = shownId(record);
  if (record.marker) {
    return { event: 'ObjectRemoved:DeleteMarkerCreated', key, etag: NO_BYTES_MD5, versionId, origin: BY_S3 };
  }
  const { size, etag } = record;
  return { event: 'ObjectCreated:Put', key, size, etag, versionId, origin: BY_S3 };
}
