import { Command } from 'commander';
import {
  forgetRootKeys,
  type RootKeyStatus,
  readSettings,
  rootKeyStatus,
  rotateRootKey,
  systemClock,
} from '../index.js';

interface RootKeyFlags {
  readonly data?: string;
  readonly kv?: string;
  readonly rootKeyFile?: string;
  readonly rootKeyKms?: string;
  readonly json?: boolean;
  readonly endSessions?: boolean;
}

export function rootKeyCommand(): Command {
  const rootKey = new Command('root-key').description(
    'The key that everything secret is sealed under. For a stopped server.',
  );
  withDirectory(rootKey.command('status', { isDefault: true }))
    .description('Which root keys there are, and whether the former ones are still needed.')
    .action(async (flags: RootKeyFlags) => {
      show(flags, await rootKeyStatus(settingsOf(flags)));
    });
  withDirectory(rootKey.command('rotate'))
    .description('Make a new root key. No session ends: what the former keys sealed still opens.')
    .action(async (flags: RootKeyFlags) => {
      show(flags, await rotateRootKey(settingsOf(flags), systemClock));
    });
  withDirectory(rootKey.command('forget'))
    .description('Forget the former keys, once nothing is sealed under them any more.')
    .option('--end-sessions', 'also while sessions live that a former key sealed: it ends them')
    .action(async (flags: RootKeyFlags) => {
      show(flags, await forgetRootKeys(settingsOf(flags), systemClock, flags.endSessions ?? false));
    });
  return rootKey;
}

function withDirectory(command: Command): Command {
  return command
    .option('--data <directory>', "the server's directory (default: ./karikagi-data)")
    .option('--kv <url>', 'where the server has its records in PostgreSQL: postgres://USER@HOST/DATABASE')
    .option('--root-key-file <path>', 'file with the root keys (default: root.key in the data directory)')
    .option('--root-key-kms <key>', 'key of an external KMS that seals the root keys in their file')
    .option('--json', 'the same as JSON');
}

function settingsOf({ data, kv, rootKeyFile, rootKeyKms }: RootKeyFlags) {
  return readSettings({ data, kv, rootKeyFile, rootKeyKms }, process.env);
}

function show({ json }: RootKeyFlags, status: RootKeyStatus): void {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  const { path, former, resealed, sessionsEnd } = status;
  if (json) {
    const shown = { ...status, former: former.map(time), sessionsEnd: sessionsEnd && time(sessionsEnd) };
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const lines = [
    `${path}: the current key and ${former.length} former`,
    ...former.map(replaced => `  replaced ${time(replaced)}`),
    ...(former.length === 0
      ? []
      : [
          resealed
            ? 'Everything stored is sealed under the current key.'
            : 'Stored secrets are resealed while the server runs next.',
          `Sessions of former keys live until ${time(sessionsEnd!)} at most.`,
        ]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
