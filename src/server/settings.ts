import { readFileSync } from 'node:fs';
import { LOG_LEVELS, type LogLevel } from '../core/log.js';
import { SettingsError } from '../core/settings-error.js';
import { type ForwardedHeader, Proxies } from '../http/proxies.js';
import { isPlaceToAllow } from '../identity/federation/reachable.js';
import { declaredEndpoint } from './declared-endpoint.js';

/** The settings of a server, validated. */
export interface Settings {
  /** The directory that holds everything, or `memory`. */
  readonly data: string;
  /** PostgreSQL (`postgres://USER@HOST[,HOST…]/DATABASE`) for everything but large bodies, instead of the directory. */
  readonly kv: string | undefined;
  /** Where large bodies are, instead of the directory: `s3://BUCKET/PREFIX?endpoint=URL` or `file:///DIRECTORY`. */
  readonly blobs: string | undefined;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /**
   * Of the console, on the same address; 0: any free port; `beside`: one above the API's port (or any free one where
   * that is 0), and no console where it is taken.
   */
  readonly consolePort: number | 'beside' | 'off';
  /** Further host names under which the console answers, for a reverse proxy before it. */
  readonly consoleHosts: readonly string[];
  /** OpenID Connect issuers whose people may sign in to the console: URL → the console's client id there. */
  readonly consoleIssuers: Readonly<Record<string, string>>;
  /** Where clients reach the API, for the URLs that the console gives out; default: where it listens. */
  readonly publicEndpoint: string | undefined;
  /** `self-signed`: TLS with a certificate of the server's own authority, both in the data directory. */
  readonly tls: 'self-signed' | undefined;
  /**
   * PEM files for TLS: the certificate with those between it and its authority, and its key. Looked at while running.
   */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** An address (`PORT` or `HOST:PORT`) for `/metrics` and the probes alone; they are on the console's port anyway. */
  readonly metricsListen: string | undefined;
  /** Addresses and networks of proxies that are believed on where requests come from, and whether over TLS. */
  readonly trustedProxies: readonly string[];
  /** Where they write it: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded` (RFC 7239). */
  readonly forwardedHeader: ForwardedHeader;
  /** Seconds between saying that the server is not ready any more and taking no connections: for load balancers. */
  readonly drainDelay: number;
  /** Processes that answer requests. */
  readonly workers: number;
  /**
   * How several of them commit to records on this machine: each for itself, or the first process for all of them, which
   * syncs a slow disk less often.
   */
  readonly commits: 'apart' | 'together';
  /** The first account's id, 12 digits; a random one where absent. Only the first start looks at it. */
  readonly account: string | undefined;
  readonly accountName: string;
  /** The first account's partition. */
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov';
  /** The region of requests and buckets that name none. */
  readonly region: string;
  /**
   * What buckets begin with that say nothing else. `closed`, as on AWS since April 2023: no access control lists, and
   * public access blocked. `open`, as before: lists count, and nothing is blocked. Either is changed bucket by bucket.
   */
  readonly newBuckets: 'closed' | 'open';
  /**
   * What becomes of S3's requests that are signed for another region than their bucket's: `redirected` is as on AWS.
   */
  readonly otherRegions: 'served' | 'redirected';
  /** Further host names under which `BUCKET.name` addresses a bucket. */
  readonly domains: readonly string[];
  /** A file with the root key (32 bytes in base64); default: `root.key` in the data directory. */
  readonly rootKeyFile: string | undefined;
  /**
   * The root key itself, in the form of its file, for those who keep it in the environment (`KARIKAGI_ROOT_KEY`).
   * Stands above `rootKeyFile`. Never a flag: those are seen in the list of processes.
   */
  readonly rootKey: string | undefined;
  /** A key (id, ARN or alias) of an external KMS, AWS's or another Karikagi's, that seals the root key in its file. */
  readonly rootKeyKms: string | undefined;
  /** OpenID Connect issuers whose keys are read from a file (a JWK set) instead of over the network: URL → path. */
  readonly oidcKeys: Readonly<Record<string, string>>;
  /**
   * Host names, addresses and networks of OpenID Connect issuers that may be asked beside public addresses: of this
   * machine, of private networks.
   */
  readonly oidcAllow: readonly string[];
  /**
   * Where events of buckets may be sent: name → an http or https URL, or the path of a file. Buckets reach them by
   * the name in an ARN; `eventbridge` stands for EventBridge.
   */
  readonly notify: Readonly<Record<string, string>>;
  /**
   * With which events to URLs are signed; at least 16 characters. Never a flag: those are seen in the list of
   * processes.
   */
  readonly notifySecret: string | undefined;
  /**
   * Buckets that other servers hold, to which replication copies: a name, or the beginning of names with `*` → the
   * server's URL, with whose copies go there and whose keys make them (`declaredEndpoint`).
   */
  readonly replicationEndpoints: Readonly<Record<string, string>>;
  /** Metadata endpoints to run beside the server: instance profile → address. */
  readonly imds: Readonly<Record<string, string>>;
  /** How long the request log is kept, days. */
  readonly eventDays: number;
  /** How much of it is kept, MiB: the oldest goes. Of each process. */
  readonly eventSpace: number;
  /**
   * Connections at once, of each process, and of them from one address; defaults: half of the files that it may open,
   * and half of that.
   */
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerAddress: number | undefined;
  readonly log: 'text' | 'json' | 'none';
  /** The least that is logged; `debug` has a line for each request. */
  readonly logLevel: LogLevel;
}

