import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  AssumeRoleCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import {
  ACCOUNT,
  BUCKET,
  EXTERNAL_ID,
  openStage,
  REGION,
  ROLE,
  ROLE_ARN,
  type Stage,
  USER,
} from './stage.js';

suite('AWS SDK for JavaScript: STS', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const sts = (keys = stage.user) => new STSClient(stage.config(keys));
  const assume = (more: object = {}) =>
    new AssumeRoleCommand({
      RoleArn: ROLE_ARN,
      RoleSessionName: 'sdk',
      ExternalId: EXTERNAL_ID,
      DurationSeconds: 900,
      ...more,
    });

  test('who calls', async () => {
    const user = await sts().send(new GetCallerIdentityCommand({}));
    assert.equal(user.Arn, `arn:aws:iam::${ACCOUNT}:user/${USER}`);
    assert.equal(user.Account, ACCOUNT);
    assert.match(user.UserId ?? '', /^AIDA/);
    const role = await sts(await stage.assume()).send(new GetCallerIdentityCommand({}));
    assert.equal(role.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/clients`);
    assert.match(role.UserId ?? '', /^AROA[A-Z2-7]+:clients$/);
    const root = await sts(stage.root).send(new GetCallerIdentityCommand({}));
    assert.equal(root.Arn, `arn:aws:iam::${ACCOUNT}:root`);
  });

  test('a request without a signature is nobody', async () => {
    const response = await fetch(`${stage.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15`);
    assert.equal(response.status, 403);
    assert.match(await response.text(), /<Code>MissingAuthenticationToken<\/Code>/);
  });

  test('a role is assumed for as long as asked', async () => {
    const before = Date.now();
    const { Credentials, AssumedRoleUser } = await sts().send(assume());
    const left = Credentials!.Expiration!.getTime() - before;
    assert.ok(left > 880_000 && left <= 910_000, `${left} ms`);
    assert.equal(AssumedRoleUser?.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/sdk`);
  });

  for (const [what, more, name, message] of [
    [
      'without the external id',
      { ExternalId: undefined },
      'AccessDenied',
      /^User: .* is not authorized to perform: sts:AssumeRole on resource: /,
    ],
    ['with a wrong one', { ExternalId: 'wrong' }, 'AccessDenied', /^User: /],
    ['a role that does not exist', { RoleArn: `${ROLE_ARN}x` }, 'AccessDenied', /^User: /],
    [
      'longer than the role lets',
      { DurationSeconds: 7200 },
      'ValidationError',
      /^The requested DurationSeconds exceeds the MaxSessionDuration set for this role\.$/,
    ],
    [
      'for too short',
      { DurationSeconds: 899 },
      'ValidationError',
      /^1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900$/,
    ],
    [
      'under a name that is none',
      { RoleSessionName: 'a b' },
      'ValidationError',
      /at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
    ],
    ['with a policy that is no JSON', { Policy: '{' }, 'MalformedPolicyDocument', /./],
  ] as const) {
    test(`refused: ${what}`, async () => {
      await assert.rejects(
        sts().send(assume(more)),
        (error: Error & { $metadata: { httpStatusCode: number } }) => {
          assert.match(error.name, new RegExp(`^${name}(Exception)?$`));
          assert.match(error.message, message);
          assert.equal(error.$metadata.httpStatusCode, name === 'AccessDenied' ? 403 : 400);
          return true;
        },
      );
    });
  }

  test('a session policy narrows the role', async () => {
    const narrow = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    });
    const { Credentials, PackedPolicySize } = await sts().send(assume({ Policy: narrow }));
    assert.ok(PackedPolicySize! > 0 && PackedPolicySize! < 100);
    const s3 = new S3Client(
      stage.config({
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      }),
    );
    await assert.rejects(s3.send(new ListObjectsV2Command({ Bucket: BUCKET })), {
      name: 'AccessDenied',
      message: /because no session policy allows the s3:ListBucket action$/,
    });
  });

  test('session tokens: of the user; not of a session; not for IAM', async () => {
    const { Credentials } = await sts().send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
    const keys = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    const identity = await sts(keys).send(new GetCallerIdentityCommand({}));
    assert.equal(identity.Arn, `arn:aws:iam::${ACCOUNT}:user/${USER}`);
    await assert.rejects(new IAMClient(stage.config(keys)).send(new ListUsersCommand({})));
    await assert.rejects(sts(await stage.assume()).send(new GetSessionTokenCommand({})), {
      name: /^AccessDenied/,
    });
  });

  test('an access key tells its account', async () => {
    const { accessKeyId } = await stage.assume();
    for (const AccessKeyId of [accessKeyId, stage.user.accessKeyId]) {
      const { Account } = await sts(stage.root).send(new GetAccessKeyInfoCommand({ AccessKeyId }));
      assert.equal(Account, ACCOUNT);
    }
  });

  test('broken credentials are refused in the words that SDKs act upon', async () => {
    const session = await stage.assume();
    const other = await stage.assume();
    const refusals = [
      [{ ...stage.user, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'InvalidClientTokenId'],
      [{ ...stage.user, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
      [{ ...session, sessionToken: `${session.sessionToken!.slice(0, -8)}AAAAAAA=` }, 'InvalidClientTokenId'],
      [{ ...session, sessionToken: other.sessionToken! }, 'InvalidClientTokenId'],
      [{ ...stage.user, sessionToken: session.sessionToken! }, 'InvalidClientTokenId'],
      [
        { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
        'InvalidClientTokenId',
      ],
    ] as const;
    for (const [keys, name] of refusals) {
      await assert.rejects(sts(keys).send(new GetCallerIdentityCommand({})), { name }, name);
    }
  });

  test('from a profile with role_arn, source_profile, external_id and duration_seconds', async () => {
    const provider = (profile: string) =>
      defaultProvider({
        profile,
        filepath: join(stage.home, 'credentials'),
        configFilepath: join(stage.home, 'config'),
        clientConfig: { endpoint: stage.endpoint, region: REGION },
      });
    const config = (profile: string) => ({ ...stage.config(stage.user), credentials: provider(profile) });
    const identity = await new STSClient(config('stager')).send(new GetCallerIdentityCommand({}));
    assert.equal(identity.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/from-profile`);
    await new S3Client(config('stager')).send(new ListObjectsV2Command({ Bucket: BUCKET }));
    const refusedAs = (profile: string, error: { name: RegExp; message: RegExp }) =>
      assert.rejects(new S3Client(config(profile)).send(new ListObjectsV2Command({ Bucket: BUCKET })), error);
    await refusedAs('impostor', { name: /^AccessDenied/, message: /sts:AssumeRole/ });
    await refusedAs('overtime', { name: /^Validation/, message: /DurationSeconds exceeds/ });
  });

  test('from the environment', async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await stage.assume();
    const saved = { ...process.env };
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL: stage.endpoint,
      AWS_REGION: REGION,
    });
    try {
      const identity = await new STSClient({}).send(new GetCallerIdentityCommand({}));
      assert.equal(identity.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/clients`);
    } finally {
      process.env = saved;
    }
  });
});
