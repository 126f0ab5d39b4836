/** The ways in: each ends with temporary credentials of this tab. */
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { serverConfig } from '../api/config.js';
import { clientSettings, renewWith } from '../api/credentials.js';
import { call, type LongTermKeys, ServiceError } from '../api/karikagi.js';
import { type Identity, type Keys, session, setSession } from './store.js';

/** Of credentials as JSON has them: times are ISO 8601, or seconds since the epoch. */
interface Granted {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string | number;
}

/** What the sign-in page still needs to know. */
export type Missing = 'mfa' | 'new-password';

function sts(keys: Keys): STSClient {
  return new STSClient(clientSettings(keys));
}

function keysOf(granted: Granted | Credentials): Keys {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = granted;
  const expires = typeof Expiration === 'number' ? Expiration * 1000 : Number(new Date(Expiration!));
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
    expires,
  };
}

async function identityOf(keys: Keys): Promise<Identity> {
  const { Arn, Account } = await sts(keys).send(new GetCallerIdentityCommand({}));
  return { keys, arn: Arn!, account: Account! };
}

async function enter(keys: Keys): Promise<void> {
  const [base, { region }] = await Promise.all([identityOf(keys), serverConfig()]);
  setSession({ signedIn: { base, region } });
}

/** Exchanges an access key for a session; the secret goes nowhere else, and is kept nowhere. */
export async function signInWithAccessKey(
  keys: LongTermKeys,
  mfa?: { readonly serial: string; readonly code: string },
): Promise<void> {
  const { region } = await serverConfig();
  const input = mfa ? { SerialNumber: mfa.serial, TokenCode: mfa.code } : {};
  const { Credentials: granted } = await call<{ Credentials: Granted }>(
    'CreateConsoleSession',
    input,
    keys,
    region,
  );
  await enter(keysOf(granted));
}

/** With credentials that STS has given out. Throws what GetCallerIdentity answers to wrong ones. */
export async function signInWithTemporaryCredentials(keys: Keys): Promise<void> {
  await enter(keys);
}

export interface PasswordForm {
  readonly account: string;
  readonly user: string;
  readonly password: string;
  readonly code: string;
  readonly newPassword: string;
}

/** Resolves with what is still missing, or with nothing once signed in. */
export async function signInWithPassword(form: PasswordForm): Promise<Missing | undefined> {
  const reply = await federation({ Action: 'password', ...form });
  if (reply['MfaRequired']) return 'mfa';
  if (reply['NewPasswordRequired']) return 'new-password';
  await enter(keysOf(reply['Credentials'] as Granted));
  return undefined;
}

/** The identity that a sign-in URL stands for; it is used up by this. */
export async function redeem(token: string): Promise<Identity> {
  const reply = await federation({ Action: 'redeem', SigninToken: token });
  return await identityOf(keysOf(reply['Credentials'] as Granted));
}

export async function enterAs(base: Identity): Promise<void> {
  setSession({ signedIn: { base, region: (await serverConfig()).region } });
}

async function federation(fields: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch('/federation', { method: 'POST', body: new URLSearchParams(fields) });
  const reply = (await response.json()) as Record<string, unknown>;
  if (response.ok) return reply;
  throw new ServiceError(String(reply['code']), String(reply['message']), response.status, undefined);
}

export async function signInWithWebIdentity(roleArn: string, token: string): Promise<void> {
  const { region } = await serverConfig();
  const client = new STSClient({
    endpoint: location.origin,
    region,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  const { Credentials: granted } = await client.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: roleArn,
      RoleSessionName: 'console',
      WebIdentityToken: token,
    }),
  );
  await enter(keysOf(granted!));
}

export interface RoleSwitch {
  readonly roleArn: string;
  readonly displayName: string;
}

/** Assumes the role as who signed in. Throws what AssumeRole answers. */
export async function switchRole({ roleArn, displayName }: RoleSwitch): Promise<void> {
  const { signedIn } = session();
  if (signedIn === undefined) throw new Error('no one is signed in');
  const { base } = signedIn;
  const { Credentials: granted, AssumedRoleUser } = await sts(base.keys).send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName(base.arn) }),
  );
  const role = {
    keys: keysOf(granted!),
    arn: AssumedRoleUser!.Arn!,
    account: roleArn.split(':')[4]!,
    roleArn,
    displayName,
  };
  setSession({ signedIn: { ...signedIn, role } });
}

/** The signed-in name, as AWS's console has it. */
function sessionName(arn: string): string {
  const name = arn
    .split(/[:/]/)
    .pop()!
    .replace(/[^\w+=,.@-]/g, '-');
  return name.slice(0, 64).padEnd(2, '-');
}

renewWith(async () => {
  const role = session().signedIn?.role;
  if (role) await switchRole(role);
});