/** The proxies whose word counts. */
export function proxiesOf({ trustedProxies, forwardedHeader }: Settings): Proxies {
  return new Proxies(trustedProxies, forwardedHeader);
}

/** The host that clients reach over https by way of a proxy, with its port if it has one. */
export function publicHostOf({ publicEndpoint }: Settings): string | undefined {
  return publicEndpoint?.startsWith('https:') ? new URL(publicEndpoint).host : undefined;
}

/** The settings that a running server takes over; the others want a start. */
export const CHANGEABLE = [
  'logLevel',
  'maxConnections',
  'maxConnectionsPerAddress',
  'trustedProxies',
  'forwardedHeader',
  'drainDelay',
] as const satisfies readonly (keyof Settings)[];

const partitionRegions = { aws: 'us-east-1', 'aws-cn': 'cn-north-1', 'aws-us-gov': 'us-gov-west-1' } as const;

type Reader<T> = (value: unknown, name: string) => T;

const text: Reader<string> = (value, name) => {
  if (typeof value === 'string' && value !== '') return value;
  throw new SettingsError(`${name} must be text`);
};

const optional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value, name) =>
    value === undefined ? undefined : read(value, name);

const oneOf =
  <T extends string>(...choices: readonly T[]): Reader<T> =>
  (value, name) => {
    if (choices.includes(value as T)) return value as T;
    throw new SettingsError(`${name} must be one of ${choices.join(', ')}`);
  };

const whole =
  (least: number, most: number): Reader<number> =>
  (value, name) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (Number.isInteger(number) && (number as number) >= least && (number as number) <= most)
      return number as number;
    throw new SettingsError(`${name} must be a whole number from ${least} to ${most}`);
  };

const matching =
  (pattern: RegExp, what: string): Reader<string> =>
  (value, name) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new SettingsError(`${name} must be ${what}`);
  };

const names: Reader<readonly string[]> = (value, name) => {
  const list = typeof value === 'string' ? value.split(',').filter(Boolean) : value;
  if (Array.isArray(list)) return list.map(item => text(item, name).toLowerCase());
  throw new SettingsError(`${name} must be a list of host names`);
};

const reachables: Reader<readonly string[]> = (value, name) => {
  const list = typeof value === 'string' ? value.split(',').filter(Boolean) : value;
  if (Array.isArray(list) && list.every(item => typeof item === 'string' && isPlaceToAllow(item)))
    return list;
  throw new SettingsError(`${name} must be host names, addresses and networks: idp.internal,10.1.0.0/16,::1`);
};

/** `A=B,A=B`, or an object. `at`: where the equals sign between the two stands. */
function pairsOf(value: unknown, at: (pair: string) => number): (readonly [string, unknown])[] {
  if (typeof value !== 'string') return Object.entries(typeof value === 'object' ? (value ?? {}) : {});
  return value.split(',').map(pair => {
    const sign = at(pair);
    return [pair.slice(0, Math.max(sign, 0)), pair.slice(sign + 1)] as const;
  });
}

/** `URL=PATH,URL=PATH`, or an object. */
const paths: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const pairs = pairsOf(value, pair => pair.lastIndexOf('='));
  if (pairs.every(([url, path]) => URL.canParse(url) && typeof path === 'string' && path)) {
    return Object.fromEntries(pairs as [string, string][]);
  }
  throw new SettingsError(`${name} must be issuers and files: https://issuer.example.com=keys.json`);
};

