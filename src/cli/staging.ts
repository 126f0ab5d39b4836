import { Command } from 'commander';
import { countOf } from '../core/count.js';
import { callerIdentity, defaultCredentials } from '../credentials/index.js';
import {
  type Check,
  cleanJob,
  jobEvents,
  jobSchema,
  jobStatus,
  lifecycleRule,
  openJob,
  type Plan,
  planJob,
  setLifecycle,
  sourceKeys,
  stagingPolicies,
  validateJob,
} from '../staging/index.js';

import { bytesText } from './progress.js';
import { RunDisplay } from './staging-display.js';
import { writeNew } from './write-new.js';

interface Flags {
  readonly json?: boolean;
  readonly principal?: string;
}

interface LifecycleFlags {
  readonly days: string;
  readonly apply?: boolean;
  readonly profile?: string;
}

export function stagingCommand(): Command {
  const staging = new Command('staging').description(
    'Loads files into a warehouse and unloads queries by way of S3, with keys that are renewed.',
  );
  const withJob = (name: string, description: string) =>
    staging.command(name).description(description).argument('<job>', 'the job file');
  withJob('init', 'Writes a job file to begin with; never over one that is there.').action(init);
  staging
    .command('schema')
    .description('The JSON Schema of job files, for editors.')
    .action(() => void print(jobSchema));
  withJob('plan', 'What the job would do, and the least rights that it needs. Makes no call.')
    .option('--principal <arn>', 'the user or EC2 role that assumes the role, for its trust policy')
    .option('--json', 'the same as JSON')
    .action(plan);
  withJob('policies', 'The least rights that the job needs, as policy documents in JSON.')
    .option('--principal <arn>', 'the user or EC2 role that assumes the role (default: STS is asked)')
    .action(policies);
  withJob('validate', 'Proves the connection and takes away what it made. Exit status 1 where a check fails.')
    .option('--json', 'one line of JSON for each check')
    .action(validate);
  withJob('run', 'Loads or unloads, in a new run.')
    .option('--json', 'one line of JSON for each event')
    .action((file: string, flags: Flags) => work(file, flags, false));
  withJob('resume', 'Goes on with a run that was broken off, from any machine.')
    .option('--json', 'one line of JSON for each event')
    .action((file: string, flags: Flags) => work(file, flags, true));
  withJob('status', 'Where the last run of the job is.').option('--json', 'the same as JSON').action(status);
  withJob(
    'clean',
    'Gives the last run up: removes all that the job has in the bucket. Loaded rows stay.',
  ).action(clean);
  withJob('lifecycle', 'The rule that removes what was not cleaned; prints it, or puts it into the bucket.')
    .option('--days <number>', 'after how many days', '7')
    .option('--apply', 'puts it into the bucket, beside the rules that are there')
    .option('--profile <name>', 'whose keys do that (default: the usual chain)')
    .action(lifecycle);
  return staging;
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

async function init(file: string): Promise<void> {
  await writeNew(file, EXAMPLE);
  process.stdout.write(`${file} is written. Fill it in, then: karikagi staging validate ${file}\n`);
}

async function plan(file: string, { json, principal }: Flags): Promise<void> {
  const planned = await planJob(await openJob(file), principal);
  if (json) print(planned);
  else process.stdout.write(planText(planned));
}

function planText({ steps, files, session, policies }: Plan): string {
  const documents = Object.entries(policies).map(
    ([name, document]) => `${POLICY_TITLES[name]}:\n${JSON.stringify(document, null, 2)}\n`,
  );
  return [
    ...steps.map(({ step, calls }, index) => `${index + 1}. ${step}\n   ${calls.join(', ')}\n`),
    ...files.map(({ file, bytes }) => `\n${file}: ${bytesText(bytes)}`),
    files.length > 0 ? '\n' : '',
    session ? `\n${session.text} A job that takes longer gets new sessions on its way.\n` : '',
    '\n',
    documents.join('\n'),
  ].join('');
}

const POLICY_TITLES: Readonly<Record<string, string>> = {
  caller: 'Policy of the user or EC2 role',
  trust: 'Trust policy of the role',
  permissions: 'Policy of what works on the bucket',
  bucket: 'Policy of the bucket, where it is another account’s',
  key: 'Policy of the KMS key, where it is another account’s',
  warehouse: 'Policy of the warehouse’s own role',
};

async function policies(file: string, { principal }: Flags): Promise<void> {
  const job = await openJob(file);
  const known = principal ?? (await callerIdentity(sourceKeys(job), job.connection)).arn;
  print(stagingPolicies(job, roleOfSession(known)));
}

/** A trust policy names the role, not one session of it. A role's path is not in the ARN of its sessions. */
function roleOfSession(arn: string): string {
  const session = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  return session ? `arn:${session[1]}:iam::${session[2]}:role/${session[3]}` : arn;
}

const MARKS: Readonly<Record<Check['result'], string>> = {
  passed: 'ok     ',
  failed: 'FAILED ',
  warning: 'WARNING',
  skipped: 'skipped',
};

async function validate(file: string, { json }: Flags): Promise<void> {
  for await (const check of validateJob(await openJob(file))) {
    const { name, result, message } = check;
    process.stdout.write(json ? `${JSON.stringify(check)}\n` : `${MARKS[result]}  ${name}: ${message}\n`);
    if (result === 'failed') process.exitCode = 1;
  }
}

async function work(file: string, { json }: Flags, resume: boolean): Promise<void> {
  const job = await openJob(file);
  const display = new RunDisplay(job);
  let begun = false;
  try {
    for await (const event of jobEvents(job, { resume })) {
      begun = event.event !== 'done';
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
      else display.show(event);
    }
  } catch (error) {
    if (!begun || !(error instanceof Error)) throw error;
    error.message += `\nNothing is lost: go on with "karikagi staging resume ${file}", or give the run up with "clean"`;
    throw error;
  } finally {
    display.end();
  }
}

async function status(file: string, { json }: Flags): Promise<void> {
  const state = await jobStatus(await openJob(file));
  if (json) print(state ?? null);
  else if (!state) process.stdout.write('no run of this job has left a state\n');
  else {
    const { run, step, parts, rows } = state;
    const loaded = rows > 0 ? `, ${countOf(rows, 'row')}` : '';
    process.stdout.write(`run ${run}: ${step}, ${countOf(parts.length, 'part')}${loaded}\n`);
  }
}

async function clean(file: string): Promise<void> {
  process.stdout.write(`${await cleanJob(await openJob(file))} objects are removed\n`);
}

async function lifecycle(file: string, { days, apply, profile }: LifecycleFlags): Promise<void> {
  const count = Number(days);
  if (!Number.isInteger(count) || count < 1) throw new Error('--days is a whole number from 1');
  const job = await openJob(file);
  if (!apply) return void print(lifecycleRule(job, count));
  const { ID } = await setLifecycle(job, defaultCredentials({ profile }), count);
  process.stdout.write(`the rule ${ID} is in the bucket ${job.connection.bucket}\n`);
}

const EXAMPLE = `# A staging job. "karikagi staging schema" prints every property.
job: orders
connection:
  # Keys of a user who may only assume the role; on EC2 write "useEc2Role: true" instead.
  accessKey: {env: STAGING_ACCESS_KEY}
  secretKey: {env: STAGING_SECRET_KEY}
  s3IamRoleArn: arn:aws:iam::111122223333:role/staging
  externalId: partner-4711
  temporaryCredentialDuration: 900
  bucket: my-staging-bucket
  region: us-east-1
  # endpoint: http://127.0.0.1:9000
# Without a warehouse, the table is in DuckDB, in the file orders.duckdb.
# warehouse:
#   type: postgres
#   url: {env: WAREHOUSE_URL}
load:
  files: [orders.csv.gz]
  table: orders
  mode: append
`;
