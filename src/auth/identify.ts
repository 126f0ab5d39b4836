import type { Refusals } from '../core/auth-errors.js';
import type { Caller, CredentialLookup, CredentialSource } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import { ApiError, type Claimant } from '../core/errors.js';
import type { ServiceTraits } from '../core/service.js';
import { acceptsCredentials } from '../identity/accounts/regions.js';

/** Who somebody says to be. */
interface Claim {
  readonly accessKeyId: string;
  readonly token: string | undefined;
  /** From the credential scope; may be empty. */
  readonly region: string;
}

export interface IdentifyOptions {
  readonly service: ServiceTraits;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

/**
 * Finds whose access key it is. `verify` is handed the secret and throws where the signature is not right; nothing is
 * said of a session that is over before that. Throws the service's error for credentials that are not valid.
 */
export async function identify<T>(
  claim: Claim,
  { service, credentials, clock }: IdentifyOptions,
  verify: (secret: string) => T,
): Promise<{ readonly caller: Caller; readonly verified: T }> {
  const refusals = service.errors.auth;
  const now = clock.now();
  const found = await credentials.lookup(claim.accessKeyId, claim.token, now);
  if (found.found === 'none') throw claimedBy(unknownCredentials(found, claim, refusals), found.claimant);
  const verified = verifiedFor(found, verify);
  if (found.found === 'expired')
    throw claimedBy(refusals.expiredToken(claim.token ?? '', 'The session is over.'), found.claimant);
  const { caller } = found;
  if (caller.credentials === 'long-term' && claim.token !== undefined) {
    throw claimedBy(
      refusals.token(claim.token, 'A session token came with a long-term access key.'),
      claimantOf(found),
    );
  }
  // The product's own API is open in every region: it is where an account switches its regions.
  if (!service.signing.everyRegion && caller.account && !acceptsCredentials(caller.account, claim.region)) {
    const reason = `account ${caller.account.id} has no region ${claim.region}`;
    const advice = `Enable the region for the account (karikagi regions enable ${claim.region}), or sign for another one.`;
    throw claimedBy(refusals.accessKey(claim.accessKeyId, reason), claimantOf(found)).with({ advice });
  }
  credentials.used(caller, service.id, claim.region, now);
  return { caller, verified };
}

type Found = Exclude<CredentialLookup, { found: 'none' }>;

/** What `verify` makes of the secret. What it throws is known to be about these credentials. */
function verifiedFor<T>(found: Found, verify: (secret: string) => T): T {
  try {
    return verify(found.secretAccessKey);
  } catch (error) {
    throw error instanceof ApiError ? claimedBy(error, claimantOf(found)) : error;
  }
}

function claimantOf(found: Found): Claimant | undefined {
  if (found.found === 'expired') return found.claimant;
  const { account, principal } = found.caller;
  return account && { account: account.id, arn: principal.arn };
}

/** For the trace: whose administrators may read of the refusal. */
function claimedBy(error: ApiError, claimant: Claimant | undefined): ApiError {
  return claimant ? error.with({ claimant }) : error;
}

function unknownCredentials(
  { why, reason }: Extract<CredentialLookup, { found: 'none' }>,
  { token, accessKeyId }: Claim,
  refusals: Refusals,
): ApiError {
  if (token !== undefined && why === 'revoked') return refusals.expiredToken(token, reason);
  if (token !== undefined && why === 'token') return refusals.token(token, reason);
  return refusals.accessKey(accessKeyId, reason);
}
