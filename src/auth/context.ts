import { type HttpRequest, headerText } from '../core/http-message.js';
import type { Context } from '../policy/types.js';
import { isoSeconds } from './timestamp.js';
import type { Authenticated } from './types.js';

export interface RequestFacts {
  readonly sourceIp: string;
  /** Whether the request came over TLS. */
  readonly secure: boolean;
  /** Of TLS (`1.3`); absent without TLS. */
  readonly tlsVersion?: string | undefined;
  /** The prefix of the service's condition keys of a connection; absent where it has none. */
  readonly conditions?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly region: string;
}

/** Characters of a header that a condition looks at; more says nothing, and takes time to match. */
const LONGEST_HEADER = 2048;

/** The condition keys that every request carries (IAM User Guide, "AWS global condition context keys"). */
export function globalContext(
  request: HttpRequest,
  authenticated: Authenticated,
  facts: RequestFacts,
): Context {
  const text = (header: string) => {
    const value = request.headers.get(header)?.slice(0, LONGEST_HEADER);
    return value && headerText(value);
  };
  const userAgent = text('user-agent');
  const referer = text('referer');
  const proven = authenticated.caller.context['aws:MultiFactorAuthTime'];
  return {
    ...authenticated.context,
    'aws:CurrentTime': isoSeconds(facts.now),
    'aws:EpochTime': String(Math.floor(facts.now / 1000)),
    'aws:SourceIp': facts.sourceIp,
    'aws:SecureTransport': String(facts.secure),
    'aws:RequestedRegion': facts.region,
    // "Amazon S3 condition key examples": the version of TLS that the client connects with.
    ...(facts.tlsVersion !== undefined &&
      facts.conditions !== undefined && { [`${facts.conditions}:TlsVersion`]: facts.tlsVersion }),
    ...(typeof proven === 'string' && {
      'aws:MultiFactorAuthAge': String(Math.floor((facts.now - Date.parse(proven)) / 1000)),
    }),
    ...(userAgent !== undefined && { 'aws:UserAgent': userAgent }),
    ...(referer !== undefined && { 'aws:Referer': referer }),
  };
}
