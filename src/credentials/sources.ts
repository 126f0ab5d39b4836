/** Where keys come from that are there already: the AWS SDK's own chain, profiles, EC2, containers. */
import { fromHttp } from '@aws-sdk/credential-provider-http';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { fromInstanceMetadata } from '@smithy/credential-provider-imds';
import { asCredentialsError } from './errors.js';
import type { Credentials, CredentialsProvider } from './types.js';

export interface DefaultOptions {
  /**
   * A profile of the shared configuration, with its `role_arn`, `credential_process`, SSO …; default: the usual chain.
   */
  readonly profile?: string | undefined;
}

/**
 * The AWS SDK's provider chain: environment, shared configuration, web identity token, container, EC2. It keeps what it
 * found until shortly before it expires. Throws `CredentialsError` where nothing is found.
 */
export function defaultCredentials({ profile }: DefaultOptions = {}): CredentialsProvider {
  return wrapped(
    // The SDK's own single try of a second fails on a machine that is busy for a moment.
    defaultProvider({ maxRetries: 2, ...(profile !== undefined && { profile }) }),
    profile === undefined ? 'there are no credentials' : `the profile ${profile} has no credentials`,
  );
}

export interface MetadataOptions {
  /** Milliseconds that one request may take; default 1000. */
  readonly timeout?: number | undefined;
  /** Default 3. */
  readonly retries?: number | undefined;
}

/**
 * Keys of the role of the EC2 instance that this runs on, over IMDSv2 alone. The endpoint is the SDK's:
 * `AWS_EC2_METADATA_SERVICE_ENDPOINT` or 169.254.169.254. Throws `CredentialsError`.
 */
export function instanceCredentials({
  timeout = 1000,
  retries = 3,
}: MetadataOptions = {}): CredentialsProvider {
  return wrapped(
    fromInstanceMetadata({ timeout, maxRetries: retries, ec2MetadataV1Disabled: true }),
    'the instance metadata endpoint has no credentials',
  );
}

/**
 * Keys of the container's role (ECS, EKS Pod Identity, `karikagi`), from the address in
 * `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `_FULL_URI`. Throws `CredentialsError`.
 */
export function containerCredentials({
  timeout = 1000,
  retries = 3,
}: MetadataOptions = {}): CredentialsProvider {
  return wrapped(fromHttp({ timeout, maxRetries: retries }), "the container's endpoint has no credentials");
}

/** Keys that are known already: for the source of a chain, and for tests. */
export function staticCredentials(credentials: Credentials): CredentialsProvider {
  return async () => credentials;
}

function wrapped(provider: () => Promise<Credentials>, what: string): CredentialsProvider {
  return async () => {
    try {
      return await provider();
    } catch (error) {
      throw asCredentialsError(error, what);
    }
  };
}
