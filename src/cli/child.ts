/** Runs a program that gets its keys from an endpoint of ours, and gets new ones for as long as it lives. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSharedConfigFiles } from '@smithy/core/config';

/** Where a child finds its keys. */
type KeySource =
  | { readonly container: { readonly url: string; readonly token: string } }
  | { readonly metadata: string };

interface ChildOptions {
  readonly command: readonly string[];
  readonly source: KeySource;
  /** The profile whose other settings (region, endpoints, S3 …) the child goes on with. */
  readonly profile?: string | undefined;
  /** Further variables. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What would stand above the endpoint in some client's order of sources. */
const OTHER_SOURCES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_EC2_METADATA_DISABLED',
  // Set for this process alone.
  'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
];

/** Settings of a profile that say where keys come from. */
const KEY_SETTINGS =
  /^(aws_(access_key_id|secret_access_key|session_token|security_token)|role_arn|source_profile|credential_source|external_id|mfa_serial|role_session_name|duration_seconds|credential_process|web_identity_token_file|sso_.*|login_session)$/;

/**
 * Runs a command to its end; resolves with its exit code, 128 and the signal's number where one ended it. Signals to
 * this process go on to it. Its configuration is the profile's without keys, so that no file stands above the endpoint.
 * Throws what the operating system says of the command.
 */
export async function runChild(options: ChildOptions): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-'));
  try {
    return await exitCodeOf(options.command, await environmentFor(options, directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function environmentFor(
  { source, profile, environment }: ChildOptions,
  directory: string,
): Promise<NodeJS.ProcessEnv> {
  const write = async (name: string, content: string) => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const inherited = { ...process.env };
  for (const name of OTHER_SOURCES) delete inherited[name];
  return {
    ...inherited,
    ...environment,
    AWS_CONFIG_FILE: await write('config', await configWithoutKeys(profile)),
    AWS_SHARED_CREDENTIALS_FILE: await write('credentials', ''),
    ...('metadata' in source
      ? { AWS_EC2_METADATA_SERVICE_ENDPOINT: source.metadata }
      : {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: source.container.url,
          // Not its file: clients from before 2024 read none, and the SDK for JavaScript warns of both.
          AWS_CONTAINER_AUTHORIZATION_TOKEN: source.container.token,
        }),
  };
}

/** The profile's settings as the default ones; with those of services, which profiles refer to. */
async function configWithoutKeys(profile: string | undefined): Promise<string> {
  const name = profile ?? process.env['AWS_PROFILE'] ?? process.env['AWS_DEFAULT_PROFILE'] ?? 'default';
  const { configFile } = await loadSharedConfigFiles();
  const sections = Object.entries(configFile).filter(([section]) => section.startsWith('services'));
  const own: [string, Record<string, string | undefined>] = ['default', configFile[name] ?? {}];
  return [own, ...sections]
    .map(([section, settings]) => sectionText(section.replace('.', ' '), settings))
    .join('\n');
}

/** `s3.addressing_style` is how the SDK reads a setting within another. */
function sectionText(name: string, settings: Record<string, string | undefined>): string {
  const plain: string[] = [];
  const nested = new Map<string, string[]>();
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined || KEY_SETTINGS.test(key)) continue;
    const [outer = '', inner] = key.split('.');
    if (inner === undefined) plain.push(`${key} = ${value}`);
    else nested.set(outer, [...(nested.get(outer) ?? []), `  ${inner} = ${value}`]);
  }
  const within = [...nested].flatMap(([outer, lines]) => [`${outer} =`, ...lines]);
  return `${[`[${name}]`, ...plain, ...within].join('\n')}\n`;
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function exitCodeOf([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    const forward = (signal: NodeJS.Signals) => child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const done = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.on('error', error => {
      done();
      reject(new Error(`${program} cannot be started: ${error.message}`));
    });
    child.on('exit', (code, signal) => {
      done();
      settle(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
