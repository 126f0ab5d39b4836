/** The steps of a request's way, in order: each reads what those before it found out, and adds its own. */

import { authenticate, createCall, readPostedObject, unsigned } from '../auth/index.js';
import type { CredentialSource } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest, RequestBody } from '../core/http-message.js';
import { LazyList } from '../core/lazy-list.js';
import type { Requirement } from '../core/operation.js';
import { type Budgets, documentLimit, formLimit, HEAVY, timeFor } from './budgets.js';
import { answerPreflight as preflight } from './cross-origin.js';
import { httpErrors } from './errors.js';
import { postedTo, postReply, taggingHeader } from './post-object.js';
import { collect } from './receive.js';
import { noteOnBehalf, type Recorders } from './records.js';
import { demandSecrecy } from './secrecy.js';
import { type Services, recogniseService as serviceOf } from './services.js';
import { isStranger, type RequestState } from './state.js';

/** What the steps need of the server. */
export interface StepPorts extends Recorders {
  readonly services: Services;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** What a request may cost. */
  readonly budgets: Budgets;
}

/** One step. A state with a `reply` is answered, and goes no further. */
export type Step = (state: RequestState, ports: StepPorts) => void | Promise<void>;

/** Which service it is for. Throws `UnknownService`. */
export const recogniseService: Step = (state, { services }) => {
  const served = (state.served = serviceOf(state.request, services));
  state.requestId = served.traits.requestId();
};

/** Whether a page of another origin may send what it is about to. Throws what the service's rules say. */
export const answerPreflight: Step = async state => {
  const { request, requestId, served } = state;
  if (request.method !== 'OPTIONS' || !served!.crossOrigin) return;
  state.reply = await preflight(served!, request, requestId);
};

/**
 * A browser's upload: its form says which object is put, and by whom. Throws what S3 answers to a form that is wrong.
 */
export const readForm: Step = async (state, { budgets, credentials, clock }) => {
  const { request, connection, served } = state;
  const bucket = postedTo(request, served!);
  if (bucket === undefined) return;
  request.body.expire?.(budgets.bodies.time);
  connection.expendable?.(true);
  try {
    const form = await readPostedObject(request, {
      service: served!.traits,
      bucket,
      credentials,
      clock,
      tagging: taggingHeader,
    });
    state.posted = { form, bucket };
    state.request = form.request;
  } finally {
    request.body.expire?.(Number.POSITIVE_INFINITY);
    connection.expendable?.(false);
  }
};

/** Of services whose operation stands in the body, which is read and signed whole. Throws `RequestEntityTooLarge`. */
export const readSignedBody: Step = async (state, ports) => {
  if (!state.served!.traits.collectsBody) return;
  const limit = formLimit(saysSigned(state.request));
  state.collected = await collectFor(state, ports, state.request.body, limit, () =>
    httpErrors.RequestEntityTooLarge(limit),
  );
  await turnFor(state, ports, state.collected);
};

/** Which operation, and what it is on. Throws the service's error for one that AWS has and this server has not. */
export const recogniseOperation: Step = state => {
  const { request, served, collected } = state;
  state.recognised = served!.wire.recognise(request, collected);
  const { name } = state.recognised.operation;
  const operation = served!.service.operations.get(name);
  if (!operation) throw served!.traits.errors.notImplemented(name);
  state.operation = operation;
};

/** Who sends it. Throws the service's errors of signatures and credentials, and of secrets that came without TLS. */
export const identify: Step = async (state, { credentials, clock, defaultRegion }) => {
  const { request, connection, served, recognised, collected, posted } = state;
  const { traits: service, anonymous } = served!;
  if (posted) state.authenticated = posted.form.authenticated;
  else if (anonymous) state.authenticated = unsigned(request, service);
  else {
    const { hostBucket } = recognised!;
    const options = { service, credentials, clock, hostBucket, ...(collected && { collected }) };
    state.authenticated = await authenticate(request, options);
  }
  state.region = state.authenticated.region || defaultRegion;
  state.allowance.demandReader(isStranger(state));
  demandSecrecy(service, recognised!.operation.name, request, connection);
};

/**
 * What it says, as the SDK's own shapes; of S3 the head alone, unless the body is a stream. Throws validation errors.
 */
