/** ID tokens: verified, and what they say in the words of policies. */
import { decodeJwt, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { ApiErrorDetail } from '../../core/errors.js';
import type { Context } from '../../policy/types.js';
import type { Tags } from '../model.js';
import type { FederatedIdentity } from './federated-identity.js';
import { federationErrors } from './federation-errors.js';
import type { OidcKeys } from './oidc-keys.js';
import { issuerName, type OidcProvider, type OidcProviders } from './oidc-providers.js';
import { providerArn } from './provider-arn.js';
import { Unreachable } from './reachable.js';

/** Source: IAM User Guide, "Create an OpenID Connect identity provider in IAM". */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** Seconds that an issuer's clock may run ahead. */
const AHEAD = 300;

const TAGS_CLAIM = 'https://aws.amazon.com/tags';
const SOURCE_IDENTITY_CLAIM = 'https://aws.amazon.com/source_identity';

/**
 * Further claims that become condition keys of the role's trust policy, by issuer. Sources: IAM User Guide, "Available
 * keys for AWS OIDC federation"; Service Authorization Reference, STS.
 */
const ISSUER_CLAIMS: readonly (readonly [issuer: RegExp, claims: readonly string[]])[] = [
  [
    /^(token\.actions\.githubusercontent\.com(\/|$)|token\.actions\.[^/]+\.ghe\.com$|github\.com\/enterprises\/)/,
    [
      'actor',
      'actor_id',
      'enterprise_id',
      'environment',
      'job_workflow_ref',
      'ref',
      'repository',
      'repository_id',
      'repository_owner_id',
      'workflow',
    ],
  ],
  [
    /^gitlab\.com$/,
    [
      'namespace_id',
      'pipeline_source',
      'project_id',
      'ref_protected',
      'runner_environment',
      'user_access_level',
      'user_email',
      'user_id',
      'user_login',
    ],
  ],
  [
    /^agent\.(buildkite\.com|[^/]+\.buildkite\.(dev|site))$/,
    [
      'build_branch',
      'cluster_id',
      'cluster_name',
      'organization_id',
      'organization_slug',
      'pipeline_id',
      'pipeline_slug',
    ],
  ],
  [/^oidc\.circleci\.com\/org\//, ['oidc.circleci.com/project-id']],
];

export class OidcTokens {
  readonly #providers: OidcProviders;
  readonly #keys: OidcKeys;
  readonly #clock: Clock;

  constructor(providers: OidcProviders, keys: OidcKeys, clock: Clock) {
    this.#providers = providers;
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * Whom a token is for, by a provider of that account. Throws `InvalidIdentityToken`, `ExpiredTokenException`,
   * `IDPCommunicationError`, `IDPRejectedClaim`.
   */
  async verify(home: Account, token: string): Promise<FederatedIdentity> {
    const issuer = issuerOf(token);
    const provider = await this.#providers.ofIssuer(home.id, issuer);
    if (provider === undefined) {
      throw federationErrors.InvalidIdentityToken(
        `No OpenIDConnect provider found in your account for ${issuer}`,
      );
    }
    const now = this.#clock.now();
    const payload = await this.#verified(token, provider, now);
    checkTimes(payload, now);
    return identityOf(home, provider, payload);
  }

  async #verified(token: string, provider: OidcProvider, now: number): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#keys.of(provider), {
        algorithms: ALGORITHMS,
        issuer: provider.url,
        currentDate: new Date(now),
        clockTolerance: AHEAD,
        requiredClaims: ['exp', 'iat', 'sub', 'aud'],
      });
      return payload;
    } catch (error) {
      throw refused(error, now);
    }
  }
}

/** Read before the signature is verified: it only chooses the provider that verifies it. */
function issuerOf(token: string): string {
  let issuer: unknown;
  try {
    issuer = decodeJwt(token).iss;
  } catch (cause) {
    throw federationErrors.InvalidIdentityToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      { cause },
    );
  }
  if (typeof issuer === 'string') return issuer;
  throw federationErrors.InvalidIdentityToken('Missing a required claim: iss');
}

function refused(error: unknown, now: number): unknown {
  if (error instanceof Unreachable) {
    return federationErrors.IDPCommunicationError(
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
      { reason: error.message, cause: error },
    );
  }
  if (!(error instanceof joseErrors.JOSEError)) return error;
  const detail = { reason: `${error.code}: ${error.message}`, cause: error };
  if (error instanceof joseErrors.JWTExpired) return expired(error.payload.exp!, now, detail);
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    const words =
      error.reason === 'missing'
        ? `Missing a required claim: ${error.claim}`
        : `The claim ${error.claim} of the token is not acceptable.`;
    return federationErrors.InvalidIdentityToken(words, detail);
  }
  return federationErrors.InvalidIdentityToken(
    'The web identity token that was passed could not be validated.',
    detail,
  );
}

