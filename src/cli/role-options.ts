/** The options of the commands that fetch keys of a role, and the keys that they stand for. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  assumeRole,
  assumeRoleWithSaml,
  assumeRoleWithWebIdentity,
  type Credentials,
  type CredentialsProvider,
  callerIdentity,
  defaultCredentials,
  mfaCommand,
  mfaPrompt,
  partitionOf,
  type RenewingCredentials,
  renewing,
  SharedCache,
} from '../credentials/index.js';

export interface RoleFlags {
  readonly externalId?: string;
  readonly duration?: string;
  readonly mfa?: string;
  readonly mfaCommand?: string;
  readonly sessionName?: string;
  readonly tags?: readonly string[];
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly webIdentityToken?: string;
  readonly samlAssertion?: string;
  readonly samlProvider?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  /** `false` with `--no-cache`. */
  readonly cache: boolean;
}

export function withRoleOptions(command: Command): Command {
  return withTargetOptions(command)
    .option('--external-id <id>', 'what the trust policy asks for')
    .option(
      '--duration <seconds>',
      'how long each session lasts: 900 up to the role’s maximum (default: 3600)',
    )
    .option('--mfa <serial>', 'a second factor: asks for its code at the terminal before each session')
    .option('--mfa-command <command>', 'takes the code from what a command prints')
    .option(
      '--session-name <name>',
      'how the session is called in logs (default: karikagi- and random digits)',
    )
    .option('--tags <key=value...>', 'session tags')
    .option('--transitive-tags <key...>', 'which of them pass on along a chain')
    .option('--source-identity <name>', 'who is behind the session, for the whole chain')
    .option('--policy <file>', 'a policy document that narrows the session')
    .option('--policy-arns <arn...>', 'managed policies that narrow the session')
    .option('--web-identity-token <file>', 'assume the role with the token of an OpenID Connect provider')
    .option('--saml-assertion <file>', 'assume the role with a SAML response, as XML or in base64')
    .option('--saml-provider <arn>', 'the identity provider of the SAML response')
    .option('--no-cache', 'fetch new keys, and share them with no other process');
}

export function withTargetOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'STS, where it is not AWS’s own (default: AWS_ENDPOINT_URL and the profile)')
    .option('--region <name>', 'the region of STS (default: AWS_REGION, the profile, the partition’s first)')
    .option(
      '--profile <name>',
      'whose keys to begin with (default: the usual chain of environment and files)',
    );
}

/**
 * Keys of the role, renewed ahead and shared with other processes. Throws `CredentialsError` and what a file throws.
 */
export async function roleKeys(role: string, flags: RoleFlags): Promise<RenewingCredentials> {
  const roleArn = await arnOf(role, flags);
  return shared(roleProvider(roleArn, flags), { roleArn, ...flags }, flags.cache);
}

/** Keys of a profile or the usual chain, shared with other processes. */
export function profileKeys(flags: Pick<RoleFlags, 'profile' | 'cache'>): RenewingCredentials {
  const { profile, cache } = flags;
  return shared(defaultCredentials({ profile }), { profile }, cache);
}

/** Where the keys come from that ask for a session: two processes share keys only where all of it is equal. */
const SOURCE_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_STS',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'HOME',
];

function shared(provider: CredentialsProvider, of: object, cached: boolean): RenewingCredentials {
  if (!cached) return renewing(provider);
  const source = Object.fromEntries(SOURCE_VARIABLES.map(name => [name, process.env[name]]));
  return renewing<Credentials>(provider, { cache: new SharedCache({ of: { ...of, source } }) });
}

function roleProvider(roleArn: string, flags: RoleFlags): CredentialsProvider {
  const { samlAssertion, samlProvider, webIdentityToken, sessionName, externalId, sourceIdentity } = flags;
  const { endpoint, region, profile, mfa, policy } = flags;
  const common = {
    roleArn,
    endpoint,
    region,
    profile,
    duration: flags.duration === undefined ? undefined : Number(flags.duration),
    sessionPolicy: policy === undefined ? undefined : readFileSync(policy, 'utf8'),
    policyArns: flags.policyArns,
  };
  if (samlAssertion !== undefined) {
    if (samlProvider === undefined) throw new Error('--saml-assertion needs --saml-provider');
    return assumeRoleWithSaml({ ...common, assertionFile: samlAssertion, providerArn: samlProvider });
  }
  if (webIdentityToken !== undefined) {
    return assumeRoleWithWebIdentity({ ...common, sessionName, token: { file: webIdentityToken } });
  }
  return assumeRole({
    ...common,
    sessionName,
    externalId,
    sourceIdentity,
    tags: flags.tags && Object.fromEntries(flags.tags.map(readTag)),
    transitiveTagKeys: flags.transitiveTags,
    mfa: mfa === undefined ? undefined : { serial: mfa, code: codeOf(mfa, flags.mfaCommand) },
  });
}

function codeOf(serial: string, command: string | undefined): () => Promise<string> {
  return command === undefined ? mfaPrompt(serial) : mfaCommand(command);
}

function readTag(text: string): [string, string] {
  const sign = text.indexOf('=');
  if (sign < 1) throw new Error(`--tags takes key=value, not ${JSON.stringify(text)}`);
  return [text.slice(0, sign), text.slice(sign + 1)];
}

/** An ARN, or the name of a role of the account whose keys ask. */
async function arnOf(role: string, { profile, endpoint, region }: RoleFlags): Promise<string> {
  if (role.startsWith('arn:')) return role;
  const target = { profile, endpoint, region };
  const { account, arn } = await callerIdentity(defaultCredentials({ profile }), target);
  return `arn:${partitionOf(arn)}:iam::${account}:role/${role}`;
}
