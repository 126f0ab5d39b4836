/** Reads small JSON documents of identity providers over HTTP. */
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet, type RequestOptions } from 'node:https';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { hostOf, type Reachable, Unreachable } from './reachable.js';

/** Milliseconds for the whole of a request. */
const TIMEOUT = 5000;
const MAX_BYTES = 1024 * 1024;

/** What OpenSSL says of a chain that ends in no authority this machine knows. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * The JSON document at a URL. The server's certificate is verified against the authorities that this machine knows
 * and, where these do not vouch for it, against those certificates of its chain whose thumbprint (SHA-1,
 * hexadecimal) is listed. Redirects are not followed. Throws `Unreachable`, also for an address that is not reachable.
 * Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider".
 */
export async function fetchJson(
  url: URL,
  thumbprints: readonly string[],
  reachable: Reachable,
): Promise<unknown> {
  if (!reachable.mayAsk(url)) throw new Unreachable(`${url}: may not be asked (--oidc-allow opens others)`);
  try {
    return JSON.parse(await read(url, reachable));
  } catch (error) {
    if (thumbprints.length === 0 || !UNTRUSTED.has(codeOf(error))) throw unreachable(url, error);
  }
  try {
    const ca = await listedCertificates(url, thumbprints, reachable);
    // The chain may end at what is listed, be it an authority's certificate or the server's own.
    return JSON.parse(await read(url, reachable, { ca, allowPartialTrustChain: true }));
  } catch (error) {
    throw unreachable(url, error);
  }
}

/** Of Node since 20.18, and not in its types of that version. */
type TlsOptions = RequestOptions & { allowPartialTrustChain?: boolean };

function read(url: URL, { lookup }: Reachable, options: TlsOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings: TlsOptions = {
      ...options,
      agent: false,
      lookup,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT),
    };
    const request = (url.protocol === 'http:' ? httpGet : httpsGet)(url, settings, response => {
      body(response).then(resolve, reject);
    });
    request.on('error', reject);
  });
}

async function body(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`answered ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > MAX_BYTES) throw new Error(`answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The certificates that the server shows and whose thumbprints are listed, in PEM. Nothing is trusted yet. */
function listedCertificates(
  url: URL,
  thumbprints: readonly string[],
  { lookup }: Reachable,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const host = hostOf(url);
    const port = Number(url.port || 443);
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const settings = { host, port, lookup, ...servername, rejectUnauthorized: false };
    const socket = connect(settings, () => {
      const listed = chainOf(socket.getPeerCertificate(true)).filter(({ fingerprint }) =>
        thumbprints.includes(fingerprint.replaceAll(':', '').toLowerCase()),
      );
      socket.destroy();
      if (listed.length === 0) reject(new Error('no certificate of the server has a listed thumbprint'));
      else resolve(listed.map(({ raw }) => pemOf(raw)));
    });
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), TIMEOUT);
    socket.on('close', () => clearTimeout(timer));
    socket.on('error', reject);
  });
}

function chainOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain = [leaf];
  for (let next = leaf.issuerCertificate; next && !chain.includes(next); next = next.issuerCertificate) {
    chain.push(next);
  }
  return chain;
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}

function unreachable(url: URL, error: unknown): Unreachable {
  const { message } = error as Error;
  return new Unreachable(`${url}: ${codeOf(error) || message}`, { cause: error });
}
