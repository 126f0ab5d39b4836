/** Copying versions into the buckets that rules name, by the role that they name. */
import type { Logger } from '../../../core/log.js';
import type { Bucket, Pending, VersionRecord } from '../../../objects/index.js';
import { EndpointAway, type ReplicationEndpoint, type S3Ports } from '../ports.js';
import { bucketArn } from '../requirements.js';
import { type Copies, type Copying, NotCopied } from './copying.js';
import { LocalCopies } from './local-copies.js';
import { RemoteCopies } from './remote-copies.js';
import { assumeFor, type RolePorts } from './role-session.js';

/** Keys that are copied at once within the server, and to each other one. */
const AT_ONCE = 4;

/** A version that is to be copied. */
interface Found {
  readonly source: Bucket;
  readonly version: VersionRecord;
}

type Outcome = 'completed' | 'failed' | 'gone';

/** Lets some work at a time. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run(work: () => Promise<void>): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#running++;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/**
 * Makes the copies that wait. What a policy or a setting refuses has failed, and is not tried again, as on AWS; what
 * the server itself, or the other one, cannot do at present is tried again later.
 */
export class Replicator {
  /** How many copies came to what. */
  readonly outcomes = new Map<Outcome, number>();
  readonly #ports: S3Ports & RolePorts;
  readonly #log: Logger;
  readonly #local: LocalCopies;
  readonly #remote: RemoteCopies;
  /** Copies within the server do not wait for another one, nor those to two servers for each other. */
  readonly #turns = new Map<ReplicationEndpoint | undefined, Turns>();

  constructor(ports: S3Ports & RolePorts, log: Logger) {
    this.#ports = ports;
    this.#log = log;
    this.#local = new LocalCopies(ports);
    this.#remote = new RemoteCopies(ports);
  }

  /**
   * Copies what was announced, the versions of a key in their order. Answers what is done; behind one that failed for
   * now, its key's others wait, and behind another server that is away, all that is for it (`down`). `signal` ends it
   * early.
   */
  async deliver<M extends { readonly pending: Pending }>(
    messages: readonly M[],
    signal: AbortSignal,
  ): Promise<{ readonly taken: readonly M[]; readonly failure?: unknown; readonly down?: boolean }> {
    const bySubject = new Map<string, M[]>();
    for (const message of messages) {
      const { subject } = message.pending;
      const others = bySubject.get(subject);
      if (others) others.push(message);
      else bySubject.set(subject, [message]);
    }
    const taken: M[] = [];
    let failure: unknown;
    const away = new Set<ReplicationEndpoint | undefined>();
    const copyAll = async (ofKey: readonly M[], endpoint: ReplicationEndpoint | undefined) => {
      for (const message of ofKey) {
        if (signal.aborted || away.has(endpoint)) return;
        await this.#copy(message.pending, endpoint, signal);
        taken.push(message);
      }
    };
    await Promise.all(
      [...bySubject.values()].map(ofKey => {
        const endpoint = this.#endpointOf(ofKey[0]!.pending);
        return this.#turnsOf(endpoint)
          .run(() => copyAll(ofKey, endpoint))
          .catch(error => {
            failure ??= error;
            if (error instanceof EndpointAway) away.add(endpoint);
          });
      }),
    );
    return { taken, ...(failure !== undefined && { failure }), ...(away.size > 0 && { down: true }) };
  }

  /** Notes that copies have failed which were tried long enough. */
  async giveUp(all: readonly Pending[]): Promise<void> {
    for (const pending of all) {
      const found = await this.#find(pending);
      const reason = new NotCopied('Other', 'it was tried for as long as copies are tried');
      if (found) await this.#noteFailure(pending, found, reason);
    }
  }

  #endpointOf({ event, destination }: Pending): ReplicationEndpoint | undefined {
    return this.#ports.elsewhere?.(event.bucket.owner, destination);
  }

  #turnsOf(endpoint: ReplicationEndpoint | undefined): Turns {
    let turns = this.#turns.get(endpoint);
    if (!turns) this.#turns.set(endpoint, (turns = new Turns()));
    return turns;
  }

  async #find({ event, bucketId }: Pending): Promise<Found | undefined> {
    const { buckets, versions } = this.#ports.objects;
    const source = await buckets.find(event.bucket.name);
    if (source?.id !== bucketId || source.deleting) return undefined;
    const version = await versions.find(source, event.key, event.versionId ?? 'null');
    return version && { source, version };
  }

  /** Throws what is to be tried again. */
  async #copy(
    pending: Pending,
    endpoint: ReplicationEndpoint | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#find(pending);
    if (!found) return this.#count('gone');
    const { source, version } = found;
    const { event, destination: bucket } = pending;
    try {
      await this.#make(pending, found, endpoint, signal);
    } catch (error) {
      if (!(error instanceof NotCopied)) throw error;
      return this.#noteFailure(pending, found, error);
    }
    if (!version.marker && version.replication !== 'REPLICA') {
      const target = { bucket, outcome: 'COMPLETED' } as const;
      await this.#ports.objects.versions.noteCopy(source, event.key, version, target);
    }
    this.#count('completed');
  }

  /** Throws `NotCopied`, and what is to be tried again. */
  async #make(
    { event, destination }: Pending,
    { source, version }: Found,
    endpoint: ReplicationEndpoint | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const rule = source.replication?.rules.find(
      ({ id, status, destination: { bucket } }) =>
        id === event.ruleId && status === 'Enabled' && bucket === destination,
    );
    if (!rule) throw new NotCopied('SrcBucketReplicationConfigMissing', 'no rule copies it any more');
    const { role } = source.replication!;
    const caller = await assumeFor(source, role, this.#ports);
    if (!caller) {
      const why = `${role} is no role of account ${source.owner}, or its trust policy does not let s3.amazonaws.com assume it`;
      throw new NotCopied('AssumeRoleNotPermitted', why);
    }
    if (endpoint) {
      const isNew = event.event.startsWith('ObjectCreated');
      const copying = this.#remote.prepare(source, event.key, rule, caller, { endpoint, isNew });
      return copyBy(this.#remote, copying, version, signal);
    }
    const copying = await this.#local.prepare(source, event.key, rule, caller);
    return copyBy(this.#local, copying, version, signal);
  }

  async #noteFailure(
    { event, destination }: Pending,
    { source, version }: Found,
    { reason, message }: NotCopied,
  ): Promise<void> {
    this.#count('failed');
    const shown = { bucket: source.name, key: event.key, version: version.id, destination };
    this.#log.warn('an object was not copied', { ...shown, reason, error: message });
    if (version.marker) return;
    const rule = source.replication?.rules.find(({ id }) => id === event.ruleId);
    // Without metrics there are no events ("Receiving replication failure events", S3 User Guide).
    const tells = rule?.destination.metrics?.status === 'Enabled';
    const failed = {
      ruleId: event.ruleId ?? '',
      destination: bucketArn({ ...source, name: destination }),
      asked: event.time,
      reason,
    };
    const target = { bucket: destination, outcome: 'FAILED' } as const;
    const { versions } = this.#ports.objects;
    await versions.noteCopy(source, event.key, version, target, tells ? { replication: failed } : undefined);
  }

  #count(outcome: Outcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

function copyBy<C extends Copying>(
  copies: Copies<C>,
  copying: C,
  version: VersionRecord,
  signal: AbortSignal,
): Promise<void> {
  return version.marker ? copies.marker(copying, version, signal) : copies.object(copying, version, signal);
}
