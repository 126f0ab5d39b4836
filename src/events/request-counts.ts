/**
 * What has become of requests since the process started, by service and operation. Plain numbers: metrics read them.
 */
import { Histogram } from '../core/histogram.js';

/** Seconds. From a read that is at hand to the upload of a large part. */
const LATENCIES = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Different error codes that are counted by name, of one operation: codes come from tables, and are few. */
const MOST_CODES = 64;

/** What the label says where the request did not come so far that its service or operation was known. */
const UNKNOWN = 'unknown';

/** A request that has been answered. */
interface AnsweredRequest {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly status: number;
  /** Of the error that it was answered with. */
  readonly errorCode: string | undefined;
  /** From its arrival until the reply was ready, milliseconds. */
  readonly turnAround: number;
  /** Bytes of its body, and of the reply's. */
  readonly received: number;
  readonly sent: number;
}

/** Of one operation. */
class OperationCounts {
  /** By the first digit of the status. */
  readonly statuses = [0, 0, 0, 0, 0, 0];
  readonly errors = new Map<string, number>();
  readonly seconds = new Histogram(LATENCIES);
  received = 0;
  sent = 0;

  add({ status, errorCode, turnAround, received, sent }: AnsweredRequest): void {
    const digit = Math.trunc(status / 100);
    this.statuses[digit >= 1 && digit <= 5 ? digit : 0]!++;
    this.seconds.observe(turnAround / 1000);
    this.received += received;
    this.sent += sent;
    if (errorCode !== undefined) this.#failed(errorCode);
  }

  #failed(code: string): void {
    const name = this.errors.has(code) || this.errors.size < MOST_CODES ? code : 'other';
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}

export class RequestCounts {
  /** Requests that have arrived and whose reply has not left. */
  inFlight = 0;
  /** By service, then by operation. */
  readonly services = new Map<string, Map<string, OperationCounts>>();
  /** Decisions of policies: by service, then by effect and the layer that decided, with a blank between. */
  readonly decisions = new Map<string, Map<string, number>>();

  answered(request: AnsweredRequest): void {
    const { service = UNKNOWN, operation = UNKNOWN } = request;
    let operations = this.services.get(service);
    if (operations === undefined) this.services.set(service, (operations = new Map()));
    let counts = operations.get(operation);
    if (counts === undefined) operations.set(operation, (counts = new OperationCounts()));
    counts.add(request);
  }

  /** `effect`, `layer`: of the decision. */
  decided(service: string, effect: string, layer: string): void {
    let decisions = this.decisions.get(service);
    if (decisions === undefined) this.decisions.set(service, (decisions = new Map()));
    const name = `${effect} ${layer}`;
    decisions.set(name, (decisions.get(name) ?? 0) + 1);
  }
}
