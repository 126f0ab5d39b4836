import { randomUUID } from 'node:crypto';
import {
  type Authenticated,
  type Authorisation,
  authenticate,
  createAuthoriser,
  globalContext,
  readPostedObject,
  unsigned,
} from '../auth/index.js';
import type { Clock } from '../clock.js';
import { ApiError } from '../errors.js';
import type { AuditEvent, AuditLog } from '../events/audit.js';
import type { Denial, Denials } from '../events/denials.js';
import type { Caller, CallerPolicies, CredentialSource } from '../identity/caller.js';
import type { Logger } from '../log.js';
import type { HttpReply, HttpRequest, RequestBody } from '../message.js';
import type { BoundOperation, Call, CallOnBehalf, Requirement } from '../operation.js';
import { denialMessage, explain } from '../policy/index.js';
import type { Context } from '../policy/types.js';
import { s3RequestId } from '../random.js';
import type { Recognised } from '../wire/types.js';
import {
  authorizationMessage,
  LONGEST_MESSAGE,
  MESSAGE_HEADER,
  messageOwner,
} from './authorization-message.js';
import { answerPreflight, crossOriginHeaders } from './cross-origin.js';
import { postedTo, postReply, taggingHeader } from './post-object.js';
import { collect } from './receive.js';
import { recogniseService, type ServedService, type Services } from './services.js';
import { storageFull } from './storage-full.js';

export interface PipelineOptions {
  readonly services: Services;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly denials: Denials;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** The region of requests that name none. */
  readonly defaultRegion: string;
  /** Seals the details of a denial for whoever of the account may decode them. */
  readonly sealMessage: (account: string, message: object) => string;
}

/** What the socket knows of a request. */
export interface Connection {
  readonly sourceIp: string;
  readonly secure: boolean;
}

/** What is learnt of a request on its way, for the reply to an error and for the record. */
interface Journey {
  /** As received; for a browser's upload the PutObject that its form stands for, once that is known. */
  request: HttpRequest;
  readonly connection: Connection;
  readonly arrived: number;
  readonly resources: string[];
  /** What the caller was refused, in order. */
  readonly refusals: Authorisation[];
  requestId: string;
  served?: ServedService;
  operation?: string;
  bucket?: string | undefined;
  key?: string | undefined;
  call?: Call;
  caller?: Caller;
  region?: string | undefined;
}

/** A reply and what to do once it has left. */
export interface Answer {
  readonly reply: HttpReply;
  /** Writes the request's one event. */
  finish(): void;
}

export type Pipeline = (request: HttpRequest, connection: Connection) => Promise<Answer>;

