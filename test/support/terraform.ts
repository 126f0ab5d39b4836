/** Terraform with its AWS provider, where a machine has both: neither comes with Debian. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Keys } from '../clients/stage.js';
import { output } from './programs.js';

const PROGRAM = '/usr/local/bin/terraform';
/** A file system mirror, as `terraform providers mirror` writes it. */
const PLUGINS = '/opt/tf-plugins';

export const found = existsSync(PROGRAM) && existsSync(PLUGINS);

/** Milliseconds of one run: each starts the provider, hundreds of megabytes. */
const LONGEST = 600_000;

const SERVICES = ['iam', 's3', 'kms', 'sts'];

/** Initializes the directory; its `aws` providers, by alias, get the keys and the endpoint. Runs what it is given there. */
export async function terraformIn(directory: string, endpoint: string, keys: Readonly<Record<string, Keys>>) {
  const providers = Object.entries(keys).map(([alias, { accessKeyId, secretAccessKey }]) => ({
    ...(alias !== '' && { alias }),
    access_key: accessKeyId,
    secret_key: secretAccessKey,
    s3_use_path_style: true,
    skip_metadata_api_check: true,
    endpoints: Object.fromEntries(SERVICES.map(service => [service, endpoint])),
  }));
  await writeFile(join(directory, 'override.tf.json'), JSON.stringify({ provider: { aws: providers } }));
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, TF_IN_AUTOMATION: '1' };
  const run = (...args: string[]) =>
    output(PROGRAM, [`-chdir=${directory}`, ...args, '-no-color'], env, LONGEST);
  await run('init', '-input=false', `-plugin-dir=${PLUGINS}`);
  return run;
}
