/** The client of STS that asks for sessions. */
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS } from '@smithy/core/config';
import { asCredentialsError, CredentialsError } from './errors.js';
import type { CredentialsProvider } from './types.js';

/**
 * Which STS is asked. What is left out comes from the environment and the shared configuration, as in any AWS client.
 */
export interface StsTarget {
  /** Default: `AWS_REGION`, the profile's region, the first of the role's partition. */
  readonly region?: string | undefined;
  /** `http://127.0.0.1:9000`; default: `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`, the profile's, AWS's own. */
  readonly endpoint?: string | undefined;
  /** The profile whose region and endpoint count, and whose keys where no source is given. */
  readonly profile?: string | undefined;
}

/** How often a request is tried, and how long one try may take, in milliseconds. */
const ATTEMPTS = 3;
const CONNECTION_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 15_000;

const FIRST_REGIONS: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};

/** `credentials`: absent for the operations that are not signed. */
export function stsClient(target: StsTarget, arn: string, credentials?: CredentialsProvider): STSClient {
  const config: STSClientConfig = {
    region: () => regionFor(target, arn),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT, requestTimeout: REQUEST_TIMEOUT },
    ...(target.profile !== undefined && { profile: target.profile }),
    ...(target.endpoint !== undefined && { endpoint: target.endpoint }),
    ...(credentials && { credentials }),
  };
  return new STSClient(config);
}

/** The region that is given or configured, or the first of the ARN's partition. */
export async function regionFor({ region, profile }: StsTarget, arn: string): Promise<string> {
  if (region !== undefined) return region;
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (AWS_REGION || AWS_DEFAULT_REGION) return (AWS_REGION || AWS_DEFAULT_REGION)!;
  const options = { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...(profile !== undefined && { profile }) };
  const { environmentVariableSelector, configFileSelector } = NODE_REGION_CONFIG_OPTIONS;
  const first = FIRST_REGIONS[partitionOf(arn)] ?? FIRST_REGIONS['aws']!;
  return await loadConfig({ environmentVariableSelector, configFileSelector, default: first }, options)();
}

/** `aws` of `arn:aws:iam::111122223333:role/name`. */
export function partitionOf(arn: string): string {
  return arn.split(':')[1] ?? '';
}

const ROLE_ARN = /^arn:(aws[\w-]*):iam::(\d{12}):role\/([\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;

/** Throws `CredentialsError` for what is no role's ARN, before anything is asked. */
export function checkRoleArn(arn: string): void {
  if (ROLE_ARN.test(arn)) return;
  throw new CredentialsError(
    'Invalid',
    `${JSON.stringify(arn)} is no role's ARN: arn:aws:iam::111122223333:role/name`,
  );
}

/** How STS refuses a signature for its time: not with a code that the SDK would try again after setting its clock. */
const WRONG_TIME = /Signature (expired|not yet current)/;

/**
 * Asks STS, once more where the machine's clock is wrong: the SDK's client has learnt the difference from the refusal.
 * `what` says what is tried. Throws `CredentialsError`.
 */
export async function ask<O>(request: () => Promise<O>, what: string): Promise<O> {
  try {
    return await request().catch(error =>
      WRONG_TIME.test((error as Error).message) ? request() : Promise.reject(error),
    );
  } catch (error) {
    throw asCredentialsError(error, what);
  }
}
