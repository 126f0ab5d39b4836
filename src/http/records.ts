/** What a request leaves behind: its event, its line in the log, and the reasoning of what it was refused. */
import type { Authorisation } from '../auth/index.js';
import type { Caller } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import type { Logger } from '../core/log.js';
import type { Call, CallOnBehalf } from '../core/operation.js';
import type { AuditEvent, AuditLog } from '../events/audit.js';
import type { Denial, Refusal } from '../events/denials.js';
import { packChecks, shortened } from '../events/denied-checks.js';
import type { RequestCounts } from '../events/request-counts.js';
import { type Allowance, type Budgets, LONGEST_AGENT } from './budgets.js';
import type { ServedService } from './services.js';

/** What the socket knows of a request. */
export interface Connection {
  readonly sourceIp: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** `1.2` or `1.3`; absent where it came without TLS. */
  readonly tlsVersion?: string | undefined;
  /** Says whether the connection may be given up for another: while a stranger's body is awaited. */
  readonly expendable?: ((is: boolean) => void) | undefined;
}

/** What is learnt of a request on its way, for the reply to an error and for the record. */
export interface Journey {
  /** As received; for a browser's upload the PutObject that its form stands for, once that is known. */
  request: HttpRequest;
  readonly connection: Connection;
  readonly allowance: Allowance;
  readonly arrived: number;
  /** Bytes of the body, as its head announced them. */
  readonly announced: number;
  readonly resources: string[];
  /** What policies refused the caller, in order. */
  readonly refusals: Authorisation[];
  /** The error that the last of them made. */
  denied?: ApiError;
  /** Accounts whose resources were asked for. */
  readonly owners: string[];
  requestId: string;
  served?: ServedService;
  operation?: string;
  bucket?: string | undefined;
  key?: string | undefined;
  call?: Call;
  /** What the operation found out that the request is about. */
  subject?: unknown;
  caller?: Caller;
  region?: string | undefined;
}

interface Recorders {
  readonly requests: RequestCounts;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly budgets: Budgets;
}

/** As CloudTrail has the calls of a service: its name stands for the network address and the agent. */
export function noteOnBehalf(
  options: Recorders,
  journey: Journey,
  { service, operation, resource, errorCode }: CallOnBehalf,
): void {
  const invokedBy = sourceOf(journey.served!);
  const { type, arn, accountId, accessKeyId } = identityOf(journey.caller);
  options.audit.record({
    eventTime: new Date(options.clock.now()).toISOString(),
    eventSource: `${service}.amazonaws.com`,
    eventName: operation,
    awsRegion: journey.region,
    sourceIPAddress: invokedBy,
    userAgent: invokedBy,
    requestID: journey.requestId,
    userIdentity: { type, arn, accountId, accessKeyId, invokedBy },
    resources: [resource],
    errorCode,
  });
}

/** Once the reply has left. `answered`: when it was ready, milliseconds since the epoch. */
export function record(
  options: Recorders,
  journey: Journey,
  reply: HttpReply,
  answered: number,
  error: ApiError | undefined,
): void {
  const { caller, request, connection, served, arrived } = journey;
  const { status } = reply;
  const total = options.clock.now() - arrived;
  count(options, journey, reply, { turnAround: answered - arrived, total, error });
  const ending = {
    requestId: journey.requestId,
    request,
    sourceIp: connection.sourceIp,
    call: journey.call,
    operation: journey.operation,
    bucket: journey.bucket,
    key: journey.key,
    status,
    errorCode: error?.code,
    bytes: bodyLength(reply),
    arrived,
    turnAround: answered - arrived,
    total,
  };
  served?.service.ended?.(ending, journey.subject);
  const logged = status < 400 || !isStranger(journey) || options.budgets.logsStranger(connection.sourceIp);
  if (logged) options.audit.record(eventOf(journey, status, error, total));
  if (logged && error && error.status !== 304 && error.status !== 404) {
    options.log.info(error.code, {
      requestId: journey.requestId,
      operation: journey.operation && `${served!.service.id}:${journey.operation}`,
      caller: caller?.principal.arn,
      message: error.message,
      reason: error.detail.reason,
    });
  }
}

