/** The sign-in endpoint of the console, `/federation`: AWS's two actions, and what the sign-in page sends. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { insecurePassword } from '../../auth/families.js';
import type { Clock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import type { AuditLog } from '../../events/audit.js';
import { signInEvent } from '../../events/event.js';
import type { RequestCounts } from '../../events/request-counts.js';
import type { Identity, SessionCredentials } from '../../identity/index.js';
import { collect } from '../receive.js';
import { isPrivate } from '../secrecy.js';
import type { Connection } from '../state.js';

interface SignInOptions {
  readonly identity: Pick<Identity, 'lookup' | 'signIn' | 'signInTokens'>;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly requests: RequestCounts;
  /** The region of sessions that begin here. */
  readonly region: string;
}

/** Credentials as the page gets them; times in ISO 8601. */
interface Granted {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
}

const LONGEST_BODY = 16 * 1024;
/** Tries to sign in that are looked at together: each takes tens of milliseconds of a core and 16 MB. */
const TOGETHER = 8;

/** Answers requests to `/federation`, but for `Action=login`, which is a page. */
export class SignInEndpoint {
  readonly #options: SignInOptions;
  #running = 0;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  async answer(request: HttpRequest, connection: Connection): Promise<HttpReply> {
    try {
      demandOwnSite(request);
      const form = await formOf(request);
      switch (form.get('Action')) {
        case 'getSigninToken':
          return json(200, { SigninToken: await this.#tokenFor(form) });
        case 'redeem':
          return json(200, await this.#redeem(form));
        case 'password':
          return json(200, await this.#password(form, request, connection));
        default:
          throw invalid('Action must be getSigninToken, login, redeem or password.');
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return json(error.status, { code: error.code, message: error.message });
    }
  }

  /** Source: IAM User Guide, "Enable custom identity broker access to the AWS console". */
  async #tokenFor(form: URLSearchParams): Promise<string> {
    const { identity, clock } = this.#options;
    const { sessionId, sessionKey, sessionToken } = sessionOf(form);
    const now = clock.now();
    const found = await identity.lookup(sessionId, sessionToken, now);
    const secret = found.found === 'valid' ? found.secretAccessKey : '';
    if (found.found !== 'valid' || !isSame(secret, sessionKey)) {
      throw new ApiError('InvalidSession', 400, 'The Session is not one of valid temporary credentials.');
    }
    const duration = durationOf(form);
    const ends = Math.min(found.caller.expires ?? now, duration === undefined ? Infinity : now + duration);
    return await identity.signInTokens.issue(
      granted({ accessKeyId: sessionId, secretAccessKey: sessionKey, sessionToken, expires: ends }),
    );
  }

  async #redeem(form: URLSearchParams): Promise<object> {
    const content = await this.#options.identity.signInTokens.redeem(form.get('SigninToken') ?? '');
    if (content !== undefined) return { Credentials: content };
    throw new ApiError(
      'InvalidSigninToken',
      400,
      'The sign-in token is unknown, was used before, or is older than 15 minutes.',
    );
  }

  async #password(form: URLSearchParams, request: HttpRequest, connection: Connection): Promise<object> {
    if (this.#running >= TOGETHER) {
      throw new ApiError('SlowDown', 503, 'Too many people sign in at this moment. Please try again.');
    }
    this.#running++;
    try {
      return await this.#withPassword(form, request, connection);
    } finally {
      this.#running--;
    }
  }

  async #withPassword(form: URLSearchParams, request: HttpRequest, connection: Connection): Promise<object> {
    if (!isPrivate(connection)) throw insecurePassword();
    const { identity, region } = this.#options;
    const text = (name: string) => form.get(name) ?? '';
    const tried = {
      account: text('account'),
      user: text('user'),
      password: text('password'),
      code: text('code') || undefined,
      newPassword: text('newPassword') || undefined,
    };
    const outcome = await identity.signIn.withPassword(tried, { sourceIp: connection.sourceIp, region });
    switch (outcome.is) {
      case 'mfa-required':
        return { MfaRequired: outcome.devices };
      case 'new-password-required':
        return { NewPasswordRequired: true };
      case 'refused':
        this.#record(request, connection, undefined);
        throw new ApiError(
          'AuthenticationFailed',
          403,
          'Your authentication information is incorrect. After five wrong tries, none is looked at for a while.',
        );
      case 'signed-in':
        this.#record(request, connection, { arn: outcome.arn, account: tried.account });
        return { Credentials: granted(outcome.credentials) };
    }
  }

  /** As CloudTrail has it: a `ConsoleLogin` of `signin.amazonaws.com`. */
  #record(
    request: HttpRequest,
    { sourceIp }: Connection,
    who: { arn: string; account: string } | undefined,
  ): void {
    const { audit, clock, region, requests } = this.#options;
    requests.answered({
      service: 'signin',
      operation: 'ConsoleLogin',
      status: who ? 200 : 403,
      errorCode: who ? undefined : 'AuthenticationFailed',
      turnAround: 0,
      received: 0,
      sent: 0,
    });
    audit.record(
      signInEvent({
        arrived: clock.now(),
        requestId: randomUUID(),
        region,
        sourceIp,
        userAgent: request.headers.get('user-agent'),
        arn: who?.arn,
      }),
    );
  }
}

/** Throws `Forbidden` for a form that another site sends; browsers say so, other programs say nothing. */
function demandOwnSite(request: HttpRequest): void {
  const site = request.headers.get('sec-fetch-site') ?? 'none';
  if (site === 'same-origin' || site === 'none') return;
  throw new ApiError('Forbidden', 403, 'The sign-in form of this page alone may be used.');
}

async function formOf(request: HttpRequest): Promise<URLSearchParams> {
  if (request.method === 'GET') return new URLSearchParams(request.query);
  if (!request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    throw invalid('The form must come as application/x-www-form-urlencoded.');
  }
  const body = await collect(request.body, LONGEST_BODY, () => invalid('The form is too large.'));
  return new URLSearchParams(Buffer.from(body).toString('utf8'));
}

function sessionOf(form: URLSearchParams) {
  let session: Record<string, unknown> | undefined;
  try {
    session = JSON.parse(form.get('Session') ?? '');
  } catch {
    throw invalid('Session must be JSON.');
  }
  const { sessionId, sessionKey, sessionToken } = session ?? {};
  if (typeof sessionId === 'string' && typeof sessionKey === 'string' && typeof sessionToken === 'string') {
    return { sessionId, sessionKey, sessionToken };
  }
  throw invalid('Session must have sessionId, sessionKey and sessionToken.');
}

/** Milliseconds. A console session never outlives its credentials; this may end it earlier. */
function durationOf(form: URLSearchParams): number | undefined {
  const text = form.get('SessionDuration');
  if (text === null) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200) {
    throw invalid('SessionDuration must be from 900 to 43200 seconds.');
  }
  return seconds * 1000;
}

function granted({ accessKeyId, secretAccessKey, sessionToken, expires }: SessionCredentials): Granted {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expires).toISOString(),
  };
}

function isSame(secret: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(secret), digest(given));
}

function invalid(message: string): ApiError {
  return new ApiError('ValidationError', 400, message);
}

function json(status: number, content: object): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(content),
  };
}
