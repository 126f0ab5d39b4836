import { randomUUID } from 'node:crypto';
import {
  type Authenticated,
  type Authorisation,
  authenticate,
  createAuthoriser,
  globalContext,
  type RequestFacts,
  readPostedObject,
  unsigned,
} from '../auth/index.js';
import type { Caller, CallerPolicies, CredentialSource } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest, RequestBody } from '../core/http-message.js';
import type { Logger } from '../core/log.js';
import type { BoundOperation, Call, Requirement } from '../core/operation.js';
import { s3RequestId } from '../core/random.js';
import type { AuditLog } from '../events/audit.js';
import type { Denials } from '../events/denials.js';
import type { RequestCounts } from '../events/request-counts.js';
import { denialMessage } from '../policy/index.js';
import type { Context } from '../policy/types.js';
import type { Recognised } from '../wire/types.js';
import {
  authorizationMessage,
  LONGEST_MESSAGE,
  MESSAGE_HEADER,
  messageOwner,
} from './authorization-message.js';
import { type Budgets, documentLimit, formLimit, HEAVY, timeFor } from './budgets.js';
import { answerPreflight, crossOriginHeaders } from './cross-origin.js';
import { postedTo, postReply, taggingHeader } from './post-object.js';
import { collect } from './receive.js';
import {
  announcedLength,
  type Connection,
  denialOf,
  isStranger,
  type Journey,
  noteOnBehalf,
  record,
} from './records.js';
import { demandSecrecy } from './secrecy.js';
import { recogniseService, type ServedService, type Services, strangersErrors } from './services.js';
import { isNameTooLong, storageFull } from './storage-errors.js';
import { storeUnavailable } from './store-unavailable.js';

export interface PipelineOptions {
  readonly services: Services;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly denials: Denials;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** Counts requests and decisions, for metrics. */
  readonly requests: RequestCounts;
  /** What a request may cost. */
  readonly budgets: Budgets;
  /** The region of requests that name none. */
  readonly defaultRegion: string;
  /** Seals the details of a denial for whoever of the account may decode them. */
  readonly sealMessage: (account: string, message: object) => string;
}

/** A reply and what to do once it has left. */
export interface Answer {
  readonly reply: HttpReply;
  /** Writes the request's one event. */
  finish(): void;
  /** The client has taken all of it, or has left. */
  gone(): void;
}

export type Pipeline = (request: HttpRequest, connection: Connection) => Promise<Answer>;

