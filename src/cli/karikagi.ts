#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { quickstartCommand } from './quickstart.js';
import { serveCommand } from './serve.js';
import { whyCommand } from './why.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// The SDK's notice about its own future is for whoever builds this, not for whoever runs it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const program = new Command('karikagi')
  .description('An object store whose keys expire: STS, IAM, S3 and KMS behind one endpoint.')
  .version(version)
  .addCommand(serveCommand())
  .addCommand(quickstartCommand())
  .addCommand(whyCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`karikagi: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
