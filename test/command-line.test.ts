/** The commands as a person runs them: quickstart, serve, why, and the README's screen. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { installed, without } from './clients/run.js';
import { type ServerProcess, spawnServer, startServerProcess } from './faults/server-process.js';

const cli = resolve(import.meta.dirname, '../src/bundle/karikagi.js');

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-command-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function karikagi(args: readonly string[], environment: Record<string, string> = {}) {
  return spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true', ...environment },
    timeout: 240_000,
  });
}

async function serve(t: TestContext, directory: string): Promise<ServerProcess> {
  const server = await startServerProcess(join(directory, 'karikagi-data'));
  t.after(() => server.kill());
  return server;
}

test('the quickstart does what it shows, and says what was refused and why', () => {
  const { status, stdout, stderr } = karikagi(['quickstart', '--json']);
  assert.equal(status, 0, stderr);
  const { steps } = JSON.parse(stdout) as {
    steps: { call: string; as: string; outcome: string; why?: string }[];
  };
  assert.deepEqual(
    steps.filter(({ outcome }) => outcome === 'refused').map(({ as, call }) => `${as} ${call}`),
    [
      'sts-s3-upload-user s3:ListBucket',
      'sts-s3-upload-user sts:AssumeRole',
      'sts-s3-example-role/quickstart s3:DeleteObject',
    ],
  );
  assert.match(
    steps.find(({ as, why }) => why && as === 'sts-s3-upload-user' && /external ID/.test(why))?.why ?? '',
    /passes none/,
  );
  assert.equal(steps.at(-1)?.call, 's3:DeleteObject');
  assert.equal(steps.at(-1)?.outcome, 'allowed');
});

test('serve: secrets are for their owner alone, a second server is refused, SIGTERM ends it in order', async t => {
  const data = join(await scratch(t), 'data');
  const server = spawnServer(data);
  t.after(() => server.kill('SIGKILL'));
  await once(server.stdout!, 'data');
  for (const name of ['credentials', 'root.key']) {
    assert.equal((await stat(join(data, name))).mode & 0o777, 0o600, name);
  }
  const second = karikagi(['serve', '--data', data, '--port', '0']);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /^karikagi: .*in use.*/);
  assert.match(second.stderr, new RegExp(`\\b${server.pid}\\b`));
  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});

test('a setting that cannot be is refused by name', () => {
  const { status, stderr } = karikagi(['serve', '--account', '42']);
  assert.equal(status, 1);
  assert.match(stderr, /^karikagi: account must be an account id/);
});

test('why: lists what was denied lately and explains one by its request id', async t => {
  const directory = await scratch(t);
  const server = await serve(t, directory);
  const at = ['--endpoint', server.endpoint, '--data', join(directory, 'karikagi-data')];
  assert.match(karikagi(['why', ...at]).stdout, /^No request was denied lately/);
  const requestId = await deniedRequest(server);
  assert.match(
    karikagi(['why', ...at]).stdout,
    new RegExp(`^${requestId}  \\d{4}-.*\\n +Denied: s3:ListBucket on arn:aws:s3:::reports`),
  );
  const explained = karikagi(['why', requestId, ...at]);
  assert.equal(explained.status, 0, explained.stderr);
  // The walk-through's own mistake: listing is granted on the objects instead of the bucket.
  assert.match(
    explained.stdout,
    /grants s3:ListBucket on arn:aws:s3:::reports\/\*, the call needs arn:aws:s3:::reports\b/,
  );
  const unknown = karikagi(['why', 'NOSUCHREQUEST', ...at]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /No denied request NOSUCHREQUEST/);
});

/** A user whose policy grants listing on the objects lists a bucket; the id of the request that is refused. */
async function deniedRequest({ endpoint, credentials }: ServerProcess): Promise<string> {
  const config = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true };
  const iam = new IAMClient(config);
  const UserName = 'reader';
  await new S3Client(config).send(new CreateBucketCommand({ Bucket: 'reports' }));
  await iam.send(new CreateUserCommand({ UserName }));
  const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::reports/*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'list', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const reader = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const list = new S3Client({ ...config, credentials: reader }).send(
    new ListObjectsV2Command({ Bucket: 'reports' }),
  );
  const error = await list.then(
    () => assert.fail('listing must be refused'),
    (thrown: S3ServiceException) => thrown,
  );
  assert.equal(error.name, 'AccessDenied');
  return error.$metadata.requestId!;
}

test("the README's screen, from install to temporary credentials", { skip: without('pip') }, async t => {
  const directory = await scratch(t);
  const server = await serve(t, directory);
  const readme = await readFile('README.md', 'utf8');
  const [, screen = ''] = /In another terminal[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)!;
  await copyFile('README.md', join(directory, 'README.md'));
  const script = screen.replaceAll('http://127.0.0.1:9000', server.endpoint);
  await writeFile(join(directory, 'screen.sh'), `aws() { '${installed('aws')}' "$@"; }\n${script}`);
  const shell = spawn('bash', ['screen.sh'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' },
    timeout: 240_000,
  });
  let output = '';
  shell.stdout.on('data', text => (output += text));
  shell.stderr.on('data', text => (output += text));
  const [status] = await once(shell, 'close');
  // The last command is the refusal that the comment beside it announces; everything before it succeeds.
  assert.notEqual(status, 0);
  assert.match(output, /make_bucket: staging/);
  assert.match(output, /upload: \.\/README\.md to s3:\/\/staging\/README\.md/);
  assert.match(output, /\d+ README\.md/);
  assert.equal(output.match(/error occurred/g)?.length, 1, output);
  assert.match(output, /because no identity-based policy allows the s3:DeleteObject action/);
});