export const decode: Step = (state, ports) => {
  const { request, recognised, authenticated, collected } = state;
  const { operation } = recognised!;
  const body = collected ?? (operation.streamsInput ? authenticated!.body : undefined);
  state.call = callOf(state, ports);
  state.input = (
    body === undefined
      ? operation.stepwise!.head(request, recognised!)
      : operation.decode(request, recognised!, body)
  ) as never;
};

/**
 * What it is about, and that the caller may do it. Throws `NoSuchBucket` and the like, and the service's AccessDenied.
 */
export const resolve: Step = async state => {
  const { requires, subject } = await state.operation!.resolve(state.input!, state.call!);
  state.subject = subject;
  await demandAll(state, requires);
};

/**
 * The document of an S3 request, of who may send it, and what its members take. Throws `MaxMessageLengthExceeded`,
 * `MalformedXML`.
 */
export const readDocument: Step = async (state, ports) => {
  const { request, served, recognised, authenticated, operation, input, call } = state;
  const { stepwise, streamsInput } = recognised!.operation;
  if (state.collected || streamsInput || !stepwise) return;
  if (call!.caller.principal.type !== 'anonymous') state.allowance.known();
  const { bytes, nodes } = documentLimit(operation!.name);
  const body = await collectFor(
    state,
    ports,
    authenticated!.body,
    bytes,
    httpErrors.MaxMessageLengthExceeded,
  );
  await served!.checkBody?.(operation!.name, request, body, authenticated!.body.trailers);
  await turnFor(state, ports, body);
  await stepwise.body(input!, body, nodes);
  await demandAll(state, (await operation!.requiresOfBody?.(state.subject, input!, call!)) ?? []);
};

/** Does it. Throws the service's errors. */
export const run: Step = async state => {
  state.output = await state.operation!.run(state.subject, state.input!, state.call!);
};

/** The answer in the service's protocol. Writing down a long list waits for its turn. */
export const encode: Step = async (state, { budgets }) => {
  const { recognised, requestId, connection, output, posted } = state;
  const write = () => recognised!.operation.encode(output, requestId);
  const reply = isLong(output) ? await budgets.work(connection.sourceIp, write) : write();
  state.reply = posted ? postReply(posted.form, posted.bucket, reply) : reply;
  // The event of S3 shows the reply's headers alone, and the rows of a page would wait with it for their client.
  if (recognised!.headers) state.output = undefined;
};

function callOf(state: RequestState, ports: StepPorts) {
  const { connection, request, requestId, arrived, served, recognised, authenticated, region } = state;
  const { sourceIp, secure, tlsVersion } = connection;
  const { id: service, signing, errors } = served!.traits;
  const facts = {
    requestId,
    service,
    operation: recognised!.operation.name,
    request,
    authenticated: authenticated!,
    region: region!,
    sourceIp,
    secure,
    conditions: signing.conditions,
    tlsVersion,
    arrived,
  };
  return createCall(facts, state.decisions, {
    credentials: ports.credentials,
    clock: ports.clock,
    accessDenied: errors.accessDenied,
    note: made => noteOnBehalf(ports, state, made),
  });
}

async function demandAll({ call }: RequestState, requirements: readonly Requirement[]): Promise<void> {
  for (const requirement of requirements) await call!.demand(requirement);
}

/** What takes long to understand waits for its turn. */
async function turnFor(
  { connection }: RequestState,
  { budgets }: StepPorts,
  body: Uint8Array,
): Promise<void> {
  if (body.length > HEAVY) await budgets.turn(connection.sourceIp);
}

/** Reads a body that goes into memory, within its time and the budget. */
async function collectFor(
  { request, connection, allowance }: RequestState,
  { budgets }: StepPorts,
  body: RequestBody,
  limit: number,
  tooLarge: () => ApiError,
): Promise<Uint8Array> {
  request.body.expire?.(timeFor(Math.min(body.length ?? limit, limit), budgets.bodies));
  connection.expendable?.(true);
  try {
    return await collect(body, limit, tooLarge, allowance.take);
  } finally {
    connection.expendable?.(false);
  }
}

/** Entries of a list from which on writing it down takes as long as all else that a request does. */
const LONG_LIST = 50;

function isLong(output: unknown): boolean {
  for (const member of Object.values(output ?? {}))
    if ((Array.isArray(member) || member instanceof LazyList) && member.length > LONG_LIST) return true;
  return false;
}

function saysSigned({ headers, query }: HttpRequest): boolean {
  return headers.has('authorization') || query.includes('X-Amz-Signature=');
}
