import type { Context } from '../../policy/types.js';
import type { Tags } from '../model.js';

/** Somebody whom an identity provider vouches for. */
export interface FederatedIdentity {
  /** ARN of the provider. */
  readonly provider: string;
  readonly subject: string;
  readonly audience: string;
  readonly issuer: string;
  /** As logs and records name it: `issuer.example.com:audience:subject`. */
  readonly label: string;
  /** Condition keys for the role's trust policy. */
  readonly context: Context;
  /** Those of them that the session keeps. */
  readonly sessionKeys: Context;
  readonly tags: Tags;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string | undefined;
}