/** The way of every request: recognise, authenticate, decode, authorise, run, encode, record. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const authorise = createAuthoriser({ credentials: options.credentials });

  return async (request, connection) => {
    const journey: Journey = {
      request,
      connection,
      allowance: options.budgets.allowance(connection.sourceIp),
      arrived: options.clock.now(),
      announced: announcedLength(request),
      resources: [],
      refusals: [],
      owners: [],
      requestId: s3RequestId(),
    };
    options.requests.inFlight++;
    let reply: HttpReply;
    let error: ApiError | undefined;
    try {
      reply = await travel(journey);
      journey.allowance.answer(heldBy(reply), isStranger(journey));
    } catch (thrown) {
      error = asApiError(thrown, journey);
      reply = renderError(error, journey);
    } finally {
      journey.allowance.releaseBody();
    }
    await keepDenial(journey, error);
    const allowed = await crossOriginHeaders(journey.served, request, journey.bucket).catch(() => undefined);
    if (allowed) Object.assign(reply.headers, allowed);
    const answered = options.clock.now();
    // Clients set their clocks by it: it must be the time that signatures are held against.
    reply.headers['date'] = httpDate(answered);
    return {
      reply,
      finish: () => record(options, journey, reply, answered, error),
      gone: () => journey.allowance.releaseAnswer(),
    };
  };

  /** Putting together what policies refused takes long next to deciding it, so that it waits for its turn. */
  async function keepDenial(journey: Journey, error: ApiError | undefined): Promise<void> {
    const { refusals, connection } = journey;
    const { budgets, denials } = options;
    const { sourceIp } = connection;
    if (refusals.length === 0) {
      const denial = denialOf(journey, error);
      if (denial && budgets.keepsDenial(sourceIp)) budgets.keptDenial(sourceIp, denials.record(denial));
    } else if (budgets.keepsDenial(sourceIp)) {
      await budgets.work(sourceIp, () => {
        const denial = denialOf(journey, error);
        if (denial) budgets.keptDenial(sourceIp, denials.record(denial));
      });
    }
  }

  async function travel(journey: Journey): Promise<HttpReply> {
    const { request } = journey;
    const served = (journey.served = recogniseService(request, options.services));
    if (served.service.id !== 's3') journey.requestId = randomUUID();
    if (request.method === 'OPTIONS' && served.crossOrigin)
      return answerPreflight(served, request, journey.requestId);
    const form = postedTo(request, served);
    if (form !== undefined) return upload(journey, served, form);
    return served.collectsBody ? travelWhole(journey, served) : travelByHead(journey, served);
  }

  /** Of services whose operation stands in the body, which is read and signed whole. */
  async function travelWhole(journey: Journey, served: ServedService): Promise<HttpReply> {
    const { request } = journey;
    const limit = formLimit(saysSigned(request));
    const collected = await collectFor(journey, request.body, limit, () => tooLargeForm(limit));
    await turnFor(journey, collected);
    const recognised = served.wire.recognise(request, collected);
    const operation = operationOf(journey, served, recognised);
    const authenticated = await whoSends(request, served, collected);
    identified(journey, authenticated);
    const call = (journey.call = callOf(journey, authenticated));
    const input = recognised.operation.decode(request, recognised, collected) as never;
    await demandResolved(journey, operation, input, call);
    return reply(journey, recognised, await operation.run(journey.subject, input, call));
  }

  /** Of S3, whose head says the operation, what it is on, and who sends it: its body is read of those who may. */
  async function travelByHead(journey: Journey, served: ServedService): Promise<HttpReply> {
    const { request } = journey;
    const recognised = served.wire.recognise(request, undefined);
    const operation = operationOf(journey, served, recognised);
    const authenticated = await whoSends(request, served, undefined, recognised.hostBucket);
    identified(journey, authenticated);
    const { streamsInput, stepwise } = recognised.operation;
    if (streamsInput) return streamed(journey, operation, recognised, authenticated);
    const call = (journey.call = callOf(journey, authenticated));
    const input = stepwise!.head(request, recognised) as never;
    await demandResolved(journey, operation, input, call);
    const open = call.caller.principal.type === 'anonymous';
    if (!open) journey.allowance.known();
    const { bytes, nodes } = documentLimit(operation.name);
    const body = await collectFor(journey, authenticated.body, bytes, tooLargeDocument);
    await served.checkBody?.(operation.name, request, body, authenticated.body.trailers);
    await turnFor(journey, body);
    await stepwise!.body(input, body, nodes);
    const { subject } = journey;
    await demandAll(call, (await operation.requiresOfBody?.(subject, input, call)) ?? []);
    return reply(journey, recognised, await operation.run(subject, input, call));
  }

  /** The payload goes to the operation as it comes, once it is authorized. */
  async function streamed(
    journey: Journey,
    operation: BoundOperation,
    recognised: Recognised,
    authenticated: Authenticated,
  ): Promise<HttpReply> {
    const call = (journey.call = callOf(journey, authenticated));
    const input = recognised.operation.decode(journey.request, recognised, authenticated.body) as never;
    await demandResolved(journey, operation, input, call);
    return reply(journey, recognised, await operation.run(journey.subject, input, call));
  }

  function reply(
    { requestId, connection }: Journey,
    { operation }: Recognised,
    output: unknown,
  ): HttpReply | Promise<HttpReply> {
    const encode = () => operation.encode(output, requestId);
    return isLong(output) ? options.budgets.work(connection.sourceIp, encode) : encode();
  }

  function whoSends(
    request: HttpRequest,
    { service, anonymous }: ServedService,
    collected: Uint8Array | undefined,
    hostBucket?: string,
  ): Authenticated | Promise<Authenticated> {
    if (anonymous) return unsigned(request, service.id);
    return authenticate(request, {
      service: service.id,
      credentials: options.credentials,
      clock: options.clock,
      hostBucket,
      ...(collected && { collected }),
    });
  }

  /** What takes long to understand waits for its turn. */
  async function turnFor({ connection }: Journey, body: Uint8Array): Promise<void> {
    if (body.length > HEAVY) await options.budgets.turn(connection.sourceIp);
  }

  /** Reads a body that goes into memory, within its time and the budget. */
  async function collectFor(
    { request, connection, allowance }: Journey,
    body: RequestBody,
    limit: number,
    tooLarge: () => ApiError,
  ): Promise<Uint8Array> {
    request.body.expire?.(timeFor(Math.min(body.length ?? limit, limit), options.budgets.bodies));
    connection.expendable?.(true);
    try {
      return await collect(body, limit, tooLarge, allowance.take);
    } finally {
      connection.expendable?.(false);
    }
  }

  /** A browser's upload: its form says which object is put, and by whom. */
  async function upload(journey: Journey, served: ServedService, bucket: string): Promise<HttpReply> {
    const { credentials, clock } = options;
    const { request: asked, connection } = journey;
    asked.body.expire?.(options.budgets.bodies.time);
    connection.expendable?.(true);
    const posted = await readPostedObject(asked, {
      bucket,
      credentials,
      clock,
      tagging: taggingHeader,
    }).finally(() => {
      asked.body.expire?.(Number.POSITIVE_INFINITY);
      connection.expendable?.(false);
    });
    try {
      const { request, authenticated } = posted;
      journey.request = request;
      const recognised = served.wire.recognise(request, undefined);
      const operation = operationOf(journey, served, recognised);
      identified(journey, authenticated);
      const put = await streamed(journey, operation, recognised, authenticated);
      return postReply(posted, bucket, put);
    } finally {
      posted.close();
    }
  }

  function operationOf(journey: Journey, served: ServedService, recognised: Recognised): BoundOperation {
    const name = (journey.operation = recognised.operation.name);
    journey.bucket = recognised.bucket;
    journey.key = recognised.key;
    const operation = served.service.operations.get(name);
    if (!operation) throw served.notImplemented(name);
    return operation;
  }

  function identified(journey: Journey, { caller, region }: Authenticated): void {
    journey.caller = caller;
    journey.region = region || options.defaultRegion;
    const { served, operation, request, connection } = journey;
    journey.allowance.demandReader(isStranger(journey));
    demandSecrecy(served!.service.id, operation!, request, connection);
  }

  function callOf(journey: Journey, authenticated: Authenticated): Call {
    const { caller } = authenticated;
    const { connection, request, requestId, arrived } = journey;
    const region = journey.region!;
    // Most decisions read no condition key: what is known of the request is put together only for one that does.
    let known: Context | undefined;
    const context = () => (known ??= globalContext(request, authenticated, factsOf(journey, region)));
    let policies: Promise<CallerPolicies> | undefined;
    const check = (requirement: Requirement) => {
      if (requirement.caller !== undefined) {
        journey.caller = requirement.caller;
        const own = options.credentials.policiesOf(requirement.caller);
        return decide(journey, requirement.caller, requirement, context, own);
      }
      policies ??= options.credentials.policiesOf(caller);
      return decide(journey, caller, requirement, context, policies);
    };
    const { operation = '' } = journey;
    return {
      requestId,
      operation,
      action: `${journey.served!.service.id}:${operation}`,
      caller,
      time: arrived,
      clock: options.clock,
      region,
      signedRegion: authenticated.region,
      signatureVersion: authenticated.signatureVersion,
      sourceIp: connection.sourceIp,
      http: request,
      permits: async requirement => (await check(requirement)) === undefined,
      demand: async requirement => {
        const denied = await check(requirement);
        if (denied) throw denied;
      },
      note: made => noteOnBehalf(options, journey, made),
    };
  }

  /** The error of a denial, or nothing where the requirement is allowed. */
  async function decide(
    journey: Journey,
    caller: Caller,
    requirement: Requirement,
    context: () => Context,
    own: Promise<CallerPolicies>,
  ): Promise<ApiError | undefined> {
    journey.resources.push(requirement.resource);
    const authorisation = await authorise(caller, requirement, context, own);
    const { decision, request } = authorisation;
    options.requests.decided(journey.served!.service.id, decision.effect, decision.layer);
    const { resourceAccount: owner } = request;
    if (owner !== undefined && !journey.owners.includes(owner)) journey.owners.push(owner);
    if (decision.allowed) return undefined;
    // DeleteObjects may be refused a thousand keys: the first few tell the story.
    if (journey.refusals.length < 20) journey.refusals.push(authorisation);
    const shown = { ...request, resource: requirement.shownAs ?? request.resource };
    const denied = journey.served!.accessDenied(denialMessage(decision, shown), {
      anonymous: caller.principal.type === 'anonymous',
      foreign: caller.account?.id !== owner,
    });
    const { told: headers } = requirement;
    return (journey.denied = headers ? denied.with({ headers }) : denied);
  }

  function renderError(error: ApiError, journey: Journey): HttpReply {
    const encodeError =
      journey.served?.wire.encodeError ?? strangersErrors(journey.request, options.services);
    const reply = encodeError(error, {
      requestId: journey.requestId,
      path: journey.request.path,
      head: journey.request.method === 'HEAD',
    });
    const refusal = journey.refusals.at(-1);
    if (refusal === undefined || !error.code.startsWith('AccessDenied')) return reply;
    return { ...reply, headers: { ...reply.headers, ...messageHeader(refusal) } };
  }

  function messageHeader(refusal: Authorisation): Record<string, string> {
    const owner = messageOwner(refusal);
    const sealed = owner && options.sealMessage(owner, authorizationMessage(refusal));
    return sealed && sealed.length <= LONGEST_MESSAGE ? { [MESSAGE_HEADER]: sealed } : {};
  }

  function asApiError(thrown: unknown, journey: Journey): ApiError {
    if (thrown instanceof ApiError) return thrown;
    if (isNameTooLong(thrown) && journey.served) return journey.served.nameTooLong();
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    options.log.error('a request failed', {
      requestId: journey.requestId,
      operation: journey.operation,
      error: stack,
    });
    return (
      storageFull(thrown) ??
      storeUnavailable(thrown, journey.served?.service.id) ??
      new ApiError('InternalError', 500, 'We encountered an internal error. Please try again.', {
        cause: thrown,
      })
    );
  }
}

