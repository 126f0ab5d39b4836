/**
 * The load generator: a process of its own that keeps so many connections busy, each with one request at a time,
 * and prints what it counted as JSON. Reads a `LoadPlan` as JSON on standard input. Requests are sent as they are,
 * over bare sockets, so that it takes little of the processor from what it measures.
 */
import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { processorMilliseconds } from './processor-time.js';

export interface LoadPlan {
  readonly host: string;
  /** Connections are spread over them. */
  readonly ports: readonly number[];
  /** In base64; sent in turn. */
  readonly requests: readonly string[];
  /** Each is sent once, and all that are left count: `seconds` does not bound it. */
  readonly once?: boolean | undefined;
  readonly connections: number;
  /** Seconds before counting begins, and for which it lasts. */
  readonly warmUp: number;
  readonly seconds: number;
  /** Bytes that are sent behind each request, as its body. */
  readonly body?: number | undefined;
  /** The server's process: the processor time that it and its children take while requests are counted is measured. */
  readonly pid?: number | undefined;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Requests that were answered, those of the warm-up included. */
  readonly answered: number;
  /** Milliseconds from the request's first byte to the answer's last. */
  readonly median: number;
  readonly p99: number;
  /** Of the server, microseconds per request; only where its process is known. */
  readonly processor?: number;
}

const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

const plan = (await json(process.stdin)) as LoadPlan;
const requests = plan.requests.map(request => Buffer.from(request, 'base64'));
const body = Buffer.alloc(plan.body ?? 0, 'x');
/** Answers to HEAD state a length that does not come. */
const withoutBody = requests[0]!.toString('latin1', 0, 5) === 'HEAD ';
const latencies: number[] = [];
/** When the first answer after the warm-up came, and the last: a rate counts what came between them. */
let first = Number.NaN;
let last = Number.NaN;
let answered = 0;
let turn = 0;
let counting = false;
let ended = false;
/** Connections that found nothing left to send. */
let idle = 0;
/** Of the server, milliseconds, when counting began. */
let spentBefore = 0;

const connections = Array.from({ length: plan.connections }, (_, index) =>
  runConnection(plan.ports[index % plan.ports.length]!),
);
setTimeout(() => {
  counting = true;
  spentBefore = serverMilliseconds();
  if (!plan.once) setTimeout(finish, plan.seconds * 1000);
}, plan.warmUp * 1000);

function note(begun: number, ended: number): void {
  if (Number.isNaN(first)) first = ended;
  else latencies.push(ended - begun);
  last = ended;
}

function serverMilliseconds(): number {
  return plan.pid === undefined ? Number.NaN : processorMilliseconds(plan.pid);
}

function finish(): void {
  ended = true;
  const spent = serverMilliseconds() - spentBefore;
  for (const socket of connections) socket.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const result: LoadResult = {
    perSecond: (latencies.length * 1000) / (last - first),
    answered,
    median: at(0.5),
    p99: at(0.99),
    ...(plan.pid !== undefined && { processor: (spent * 1000) / (latencies.length + 1) }),
  };
  process.stdout.write(JSON.stringify(result));
}

function runConnection(port: number): Socket {
  const socket = connect(port, plan.host);
  socket.setNoDelay(true);
  let begun = 0;
  /** The answer's headers, as long as they are not all there. */
  let head: Buffer = Buffer.alloc(0);
  /** Bytes of the answer that have not come; `undefined` until its headers say how many. */
  let missing: number | undefined;
  /** The end of an answer that comes in chunks, of which no length is stated. */
  let tail: Buffer = Buffer.alloc(0);
  const send = (): void => {
    if (plan.once && turn === requests.length) {
      socket.removeAllListeners('close');
      socket.destroy();
      if (++idle === plan.connections) finish();
      return;
    }
    begun = performance.now();
    socket.write(requests[turn++ % requests.length]!);
    if (body.length > 0) socket.write(body);
  };
  socket.on('connect', send);
  socket.on('data', chunk => {
    if (missing === undefined) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const length = answerLength(head);
      if (length === 0) return;
      missing = length - head.length;
    } else missing -= chunk.length;
    if (missing > 0) {
      if (missing < Number.POSITIVE_INFINITY) return;
      tail = Buffer.concat([tail, chunk]).subarray(-LAST_CHUNK.length);
      if (!tail.equals(LAST_CHUNK)) return;
      tail = Buffer.alloc(0);
    }
    answered++;
    if (counting) note(begun, performance.now());
    head = Buffer.alloc(0);
    missing = undefined;
    if (!ended) send();
  });
  socket.on('error', fail);
  socket.on('close', () => ended || fail(new Error('the server closed a connection')));
  return socket;
}

/** Of headers and body; 0 where the headers are not all there, infinite for chunks. Only a 200 or a 204 will do. */
function answerLength(received: Buffer): number {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  if (withoutBody) return end + 4;
  const head = received.toString('latin1', 0, end).toLowerCase();
  const stated = /\r\ncontent-length: (\d+)/.exec(head);
  if (head.startsWith('http/1.1 204')) return end + 4;
  if (head.startsWith('http/1.1 200') && head.includes('\r\ntransfer-encoding: chunked')) {
    return Number.POSITIVE_INFINITY;
  }
  if (!head.startsWith('http/1.1 200') || stated === null) fail(new Error(received.toString()));
  return end + 4 + Number(stated![1]);
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
