/**
 * Other servers that hold buckets which copies go to. The operator declares them: no address comes from who sets the
 * rules of a bucket.
 */
import type { Clock } from '../core/clock.js';
import type { ReplicaAnswer, ReplicaMessage, ReplicationEndpoint } from '../services/s3/index.js';
import { type DeclaredEndpoint, declaredEndpoint } from './declared-endpoint.js';

/** How often the other servers have answered, and how often they could not be reached, by their URLs. */
export class EndpointCounts {
  readonly answered = new Map<string, number>();
  readonly away = new Map<string, number>();

  add(what: 'answered' | 'away', endpoint: string): void {
    this[what].set(endpoint, (this[what].get(endpoint) ?? 0) + 1);
  }
}

/** The declared servers, as S3 asks for them. */
export class ReplicationEndpoints {
  readonly counts = new EndpointCounts();
  readonly #all: readonly Endpoint[];

  constructor(declared: Readonly<Record<string, string>>, clock: Clock) {
    this.#all = Object.entries(declared).map(
      ([buckets, place]) => new Endpoint(declaredEndpoint(buckets, place), clock, this.counts),
    );
    for (const { name } of this.#all) {
      this.counts.answered.set(name, 0);
      this.counts.away.set(name, 0);
    }
  }

  /** The first that is declared for the bucket and the account whose copies go there. */
  find(account: string, bucket: string): ReplicationEndpoint | undefined {
    return this.#all.find(endpoint => endpoint.takes(account, bucket));
  }

  async close(): Promise<void> {
    for (const endpoint of this.#all) await endpoint.close();
  }
}

/** Loads what it takes to speak to the other server when something is first sent there. */
class Endpoint implements ReplicationEndpoint {
  readonly name: string;
  readonly #declared: DeclaredEndpoint;
  readonly #clock: Clock;
  readonly #counts: EndpointCounts;
  #client: Promise<import('./replication-client.js').ReplicationClient> | undefined;

  constructor(declared: DeclaredEndpoint, clock: Clock, counts: EndpointCounts) {
    this.name = declared.url;
    this.#declared = declared;
    this.#clock = clock;
    this.#counts = counts;
  }

  takes(account: string, bucket: string): boolean {
    const { accounts, buckets } = this.#declared;
    if (!accounts.includes(account) && !accounts.includes('*')) return false;
    return buckets.endsWith('*') ? bucket.startsWith(buckets.slice(0, -1)) : bucket === buckets;
  }

  async send(message: ReplicaMessage, signal: AbortSignal): Promise<ReplicaAnswer> {
    this.#client ??= import('./replication-client.js').then(
      ({ ReplicationClient }) => new ReplicationClient(this.#declared, this.#clock),
    );
    const client = await this.#client;
    try {
      const answer = await client.send(message, signal);
      this.#counts.add('answered', this.name);
      return answer;
    } catch (error) {
      if ((error as Error).name === 'EndpointAway') this.#counts.add('away', this.name);
      throw error;
    }
  }

  async close(): Promise<void> {
    (await this.#client)?.close();
  }
}
