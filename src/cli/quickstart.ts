import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type RunningServer, startServer, untilStopped } from './serve.js';
import { names, type Step, type WalkthroughResult, walkthrough } from './walkthrough.js';
import { fetchDetails } from './why.js';

const REGION = 'ap-northeast-1';

interface QuickstartFlags {
  readonly data?: string;
  readonly port?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

export function quickstartCommand(): Command {
  return new Command('quickstart')
    .description(
      'Start a server on a fresh data directory and walk from nothing to temporary S3 credentials.',
    )
    .option('--keep', 'leave the server up and print how to go on with the AWS CLI')
    .option(
      '--data <directory>',
      'a directory that does not exist yet or is empty (default: a temporary one)',
    )
    .option('--port <number>', 'port of the API (default: a free one; with --keep 9000)')
    .option('--json', 'print the result as one JSON object')
    .action(quickstart);
}

async function quickstart({ data, port, keep = false, json = false }: QuickstartFlags): Promise<void> {
  const directory =
    data === undefined ? await mkdtemp(join(tmpdir(), 'karikagi-quickstart-')) : await fresh(data);
  const server = await startServer({
    data: join(directory, 'data'),
    port: Number(port ?? (keep ? 9000 : 0)),
    region: REGION,
    log: 'none',
  });
  const say = (text: string) => json || process.stdout.write(text);
  try {
    say(`Karikagi runs at ${server.endpoint}, account ${server.accountId}, data in ${directory}\n\n`);
    const administrator = server.root!;
    const result = await walkthrough({
      endpoint: server.endpoint,
      accountId: server.accountId,
      partition: server.settings.partition,
      region: REGION,
      administrator,
      directory,
      onStep: step => say(stepText(step)),
      explain: async requestId => {
        const { AuthorizationDetails: details } = await fetchDetails(
          { endpoint: server.endpoint, credentials: administrator },
          requestId,
        );
        return details[0]!.summary;
      },
    });
    const stopped = keep ? untilStopped(server) : undefined;
    const profiles = keep ? await writeProfiles(directory, server, result) : undefined;
    if (json) {
      const { endpoint, accountId } = server;
      process.stdout.write(
        `${JSON.stringify({ endpoint, accountId, directory, ...profiles, steps: result.steps }, null, 2)}\n`,
      );
    } else {
      say(summary(result.steps));
      if (profiles) say(howToGoOn(profiles));
    }
    await stopped;
  } finally {
    await server.close();
    if (!keep && data === undefined) await rm(directory, { recursive: true, force: true });
  }
}

async function fresh(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await readdir(path)).length > 0)
    throw new Error(`${path} is not empty: the quickstart wants a fresh directory`);
  return resolve(path);
}

function stepText(step: Step): string {
  const mark = step.outcome === 'allowed' ? 'ok     ' : 'refused';
  const why = step.why === undefined ? '' : `\n           why: ${step.why}`;
  return `${String(step.number).padStart(2)}  ${mark}  ${step.title}\n           ${step.call} as ${step.as}: ${step.detail}${why}\n`;
}

function summary(steps: readonly Step[]): string {
  const rows = steps.map(step => [step.as, step.call, step.outcome, reasonOf(step)]);
  const width = (column: number) => Math.max(...rows.map(row => row[column]!.length));
  const widths = [0, 1, 2].map(width);
  const lines = rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `\nWhat was allowed and refused, and why:\n${lines.map(line => `  ${line}\n`).join('')}`;
}

/** AWS's own reason, the end of its sentence. */
function reasonOf(step: Step): string {
  return step.outcome === 'refused'
    ? (/(because|with an explicit deny) .*$/.exec(step.detail)?.[0] ?? '')
    : '';
}

interface Profiles {
  readonly AWS_CONFIG_FILE: string;
  readonly AWS_SHARED_CREDENTIALS_FILE: string;
}

/** AWS profiles for what the walk-through made: the administrator, the user, and the role as the user assumes it. */
async function writeProfiles(
  directory: string,
  server: RunningServer,
  result: WalkthroughResult,
): Promise<Profiles> {
  const files = {
    AWS_CONFIG_FILE: join(directory, 'aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'aws-credentials'),
  };
  const place = `region = ${REGION}\nendpoint_url = ${server.endpoint}\n`;
  await writeFile(
    files.AWS_CONFIG_FILE,
    `[default]\n${place}[profile user]\n${place}[profile uploader]\n${place}role_arn = ${result.roleArn}\nsource_profile = user\nexternal_id = ${names.externalId}\nduration_seconds = 3600\n`,
    { mode: 0o600 },
  );
  const keys = { default: server.root!, user: result.user };
  const sections = Object.entries(keys).map(
    ([profile, key]) =>
      `[${profile}]\naws_access_key_id = ${key.accessKeyId}\naws_secret_access_key = ${key.secretAccessKey}\n`,
  );
  await writeFile(files.AWS_SHARED_CREDENTIALS_FILE, sections.join(''), { mode: 0o600 });
  return files;
}

function howToGoOn(profiles: Profiles): string {
  const exports = Object.entries(profiles).map(([name, path]) => `  export ${name}=${path}\n`);
  return `
The server stays up until Ctrl-C. In another terminal, with the AWS CLI:

${exports.join('')}
  aws sts get-caller-identity                              # the administrator (root)
  aws --profile uploader sts get-caller-identity           # the role, through AssumeRole
  aws --profile uploader s3 ls s3://${names.bucket}
  aws --profile uploader s3 cp README.md s3://${names.bucket}/
  aws --profile user s3 ls s3://${names.bucket}     # refused

endpoint_url in a profile needs AWS CLI 2.13 or 1.29; older ones take --endpoint-url.
`;
}
