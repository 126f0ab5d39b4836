#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// The SDK's notice about its own future is for developers, not for operators.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** A command is loaded when it is called by its name, so that none waits for what only the others need. */
const commands = new Map<string | undefined, () => Promise<Command>>([
  ['serve', async () => (await import('./serve.js')).serveCommand()],
  ['quickstart', async () => (await import('./quickstart.js')).quickstartCommand()],
  ['console', async () => (await import('./console.js')).consoleCommand()],
  ['why', async () => (await import('./why.js')).whyCommand()],
  ['accounts', async () => (await import('./accounts.js')).accountsCommand()],
  ['regions', async () => (await import('./regions.js')).regionsCommand()],
  ['root-key', async () => (await import('./root-key.js')).rootKeyCommand()],
  ['export', async () => (await import('./export.js')).exportCommand()],
  ['import', async () => (await import('./export.js')).importCommand()],
  ['backup', async () => (await import('./backup.js')).backupCommand()],
  ['restore', async () => (await import('./backup.js')).restoreCommand()],
  ['migrate', async () => (await import('./migrate.js')).migrateCommand()],
  ['scrub', async () => (await import('./scrub.js')).scrubCommand()],
  ['events', async () => (await import('./events.js')).eventsCommand()],
  ['sessions', async () => (await import('./sessions.js')).sessionsCommand()],
  ['assume', async () => (await import('./assume.js')).assumeCommand()],
  ['whoami', async () => (await import('./whoami.js')).whoamiCommand()],
  ['credential-process', async () => (await import('./credential-process.js')).credentialProcessCommand()],
  ['credentials', async () => (await import('./credentials.js')).credentialsCommand()],
  ['imds', async () => (await import('./imds.js')).imdsCommand()],
  ['instances', async () => (await import('./instances.js')).instancesCommand()],
  ['staging', async () => (await import('./staging.js')).stagingCommand()],
  ['setup', async () => (await import('./setup.js')).setupCommand()],
  ['health', async () => (await import('./health.js')).healthCommand()],
  ['doctor', async () => (await import('./doctor.js')).doctorCommand()],
  ['mirror', async () => (await import('./mirror.js')).mirrorCommand()],
  ['rehearse', async () => (await import('./rehearse.js')).rehearseCommand()],
  ['replay', async () => (await import('./replay.js')).replayCommand()],
  ['policy', async () => (await import('./policy.js')).policyCommand()],
]);

const program = new Command('karikagi')
  .description('An object store whose keys expire: STS, IAM, S3 and KMS behind one endpoint.')
  .version(version);
const called = commands.get(process.argv[2]);
for (const load of called ? [called] : commands.values()) program.addCommand(await load());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`karikagi: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