/** The way of every request: recognise, authenticate, decode, authorise, run, encode, record. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const authorise = createAuthoriser({ credentials: options.credentials });

  return async (request, connection) => {
    const journey: Journey = {
      request,
      connection,
      arrived: options.clock.now(),
      resources: [],
      refusals: [],
      requestId: s3RequestId(),
    };
    let reply: HttpReply;
    let error: ApiError | undefined;
    try {
      reply = await travel(journey);
    } catch (thrown) {
      error = asApiError(thrown, journey);
      reply = renderError(error, journey);
    }
    if (journey.refusals.length > 0) options.denials.record(denialOf(journey));
    const allowed = await crossOriginHeaders(journey.served, request, journey.bucket).catch(() => undefined);
    if (allowed) Object.assign(reply.headers, allowed);
    const answered = options.clock.now();
    return { reply, finish: () => record(journey, reply, answered, error) };
  };

  async function travel(journey: Journey): Promise<HttpReply> {
    const { request } = journey;
    const served = (journey.served = recogniseService(request, options.services));
    if (served.service.id !== 's3') journey.requestId = randomUUID();
    if (request.method === 'OPTIONS' && served.crossOrigin) return answerPreflight(served, request);
    const form = postedTo(request, served);
    if (form !== undefined) return upload(journey, served, form);
    const collected = served.collectsBody ? await collectFor(served, request.body) : undefined;
    const recognised = served.wire.recognise(request, collected);
    const operation = operationOf(journey, served, recognised);
    const authenticated = served.anonymous
      ? unsigned(request, served.service.id)
      : await authenticate(request, {
          service: served.service.id,
          credentials: options.credentials,
          clock: options.clock,
          ...(collected && { collected }),
        });
    identified(journey, authenticated);
    const payload = recognised.operation.streamsInput
      ? authenticated.body
      : (collected ?? (await collectFor(served, authenticated.body)));
    return answer(journey, operation, recognised, payload, authenticated);
  }

  /** A browser's upload: its form says which object is put, and by whom. */
  async function upload(journey: Journey, served: ServedService, bucket: string): Promise<HttpReply> {
    const { credentials, clock } = options;
    const posted = await readPostedObject(journey.request, {
      bucket,
      credentials,
      clock,
      tagging: taggingHeader,
    });
    try {
      const { request, authenticated } = posted;
      journey.request = request;
      const recognised = served.wire.recognise(request, undefined);
      const operation = operationOf(journey, served, recognised);
      identified(journey, authenticated);
      const put = await answer(journey, operation, recognised, authenticated.body, authenticated);
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
  }

  async function answer(
    journey: Journey,
    operation: BoundOperation,
    recognised: Recognised,
    payload: Uint8Array | RequestBody,
    authenticated: Authenticated,
  ): Promise<HttpReply> {
    const input = recognised.operation.decode(journey.request, recognised, payload) as never;
    const call = (journey.call = callOf(journey, authenticated));
    for (const requirement of await operation.requires(input, call)) await call.demand(requirement);
    const output = await operation.run(input, call);
    return recognised.operation.encode(output, journey.requestId);
  }

  function callOf(journey: Journey, authenticated: Authenticated): Call {
    const { caller } = authenticated;
    const { connection, request, requestId, arrived } = journey;
    const region = journey.region!;
    // Most decisions read no condition key: what is known of the request is put together only for one that does.
    let known: Context | undefined;
    const context = () =>
      (known ??= globalContext(request, authenticated, { ...connection, now: arrived, region }));
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
    return {
      requestId,
      caller,
      time: arrived,
      clock: options.clock,
      region,
      signedRegion: authenticated.region,
      sourceIp: connection.sourceIp,
      http: request,
      permits: async requirement => (await check(requirement)) === undefined,
      demand: async requirement => {
        const denied = await check(requirement);
        if (denied) throw denied;
      },
      note: made => noteOnBehalf(journey, made),
      kept: new Map(),
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
    if (decision.allowed) return undefined;
    // DeleteObjects may be refused a thousand keys: the first few tell the story.
    if (journey.refusals.length < 20) journey.refusals.push(authorisation);
    const owner = request.resourceAccount;
    const shown = { ...request, resource: requirement.shownAs ?? request.resource };
    const denied = journey.served!.accessDenied(denialMessage(decision, shown), {
      anonymous: caller.principal.type === 'anonymous',
      foreign: caller.account?.id !== owner,
    });
    const { told: headers } = requirement;
    const { code, status, message, detail } = denied;
    return headers ? new ApiError(code, status, message, { ...detail, headers }) : denied;
  }

  function renderError(error: ApiError, journey: Journey): HttpReply {
    const served = journey.served ?? options.services.get('s3')!;
    const reply = served.wire.encodeError(error, {
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
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    options.log.error('a request failed', {
      requestId: journey.requestId,
      operation: journey.operation,
      error: stack,
    });
    return (
      storageFull(thrown) ??
      new ApiError('InternalError', 500, 'We encountered an internal error. Please try again.', {
        cause: thrown,
      })
    );
  }

  /** As CloudTrail has the calls of a service: its name stands for the network address and the agent. */
  function noteOnBehalf(journey: Journey, { service, operation, resource, errorCode }: CallOnBehalf): void {
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

  /** `answered`: when the reply was ready, milliseconds since the epoch. */
  function record(journey: Journey, reply: HttpReply, answered: number, error: ApiError | undefined): void {
    const { caller, request, connection, served, arrived } = journey;
    const { status } = reply;
    const total = options.clock.now() - arrived;
    served?.service.ended?.({
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
    });
    options.audit.record({
      eventTime: new Date(arrived).toISOString(),
      eventSource: served && sourceOf(served),
      eventName: journey.operation,
      awsRegion: journey.region,
      sourceIPAddress: connection.sourceIp,
      userAgent: request.headers.get('user-agent'),
      requestID: journey.requestId,
      userIdentity: identityOf(caller),
      resources: [...new Set(journey.resources)],
      httpStatus: status,
      errorCode: error?.code,
      durationMs: total,
    });
    if (error && error.status !== 304 && error.status !== 404) {
      options.log.info(error.code, {
        requestId: journey.requestId,
        operation: journey.operation && `${served!.service.id}:${journey.operation}`,
        caller: caller?.principal.arn,
        message: error.message,
        reason: error.detail.reason,
      });
    }
  }
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

/** The whole reasoning of what a request was refused, for whoever administers the caller or the resource. */
function denialOf({ requestId, arrived, refusals }: Journey): Denial {
  const accounts = refusals.flatMap(({ request: { principal, resourceAccount, objectOwner } }) => [
    principal.account,
    resourceAccount,
    objectOwner,
  ]);
  return {
    requestId,
    time: arrived,
    accounts: [...new Set(accounts.filter(id => id !== undefined))],
    explanations: refusals.map(({ request, policies }) => explain(request, policies)),
  };
}

function collectFor(served: ServedService, body: RequestBody): Promise<Uint8Array> {
  const limit = served.wire.bodyLimit;
  return collect(body, limit, () =>
    served.service.id === 's3'
      ? new ApiError('MaxMessageLengthExceeded', 400, 'Your request was too big.')
      : new ApiError('RequestEntityTooLarge', 413, `The request body is larger than ${limit} bytes.`),
  );
}
