import { spawn } from 'node:child_process';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Command } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import { type ApiFlags, apiTarget, withApiOptions } from './api-options.js';

interface ConsoleFlags extends ApiFlags {
  readonly console: string;
  readonly print?: boolean;
  readonly destination: string;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function consoleCommand(): Command {
  return withApiOptions(new Command('console'))
    .description(
      'Open the console in a browser, signed in as the credentials in use. The URL works once, for 15 minutes.',
    )
    .option(
      '--console <url>',
      'where the console is (default: KARIKAGI_CONSOLE, http://127.0.0.1:9001)',
      process.env['KARIKAGI_CONSOLE'] ?? 'http://127.0.0.1:9001',
    )
    .option('--destination <path>', 'the page to open: /s3/buckets', '/')
    .option('--print', 'print the URL in place of opening it')
    .action(open);
}

async function open(flags: ConsoleFlags): Promise<void> {
  const keys = await temporaryKeys(apiTarget(flags));
  const url = await signInUrl(flags.console, keys, flags.destination);
  if (flags.print || !(await openBrowser(url))) process.stdout.write(`${url}\n`);
}

/** Those in use where they are temporary; a session in exchange for an access key. */
async function temporaryKeys(target: ApiTarget): Promise<Required<Keys>> {
  const found = (await defaultProvider(target.profile ? { profile: target.profile } : {})()) as Keys;
  const { accessKeyId, secretAccessKey, sessionToken } = found;
  if (sessionToken !== undefined) return { accessKeyId, secretAccessKey, sessionToken };
  const credentials = { accessKeyId, secretAccessKey };
  const { Credentials } = (await callKarikagi({ ...target, credentials }, 'CreateConsoleSession', {})) as {
    Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string };
  };
  return {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
  };
}

/**
 * AWS's way: credentials for a token, a token in a URL. Source: IAM User Guide, "Enable custom identity broker access".
 */
async function signInUrl(page: string, keys: Required<Keys>, destination: string): Promise<string> {
  const Session = JSON.stringify({
    sessionId: keys.accessKeyId,
    sessionKey: keys.secretAccessKey,
    sessionToken: keys.sessionToken,
  });
  const federation = new URL('/federation', page);
  const body = new URLSearchParams({ Action: 'getSigninToken', Session });
  const response = await fetch(federation, { method: 'POST', body });
  const { SigninToken, message } = (await response.json()) as { SigninToken?: string; message?: string };
  if (SigninToken === undefined) throw new Error(message ?? `the console answered ${response.status}`);
  federation.search = new URLSearchParams({
    Action: 'login',
    Issuer: 'karikagi',
    Destination: new URL(destination, page).href,
    SigninToken,
  }).toString();
  return federation.href;
}

/** Whether a browser took the URL. */
function openBrowser(url: string): Promise<boolean> {
  const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };
  const opener = spawn(openers[process.platform] ?? 'xdg-open', [url], { detached: true, stdio: 'ignore' });
  return new Promise(resolve => {
    opener.on('error', () => resolve(false));
    opener.on('exit', status => resolve(status === 0));
  });
}
