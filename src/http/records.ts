/** What a request leaves behind: its event, its line in the log, and the reasoning of what it was refused. */
import type { Clock } from '../core/clock.js';
import type { CloudTrailMap, CloudTrailValue } from '../core/cloudtrail.js';
import type { ApiError } from '../core/errors.js';
import { type HttpReply, type HttpRequest, headerText } from '../core/http-message.js';
import type { Logger } from '../core/log.js';
import type { CallOnBehalf } from '../core/operation.js';
import type { AuditLog } from '../events/audit.js';
import type { Denial, Refusal } from '../events/denials.js';
import { packChecks, shortened } from '../events/denied-checks.js';
import { type EndedCall, eventsOf, type Transfer } from '../events/event.js';
import type { RequestCounts } from '../events/request-counts.js';
import { requestParameters, responseElements } from '../wire/index.js';
import { type Budgets, LONGEST_AGENT } from './budgets.js';
import type { ServedService } from './services.js';
import { callerOf, isStranger, type RequestState } from './state.js';

/** What a trace says of a request: nothing that is secret, and no names of objects. */
export interface TracedRequest {
  readonly requestId: string;
  /** `s3`; absent where the request could not be understood. */
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly errorCode: string | undefined;
  /** What policies decided; `none` where they were not asked. */
  readonly decision: 'allowed' | 'denied' | 'none';
  /** The account of the caller; absent for strangers. */
  readonly account: string | undefined;
  readonly bucket: string | undefined;
  /** The header `traceparent`, as it came. */
  readonly parent: string | undefined;
  /** Milliseconds since the epoch, and from then to the end of the reply. */
  readonly arrived: number;
  readonly total: number;
}

export interface Recorders {
  /** Hears of each request that has ended; absent without traces. */
  readonly traced?: ((request: TracedRequest) => void) | undefined;
  readonly requests: RequestCounts;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly budgets: Budgets;
  /** The region of requests that name none. */
  readonly defaultRegion: string;
}

/** As CloudTrail has the calls of a service: its name stands for the network address and the agent. */
export function noteOnBehalf(options: Recorders, state: RequestState, made: CallOnBehalf): void {
  const { service, operation, resource, owner, parameters, errorCode, errorMessage } = made;
  const invokedBy = sourceOf(state.served!);
  recordCall(options, {
    arrived: options.clock.now(),
    requestId: state.requestId,
    service,
    operation,
    region: state.region!,
    sourceIp: invokedBy,
    userAgent: invokedBy,
    caller: callerOf(state),
    parameters,
    error: errorCode === undefined ? undefined : { code: errorCode, message: errorMessage },
    resources: [{ arn: resource, owner }],
    invokedBy,
  });
}

function recordCall({ audit }: Recorders, call: EndedCall): void {
  for (const event of eventsOf(call)) audit.record(event);
}

/** Once the reply has left. `answered`: when it was ready, milliseconds since the epoch. */
export function record(
  options: Recorders,
  state: RequestState,
  reply: HttpReply,
  answered: number,
  error: ApiError | undefined,
): void {
  const { request, connection, served, recognised, arrived } = state;
  const { status } = reply;
  const total = options.clock.now() - arrived;
  count(options, state, reply, { turnAround: answered - arrived, total, error });
  const ending = {
    requestId: state.requestId,
    request,
    sourceIp: connection.sourceIp,
    call: state.call,
    operation: recognised?.operation.name,
    bucket: recognised?.bucket,
    key: recognised?.key,
    status,
    errorCode: error?.code,
    bytes: bodyLength(reply),
    arrived,
    turnAround: answered - arrived,
    total,
  };
  served?.service.ended?.(ending, state.subject);
  options.traced?.(tracedRequest(state, status, error, total));
  const logged = status < 400 || !isStranger(state) || options.budgets.logsStranger(connection.sourceIp);
  if (logged) recordCall(options, endedCall(options, state, reply, { error, total }));
  if (logged && error && error.status !== 304 && error.status !== 404) {
    options.log.info(error.code, {
      requestId: state.requestId,
      operation: operationOf(state),
      caller: callerOf(state)?.principal.arn,
      message: error.message,
      reason: error.detail.reason,
    });
  }
}

