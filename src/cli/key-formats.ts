/** Keys as text: for shells, programs and files. */
import type { Credentials } from '../credentials/index.js';

export const FORMATS = ['sh', 'fish', 'powershell', 'json', 'profile'] as const;
export type Format = (typeof FORMATS)[number];

interface Environment {
  readonly [name: string]: string | undefined;
}

/** The variables that every AWS client reads; `undefined` for those that must not be left from before. */
function environmentOf(keys: Credentials): Environment {
  return {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: keys.expiration && isoOf(keys.expiration),
    AWS_PROFILE: undefined,
  };
}

/** Ends with a line end. `name`: of the profile. */
export function formatKeys(keys: Credentials, format: Format, name: string): string {
  if (format === 'json') return `${JSON.stringify(processOutput(keys), null, 2)}\n`;
  if (format === 'profile') return profileText(keys, name);
  return Object.entries(environmentOf(keys))
    .map(([variable, value]) => `${SHELLS[format](variable, value)}\n`)
    .join('');
}

/** What `credential_process` must print (AWS SDKs and Tools Reference Guide, "Process credential provider"). */
export function processOutput(keys: Credentials) {
  return {
    Version: 1,
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    SessionToken: keys.sessionToken,
    Expiration: keys.expiration && isoOf(keys.expiration),
    AccountId: keys.accountId,
  };
}

/** Values are of keys, tokens and dates: single quotes are enough where the quotes within are doubled or closed. */
const SHELLS: Readonly<Record<'sh' | 'fish' | 'powershell', (name: string, value?: string) => string>> = {
  sh: (name, value) =>
    value === undefined ? `unset ${name}` : `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) =>
    value === undefined ? `set -e ${name}` : `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`,
  powershell: (name, value) =>
    value === undefined
      ? `Remove-Item Env:${name} -ErrorAction SilentlyContinue`
      : `$Env:${name} = '${value.replaceAll("'", "''")}'`,
};

function profileText(keys: Credentials, name: string): string {
  const lines = [
    `[${name}]`,
    `aws_access_key_id = ${keys.accessKeyId}`,
    `aws_secret_access_key = ${keys.secretAccessKey}`,
    ...(keys.sessionToken === undefined ? [] : [`aws_session_token = ${keys.sessionToken}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function isoOf(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
