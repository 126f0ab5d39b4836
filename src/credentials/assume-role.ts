/** Keys of a role for who has keys already. */
import { randomBytes } from 'node:crypto';
import { AssumeRoleCommand, type AssumeRoleCommandOutput } from '@aws-sdk/client-sts';
import { CredentialsError } from './errors.js';
import { checkDuration, DEFAULT_DURATION } from './session-cap.js';
import { defaultCredentials } from './sources.js';
import { ask, checkRoleArn, type StsTarget, stsClient } from './sts-client.js';
import type { CredentialsProvider, RoleCredentials } from './types.js';

/** A second factor for the trust policies that ask for one. */
export interface Mfa {
  /** Serial number or ARN of the device: `arn:aws:iam::111122223333:mfa/alice`. */
  readonly serial: string;
  /** Asked before every session, as a code counts once. See `mfaCommand` and `mfaPrompt`. */
  readonly code: () => Promise<string>;
}

/** What a session may be narrowed to, and how long it lasts: common to all ways to a role. */
export interface SessionOptions {
  /**
   * Seconds from 900; default 3600, as clients fetch shorter ones again and again. STS refuses more than `sessionCap`
   * says.
   */
  readonly duration?: number | undefined;
  /** A policy document in JSON: the session may do what both the role and this allow. */
  readonly sessionPolicy?: string | undefined;
  /** ARNs of managed policies with the same effect, at most 10. */
  readonly policyArns?: readonly string[] | undefined;
}

export interface AssumeRoleOptions extends SessionOptions, StsTarget {
  /** `arn:aws:iam::111122223333:role/staging` */
  readonly roleArn: string;
  /**
   * 2–64 of `\w+=,.@-`, seen in every log; default `karikagi-` and random digits, one for all sessions of the provider.
   */
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Keys of those tags that pass on to the next session of a chain. */
  readonly transitiveTagKeys?: readonly string[] | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly mfa?: Mfa | undefined;
  /** Whose keys ask; default: what `defaultCredentials` of the profile finds. Pass another provider for a chain. */
  readonly source?: CredentialsProvider | undefined;
}

/**
 * A provider that assumes a role on every call: give it to `renewing`. GetSessionToken is never asked: keys of a user
 * go to AssumeRole as they are, so that a session may last as long as its role allows. Throws `CredentialsError` for
 * options that no STS accepts; the provider throws it for what STS answers.
 * Source: STS API Reference, AssumeRole.
 */
export function assumeRole(options: AssumeRoleOptions): CredentialsProvider<RoleCredentials> {
  const { roleArn, mfa } = options;
  checkRoleArn(roleArn);
  checkDuration(options.duration);
  const sessionName = checkSessionName(options.sessionName ?? newSessionName());
  const source = options.source ?? defaultCredentials({ profile: options.profile });
  const client = stsClient(options, roleArn, source);
  return async () => {
    const code = mfa && { SerialNumber: mfa.serial, TokenCode: checkCode(await mfa.code()) };
    const { duration = DEFAULT_DURATION, externalId, sourceIdentity, tags, transitiveTagKeys } = options;
    const command = new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      DurationSeconds: duration,
      ExternalId: externalId,
      SourceIdentity: sourceIdentity,
      ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      ...(transitiveTagKeys && { TransitiveTagKeys: [...transitiveTagKeys] }),
      ...policiesOf(options),
      ...code,
    });
    const what = `cannot assume ${roleArn}`;
    const output = await ask(() => client.send(command), what);
    return roleCredentials(output, duration);
  };
}

/** The members of a request that narrow a session. */
export function policiesOf({ sessionPolicy, policyArns }: SessionOptions) {
  return {
    ...(sessionPolicy !== undefined && { Policy: sessionPolicy }),
    ...(policyArns && { PolicyArns: policyArns.map(arn => ({ arn })) }),
  };
}

type Issued = Pick<AssumeRoleCommandOutput, 'Credentials' | 'AssumedRoleUser' | 'PackedPolicySize'>;

/** What STS answered. Throws `CredentialsError` where it lacks what every answer has. */
export function roleCredentials(output: Issued, duration: number): RoleCredentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = output.Credentials ?? {};
  const arn = output.AssumedRoleUser?.Arn;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration || !arn) {
    throw new CredentialsError('Invalid', 'STS answered without the keys of a session');
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
    accountId: arn.split(':')[4]!,
    assumedRoleArn: arn,
    duration,
    ...(output.PackedPolicySize !== undefined && { packedPolicySize: output.PackedPolicySize }),
  };
}

export function newSessionName(): string {
  return `karikagi-${randomBytes(6).toString('hex')}`;
}

/** Returns the name. Throws `CredentialsError` for one that STS refuses (AssumeRole, `RoleSessionName`). */
export function checkSessionName(name: string): string {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw new CredentialsError(
    'Invalid',
    `a session's name is 2 to 64 of letters, digits and _+=,.@-, not ${JSON.stringify(name)}`,
  );
}

function checkCode(given: string): string {
  const code = given.trim();
  if (/^\d{6}$/.test(code)) return code;
  throw new CredentialsError('Invalid', 'the MFA code is not six digits');
}