/** `URL=CLIENT,URL=CLIENT`, or an object. */
const issuers: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const pairs = pairsOf(value, pair => pair.lastIndexOf('='));
  if (pairs.every(([url, client]) => /^https?:/.test(url) && URL.canParse(url) && client)) {
    return Object.fromEntries(pairs as [string, string][]);
  }
  throw new SettingsError(`${name} must be issuers and client ids: https://issuer.example.com=console`);
};

const url: Reader<string> = (value, name) => {
  if (typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value)) {
    return value.replace(/\/+$/, '');
  }
  throw new SettingsError(`${name} must be a URL: https://s3.example.com`);
};

const portOr =
  <T extends string>(...words: readonly T[]): Reader<number | T> =>
  (value, name) =>
    words.includes(value as T) ? (value as T) : whole(0, 65_535)(value, name);

/** `NAME=PLACE,NAME=PLACE`, or an object. A name is that of a queue in an ARN. */
const places: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const pairs = pairsOf(value, pair => pair.indexOf('='));
  if (pairs.every(([key, place]) => /^[\w-]{1,80}$/.test(key) && isPlace(place))) {
    return Object.fromEntries(pairs as [string, string][]);
  }
  throw new SettingsError(`${name} must be names, each with a URL or a file: hooks=https://example.com/hook`);
};

/** `BUCKET=URL,BUCKET=URL`, or an object. */
const endpoints: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const pairs = pairsOf(value, pair => pair.indexOf('='));
  for (const [buckets, place] of pairs) {
    try {
      declaredEndpoint(buckets, String(place));
    } catch (error) {
      throw new SettingsError(
        `${name} must be buckets, each with a server: copies-*=https://s3.example.com?from=123456789012 (${(error as Error).message})`,
      );
    }
  }
  return Object.fromEntries(pairs as [string, string][]);
};

/** `10.0.0.0/8,192.0.2.1`, or a list. */
const networks: Reader<readonly string[]> = (value, name) => {
  const list = typeof value === 'string' ? value.split(',').filter(Boolean) : value;
  try {
    if (Array.isArray(list)) new Proxies(list.map(String), 'x-forwarded-for');
    else throw new RangeError('no list');
    return list;
  } catch {
    throw new SettingsError(`${name} must be addresses and networks: 127.0.0.1,10.0.0.0/8,fd00::/8`);
  }
};

/** `PROFILE=ADDRESS,PROFILE=ADDRESS`, or an object. */
const instances: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const pairs = pairsOf(value, pair => pair.lastIndexOf('='));
  if (
    pairs.every(([key, address]) => /^[\w+=,.@-]{1,128}$/.test(key) && /^[\w.:[\]-]+$/.test(String(address)))
  ) {
    return Object.fromEntries(pairs as [string, string][]);
  }
  throw new SettingsError(`${name} must be instance profiles, each with an address: web=127.0.0.1:9254`);
};

/** A URL of http or https without credentials, or what may be the path of a file. */
function isPlace(place: unknown): boolean {
  if (typeof place !== 'string' || place === '') return false;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) return true;
  if (!URL.canParse(place)) return false;
  const { protocol, username, password } = new URL(place);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