function tracedRequest(
  { requestId, request, served, recognised, authenticated, decisions, arrived }: RequestState,
  status: number,
  error: ApiError | undefined,
  total: number,
): TracedRequest {
  const decided = decisions.resources.size > 0 ? 'allowed' : 'none';
  return {
    requestId,
    service: served?.service.id,
    operation: recognised?.operation.name,
    method: request.method,
    status,
    errorCode: error?.code,
    decision: decisions.denied !== undefined && error === decisions.denied ? 'denied' : decided,
    account: authenticated?.caller.account?.id,
    bucket: recognised?.bucket,
    parent: request.headers.get('traceparent'),
    arrived,
    total,
  };
}

/** For metrics, and for the log where it is turned to `debug`. Times in milliseconds. */
function count(
  { requests, log }: Recorders,
  state: RequestState,
  reply: HttpReply,
  {
    turnAround,
    total,
    error,
  }: { readonly turnAround: number; readonly total: number; readonly error: ApiError | undefined },
): void {
  const { served, recognised, requestId, request, connection, announced } = state;
  const { status } = reply;
  const sent = bodyLength(reply);
  requests.inFlight--;
  requests.answered({
    service: served?.service.id,
    operation: recognised?.operation.name,
    status,
    errorCode: error?.code,
    turnAround,
    received: announced,
    sent: sent ?? 0,
  });
  log.debug?.('request', () => ({
    requestId,
    method: request.method,
    // Without its query: that of a presigned URL has a signature and a token.
    path: request.path,
    operation: operationOf(state),
    caller: callerOf(state)?.principal.arn,
    sourceIp: connection.sourceIp,
    status,
    error: error?.code,
    durationMs: total,
    received: announced,
    sent,
  }));
}

/** `s3:GetObject` */
function operationOf({ served, recognised }: RequestState): string | undefined {
  return recognised && `${served!.service.id}:${recognised.operation.name}`;
}

/** ARNs that the event of a stranger names. */
const FEW = 20;
/** Characters: that of an object has its key's 1,024 bytes, and others are shorter. */
const LONGEST_ARN = 2048;

function endedCall(
  { defaultRegion }: Recorders,
  state: RequestState,
  reply: HttpReply,
  { error, total }: { readonly error: ApiError | undefined; readonly total: number },
): EndedCall {
  const { request, connection, served, arrived, decisions, recognised } = state;
  const { tlsVersion, cipherSuite } = connection;
  const caller = callerOf(state);
  const resources = [...decisions.resources].map(([arn, owner]) => ({
    arn: arn.slice(0, LONGEST_ARN),
    owner,
  }));
  const isKnown = caller?.account !== undefined;
  return {
    arrived,
    requestId: state.requestId,
    service: served?.service.id,
    operation: recognised?.operation.name,
    region: state.region ?? defaultRegion,
    sourceIp: connection.sourceIp,
    userAgent: headerText(request.headers.get('user-agent')?.slice(0, LONGEST_AGENT) ?? '') || undefined,
    caller,
    parameters: recognised && bounded(requestParameters(recognised, request, state.input), isKnown),
    response: recognised && bounded(responseElements(recognised, state.output, reply.headers), isKnown),
    error: error && { code: error.code, message: shortened(error.message) },
    resources: isKnown ? resources : resources.slice(0, FEW),
    transfer: recognised?.headers && transferOf(state, reply),
    tls:
      tlsVersion === undefined
        ? undefined
        : {
            tlsVersion: `TLSv${tlsVersion}`,
            cipherSuite,
            clientProvidedHostHeader: request.headers.get('host')?.slice(0, LONGEST_AGENT),
          },
    status: reply.status,
    duration: total,
  };
}

