/** What the operator says of a server that copies of replication go to. */

/** A declared server, and what lies there. */
export interface DeclaredEndpoint {
  /** A bucket's name, or the beginning of several names and `*`. */
  readonly buckets: string;
  /** Accounts of this server whose rules may name those buckets; `*` among them: all. */
  readonly accounts: readonly string[];
  /** `https://s3.example.com` */
  readonly url: string;
  readonly region: string;
  /** Of the configuration that AWS's tools share. Absent: environment, web identity, container, instance. */
  readonly profile?: string | undefined;
  /** A role of the other server, which those keys assume there. */
  readonly role?: string | undefined;
  readonly externalId?: string | undefined;
}

const BUCKETS = /^(?:[a-z0-9.-]{3,63}|[a-z0-9.-]{0,62}\*)$/;
const ACCOUNT = /^(?:\d{12}|\*)$/;
const ROLE = /^arn:aws[\w-]*:iam::\d{12}:role\/[\x21-\x7e]+$/;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const PARAMETERS = new Set(['from', 'region', 'profile', 'role', 'external-id']);

/**
 * `https://s3.example.com?from=ACCOUNT&region=NAME&profile=NAME&role=ARN&external-id=TEXT`; `from` may come again. Throws
 * `TypeError` that says what is wrong; of a network, only its own machine is spoken to without TLS.
 */
export function declaredEndpoint(buckets: string, place: string): DeclaredEndpoint {
  if (!BUCKETS.test(buckets)) throw new TypeError(`${JSON.stringify(buckets)} is no name of a bucket`);
  if (!URL.canParse(place)) throw new TypeError(`${JSON.stringify(place)} is no URL`);
  const { protocol, hostname, origin, pathname, username, password, hash, searchParams } = new URL(place);
  if (username !== '' || password !== '') throw new TypeError('keys do not stand in the URL');
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) {
    throw new TypeError(`${origin} must be https, unless it is this machine`);
  }
  if (pathname !== '/' || hash !== '') throw new TypeError('the URL has no path');
  for (const name of searchParams.keys()) {
    if (!PARAMETERS.has(name)) throw new TypeError(`there is no ${JSON.stringify(name)}`);
  }
  const accounts = searchParams.getAll('from');
  if (accounts.length === 0 || !accounts.every(account => ACCOUNT.test(account))) {
    throw new TypeError(
      'from=ACCOUNT must say whose buckets are copied there (from=*: those of all accounts)',
    );
  }
  const one = (name: string) => searchParams.get(name) ?? undefined;
  const role = one('role');
  if (role !== undefined && !ROLE.test(role)) throw new TypeError(`${JSON.stringify(role)} is no role's ARN`);
  const region = one('region') ?? 'us-east-1';
  const rest = { profile: one('profile'), role, externalId: one('external-id') };
  return { buckets, accounts, url: origin, region, ...rest };
}
