/**
 * Temporary credentials for programs: `karikagi/credentials`. Everything here works unchanged against AWS and against
 * Karikagi: it is a client of STS, IAM and the metadata endpoints, built on the AWS SDK.
 *
 * A provider fetches keys; `renewing` makes one owner of them, whose `provider` goes to any AWS SDK client:
 *
 *     const keys = renewing(assumeRole({ roleArn, externalId, duration: 3600 }));
 *     const s3 = new S3Client({ credentials: keys.provider });
 */
export { type Clock, ManualClock, systemClock } from '../core/clock.js';
export { type AssumeRoleOptions, assumeRole, type Mfa, type SessionOptions } from './assume-role.js';
export { CredentialsError, type CredentialsProblem } from './errors.js';
export {
  assumeRoleWithSaml,
  assumeRoleWithWebIdentity,
  type SamlOptions,
  type WebIdentityOptions,
} from './federation.js';
export { type CallerIdentity, callerIdentity, capOf, roleMaximum } from './identity.js';
export { mfaCommand, mfaPrompt } from './mfa.js';
export {
  type CredentialsCache,
  type Fetched,
  type RenewalTimes,
  RenewingCredentials,
  type RenewingOptions,
  renewalTimes,
  renewing,
} from './renewing.js';
export {
  type CappedBy,
  CHAINING_LIMIT,
  DEFAULT_DURATION,
  LONGEST_DURATION,
  type SessionCap,
  type SessionCapInput,
  SHORTEST_DURATION,
  type SourceKind,
  sessionCap,
  sourceKindOf,
  spanText,
} from './session-cap.js';
export { cacheDirectory, SharedCache, type SharedCacheOptions } from './shared-cache.js';
export {
  containerCredentials,
  type DefaultOptions,
  defaultCredentials,
  instanceCredentials,
  type MetadataOptions,
  staticCredentials,
} from './sources.js';
export { partitionOf, regionFor, type StsTarget, stsClient } from './sts-client.js';
export type { Credentials, CredentialsProvider, RoleCredentials } from './types.js';