/** Whether nobody is known to have sent the request. */
export function isStranger({ caller }: Journey): boolean {
  return caller === undefined || caller.principal.type === 'anonymous';
}

/** For metrics, and for the log where it is turned to `debug`. Times in milliseconds. */
function count(
  { requests, log }: Recorders,
  { served, operation, requestId, request, connection, caller, announced }: Journey,
  reply: HttpReply,
  {
    turnAround,
    total,
    error,
  }: { readonly turnAround: number; readonly total: number; readonly error: ApiError | undefined },
): void {
  const { status } = reply;
  const sent = bodyLength(reply);
  requests.inFlight--;
  requests.answered({
    service: served?.service.id,
    operation,
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
    operation: operation && `${served!.service.id}:${operation}`,
    caller: caller?.principal.arn,
    sourceIp: connection.sourceIp,
    status,
    error: error?.code,
    durationMs: total,
    received: announced,
    sent,
  }));
}

/** ARNs that the event of a stranger names. */
const FEW = 20;
/** Characters: that of an object has its key's 1,024 bytes, and others are shorter. */
const LONGEST_ARN = 2048;

function eventOf(journey: Journey, status: number, error: ApiError | undefined, total: number): AuditEvent {
  const { caller, request, connection, served, arrived } = journey;
  const resources = [...new Set(journey.resources)].map(arn => arn.slice(0, LONGEST_ARN));
  return {
    eventTime: new Date(arrived).toISOString(),
    eventSource: served && sourceOf(served),
    eventName: journey.operation,
    awsRegion: journey.region,
    sourceIPAddress: connection.sourceIp,
    userAgent: request.headers.get('user-agent')?.slice(0, LONGEST_AGENT),
    requestID: journey.requestId,
    userIdentity: identityOf(caller),
    resources: caller?.account ? resources : resources.slice(0, FEW),
    httpStatus: status,
    errorCode: error?.code,
    durationMs: total,
  };
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

function identityOf(caller: Caller | undefined): AuditEvent['userIdentity'] {
  return {
    type: caller?.principal.type ?? 'unknown',
    arn: caller?.principal.arn,
    accountId: caller?.account?.id,
    accessKeyId: caller?.accessKeyId,
  };
}

/**
 * Why a request was refused, for the administrators of the caller and of the resource; `undefined` where it was not. `error`:
 * what it was answered with.
 */
export function denialOf(journey: Journey, error: ApiError | undefined): Denial | undefined {
  const { requestId, arrived, refusals, served, operation, caller, owners } = journey;
  const refusal = error && error !== journey.denied ? refusalOf(journey, error) : undefined;
  if (refusals.length === 0 && !refusal) return undefined;
  const checked = refusals.flatMap(({ request: { principal, resourceAccount, objectOwner } }) => [
    principal.account,
    resourceAccount,
    objectOwner,
  ]);
  const concerned = refusal
    ? [caller?.account?.id, error?.detail.claimant?.account, ...refusal.owners, ...owners]
    : [];
  return {
    requestId,
    time: arrived,
    accounts: [...new Set([...checked, ...concerned].filter(id => id !== undefined))],
    operation: operation && `${served?.service.id}:${operation}`,
    checks: packChecks(refusals),
    refusal,
  };
}

/** A refusal that no policy decided; of those beside what policies refused, only one that says what to do. */
function refusalOf({ refusals, caller, owners }: Journey, error: ApiError): Refusal | undefined {
  const { code, status, message, detail } = error;
  const { advice, reason, owner, claimant } = detail;
  const refused = status === 403 || code.startsWith('AccessDenied');
  if (advice === undefined && (!refused || refusals.length > 0)) return undefined;
  return {
    code,
    status,
    message: shortened(message),
    principal: caller?.principal.arn ?? claimant?.arn,
    advice,
    reason: reason && shortened(reason),
    owners: owner === undefined ? owners : [owner],
  };
}
