/** Real clients fetch keys of an instance's role, assume a role of another account with them, and work in its bucket. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, type TestContext, test } from 'node:test';
import { IAMClient, RemoveRoleFromInstanceProfileCommand } from '@aws-sdk/client-iam';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { type RunningImds, startImds } from '../../src/imds/index.js';
import {
  AGENT,
  BUCKET,
  EXTERNAL_ID,
  FIRST,
  type Fleet,
  openFleet,
  PROFILE,
  SECOND,
} from '../support/fleet.js';
import { installed, without } from './run.js';

const HERE = resolve('test/clients');
const CLI = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  .map(directory => `${directory}/faketime/libfaketime.so.1`)
  .find(existsSync);

/** What a client has beside its own home: nothing of this machine's. */
function environment(fleet: Fleet, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    HOME: fleet.home,
    AWS_CONFIG_FILE: join(fleet.home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(fleet.home, 'credentials'),
    AWS_PAGER: '',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...more,
  };
}

function output(command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((settle, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
    child.on('error', reject);
    child.on('close', status => {
      if (status === 0) settle(stdout.trim());
      else reject(new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`));
    });
  });
}

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
    data: join(resolve('/tmp'), `karikagi-ns-${process.pid}`),
  });
  const { data } = fleet.server.settings;
  t.after(() => rm(data, { recursive: true, force: true }));
  await fleet.server.close();
  const port = Number(new URL(fleet.endpoint).port);
  const args = [
    CLI,
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
  const [line] = await once(server);
  assert.deepEqual(JSON.parse(line!).imds, { [PROFILE]: 'http://169.254.169.254:80' });
  for (const [name, { skip, run }] of Object.entries(clients)) {
    await t.test(name, { skip }, async () => {
      assert.match(await run(fleet, environment(fleet), through), /:assumed-role\/agent\/i-0/);
    });
  }
});

async function once(child: ChildProcess): Promise<string[]> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) return [line];
  throw new Error('the server ended before it was ready');
}

/** A program that does one thing for each line that it is sent. */
class Loop {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Ends with the test, however that ends. */
  constructor(t: TestContext, words: readonly string[], env: Record<string, string>) {
    const [program = '', ...args] = words;
    this.#child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => this.#child.kill('SIGKILL'));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** What it prints for the line. */
  async ask(line: string): Promise<string> {
    this.#child.stdin!.write(`${line}\n`);
    return (await this.#lines.next()).value ?? 'ended';
  }

  /** Resolves with its exit code. */
  end(): Promise<number | null> {
    this.#child.stdin!.end();
    return new Promise(settle => this.#child.on('close', settle));
  }
}

/** The time of the server, the endpoint and the clients: the machine's, and what the test adds. */
class MovedTime {
  #seconds = 0;
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'offset');
  }

  now(): number {
    return Date.now() + this.#seconds * 1000;
  }

  async advance(seconds: number): Promise<void> {
    this.#seconds += seconds;
    await writeFile(this.#file, `+${this.#seconds}s\n`);
  }

  /** For a client: libfaketime reads the file at each look at the clock. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: FAKETIME!,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }
}

const SDK_LOOP = `
import { createInterface } from 'node:readline';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
const { LOOP_ENDPOINT: endpoint, LOOP_BUCKET: Bucket } = process.env;
const s3 = new S3Client({ endpoint, region: 'eu-central-1', profile: process.env.LOOP_PROFILE, forcePathStyle: true });
for await (const Key of createInterface({ input: process.stdin })) {
  try {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    console.log((await s3.config.credentials()).accessKeyId);
  } catch (error) {
    console.log('FAILED ' + error);
  }
}`;

const noFaketime = without('faketime') || (FAKETIME === undefined && 'libfaketime is not for this processor');

suite('time goes by', { skip: noFaketime }, () => {
  let fleet: Fleet;
  let imds: RunningImds;
  let time: MovedTime;
  before(async () => {
    const directory = join(resolve('/tmp'), `karikagi-time-${process.pid}`);
    await mkdir(directory);
    time = new MovedTime(directory);
    await time.advance(0);
    fleet = await openFleet({ region: 'eu-central-1', clock: time });
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
    imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0', clock: time });
  });
  after(async () => {
    await imds.close();
    await fleet.close();
    await rm(join(resolve('/tmp'), `karikagi-time-${process.pid}`), { recursive: true });
  });

  const moved = (more: Record<string, string>) =>
    environment(fleet, {
      ...time.environment,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/`,
      LOOP_ENDPOINT: fleet.endpoint,
      LOOP_BUCKET: BUCKET,
      ...more,
    });

  test('four hours of clients that renew by themselves, and no call meets an expired key', {
    skip: without('pip'),
  }, async t => {
    const env = moved({ LOOP_PROFILE: 'staging' });
    const loops = {
      boto3: new Loop(t, [installed('python3'), join(HERE, 'imds_loop.py')], env),
      js: new Loop(t, [process.execPath, '--input-type=module', '-e', SDK_LOOP], env),
    };
    const seen = { boto3: new Set<string>(), js: new Set<string>() };
    for (let minute = 0; minute <= 240; minute += 6) {
      for (const [name, loop] of Object.entries(loops)) {
        const answer = await loop.ask(`${name}-${minute}`);
        assert.match(answer, /^ASIA/, `${name} in minute ${minute}`);
        seen[name as 'js'].add(answer);
      }
      await time.advance(360);
    }
    for (const loop of Object.values(loops)) assert.equal(await loop.end(), 0);
    // A session of 900 seconds is good for three of the 41 calls at the most.
    for (const keys of Object.values(seen)) assert.ok(keys.size >= 14, `${keys.size} sessions`);
  });

  test('a child of `karikagi assume` outlives three sessions of 900 seconds', {
    skip: without('pip'),
  }, async t => {
    const assume = ['assume', fleet.roleArn, '--external-id', EXTERNAL_ID, '--duration', '900'];
    const words = [process.execPath, CLI, ...assume, '--', installed('python3'), join(HERE, 'imds_loop.py')];
    const loop = new Loop(t, words, moved({ KARIKAGI_CACHE: join(fleet.home, 'cache') }));
    const seen = new Set<string>();
    for (let minute = 0; minute <= 50; minute += 5) {
      const answer = await loop.ask(`child-${minute}`);
      assert.match(answer, /^ASIA/, `in minute ${minute}`);
      seen.add(answer);
      await time.advance(300);
    }
    assert.equal(await loop.end(), 0);
    assert.ok(seen.size > 3, `${seen.size} sessions`);
  });
});

suite('karikagi on the command line', () => {
  let fleet: Fleet;
  let imds: RunningImds;
  before(async () => {
    fleet = await openFleet({ region: 'eu-central-1' });
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
    imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0', every: 0.2 });
  });
  after(async () => {
    await imds.close();
    await fleet.close();
  });

  const env = (more: Record<string, string> = {}) =>
    environment(fleet, {
      AWS_ENDPOINT_URL: fleet.endpoint,
      AWS_REGION: fleet.region,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/`,
      KARIKAGI_CACHE: join(fleet.home, 'cache'),
      ...more,
    });
  const karikagi = (args: readonly string[], more: Record<string, string> = {}) =>
    output(process.execPath, [CLI, ...args], env(more));

  interface Session {
    readonly AccessKeyId: string;
    readonly IssueTime: number;
  }

  async function sessionsOf(account: 'root' | 'owner', role: string): Promise<readonly Session[]> {
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet[account] };
    const page = (await callKarikagi(target, 'ListSessions', { RoleName: role })) as { Sessions: Session[] };
    return page.Sessions;
  }

  test('fifty processes that start at once cause one AssumeRole, and get the same keys', async () => {
    const args = ['credential-process', fleet.roleArn, '--external-id', EXTERNAL_ID];
    const own = await fetch(`${imds.endpoint}/v1/credentials`, {
      headers: { authorization: imds.authorizationToken },
    });
    const { AccessKeyId, SecretAccessKey, Token } = (await own.json()) as Record<string, string>;
    const source = {
      AWS_ACCESS_KEY_ID: AccessKeyId!,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey!,
      AWS_SESSION_TOKEN: Token!,
    };
    const before = (await sessionsOf('owner', 'staging')).length;
    const printed = await Promise.all(Array.from({ length: 50 }, () => karikagi(args, source)));
    assert.equal(new Set(printed).size, 1);
    const keys = JSON.parse(printed[0]!);
    assert.deepEqual([keys.Version, keys.AccountId], [1, SECOND]);
    assert.equal((await sessionsOf('owner', 'staging')).length, before + 1);
  });

  test('whoami: the chain, what caps it, how long is left', async () => {
    const assume = ['assume', fleet.roleArn, '--external-id', EXTERNAL_ID, '--session-name', 'me', '--'];
    const text = await karikagi([...assume, process.execPath, CLI, 'whoami', '--json']);
    const report = JSON.parse(text);
    assert.deepEqual(report.chain, [
      'ec2.amazonaws.com',
      `arn:aws:sts::${FIRST}:assumed-role/${AGENT}/${imds.instanceId}`,
      `arn:aws:sts::${SECOND}:assumed-role/staging/me`,
    ]);
    assert.match(report.nextRole, /^1 h at most/);
    assert.ok(report.secondsLeft > 3500 && report.secondsLeft <= 3600);
  });

  test('what `assume` prints is what shells and files take', async () => {
    const assume = ['assume', fleet.roleArn, '--external-id', EXTERNAL_ID];
    const lines = await karikagi([...assume, '--format', 'sh']);
    const script = `${lines}\nexec '${process.execPath}' '${CLI}' whoami --json`;
    const report = JSON.parse(await output('/bin/sh', ['-c', script], env()));
    assert.match(report.arn, /:assumed-role\/staging\/karikagi-/);
    assert.match(await karikagi([...assume, '--format', 'fish']), /^set -gx AWS_ACCESS_KEY_ID 'ASIA/);
    assert.match(await karikagi([...assume, '--format', 'powershell']), /^\$Env:AWS_ACCESS_KEY_ID = 'ASIA/);
    assert.equal(JSON.parse(await karikagi([...assume, '--format', 'json'])).Version, 1);
    const file = join(fleet.home, 'assumed');
    assert.equal(await karikagi([...assume, '--format', 'profile', '--output', file]), '');
    assert.match(await readFile(file, 'utf8'), /^\[assumed\]\naws_access_key_id = ASIA/);
  });

  test('the daemon hands out the keys of every profile to who knows its token', async t => {
    await writeFile(
      join(fleet.home, 'credentials'),
      `[owner]\naws_access_key_id = ${fleet.owner.accessKeyId}\naws_secret_access_key = ${fleet.owner.secretAccessKey}\n`,
    );
    t.after(() => rm(join(fleet.home, 'credentials')));
    const token = join(fleet.home, 'daemon-token');
    const args = [CLI, 'credentials', 'serve', '--listen', '127.0.0.1:0', '--token-file', token, '--json'];
    const daemon = spawn(process.execPath, args, { env: env(), stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => daemon.kill('SIGTERM'));
    const { endpoint, profiles } = JSON.parse((await once(daemon))[0]!);
    assert.deepEqual(profiles, ['default', 'owner', 'staging']);
    const authorization = await readFile(token, 'utf8');
    const get = (path: string, given = authorization) =>
      fetch(new URL(path, endpoint), { headers: { authorization: given } });
    const keys = (await (await get('/profile/owner')).json()) as { AccessKeyId: string };
    assert.equal(keys.AccessKeyId, fleet.owner.accessKeyId);
    const role = (await (await get('/profile/staging')).json()) as {
      AccessKeyId: string;
      Expiration: string;
    };
    assert.match(role.AccessKeyId, /^ASIA/);
    assert.match(role.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(
      [
        (await get('/profile/owner', 'guessed')).status,
        (await get('/profile/none')).status,
        (await get('/')).status,
      ],
      [401, 404, 404],
    );
  });

  test('a machine that was registered needs a key of its own alone', async () => {
    const file = join(fleet.home, 'machine');
    const root = {
      AWS_ACCESS_KEY_ID: fleet.root.accessKeyId,
      AWS_SECRET_ACCESS_KEY: fleet.root.secretAccessKey,
    };
    const id = 'i-0fedcba9876543210';
    const register = ['instances', 'register', '--instance-profile', PROFILE, '--instance-id', id];
    await karikagi([...register, '--credentials', file], root);
    const machine = { AWS_SHARED_CREDENTIALS_FILE: file };
    const whoami = ['--', process.execPath, CLI, 'whoami', '--json'];
    for (const way of [[], ['--container']]) {
      const args = ['imds', '--instance-id', id, '--listen', '127.0.0.1:0', '--exec', ...way, ...whoami];
      assert.match(
        JSON.parse(await karikagi(args, machine)).arn,
        new RegExp(`:assumed-role/${AGENT}/${id}$`),
      );
    }
    assert.match(await karikagi(['instances'], root), new RegExp(`${id}.*${PROFILE} .*${AGENT}`));
    await karikagi(['instances', 'deregister', id], root);
    assert.doesNotMatch(await karikagi(['instances'], root), new RegExp(id));
  });

  test('a role that leaves the profile leaves the machine', async () => {
    const iam = new IAMClient({ endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root });
    const keys = async () => {
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
      const token = await (
        await fetch(`${imds.endpoint}/latest/api/token`, { method: 'PUT', headers })
      ).text();
      const path = '/latest/meta-data/iam/security-credentials/';
      return (await fetch(imds.endpoint + path, { headers: { 'x-aws-ec2-metadata-token': token } })).status;
    };
    assert.equal(await keys(), 200);
    await iam.send(
      new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: PROFILE, RoleName: AGENT }),
    );
    const deadline = Date.now() + 10_000;
    while ((await keys()) !== 404) {
      assert.ok(Date.now() < deadline, 'the role is still there');
      await new Promise(settle => setTimeout(settle, 50));
    }
  });
});