function expired(exp: number, now: number, detail: ApiErrorDetail = {}) {
  const current = Math.floor(now / 1000);
  return federationErrors.ExpiredTokenException(
    `Token expired: current date/time ${current} must be before the expiration date/time ${exp}`,
    detail,
  );
}

/** Strict where the library is lenient: an issuer's clock may run ahead, but what has expired has expired. */
function checkTimes({ exp, iat }: JWTPayload, now: number): void {
  if (exp! * 1000 <= now) throw expired(exp!, now);
  if (iat! * 1000 > now + AHEAD * 1000) {
    throw federationErrors.InvalidIdentityToken('The token was issued in the future.');
  }
}

function identityOf(home: Account, provider: OidcProvider, payload: JWTPayload): FederatedIdentity {
  const given = (Array.isArray(payload.aud) ? payload.aud : [payload.aud!]).filter(isText);
  const authorised = payload['azp'];
  // "Available keys for AWS OIDC federation": the key aud maps to the claim azp, and to aud where there is none.
  const audiences = isText(authorised) ? [authorised] : given;
  const clientIds = new Set(provider.clientIds);
  const audience = audiences.find(one => clientIds.has(one));
  if (audience === undefined) throw federationErrors.InvalidIdentityToken('Incorrect token audience');
  const name = issuerName(provider.url);
  const subject = payload.sub!;
  const methods = payload['amr'];
  const lasting: Context = {
    [`${name}:aud`]: audiences.length === 1 ? audiences[0]! : audiences,
    [`${name}:sub`]: subject,
    ...(Array.isArray(methods) && { [`${name}:amr`]: methods.filter(isText) }),
  };
  const { principal_tags: tags, transitive_tag_keys: transitive } = tagsClaim(payload);
  return {
    provider: providerArn('oidc-provider', home, name),
    issuer: provider.url,
    label: `${name}:${audience}:${subject}`,
    subject,
    audience,
    context: { ...trustKeys(name, payload, given), ...lasting },
    sessionKeys: lasting,
    tags,
    transitiveTagKeys: transitive,
    sourceIdentity: sourceIdentityOf(payload),
  };
}

/** The keys that only the trust policy sees. */
function trustKeys(name: string, payload: JWTPayload, audiences: readonly string[]): Context {
  const keys: Record<string, string | readonly string[]> = { [`${name}:oaud`]: audiences };
  const further = ISSUER_CLAIMS.find(([issuer]) => issuer.test(name))?.[1] ?? [];
  for (const claim of ['azp', 'email', ...further]) {
    const value = payload[claim];
    if (isText(value)) keys[`${name}:${claim}`] = value;
  }
  return keys;
}

/**
 * Session tags: `{"principal_tags": {"Team": ["red"]}, "transitive_tag_keys": ["Team"]}`. Source: IAM User Guide,
 * "Passing session tags using AssumeRoleWithWebIdentity".
 */
function tagsClaim(payload: JWTPayload): { principal_tags: Tags; transitive_tag_keys: readonly string[] } {
  const claim = payload[TAGS_CLAIM];
  if (claim === undefined) return { principal_tags: [], transitive_tag_keys: [] };
  if (!isRecord(claim)) throw rejected(TAGS_CLAIM);
  const { principal_tags: tags = {}, transitive_tag_keys: transitive = [] } = claim;
  if (!isRecord(tags) || !Array.isArray(transitive) || !transitive.every(isText)) throw rejected(TAGS_CLAIM);
  const pairs = Object.entries(tags).map(([key, values]) => {
    const value: unknown = Array.isArray(values) && values.length === 1 ? values[0] : values;
    if (!isText(value)) throw rejected(TAGS_CLAIM);
    return [key, value] as const;
  });
  return { principal_tags: pairs, transitive_tag_keys: transitive };
}

function sourceIdentityOf(payload: JWTPayload): string | undefined {
  const claim = payload[SOURCE_IDENTITY_CLAIM];
  if (claim === undefined) return undefined;
  if (isText(claim) && /^[\w+=,.@-]{2,64}$/.test(claim) && !/^aws:/i.test(claim)) return claim;
  throw rejected(SOURCE_IDENTITY_CLAIM);
}

function rejected(claim: string) {
  return federationErrors.IDPRejectedClaim(`The claim ${claim} of the token is not of the expected form.`, {
    advice: `Let the identity provider put another value into ${claim}.`,
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
