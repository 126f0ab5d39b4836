import { writeFile } from 'node:fs/promises';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { Command } from 'commander';
import { systemClock } from '../core/clock.js';
import { assumeRole, type RenewingCredentials, renewing } from '../credentials/index.js';
import {
  containerAnswers,
  createGuard,
  listenFor,
  newAuthorizationToken,
  readAddress,
} from '../imds/index.js';
import { profileKeys } from './role-options.js';
import { untilSignal } from './signals.js';

interface ServeFlags {
  readonly listen: string;
  readonly tokenFile: string;
  readonly peers?: readonly string[];
  readonly json?: boolean;
}

export function credentialsCommand(): Command {
  const credentials = new Command('credentials').description('Keys for the programs of this machine.');
  credentials
    .command('serve')
    .description('One owner of the keys of all profiles: programs ask it as a container asks ECS.')
    .option('--listen <address>', 'where to answer', '127.0.0.1:9255')
    .requiredOption('--token-file <file>', 'where to write the token that programs must send (mode 0600)')
    .option('--peers <networks...>', 'networks of containers that may ask as well: 172.17.0.0/16')
    .option('--json', 'print the start as one JSON object')
    .action(serve);
  return credentials;
}

async function serve(flags: ServeFlags): Promise<void> {
  const address = readAddress(flags.listen);
  const token = newAuthorizationToken();
  await writeFile(flags.tokenFile, token, { mode: 0o600 });
  const guard = createGuard({ host: address.host, peers: flags.peers });
  const answer = containerAnswers(token, keysByProfile(), systemClock.now);
  const server = await listenFor(address, async request =>
    guard(request) === undefined ? answer(request) : { status: 403, body: '', headers: {} },
  );
  const profiles = await profileNames();
  const stopped = untilSignal();
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ endpoint: server.endpoint, tokenFile: flags.tokenFile, profiles })}\n`
      : greeting(server.endpoint, flags.tokenFile, profiles),
  );
  await stopped;
  await server.close();
}

const PROFILE_PATH = /^\/profile\/([^/]+)(?:\/role-arn\/(arn:.+))?$/;
/** Sets of keys that are held at the same time: more are refused, which bounds the memory. */
const MOST = 200;

/** `/profile/NAME`, and `/profile/NAME/role-arn/ARN` for a role that the profile may assume. */
function keysByProfile() {
  const known = new Map<string, RenewingCredentials>();
  const keysOf = (path: string, make: () => RenewingCredentials) => {
    const keys = known.get(path) ?? make();
    if (known.size < MOST) known.set(path, keys);
    return keys;
  };
  return async (path: string) => {
    const [, profile, roleArn] = PROFILE_PATH.exec(path) ?? [];
    if (profile === undefined || !(await profileNames()).includes(profile)) return undefined;
    const own = keysOf(`/profile/${profile}`, () => profileKeys({ profile, cache: false }));
    if (roleArn === undefined) return await own.get();
    return await keysOf(path, () => renewing(assumeRole({ roleArn, profile, source: own.provider }))).get();
  };
}

async function profileNames(): Promise<string[]> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const names = [...Object.keys(configFile), ...Object.keys(credentialsFile)];
  return [...new Set(names)].filter(name => !name.includes('.')).sort();
}

function greeting(endpoint: string, tokenFile: string, profiles: readonly string[]): string {
  return `Keys are handed out.
  endpoint  ${endpoint}/profile/NAME
  token     ${tokenFile}
  profiles  ${profiles.join(', ') || 'none'}

For a program:
  AWS_CONTAINER_CREDENTIALS_FULL_URI=${endpoint}/profile/${profiles[0] ?? 'default'}
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=${tokenFile}
`;
}
