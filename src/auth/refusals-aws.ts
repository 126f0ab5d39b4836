import type { Refusals } from '../core/auth-errors.js';
import type { ApiError, ApiErrorDetail } from '../core/errors.js';
import { formatTimestamp } from './timestamp.js';

type Fixed = (detail?: ApiErrorDetail) => ApiError;
type Worded = (why: string, detail?: ApiErrorDetail) => ApiError;

/** The rows of a family's table that authentication needs. */
export interface Rows {
  readonly expired: Fixed;
  readonly incomplete: Worded;
  readonly invalid: Fixed;
  readonly missing: Fixed;
  readonly mismatch: Worded;
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * The words that all services but S3 share. `minutes`: how far a clock may be off; STS and IAM allow 15,
 * newer services 5 (their own answers tell: "… is now earlier than … (… - 15 min.)").
 */
export function awsRefusals(rows: Rows, minutes: number): Refusals {
  const skew = minutes * 60_000;
  const expired = (signed: number, now: number): ApiError =>
    rows.mismatch(
      `Signature expired: ${formatTimestamp(signed)} is now earlier than ${formatTimestamp(now - skew)} (${formatTimestamp(now)} - ${minutes} min.)`,
    );
  const notYetCurrent = (signed: number, now: number): ApiError =>
    rows.mismatch(
      `Signature not yet current: ${formatTimestamp(signed)} is still later than ${formatTimestamp(now + skew)} (${formatTimestamp(now)} + ${minutes} min.)`,
    );
  return {
    skew,
    missing: () => rows.missing(),
    mechanism: (_place, value) => rows.incomplete(`Unsupported AWS 'algorithm': '${value.split(' ')[0]}'.`),
    ambiguous: () =>
      rows.incomplete('Only one of the Authorization header and the X-Amz-Algorithm parameter may be given.'),
    component: (component, authorization) =>
      rows.incomplete(
        `'${component}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`,
      ),
    incomplete: (place, absent, authorization) =>
      rows.incomplete(place === 'header' ? headerLacks(absent, authorization) : queryLacks(absent)),
    credential: (_place, credential) =>
      rows.incomplete(
        `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
      ),
    scopeDate: (_place, date, timestamp) =>
      rows.mismatch(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
      ),
    scopeService: (_place, _service, expected) =>
      rows.mismatch(`Credential should be scoped to correct service: '${expected}'. `),
    scopeTerminator: (_place, terminator) =>
      rows.mismatch(
        `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `,
      ),
    date: (_place, value) =>
      rows.incomplete(
        `Date must be in ISO-8601 'basic format'. Got '${value}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      ),
    expires: why => rows.incomplete(why),
    unsignedHeaders: names =>
      rows.mismatch(
        names
          .map(name => `'${LABELS[name] ?? name}' must be a 'SignedHeader' in the AWS Authorization.`)
          .join(' '),
      ),
    skewed: (signed, now) => (signed < now ? expired(signed, now) : notYetCurrent(signed, now)),
    urlExpired: (signed, _expires, now) => expired(signed, now),
    urlNotYetValid: notYetCurrent,
    accessKey: (_accessKeyId, reason) => rows.invalid({ reason }),
    token: (_token, reason) => rows.invalid({ reason }),
    expiredToken: (_token, reason) => rows.expired({ reason }),
    mismatch: computed =>
      rows.mismatch(MISMATCH, {
        // Not the canonical request: it may hold the session token.
        reason: `The string to sign should have been ${JSON.stringify(computed.stringToSign)}`,
      }),
  };
}

const LABELS: Readonly<Record<string, string>> = { host: "Host' or ':authority" };

function headerLacks(absent: readonly string[], authorization: string): string {
  const sentences = absent.map(name =>
    name === 'Date'
      ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
      : `Authorization header requires '${name}' parameter.`,
  );
  return `${sentences.join(' ')} Authorization=${authorization}`;
}

function queryLacks(absent: readonly string[]): string {
  const sentences = absent.map(name => `AWS query-string parameters must include '${name}'.`);
  return `${sentences.join(' ')} Re-examine the query-string parameters.`;
}
