/** The way of every request, as a list of steps; docs/architecture.md draws it, with the error of each step. */
import { Decisions } from '../auth/index.js';
import type { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import { s3RequestId } from '../core/random.js';
import type { Denials } from '../events/denials.js';
import type { RequestCounts } from '../events/request-counts.js';
import { crossOriginHeaders } from './cross-origin.js';
import { announcedLength, denialOf, record } from './records.js';
import { asApiError, renderError, type SealMessage } from './render-error.js';
import { type Connection, isStranger, type RequestState } from './state.js';
import {
  answerPreflight,
  decode,
  encode,
  identify,
  readDocument,
  readForm,
  readSignedBody,
  recogniseOperation,
  recogniseService,
  resolve,
  run,
  type Step,
  type StepPorts,
} from './steps.js';

const STEPS: readonly Step[] = [
  recogniseService,
  answerPreflight,
  readForm,
  readSignedBody,
  recogniseOperation,
  identify,
  decode,
  resolve,
  readDocument,
  run,
  encode,
];

interface PipelineOptions extends StepPorts {
  readonly denials: Denials;
  /** Counts requests and decisions, for metrics. */
  readonly requests: RequestCounts;
  readonly sealMessage: SealMessage;
  /** Runs the steps of a request; `about` is asked when they first look at something that is stored. */
  readonly readingAhead?: ReadingAhead | undefined;
}

/** What stored things a request may look at goes by. */
export interface RequestSubject {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  /** Of S3. */
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

export type ReadingAhead = <T>(about: () => RequestSubject, steps: () => Promise<T>) => Promise<T>;

/** A reply and what to do once it has left. */
export interface Answer {
  readonly reply: HttpReply;
  /** Writes the request's one event. */
  finish(): void;
  /** The client has taken all of it, or has left. */
  gone(): void;
}

export type Pipeline = (request: HttpRequest, connection: Connection) => Promise<Answer>;

export function createPipeline(options: PipelineOptions): Pipeline {
  return async (request, connection) => {
    const state: RequestState = {
      request,
      connection,
      allowance: options.budgets.allowance(connection.sourceIp),
      arrived: options.clock.now(),
      announced: announcedLength(request),
      requestId: s3RequestId(),
      decisions: new Decisions(({ effect, layer }) =>
        options.requests.decided(state.served!.service.id, effect, layer),
      ),
    };
    options.requests.inFlight++;
    const steps = () => answer(state, options);
    const { readingAhead } = options;
    const { reply, error } = await (readingAhead?.(() => subjectOf(state), steps) ?? steps());
    await keepDenial(state, error, options);
    const { served, recognised } = state;
    const allowed = await crossOriginHeaders(served, request, recognised?.bucket).catch(() => undefined);
    if (allowed) Object.assign(reply.headers, allowed);
    const answered = options.clock.now();
    // Clients set their clocks by it: it must be the time that signatures are held against.
    reply.headers['date'] = httpDate(answered);
    return {
      reply,
      finish: () => record(options, state, reply, answered, error),
      gone: () => state.allowance.releaseAnswer(),
    };
  };
}

/** Takes the steps until one answers. */
async function answer(
  state: RequestState,
  options: PipelineOptions,
): Promise<{ readonly reply: HttpReply; readonly error?: ApiError }> {
  try {
    for (const step of STEPS) {
      const taking = step(state, options);
      if (taking) await taking;
      if (state.reply) break;
    }
    const reply = state.reply!;
    state.allowance.answer(heldBy(reply), isStranger(state));
    return { reply };
  } catch (thrown) {
    const error = asApiError(thrown, state, options.log);
    return { reply: renderError(error, state, options), error };
  } finally {
    state.posted?.form.close();
    state.allowance.releaseBody();
  }
}

function subjectOf({ served, recognised }: RequestState): RequestSubject {
  return {
    service: served?.service.id,
    operation: recognised?.operation.name,
    bucket: recognised?.bucket,
    key: recognised?.key,
  };
}

/** Putting together what policies refused takes long next to deciding it, so that it waits for its turn. */
async function keepDenial(
  state: RequestState,
  error: ApiError | undefined,
  { budgets, denials }: PipelineOptions,
): Promise<void> {
  const { sourceIp } = state.connection;
  if (state.decisions.refusals.length === 0) {
    const denial = denialOf(state, error);
    if (denial && budgets.keepsDenial(sourceIp)) budgets.keptDenial(sourceIp, denials.record(denial));
  } else if (budgets.keepsDenial(sourceIp)) {
    await budgets.work(sourceIp, () => {
      const denial = denialOf(state, error);
      if (denial) budgets.keptDenial(sourceIp, denials.record(denial));
    });
  }
}

/** Bytes that a reply holds until its client has taken them; one that streams holds next to none. */
function heldBy({ body }: HttpReply): number {
  return typeof body === 'string' || body instanceof Uint8Array ? Buffer.byteLength(body) : 0;
}

/** The last one made: replies of one second share it. */
let shown = { second: 0, text: '' };

/** Milliseconds since the epoch as the header `Date` has it. */
function httpDate(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== shown.second) shown = { second, text: new Date(second * 1000).toUTCString() };
  return shown.text;
}
