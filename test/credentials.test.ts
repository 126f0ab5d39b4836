/** `karikagi/credentials` against a real server: each way to a role, what caps it, and what it says when it is refused. */
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  assumeRole,
  assumeRoleWithSaml,
  assumeRoleWithWebIdentity,
  CredentialsError,
  type CredentialsProblem,
  callerIdentity,
  capOf,
  mfaCommand,
  renewing,
  staticCredentials,
} from '../src/credentials/index.js';
import { codeOf, stepOf } from '../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../src/identity/credentials/mfa-totp.test.support.js';
import { ManualClock } from '../src/index.js';
import {
  ACCOUNT,
  BUCKET,
  EXTERNAL_ID,
  openStage,
  REGION,
  ROLE_ARN,
  type Stage,
  USER,
} from './clients/stage.js';
import { startIssuer } from './support/oidc-issuer.js';
import { encoded, idpMetadata, samlResponse, signXml } from './support/saml-idp.js';

const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

const failed = (problem: CredentialsProblem, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CredentialsError, String(error));
  assert.equal(error.problem, problem, error.message);
  assert.match(error.message, message);
  return true;
};

suite('karikagi/credentials', () => {
  let stage: Stage;
  const clock = new ManualClock();
  before(async () => {
    stage = await openStage({ clock, oidcAllow: ['127.0.0.0/8'] });
  });
  after(() => stage.close());

  const options = (keys = stage.user) => ({
    roleArn: ROLE_ARN,
    externalId: EXTERNAL_ID,
    endpoint: stage.endpoint,
    region: REGION,
    source: staticCredentials(keys),
  });

  async function role(name: string, trust: object, policy?: object): Promise<string> {
    const iam = new IAMClient(stage.config(stage.root));
    const document = (statement: object) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust) }));
    if (policy) {
      const input = { RoleName: name, PolicyName: 'own', PolicyDocument: document(policy) };
      await iam.send(new PutRolePolicyCommand(input));
    }
    return roleArn(name);
  }

  test('a role with everything that may be asked of it', async () => {
    const policy = { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' };
    const keys = await assumeRole({
      ...options(),
      duration: 900,
      sessionName: 'job-7',
      sessionPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [policy] }),
    })();
    assert.equal(keys.assumedRoleArn, `arn:aws:sts::${ACCOUNT}:assumed-role/stager/job-7`);
    assert.equal(keys.accountId, ACCOUNT);
    assert.equal(keys.duration, 900);
    assert.ok(keys.packedPolicySize! > 0);
    const s3 = new S3Client(stage.config(keys));
    await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'a' })), {
      name: 'AccessDenied',
    });
  });

  test('what STS refuses is said as it is, with its code', async () => {
    const refusal = await assumeRole({ ...options(), externalId: 'guessed' })().catch(error => error);
    assert.ok(failed('Refused', /^cannot assume arn:.*not authorized to perform: sts:AssumeRole/)(refusal));
    assert.equal(refusal.answered, 'AccessDenied');
    await assert.rejects(
      assumeRole({ ...options(), duration: 7200 })(),
      failed('TooLong', /MaxSessionDuration/),
    );
    assert.throws(() => assumeRole({ ...options(), duration: 60 }), failed('Invalid', /from 900 to 43200/));
    assert.throws(
      () => assumeRole({ ...options(), roleArn: 'stager' }),
      failed('Invalid', /is no role's ARN/),
    );
    assert.throws(
      () => assumeRole({ ...options(), sessionName: 'a b' }),
      failed('Invalid', /session's name/),
    );
    const away = { ...options(), endpoint: 'http://127.0.0.1:9' };
    await assert.rejects(assumeRole(away)(), failed('Unavailable', /ECONNREFUSED/));
  });

  test('a chain, its hour, and what caps a session', async () => {
    const admin = await role(
      'hub',
      { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' },
      {
        Action: ['sts:AssumeRole', 'iam:GetRole'],
        Resource: '*',
      },
    );
    const next = await role('spoke', {
      Principal: { AWS: admin },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
    const iam = new IAMClient(stage.config(stage.root));
    await iam.send(new UpdateRoleCommand({ RoleName: 'spoke', MaxSessionDuration: 43_200 }));
    await iam.send(new UpdateRoleCommand({ RoleName: 'stager', MaxSessionDuration: 3600 }));
    const hub = await userWhoMayAssume(stage, admin);
    const first = renewing(assumeRole({ ...options(hub), roleArn: admin, externalId: undefined }), { clock });
    const chained = { ...options(), roleArn: next, externalId: undefined, source: first.provider };
    const keys = await assumeRole({ ...chained, tags: { team: 'red' }, transitiveTagKeys: ['team'] })();
    assert.match(keys.assumedRoleArn, /spoke/);
    await assert.rejects(
      assumeRole({ ...chained, duration: 7200 })(),
      failed('TooLong', /1 hour session limit/),
    );
    const target = { endpoint: stage.endpoint, region: REGION };
    const cap = await capOf(first.provider, next, 7200, target);
    assert.deepEqual([cap.seconds, cap.by, cap.refused], [3600, 'chaining', true]);
    const direct = await capOf(staticCredentials(stage.user), ROLE_ARN, undefined, target);
    assert.deepEqual([direct.seconds, direct.by, direct.certain], [3600, 'default', false]);
    const who = await callerIdentity(first.provider, target);
    assert.deepEqual([who.kind, who.account], ['role', ACCOUNT]);
    assert.equal(who.expiration?.getTime(), first.current?.expiration.getTime());
  });

  test('a second factor is asked for before each session', async () => {
    const serial = `arn:aws:iam::${ACCOUNT}:mfa/none`;
    const script = join(stage.home, 'code');
    await writeFile(script, `#!/bin/sh\necho asked >> ${stage.home}/asked\necho 123456\n`);
    await chmod(script, 0o755);
    const asking = assumeRole({ ...options(), mfa: { serial, code: mfaCommand(script) } });
    for (const _ of [1, 2])
      await assert.rejects(asking(), failed('Refused', /MultiFactorAuthentication|MFA/i));
    assert.equal(await readFile(join(stage.home, 'asked'), 'utf8'), 'asked\nasked\n');
    const failing = assumeRole({ ...options(), mfa: { serial, code: mfaCommand('exit 3') } });
    await assert.rejects(failing(), failed('NoSource', /ended with 3/));
  });

  test('a right code lets in once, and the next one again', async () => {
    const iam = new IAMClient(stage.config(stage.root));
    const made = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'phone' }));
    const { SerialNumber, Base32StringSeed } = made.VirtualMFADevice!;
    const seed = seedOf(Base32StringSeed!);
    const codeNow = (ahead = 0) => codeOf(seed, stepOf(clock.now()) + ahead);
    const pair = { AuthenticationCode1: codeNow(-1), AuthenticationCode2: codeNow() };
    await iam.send(new EnableMFADeviceCommand({ UserName: USER, SerialNumber, ...pair }));
    const vault = await role('vault', {
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/${USER}` },
      Action: 'sts:AssumeRole',
      Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    });
    const target = { ...options(), roleArn: vault, externalId: undefined };
    const asking = assumeRole({ ...target, mfa: { serial: SerialNumber!, code: async () => codeNow() } });
    await assert.rejects(assumeRole(target)(), failed('Refused', /not authorized/));
    clock.advance(30);
    assert.match((await asking()).assumedRoleArn, /vault/);
    await assert.rejects(asking(), failed('Refused', /MultiFactorAuthentication/), 'a code counts once');
    clock.advance(30);
    assert.match((await asking()).assumedRoleArn, /vault/);
  });

  test('a web identity, whose token is read before each session', async t => {
    const issuer = await startIssuer();
    t.after(() => issuer.close());
    const iam = new IAMClient(stage.config(stage.root));
    const provider = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: ['app'] }),
    );
    const arn = await role('web', {
      Principal: { Federated: provider.OpenIDConnectProviderArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer.name}:sub`]: 'alice' } },
    });
    const file = join(stage.home, 'token');
    const target = { roleArn: arn, endpoint: stage.endpoint, region: REGION, sessionName: 'pod' };
    const keys = renewing(assumeRoleWithWebIdentity({ ...target, token: { file } }), { clock });
    await assert.rejects(keys.get(), failed('NoSource', /ENOENT/));
    await writeFile(file, `${await issuer.token(clock.now(), { sub: 'alice' })}\n`);
    assert.match((await keys.get()).assumedRoleArn, /web\/pod$/);
    await writeFile(file, await issuer.token(clock.now(), { sub: 'mallory' }));
    await assert.rejects(keys.renew(), failed('Refused', /Not authorized/));
    const token = () => issuer.token(clock.now(), { sub: 'alice' });
    assert.match((await assumeRoleWithWebIdentity({ ...target, token })()).assumedRoleArn, /web\/pod$/);
  });

  test('a SAML assertion from a file, as XML or in base64', async () => {
    const iam = new IAMClient(stage.config(stage.root));
    const input = { Name: 'Directory', SAMLMetadataDocument: idpMetadata() };
    const { SAMLProviderArn: providerArn } = await iam.send(new CreateSAMLProviderCommand(input));
    const arn = await role('saml', {
      Principal: { Federated: providerArn },
      Action: 'sts:AssumeRoleWithSAML',
    });
    const attributes = { Role: `${arn},${providerArn}`, RoleSessionName: 'alice' };
    const assertion = signXml(samlResponse({ time: clock.now(), attributes }), 'Assertion');
    const assertionFile = join(stage.home, 'assertion');
    const target = { roleArn: arn, providerArn: providerArn!, endpoint: stage.endpoint, region: REGION };
    for (const content of [assertion, `${encoded(assertion)}\n`]) {
      await writeFile(assertionFile, content);
      const keys = await assumeRoleWithSaml({ ...target, assertionFile })();
      assert.match(keys.assumedRoleArn, /saml\/alice$/);
    }
  });

  test('an S3 client works through three sessions of 900 seconds without one refusal', async () => {
    const keys = renewing(assumeRole({ ...options(), duration: 900 }), { clock });
    const s3 = new S3Client({
      ...stage.config(stage.user),
      credentials: keys.provider,
      maxAttempts: 3,
    });
    const seen = new Set<string>();
    for (let minute = 0; minute < 45; minute++) {
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `minute-${minute}`, Body: 'x' }));
      seen.add(keys.current!.accessKeyId);
      // The clock of the signature is the machine's: the SDK learns the difference from the server.
      clock.advance(60);
    }
    assert.ok(seen.size >= 3, `${seen.size} sessions`);
  });
});

async function userWhoMayAssume(stage: Stage, role: string) {
  const { CreateUserCommand, CreateAccessKeyCommand, PutUserPolicyCommand } = await import(
    '@aws-sdk/client-iam'
  );
  const iam = new IAMClient(stage.config(stage.root));
  await iam.send(new CreateUserCommand({ UserName: 'hub-user' }));
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await iam.send(new PutUserPolicyCommand({ UserName: 'hub-user', PolicyName: 'assume', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'hub-user' }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}
