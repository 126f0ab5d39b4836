/** AWS's credential helper for IAM Roles Anywhere, built here, gets keys for certificates and hands them out. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import * as sts from '@aws-sdk/client-sts';
import {
  authority,
  certificate,
  type Made,
} from '../../src/identity/roles-anywhere/authority.test.support.js';
import { output } from '../support/programs.js';
import { type Outside, openOutside } from '../support/roles-anywhere.js';
import { until } from '../support/until.js';
import { asked } from './asked.js';

const SOURCES = resolve('test/toolchains/rolesanywhere');
const BUILT = resolve('.cache/toolchains');
const HELPER = join(BUILT, 'aws_signing_helper');
/** Milliseconds that the build may take, with all that it downloads. */
const LONGEST = 900_000;

const absent = asked || (spawnSync('go', ['version']).status !== 0 && 'there is no go on this machine');

suite("AWS's credential helper for IAM Roles Anywhere", { skip: absent }, () => {
  let outside: Outside;
  let home: string;
  let env: Record<string, string>;

  before(async () => {
    await mkdir(BUILT, { recursive: true });
    const variables = { ...process.env } as Record<string, string>;
    await output('go', ['build', '-C', SOURCES, '-o', HELPER, '.'], variables, LONGEST);
    outside = await openOutside();
    home = await mkdtemp(join(tmpdir(), 'karikagi-outside-'));
    env = { PATH: process.env['PATH'] ?? '', HOME: home };
  });
  after(async () => {
    await outside.close();
    await rm(home, { recursive: true, force: true });
  });

  /** Writes what the helper reads, and names it. */
  async function filesOf({ pem, privateKey }: Made, chain?: Made): Promise<string[]> {
    const write = async (name: string, content: string) => {
      await writeFile(join(home, name), content, { mode: 0o600 });
      return join(home, name);
    };
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return [
      '--certificate',
      await write('agent.pem', pem),
      '--private-key',
      await write('agent.key', key),
      ...(chain ? ['--intermediates', await write('chain.pem', chain.pem)] : []),
    ];
  }

  const names = () => [
    '--trust-anchor-arn',
    outside.trustAnchorArn,
    '--profile-arn',
    outside.profileArn,
    '--role-arn',
    outside.roleArn,
    '--endpoint',
    outside.endpoint,
  ];

  async function keysOf(made: Made, chain?: Made): Promise<string> {
    const words = ['credential-process', ...(await filesOf(made, chain)), ...names()];
    const printed = JSON.parse(await output(HELPER, words, env));
    assert.equal(printed.Version, 1);
    assert.ok(Date.parse(printed.Expiration) > outside.clock.now());
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = printed;
    const client = outside.stsAs({ accessKeyId, secretAccessKey, sessionToken });
    return (await client.send(new sts.GetCallerIdentityCommand({}))).Arn!;
  }

  for (const key of ['ec', 'rsa'] as const) {
    test(`as a credential process, with a key of the kind ${key}`, async () => {
      const made = certificate({ issuer: outside.ca, key });
      const arn = `arn:aws:sts::${outside.account}:assumed-role/outside/${made.serial.toString(16)}`;
      assert.equal(await keysOf(made), arn);
    });
  }

  test('with an authority between; without it, AWS’s words come through', async () => {
    const between = authority({ subject: [['CN', 'between']], issuer: outside.ca });
    const made = certificate({ issuer: between });
    assert.match(await keysOf(made, between), /assumed-role\/outside\//);
    await assert.rejects(keysOf(made), /AccessDeniedException: Untrusted signing certificate/);
  });

  test('as a metadata endpoint for programs on the machine', async t => {
    const made = certificate({ issuer: outside.ca });
    const port = await freePort();
    const words = ['serve', '--port', String(port), ...(await filesOf(made)), ...names()];
    const helper = spawn(HELPER, words, { env, stdio: 'ignore' });
    t.after(() => helper.kill());
    const metadata = `http://127.0.0.1:${port}/latest`;
    const tokenOf = async () => {
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
      return await (await fetch(`${metadata}/api/token`, { method: 'PUT', headers })).text();
    };
    let token = '';
    await until(async () => {
      token = await tokenOf().catch(() => '');
      return token !== '';
    });
    const read = async (path: string) =>
      await (await fetch(`${metadata}/${path}`, { headers: { 'x-aws-ec2-metadata-token': token } })).text();
    const role = await read('meta-data/iam/security-credentials/');
    const { Code, AccessKeyId, SecretAccessKey, Token } = JSON.parse(
      await read(`meta-data/iam/security-credentials/${role}`),
    );
    assert.equal(Code, 'Success');
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
    const { Arn } = await outside.stsAs(keys).send(new sts.GetCallerIdentityCommand({}));
    assert.match(Arn!, /assumed-role\/outside\//);
  });
});

function freePort(): Promise<number> {
  return new Promise((settle, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => settle(port));
    });
  });
}
