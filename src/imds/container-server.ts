/**
 * The endpoint that ECS and EKS Pod Identity give to containers: keys by path, for who knows the token.
 * Sources: AWS SDKs and Tools Reference Guide, "Container credential provider"; ECS Developer Guide, "Task IAM role".
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Credentials, CredentialsError } from '../credentials/index.js';
import { isoSecond } from './metadata-tree.js';
import type { Reply } from './reply.js';

/** Keys for a path, or `undefined` for a path that has none. Throws `CredentialsError`. */
export type KeysByPath = (path: string) => Promise<Credentials | undefined>;

/** Random, without an end of line: SDKs refuse a token that has one. */
export function newAuthorizationToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Keys without an end get one, seconds from now: the SDK for JavaScript takes none without. */
const ENDLESS = 3600;

const answerOf = (status: number, body: object): Reply => ({
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const refusal = (status: number, code: string, message: string) => answerOf(status, { code, message });

/** Answers `GET` with the token in `Authorization`. Never throws. */
export function containerAnswers(token: string, keysFor: KeysByPath, now: () => number) {
  return async (request: IncomingMessage): Promise<Reply> => {
    if (request.method !== 'GET') return refusal(405, 'MethodNotAllowed', 'Only GET is answered.');
    if (!isToken(request.headers.authorization, token)) {
      return refusal(401, 'InvalidAuthorizationToken', 'The Authorization header does not carry the token.');
    }
    try {
      const [path = '/'] = (request.url ?? '/').split('?');
      const keys = await keysFor(decodeURIComponent(path));
      return keys === undefined
        ? refusal(404, 'NotFound', `There are no keys at ${path}.`)
        : keysReply(keys, now());
    } catch (error) {
      const { message } = error as Error;
      const away = error instanceof CredentialsError && error.temporary;
      return refusal(away ? 503 : 400, away ? 'ServiceUnavailable' : 'AccessDenied', message);
    }
  };
}

/** Equal digests: neither the length of the token nor how much of it is right shows in the time. */
function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(token));
}

function keysReply(keys: Credentials, now: number): Reply {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } = keys;
  return answerOf(200, {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken ?? '',
    Expiration: isoSecond(expiration?.getTime() ?? now + ENDLESS * 1000),
    ...(accountId !== undefined && { AccountId: accountId }),
  });
}