/** Characters of parameters as JSON: CloudTrail's own bound is 100 KB. What is longer is left out. */
const LONGEST_PARAMETERS = 100 * 1024;
const LONGEST_OF_STRANGERS = 4096;

function bounded(map: CloudTrailMap | undefined, isKnown: boolean): CloudTrailMap | undefined {
  const most = isKnown ? LONGEST_PARAMETERS : LONGEST_OF_STRANGERS;
  return map && sizeOf(map) <= most ? map : undefined;
}

/** Characters, about: as many as the JSON has, without writing it. */
function sizeOf(value: CloudTrailValue): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 6;
  let size = 2;
  for (const [name, member] of Object.entries(value)) size += name.length + 3 + sizeOf(member);
  return size;
}

function transferOf({ request, authenticated, announced }: RequestState, reply: HttpReply): Transfer {
  const signed = authenticated?.signatureVersion;
  return {
    signatureVersion: signed,
    method: signed && (request.headers.has('authorization') ? 'AuthHeader' : 'QueryString'),
    received: announced,
    sent: bodyLength(reply),
    hostId: reply.headers['x-amz-id-2'],
    encryption: encryptionOf(reply.headers),
  };
}

/** CloudTrail's word for how an object is encrypted. */
function encryptionOf(headers: Readonly<Record<string, string>>): string | undefined {
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined) return 'SSE_C';
  const algorithm = headers['x-amz-server-side-encryption'];
  return algorithm && (algorithm === 'AES256' ? 'SSE_S3' : 'SSE_KMS');
}

/** Bytes that a body is to have, as its head says; 0 where it does not say. */
export function announcedLength({ headers, body }: HttpRequest): number {
  const length = body.length ?? Number(headers.get('x-amz-decoded-content-length') ?? 0);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

/** Bytes; undefined for a body of which that is not known before it is sent. */
function bodyLength({ headers, body }: HttpReply): number | undefined {
  if (body === undefined) return 0;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.byteLength(body);
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function sourceOf({ service }: ServedService): string {
  return `${service.id}.amazonaws.com`;
}

/**
 * Why a request was refused, for the administrators of the caller and of the resource; `undefined` where it was not.
 * `error`: what it was answered with.
 */
export function denialOf(state: RequestState, error: ApiError | undefined): Denial | undefined {
  const { requestId, arrived, decisions } = state;
  const { refusals, owners } = decisions;
  const refusal = error && error !== decisions.denied ? refusalOf(state, error) : undefined;
  if (refusals.length === 0 && !refusal) return undefined;
  const checked = refusals.flatMap(({ request: { principal, resourceAccount, objectOwner } }) => [
    principal.account,
    resourceAccount,
    objectOwner,
  ]);
  const concerned = refusal
    ? [callerOf(state)?.account?.id, error?.detail.claimant?.account, ...refusal.owners, ...owners]
    : [];
  return {
    requestId,
    time: arrived,
    accounts: [...new Set([...checked, ...concerned].filter(id => id !== undefined))],
    operation: operationOf(state),
    checks: packChecks(refusals),
    refusal,
  };
}

/** A refusal that no policy decided; of those beside what policies refused, only one that says what to do. */
function refusalOf(state: RequestState, error: ApiError): Refusal | undefined {
  const { refusals, owners } = state.decisions;
  const { code, status, message, detail } = error;
  const { advice, reason, owner, claimant } = detail;
  const refused = status === 403 || code.startsWith('AccessDenied');
  if (advice === undefined && (!refused || refusals.length > 0)) return undefined;
  return {
    code,
    status,
    message: shortened(message),
    principal: callerOf(state)?.principal.arn ?? claimant?.arn,
    advice,
    reason: reason && shortened(reason),
    owners: owner === undefined ? owners : [owner],
  };
}
