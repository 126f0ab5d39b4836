/** Keys of a role for who has a token or an assertion of an identity provider. */
import { readFile } from 'node:fs/promises';
import { AssumeRoleWithSAMLCommand, AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import {
  checkSessionName,
  newSessionName,
  policiesOf,
  roleCredentials,
  type SessionOptions,
} from './assume-role.js';
import { CredentialsError } from './errors.js';
import { checkDuration, DEFAULT_DURATION } from './session-cap.js';
import { ask, checkRoleArn, type StsTarget, stsClient } from './sts-client.js';
import type { CredentialsProvider, RoleCredentials } from './types.js';

export interface WebIdentityOptions extends SessionOptions, StsTarget {
  readonly roleArn: string;
  readonly sessionName?: string | undefined;
  /** The token, or who fetches it; read before every session, as providers replace it. */
  readonly token: { readonly file: string } | (() => Promise<string>);
}

/**
 * Assumes a role with a token of an OpenID Connect provider on every call: give it to `renewing`. Throws
 * `CredentialsError`, at once for options that no STS accepts. Source: STS API Reference, AssumeRoleWithWebIdentity.
 */
export function assumeRoleWithWebIdentity(options: WebIdentityOptions): CredentialsProvider<RoleCredentials> {
  const { roleArn, token, duration = DEFAULT_DURATION } = options;
  checkRoleArn(roleArn);
  checkDuration(options.duration);
  const sessionName = checkSessionName(options.sessionName ?? newSessionName());
  const client = stsClient(options, roleArn);
  return async () => {
    const text = typeof token === 'function' ? await token() : await contentOf(token.file);
    const command = new AssumeRoleWithWebIdentityCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      WebIdentityToken: text.trim(),
      DurationSeconds: duration,
      ...policiesOf(options),
    });
    const what = `cannot assume ${roleArn} with a web identity`;
    const output = await ask(() => client.send(command), what);
    return roleCredentials(output, duration);
  };
}

export interface SamlOptions extends SessionOptions, StsTarget {
  readonly roleArn: string;
  /** ARN of the identity provider: `arn:aws:iam::111122223333:saml-provider/Directory`. */
  readonly providerArn: string;
  /** A file with the response of the identity provider, as XML or in base64. Read before every session. */
  readonly assertionFile: string;
}

/**
 * Assumes a role with a SAML response on every call. An assertion lives for minutes: renewing must replace the
 * file. Throws `CredentialsError`. Source: STS API Reference, AssumeRoleWithSAML.
 */
export function assumeRoleWithSaml(options: SamlOptions): CredentialsProvider<RoleCredentials> {
  const { roleArn, providerArn, assertionFile, duration = DEFAULT_DURATION } = options;
  checkRoleArn(roleArn);
  checkDuration(options.duration);
  const client = stsClient(options, roleArn);
  return async () => {
    const command = new AssumeRoleWithSAMLCommand({
      RoleArn: roleArn,
      PrincipalArn: providerArn,
      SAMLAssertion: assertionOf(await contentOf(assertionFile)),
      DurationSeconds: duration,
      ...policiesOf(options),
    });
    const what = `cannot assume ${roleArn} with a SAML assertion`;
    const output = await ask(() => client.send(command), what);
    return roleCredentials(output, duration);
  };
}

/** In base64 without line ends, whichever way it is in the file. */
function assertionOf(content: string): string {
  const text = content.trim();
  return text.startsWith('<') ? Buffer.from(text).toString('base64') : text.replace(/\s+/g, '');
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CredentialsError('NoSource', `${path} cannot be read: ${(cause as Error).message}`, undefined, {
      cause,
    });
  }
}