const readers: { readonly [K in keyof Settings]: Reader<Settings[K]> } = {
  data: text,
  kv: optional(matching(/^postgres(ql)?:\/\//, 'a URL such as postgres://karikagi@db.example.com/karikagi')),
  blobs: optional(matching(/^(s3:\/\/[^/]|file:\/\/\/)/, 's3://BUCKET/PREFIX or file:///DIRECTORY')),
  host: text,
  port: whole(0, 65_535),
  consolePort: portOr('beside', 'off'),
  consoleHosts: names,
  consoleIssuers: issuers,
  publicEndpoint: optional(url),
  tls: optional(oneOf('self-signed')),
  tlsCert: optional(text),
  tlsKey: optional(text),
  metricsListen: optional(
    matching(
      /^(?:(?:\[[\da-f:.]+\]|[^:[\]/]+):)?\d{1,5}$/i,
      'a port, or an address with one: 127.0.0.1:9100',
    ),
  ),
  trustedProxies: networks,
  forwardedHeader: oneOf('x-forwarded-for', 'forwarded'),
  drainDelay: whole(0, 3600),
  workers: whole(1, 256),
  commits: oneOf('apart', 'together'),
  account: optional(matching(/^[1-9]\d{11}$/, 'an account id: 12 digits, the first not 0')),
  accountName: text,
  partition: oneOf('aws', 'aws-cn', 'aws-us-gov'),
  region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as us-east-1'),
  newBuckets: oneOf('closed', 'open'),
  otherRegions: oneOf('served', 'redirected'),
  domains: names,
  rootKeyFile: optional(text),
  rootKey: optional(text),
  rootKeyKms: optional(text),
  oidcKeys: paths,
  oidcAllow: reachables,
  notify: places,
  notifySecret: optional(matching(/^.{16,}$/, 'at least 16 characters')),
  replicationEndpoints: endpoints,
  imds: instances,
  eventDays: whole(1, 3650),
  eventSpace: whole(16, 1_000_000_000),
  maxConnections: optional(whole(16, 1_000_000)),
  maxConnectionsPerAddress: optional(whole(1, 1_000_000)),
  log: oneOf('text', 'json', 'none'),
  logLevel: oneOf(...LOG_LEVELS),
};

function defaults(partition: Settings['partition']): Settings {
  return {
    data: './karikagi-data',
    kv: undefined,
    blobs: undefined,
    host: '127.0.0.1',
    port: 9000,
    consolePort: 'off',
    consoleHosts: [],
    consoleIssuers: {},
    publicEndpoint: undefined,
    tls: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    metricsListen: undefined,
    trustedProxies: [],
    forwardedHeader: 'x-forwarded-for',
    drainDelay: 0,
    workers: 1,
    commits: 'apart',
    account: undefined,
    accountName: 'karikagi',
    partition,
    region: partitionRegions[partition],
    newBuckets: 'closed',
    otherRegions: 'served',
    domains: [],
    rootKeyFile: undefined,
    rootKey: undefined,
    rootKeyKms: undefined,
    oidcKeys: {},
    oidcAllow: [],
    notify: {},
    notifySecret: undefined,
    replicationEndpoints: {},
    imds: {},
    eventDays: 30,
    eventSpace: 10_240,
    maxConnections: undefined,
    maxConnectionsPerAddress: undefined,
    log: 'text',
    logLevel: 'info',
  };
}

/**
 * Flags win over the environment (`KARIKAGI_DATA`, `KARIKAGI_EVENT_DAYS` …), the environment over the
 * file (JSON, same names), the file over `preset`, that over the defaults. Throws `SettingsError` for a value that does
 * not fit and for a name that does not exist.
 */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>> = {},
  file?: string,
  preset: Partial<Settings> = {},
): Settings {
  const given: Record<string, unknown> = { ...(file === undefined ? {} : readFile(file)) };
  for (const name of Object.keys(readers)) {
    const variable = `KARIKAGI_${name.replace(/[A-Z]/g, capital => `_${capital}`).toUpperCase()}`;
    if (environment[variable] !== undefined) given[name] = environment[variable];
    if (flags[name] !== undefined) given[name] = flags[name];
  }
  const partition =
    given['partition'] === undefined ? 'aws' : readers.partition(given['partition'], 'partition');
  const settings: Record<string, unknown> = { ...defaults(partition), ...preset };
  for (const [name, value] of Object.entries(given)) {
    const read = readers[name as keyof Settings] as Reader<unknown> | undefined;
    if (!read) throw new SettingsError(`there is no setting ${JSON.stringify(name)}`);
    settings[name] = read(value, name);
  }
  return demandCertificate(demandSecret(settings as unknown as Settings));
}

/**
 * Throws `SettingsError` for events that go over the network unsigned: their receiver could not tell who sends them.
 */
function demandSecret(settings: Settings): Settings {
  const overNetwork = Object.values(settings.notify).some(place => /^https?:\/\//i.test(place));
  if (!overNetwork || settings.notifySecret !== undefined) return settings;
  throw new SettingsError(
    'notifySecret (KARIKAGI_NOTIFY_SECRET) is needed to sign the events that notify sends to URLs',
  );
}

/** Throws `SettingsError` for half a certificate, for two, and for what cannot go together with one. */
function demandCertificate(settings: Settings): Settings {
  const { tls, tlsCert, tlsKey, data } = settings;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new SettingsError('tlsCert and tlsKey belong together: a certificate and its key');
  }
  if (tls !== undefined && tlsCert !== undefined) {
    throw new SettingsError('tls: self-signed makes a certificate; tlsCert and tlsKey bring one');
  }
  if (tls !== undefined && data === 'memory') {
    throw new SettingsError('tls: self-signed needs a data directory');
  }
  return settings;
}

function readFile(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new SettingsError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>;
  }
  throw new SettingsError(`${path} must hold one JSON object`);
}
