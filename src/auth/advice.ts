/** What to do about a request that cannot be authenticated: for the trace of its refusal. */

import type { Refusals } from '../core/auth-errors.js';
import type { ApiError } from '../core/errors.js';

type Kind = Exclude<keyof Refusals, 'skew'>;

const SIGN_ANEW =
  'Let an SDK or the AWS CLI sign the request: its signature is not formed as signature version 4 demands.';

const ADVICE: Readonly<Record<Kind, string>> = {
  missing:
    'Sign the request: give the client credentials. Without a signature only what a policy opens to everyone works.',
  mechanism: 'Sign with AWS signature version 4 (AWS4-HMAC-SHA256).',
  ambiguous: 'Sign in the Authorization header or in the query, not in both.',
  component: SIGN_ANEW,
  incomplete: SIGN_ANEW,
  credential: SIGN_ANEW,
  scopeDate: SIGN_ANEW,
  scopeService: 'Sign for the service that the request goes to.',
  scopeTerminator: SIGN_ANEW,
  date: SIGN_ANEW,
  expires: 'Presign with a duration between one second and a week.',
  unsignedHeaders: 'Sign those headers too, or send the request without them.',
  skewed: "Set the client's clock: it is too far from the server's.",
  urlExpired:
    'Presign the URL again, for longer where it must last. A URL never outlives the session that signed it.',
  urlNotYetValid: "Set the clock of the machine that presigned: it is ahead of the server's.",
  accessKey:
    'Use an active access key of this server (karikagi quickstart shows one); the credentials of another server or of AWS are unknown here.',
  token: 'Send access key, secret key and session token of one and the same session, or get a new session.',
  expiredToken:
    'The session is over: get new credentials with the call that began it (AssumeRole, GetSessionToken).',
  mismatch:
    'Check the secret access key. If it is right, something changes the request on its way: a proxy that rewrites Host, path or headers, or a path that is encoded twice.',
};

/** The same refusals with their advice. */
export function advised(refusals: Refusals): Refusals {
  const withAdvice = Object.entries(ADVICE).map(([kind, advice]) => {
    const refuse = refusals[kind as Kind] as (...values: unknown[]) => ApiError;
    return [kind, (...values: unknown[]) => refuse(...values).with({ advice })];
  });
  return { ...refusals, ...(Object.fromEntries(withAdvice) as Pick<Refusals, Kind>) };
}
