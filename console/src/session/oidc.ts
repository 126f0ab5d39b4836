/** Signing in at an OpenID Connect issuer: the authorization code flow with PKCE (RFC 7636), all of it in the page. */
import { serverConfig } from '../api/config.js';
import { translate } from '../i18n/index.js';
import { signInWithWebIdentity } from './sign-in.js';

interface Provider {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

/** What is remembered while the browser is at the issuer. */
interface Begun {
  readonly issuer: string;
  readonly roleArn: string;
  readonly state: string;
  readonly verifier: string;
}

const PLACE = 'karikagi.oidc';

/** Leaves for the issuer. Throws where its metadata cannot be had. */
export async function beginWebIdentity(issuer: string, roleArn: string): Promise<void> {
  // Browsers hash for pages of safe origins alone, and PKCE needs it.
  if (!isSecureContext) throw new Error(translate('signIn.web.insecure'));
  const [{ issuers }, provider] = await Promise.all([serverConfig(), providerOf(issuer)]);
  const begun = { issuer, roleArn, state: random(), verifier: random() };
  sessionStorage.setItem(PLACE, JSON.stringify(begun));
  const url = new URL(provider.authorization_endpoint);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun.verifier));
  url.search = new URLSearchParams({
    ...Object.fromEntries(url.searchParams),
    response_type: 'code',
    client_id: issuers[issuer]!,
    redirect_uri: redirectUri(),
    scope: 'openid',
    state: begun.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  }).toString();
  location.assign(url);
}

/** Back from the issuer; resolves with where to go on. Throws for a reply that was not asked for. */
export async function finishWebIdentity(query: URLSearchParams): Promise<string> {
  const begun = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Begun | null;
  sessionStorage.removeItem(PLACE);
  const code = query.get('code');
  if (begun === null || query.get('state') !== begun.state) {
    throw new Error('This reply of an identity provider was not asked for by this tab.');
  }
  if (code === null) throw new Error(query.get('error_description') ?? query.get('error') ?? 'no code came');
  const [{ issuers }, provider] = await Promise.all([serverConfig(), providerOf(begun.issuer)]);
  const response = await fetch(provider.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      client_id: issuers[begun.issuer]!,
      redirect_uri: redirectUri(),
      code_verifier: begun.verifier,
    }),
  });
  const tokens = (await response.json()) as { id_token?: string; error_description?: string; error?: string };
  if (tokens.id_token === undefined) {
    throw new Error(tokens.error_description ?? tokens.error ?? 'The provider gave no id_token.');
  }
  await signInWithWebIdentity(begun.roleArn, tokens.id_token);
  return '/';
}

async function providerOf(issuer: string): Promise<Provider> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`The provider's metadata cannot be read: status ${response.status}.`);
  return (await response.json()) as Provider;
}

function redirectUri(): string {
  return `${location.origin}/oidc`;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