/** Entries of a list from which on writing it down takes as long as all else that a request does. */
const LONG_LIST = 50;

function isLong(output: unknown): boolean {
  for (const member of Object.values(output ?? {}))
    if (Array.isArray(member) && member.length > LONG_LIST) return true;
  return false;
}

/** Bytes that a reply holds until its client has taken them; one that streams holds next to none. */
function heldBy({ body }: HttpReply): number {
  return typeof body === 'string' || body instanceof Uint8Array ? Buffer.byteLength(body) : 0;
}

/** Finds out what the request is about, and that the caller may do it, as far as its head says. */
async function demandResolved(
  journey: Journey,
  operation: BoundOperation,
  input: never,
  call: Call,
): Promise<void> {
  const { requires, subject } = await operation.resolve(input, call);
  journey.subject = subject;
  await demandAll(call, requires);
}

async function demandAll(call: Call, requirements: readonly Requirement[]): Promise<void> {
  for (const requirement of requirements) await call.demand(requirement);
}

function factsOf({ served, connection, arrived }: Journey, region: string): RequestFacts {
  const { sourceIp, secure } = connection;
  const tlsVersion = served!.service.id === 's3' ? connection.tlsVersion : undefined;
  return { sourceIp, secure, tlsVersion, now: arrived, region };
}

function saysSigned({ headers, query }: HttpRequest): boolean {
  return headers.has('authorization') || query.includes('X-Amz-Signature=');
}

function tooLargeDocument(): ApiError {
  return new ApiError('MaxMessageLengthExceeded', 400, 'Your request was too big.');
}

function tooLargeForm(limit: number): ApiError {
  return new ApiError('RequestEntityTooLarge', 413, `The request body is larger than ${limit} bytes.`);
}

/** The last one made: replies of one second share it. */
let shown = { second: 0, text: '' };

/** Milliseconds since the epoch as the header `Date` has it. */
function httpDate(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== shown.second) shown = { second, text: new Date(second * 1000).toUTCString() };
  return shown.text;
}
