/** The public keys of OpenID Connect issuers: discovered, cached, and fetched again when they change. */

import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, errors as joseErrors } from 'jose';
import { BoundedCache } from '../../core/bounded-cache.js';
import type { Clock } from '../../core/clock.js';
import { FairQueue, QueueFull } from '../../core/fair-queue.js';
import { HOUR_MS } from '../../core/time.js';
import { fetchJson } from './oidc-fetch.js';
import type { OidcProvider } from './oidc-providers.js';
import { Reachable, Unreachable } from './reachable.js';

type Issuer = Pick<OidcProvider, 'url' | 'thumbprints'>;

export interface OidcKeysOptions {
  readonly clock: Clock;
  /** Issuers whose keys are read from a file (a JWK set) instead of over the network, by their URL. */
  readonly keyFiles?: ReadonlyMap<string, string> | undefined;
  /** What may be asked beside public addresses: nothing, by default. */
  readonly reachable?: Reachable | undefined;
  readonly fetch?: typeof fetchJson;
}

/**
 * Milliseconds after which keys are fetched again, and until which old ones serve while their issuer does not answer.
 */
const FRESH = HOUR_MS;
const STALE = 24 * FRESH;
/** Milliseconds between two looks at an issuer, whatever tokens say: unknown keys cannot make this server a hammer. */
const PAUSE = 30_000;
const CACHED_ISSUERS = 1000;
/** Of each kind. Source: IAM User Guide, "Create an OpenID Connect identity provider in IAM", prerequisites. */
const MAX_KEYS = 100;

/** Resolving names and connecting take threads and sockets: so many issuers are asked at a time. */
const queue = new FairQueue({ width: 4, perOwner: 8, total: 200 });

interface Known {
  readonly find: JWTVerifyGetKey;
  readonly fetched: number;
}

interface Look {
  known?: Known | undefined;
  failure?: Unreachable | undefined;
  attempted: number;
  running?: Promise<void> | undefined;
}

export class OidcKeys {
  readonly #clock: Clock;
  readonly #files: ReadonlyMap<string, string>;
  readonly #fetch: (url: URL, thumbprints: readonly string[]) => Promise<unknown>;
  readonly #reachable: Reachable;
  readonly #looks = new BoundedCache<string, Look>(CACHED_ISSUERS);

  constructor({
    clock,
    keyFiles = new Map(),
    reachable = new Reachable(),
    fetch = fetchJson,
  }: OidcKeysOptions) {
    this.#clock = clock;
    this.#files = keyFiles;
    this.#reachable = reachable;
    this.#fetch = (url, thumbprints) => queue.run(url.host, () => fetch(url, thumbprints, reachable));
  }

  /** Finds the key of a token of that issuer, for `jwtVerify`. It throws jose's errors, and `Unreachable`. */
  of(issuer: Issuer): JWTVerifyGetKey {
    return async (header, token) => {
      const look = this.#lookAt(issuer);
      await this.#refresh(issuer, look, FRESH);
      if (look.known === undefined) throw look.failure;
      try {
        return await look.known.find(header, token);
      } catch (error) {
        if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error;
        await this.#refresh(issuer, look, PAUSE);
        return await look.known.find(header, token);
      }
    };
  }

  /** Accounts share what is known of an issuer only where they trust the same certificates. */
  #lookAt({ url, thumbprints }: Issuer): Look {
    const name = [url, ...thumbprints].join(' ');
    let look = this.#looks.get(name);
    if (look === undefined) {
      look = { attempted: Number.NEGATIVE_INFINITY };
      this.#looks.set(name, look);
    }
    return look;
  }

  /** Fetches the keys where they are older than `age`, once for all who wait, and not again within `PAUSE`. */
  async #refresh(issuer: Issuer, look: Look, age: number): Promise<void> {
    const now = this.#clock.now();
    if (look.known && now - look.known.fetched > STALE) look.known = undefined;
    const due = look.known === undefined || now - look.known.fetched >= age;
    if (due && look.running === undefined && now - look.attempted >= PAUSE) {
      look.attempted = now;
      look.running = this.#fetchKeys(issuer).then(
        find => void Object.assign(look, { known: { find, fetched: now }, running: undefined }),
        error => {
          const failure =
            error instanceof QueueFull ? new Unreachable(`${issuer.url}: ${error.message}`) : error;
          Object.assign(look, { failure, running: undefined });
        },
      );
    }
    await look.running;
  }

  async #fetchKeys({ url, thumbprints }: Issuer): Promise<JWTVerifyGetKey> {
    const file = this.#files.get(url);
    if (file !== undefined) return keySet(await readKeys(file), file);
    const base = url.endsWith('/') ? url.slice(0, -1) : url;
    const discovery = new URL(`${base}/.well-known/openid-configuration`);
    const keys = keysUrl(discovery, url, this.#reachable, await this.#fetch(discovery, thumbprints));
    return keySet(await this.#fetch(keys, thumbprints), keys.href);
  }
}

async function readKeys(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new Unreachable(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Where the issuer keeps its keys. Source: OpenID Connect Discovery 1.0, sections 4.2 and 4.3 (the issuer must match).
 */
function keysUrl(from: URL, issuer: string, reachable: Reachable, document: unknown): URL {
  const { issuer: named, jwks_uri: uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Unreachable(`${from}: speaks for another issuer`);
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  const secure = url?.protocol === 'https:' || from.protocol === 'http:';
  if (url === undefined || !secure || !reachable.mayAsk(url))
    throw new Unreachable(`${from}: jwks_uri cannot be used`);
  return url;
}

/** Only public keys of signature algorithms: a shared secret among them could be used to forge tokens. */
function keySet(document: unknown, from: string): JWTVerifyGetKey {
  const { keys } = (document ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Unreachable(`${from}: is no JWK set`);
  const asymmetric = (keys as JSONWebKeySet['keys']).filter(({ kty }) => kty === 'RSA' || kty === 'EC');
  if (asymmetric.length > 2 * MAX_KEYS) throw new Unreachable(`${from}: holds too many keys`);
  return createLocalJWKSet({ keys: asymmetric });
}
