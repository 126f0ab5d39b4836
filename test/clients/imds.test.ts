/** Real clients fetch keys of an instance's role, assume a role of another account with them, and work in its bucket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { type RunningImds, startImds } from '../../src/imds/index.js';
import { AGENT, BUCKET, EXTERNAL_ID, FIRST, type Fleet, openFleet, PROFILE } from '../support/fleet.js';
import { environment, firstLine, KARIKAGI, output } from '../support/programs.js';
import { installed, without } from './run.js';

const PUT = ['s3api', 'put-object', '--bucket', BUCKET];

/** The AWS SDK for JavaScript, as a program of its own: by its default chain, then through a second role. */
const SDK = `
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
const [endpoint, region, roleArn, externalId, bucket] = process.argv.slice(1);
const sts = new STSClient({ endpoint, region });
const who = await sts.send(new GetCallerIdentityCommand({}));
const input = { RoleArn: roleArn, RoleSessionName: 'js', ExternalId: externalId };
const { Credentials: keys } = await sts.send(new AssumeRoleCommand(input));
const credentials = { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken };
const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'js', Body: 'x' }));
console.log(who.Arn);
`;

/** Every client in turn. `env`: where it finds the endpoint. `through`: a command before the client's. */
const clients: Readonly<
  Record<
    string,
    {
      skip: string | false;
      run(fleet: Fleet, env: Record<string, string>, through: string[]): Promise<string>;
    }
  >
> = {
  'AWS CLI 2': {
    skip: without('awscli'),
    async run(fleet, env, through) {
      const { endpoint, region, roleArn } = fleet;
      const aws = (...args: string[]) =>
        output(
          ...command(through, '/usr/bin/aws', '--endpoint-url', endpoint, '--region', region, ...args),
          env,
        );
      const text = ['--output', 'text'];
      const who = await aws('sts', 'get-caller-identity', '--query', 'Arn', ...text);
      const assume = ['--role-arn', roleArn, '--role-session-name', 'cli', '--external-id', EXTERNAL_ID];
      const query = 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]';
      const [id, secret, token] = (
        await aws('sts', 'assume-role', ...assume, '--query', query, ...text)
      ).split('\t');
      const keys = { AWS_ACCESS_KEY_ID: id!, AWS_SECRET_ACCESS_KEY: secret!, AWS_SESSION_TOKEN: token! };
      const args = ['--endpoint-url', endpoint, '--region', region, ...PUT, '--key', 'cli2'];
      await output(...command(through, '/usr/bin/aws', ...args), { ...env, ...keys });
      return who;
    },
  },
  'AWS CLI 1': {
    skip: without('pip'),
    async run(_fleet, env, through) {
      const aws = (...args: string[]) => output(...command(through, installed('aws'), ...args), env);
      await aws('--profile', 'staging', ...PUT, '--key', 'cli1');
      return await aws('sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text');
    },
  },
  boto3: {
    skip: without('pip'),
    run(_fleet, env, through) {
      const script = `import boto3
boto3.Session(profile_name='staging').client('s3').put_object(Bucket='${BUCKET}', Key='boto3', Body=b'x')
print(boto3.client('sts').get_caller_identity()['Arn'])`;
      return output(...command(through, installed('python3'), '-c', script), env);
    },
  },
  'AWS SDK for JavaScript': {
    skip: false,
    run({ endpoint, region, roleArn }, env, through) {
      const args = ['--input-type=module', '-e', SDK, endpoint, region, roleArn, EXTERNAL_ID, BUCKET];
      return output(...command(through, process.execPath, ...args), env);
    },
  },
};

function command(through: readonly string[], ...words: string[]): [string, string[]] {
  const [program = '', ...args] = [...through, ...words];
  return [program, args];
}

for (const partition of ['aws', 'aws-cn'] as const) {
  suite(`an instance in ${partition}`, () => {
    let fleet: Fleet;
    let imds: RunningImds;
    before(async () => {
      fleet = await openFleet({ partition, region: partition === 'aws' ? 'eu-central-1' : 'cn-north-1' });
      const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
      imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0' });
    });
    after(async () => {
      await imds.close();
      await fleet.close();
    });

    for (const [name, { skip, run }] of Object.entries(clients)) {
      test(`${name}: keys, a role of another account, its bucket`, { skip }, async () => {
        const env = environment(fleet, { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/` });
        const arn = await run(fleet, env, []);
        assert.equal(arn, `arn:${partition}:sts::${FIRST}:assumed-role/${AGENT}/${imds.instanceId}`);
      });
    }

    test('a role of the other account without its external ID is refused', async () => {
      const env = environment(fleet, { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/` });
      const { endpoint, region, roleArn } = fleet;
      const args = ['--input-type=module', '-e', SDK, endpoint, region, roleArn, 'guessed', BUCKET];
      await assert.rejects(output(process.execPath, args, env), /not authorized to perform: sts:AssumeRole/);
    });
  });
}

/** A network namespace of its own whose loopback has the address of instance metadata. */
async function openNamespace(t: TestContext): Promise<string[]> {
  const name = `karikagi-${process.pid}`;
  const ip = (...args: string[]) => output('ip', args, { PATH: process.env['PATH'] ?? '' });
  await ip('netns', 'add', name);
  t.after(() => ip('netns', 'delete', name));
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'address', 'add', '169.254.169.254/32', 'dev', 'lo');
  return ['ip', 'netns', 'exec', name];
}

const noNamespace =
  process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/sbin/ip')
    ? false
    : 'needs root on Linux with iproute2';

test('in a network namespace with 169.254.169.254:80, clients need no word of where keys are', {
  skip: noNamespace,
}, async t => {
  const through = await openNamespace(t);
  const fleet = await openFleet({
    region: 'eu-central-1',
    data: join(tmpdir(), `karikagi-ns-${process.pid}`),
  });
  const { data } = fleet.server.settings;
  t.after(() => rm(data, { recursive: true, force: true }));
  await fleet.server.close();
  const port = Number(new URL(fleet.endpoint).port);
  const args = [
    KARIKAGI,
    'serve',
    '--data',
    data,
    '--port',
    String(port),
    '--region',
    'eu-central-1',
    '--log',
    'none',
  ];
  const serve = command(
    through,
    process.execPath,
    ...args,
    '--imds',
    `${PROFILE}=169.254.169.254:80`,
    '--json',
  );
  const server = spawn(...serve, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill('SIGTERM'));
  const line = await firstLine(server);
  assert.deepEqual(JSON.parse(line).imds, { [PROFILE]: 'http://169.254.169.254:80' });
  for (const [name, { skip, run }] of Object.entries(clients)) {
    await t.test(name, { skip }, async () => {
      assert.match(await run(fleet, environment(fleet), through), /:assumed-role\/agent\/i-0/);
    });
  }
});
