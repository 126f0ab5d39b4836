/** The commands that hand out keys, as people and programs run them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { IAMClient, RemoveRoleFromInstanceProfileCommand } from '@aws-sdk/client-iam';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import { type RunningImds, startImds } from '../src/imds/index.js';
import { AGENT, EXTERNAL_ID, FIRST, type Fleet, openFleet, PROFILE, SECOND } from './support/fleet.js';
import { environment, firstLine, KARIKAGI, output } from './support/programs.js';
import { until } from './support/until.js';

const ONE_OF_MANY = resolve(import.meta.dirname, 'support/one-of-many.js');

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
    output(process.execPath, [KARIKAGI, ...args], env(more));

  interface Session {
    readonly AccessKeyId: string;
    readonly IssueTime: number;
  }

  async function sessionsOf(account: 'root' | 'owner', role: string): Promise<readonly Session[]> {
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet[account] };
    const page = (await callKarikagi(target, 'ListSessions', { RoleName: role })) as { Sessions: Session[] };
    return page.Sessions;
  }

  test('many processes that start at once cause one AssumeRole, and get the same keys', async () => {
    const own = await fetch(`${imds.endpoint}/v1/credentials`, {
      headers: { authorization: imds.authorizationToken },
    });
    const { AccessKeyId, SecretAccessKey, Token } = (await own.json()) as Record<string, string>;
    const source = {
      AWS_ACCESS_KEY_ID: AccessKeyId!,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey!,
      AWS_SESSION_TOKEN: Token!,
    };
    const issued = async () => (await sessionsOf('owner', 'staging')).length;
    const once = async (count: number, run: () => Promise<string>) => {
      const before = await issued();
      const printed = await Promise.all(Array.from({ length: count }, run));
      assert.equal(new Set(printed).size, 1);
      assert.equal(await issued(), before + 1);
      return JSON.parse(printed[0]!);
    };
    // Fifty by way of the library, whose processes start in a tenth of the command's time; some by way of the command.
    const one = [ONE_OF_MANY, fleet.roleArn, EXTERNAL_ID, fleet.endpoint, fleet.region];
    await once(50, () => output(process.execPath, one, env(source)));
    const args = ['credential-process', fleet.roleArn, '--external-id', EXTERNAL_ID];
    const keys = await once(5, () => karikagi(args, source));
    assert.deepEqual([keys.Version, keys.AccountId], [1, SECOND]);
  });

  test('whoami: the chain, what caps it, how long is left', async () => {
    const assume = ['assume', fleet.roleArn, '--external-id', EXTERNAL_ID, '--session-name', 'me', '--'];
    const text = await karikagi([...assume, process.execPath, KARIKAGI, 'whoami', '--json']);
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
    const script = `${lines}\nexec '${process.execPath}' '${KARIKAGI}' whoami --json`;
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
    const args = [
      KARIKAGI,
      'credentials',
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--token-file',
      token,
      '--json',
    ];
    const daemon = spawn(process.execPath, args, { env: env(), stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => daemon.kill('SIGTERM'));
    const { endpoint, profiles } = JSON.parse(await firstLine(daemon));
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
    const whoami = ['--', process.execPath, KARIKAGI, 'whoami', '--json'];
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
    await until(async () => (await keys()) === 404);
  });
});
