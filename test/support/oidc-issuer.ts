/** An OpenID Connect issuer on loopback whose keys and answers a test holds in its hands. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importPKCS8,
  importSPKI,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { rsaPair } from './rsa-keys.js';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface OidcIssuer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The URL as ARNs and condition keys have it. */
  readonly name: string;
  /** How often its keys were asked for. */
  readonly fetches: () => number;
  /** The keys that it shows and the one that it signs with (the last). */
  keys: SigningKey[];
  /** What it answers instead of its documents, by path. */
  readonly answers: Map<string, { status?: number; body: string }>;
  /** A token of these claims for `aud: 'app'` and five minutes from `time` (milliseconds). */
  token(time: number, claims?: JWTPayload, options?: { key?: SigningKey; header?: object }): Promise<string>;
  close(): Promise<void>;
}

export async function newKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const extractable = { extractable: true };
  if (alg !== 'RS256') return { kid, alg, ...(await generateKeyPair(alg, extractable)) };
  const { privateKey, publicKey } = rsaPair();
  return {
    kid,
    alg,
    privateKey: await importPKCS8(
      String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      alg,
      extractable,
    ),
    publicKey: await importSPKI(String(publicKey.export({ type: 'spki', format: 'pem' })), alg, extractable),
  };
}

export async function startIssuer(): Promise<OidcIssuer> {
  let fetches = 0;
  const answers: OidcIssuer['answers'] = new Map();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (path === '/keys') fetches++;
    const other = answers.get(path);
    const body = other?.body ?? JSON.stringify(await document(path));
    response.writeHead(other?.status ?? (body === undefined ? 404 : 200)).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${name}`;

  async function document(path: string): Promise<object | undefined> {
    if (path === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/keys` };
    if (path !== '/keys') return undefined;
    const jwk = async ({ kid, alg, publicKey }: SigningKey) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg,
      use: 'sig',
    });
    return { keys: await Promise.all(issuer.keys.map(jwk)) };
  }

  const issuer: OidcIssuer = {
    url,
    name,
    fetches: () => fetches,
    keys: [await newKey('first')],
    answers,
    async token(time, claims = {}, options = {}) {
      const key = options.key ?? issuer.keys.at(-1)!;
      const seconds = Math.floor(time / 1000);
      const payload = { iss: url, aud: 'app', sub: 'alice', iat: seconds, exp: seconds + 300, ...claims };
      return await new SignJWT(payload)
        .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...options.header })
        .sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
  return issuer;
}
