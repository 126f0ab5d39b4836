import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { federationErrors } from './federation-errors.js';
import type { SamlIdentity } from './saml-assertion.js';
import type { SamlProviders } from './saml-providers.js';
import { askReader } from './saml-reader.js';

/** What identity providers say by way of responses. */
export class SamlResponses {
  readonly #providers: SamlProviders;
  readonly #clock: Clock;

  constructor(providers: SamlProviders, clock: Clock) {
    this.#providers = providers;
    this.#clock = clock;
  }

  /**
   * Whom a response (Base64) is for, by that provider of the account. `source`: the address that it comes from, which
   * waits behind its own. Throws `InvalidIdentityToken`, `ExpiredTokenException`, `IDPRejectedClaim`, `Throttling`.
   */
  async verify(home: Account, arn: string, response: string, source: string): Promise<SamlIdentity> {
    const provider = await this.#providers.find(home, arn);
    if (provider === undefined) throw invalid('The SAML provider does not exist in the account of the role.');
    const now = this.#clock.now();
    if (provider.validUntil !== undefined && now >= provider.validUntil) {
      throw invalid('The metadata of the SAML provider has expired.');
    }
    const { name, entityId, keys } = provider;
    const { id, partition } = home;
    return askReader(source, {
      kind: 'response',
      home: { id, partition },
      provider: { name, entityId, keys },
      response,
      now,
    });
  }
}

function invalid(message: string) {
  return federationErrors.InvalidIdentityToken(message);
}
