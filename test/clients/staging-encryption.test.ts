/** The manual's policies for a staging connection with KMS, under AssumeRole credentials, in both partitions. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Upload } from '@aws-sdk/lib-storage';
import { type RunningServer, startServer } from '../../src/index.js';

const ACCOUNT = '123456789012';
const ROLE = 'stager';
const Bucket = 'staging-bucket';
const cli = resolve(import.meta.dirname, '../../src/bundle/karikagi.js');

/** As the manual prints them: the user's policy and the role's, for the world and for China. */
const manual = {
  aws: {
    region: 'ap-northeast-1',
    user: `{
"Version":"2012-10-17",
"Statement":
{ "Effect":"Allow", "Action":"sts:AssumeRole",
"Resource":"arn:aws:iam::<ACCOUNT-HYPHENS>:role/<ROLE-NAME>" }
}`,
    role: `{
"Version":"2012-10-17",
"Statement":[
{ "Effect":"Allow",
"Action":
[ "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*" ],
"Resource": ["arn:aws:kms:region:account:key/<KMS_key>"]
}
]
}`,
  },
  'aws-cn': {
    region: 'cn-north-1',
    user: `{
"Version":"2012-10-17",
"Statement":
{
"Effect":"Allow", "Action":"sts:AssumeRole",
"Resource":"arn:aws-cn:iam::<ACCOUNT-HYPHENS>:role/<ROLE-NAME>"
}
}`,
    role: `{
"Version":"2012-10-17",
"Statement":[
{ "Effect":"Allow",
"Action":[ "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*" ],
"Resource": ["arn:aws-cn:kms:region:account:key/<KMS_key>"]
}
]
}`,
  },
} as const;

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

for (const partition of ['aws', 'aws-cn'] as const) {
  const { region } = manual[partition];
  const roleArn = `arn:${partition}:iam::${ACCOUNT}:role/${ROLE}`;
  const sessionArn = `arn:${partition}:sts::${ACCOUNT}:assumed-role/${ROLE}/staging`;
  const objects = `arn:${partition}:s3:::${Bucket}/*`;

  suite(`the staging connection with KMS, partition ${partition}`, () => {
    let server: RunningServer;
    let root: Credentials;
    let iam: IAMClient;
    let kms: KMSClient;
    let admin: S3Client;
    let role: S3Client;
    let keyArn: string;

    const config = (credentials: Credentials) => ({
      endpoint: server.endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
    });

    before(async () => {
      server = await startServer({
        data: 'memory',
        port: 0,
        account: ACCOUNT,
        partition,
        region,
        log: 'none',
      });
      const { accessKeyId, secretAccessKey } = server.root!;
      root = { accessKeyId, secretAccessKey };
      iam = new IAMClient(config(root));
      kms = new KMSClient(config(root));
      admin = new S3Client(config(root));
      await admin.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
      );
      role = new S3Client(config(await assume(await newUser())));
      keyArn = await newKey();
      await permit();
    });
    after(() => server.close());

    /** A user that may assume the role, as the manual says, and the role with the rights on objects alone. */
    async function newUser(): Promise<Credentials> {
      const UserName = 'uploader';
      const { User } = await iam.send(new CreateUserCommand({ UserName }));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      const PolicyDocument = manual[partition].user
        .replace('<ACCOUNT-HYPHENS>', ACCOUNT)
        .replace('<ROLE-NAME>', ROLE);
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'assume', PolicyDocument }));
      const trust = policy({ Effect: 'Allow', Principal: { AWS: User!.Arn }, Action: 'sts:AssumeRole' });
      await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: trust }));
      const onObjects = policy({
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
        Resource: objects,
      });
      await iam.send(
        new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 's3', PolicyDocument: onObjects }),
      );
      return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    }

    async function assume(user: Credentials): Promise<Credentials> {
      const { Credentials: made } = await new STSClient(config(user)).send(
        new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'staging' }),
      );
      return {
        accessKeyId: made!.AccessKeyId!,
        secretAccessKey: made!.SecretAccessKey!,
        sessionToken: made!.SessionToken!,
      };
    }

    async function newKey(): Promise<string> {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
      return KeyMetadata!.Arn!;
    }

    /** The manual's policy for the key, on the role; without one of its actions. */
    async function permit(missing?: string): Promise<void> {
      const whole = manual[partition].role
        .replace('region:account', `${region}:${ACCOUNT}`)
        .replace('<KMS_key>', keyArn.split('/')[1]!);
      const PolicyDocument = missing === undefined ? whole : whole.replace(`"${missing}", `, '');
      assert.equal(PolicyDocument === whole, missing === undefined);
      await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'kms', PolicyDocument }));
    }

    const encrypted = (Key: string, Body: Uint8Array, SSEKMSKeyId = keyArn) =>
      ({ Bucket, Key, Body, ServerSideEncryption: 'aws:kms', SSEKMSKeyId }) as const;

    const put = (Key: string, Body: Uint8Array, key?: string) =>
      role.send(new PutObjectCommand(encrypted(Key, Body, key)));

    const putInParts = (Key: string, Body: Uint8Array) =>
      new Upload({ client: role, params: encrypted(Key, Body), partSize: 8 * 1024 * 1024 }).done();

    const get = (Key: string) => role.send(new GetObjectCommand({ Bucket, Key }));

    /** The error's request id; it must be S3's AccessDenied for an action on the key. */
    async function refusal(what: Promise<unknown>, message: string): Promise<string> {
      let requestId: string | undefined;
      await assert.rejects(what, (error: S3ServiceException) => {
        assert.equal(error.name, 'AccessDenied');
        assert.equal(error.$metadata.httpStatusCode, 403);
        assert.equal(error.message, message);
        requestId = error.$metadata.requestId;
        return true;
      });
      return requestId!;
    }

    /** What the command says of a denied request, by its id. */
    async function why(requestId: string): Promise<string> {
      const args = [cli, 'why', requestId, '--endpoint', server.endpoint, '--region', region];
      const child = spawn(process.execPath, args, {
        env: {
          PATH: process.env['PATH'],
          AWS_ACCESS_KEY_ID: root.accessKeyId,
          AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
          AWS_EC2_METADATA_DISABLED: 'true',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 240_000,
      });
      return text(child.stdout);
    }

    const notInRole = (action: string) =>
      `User: ${sessionArn} is not authorized to perform: ${action} on resource: ${keyArn} because no identity-based policy allows the ${action} action`;
    const notInKey = (action: string) =>
      `User: ${sessionArn} is not authorized to perform: ${action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`;

    /** The key's policy: the account may administer it; the role may do what is named. */
    async function delegateNothing(actions: readonly string[]): Promise<void> {
      const administer = {
        Sid: 'Administer',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${ACCOUNT}:root` },
        Action: ['kms:PutKeyPolicy', 'kms:GetKeyPolicy', 'kms:DescribeKey'],
        Resource: '*',
      };
      const use = {
        Sid: 'Use',
        Effect: 'Allow',
        Principal: { AWS: roleArn },
        Action: actions,
        Resource: '*',
      };
      await kms.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy: policy(administer, use) }));
    }

    test('a small object and 20 MB in parts go up and come down', async () => {
      const small = Buffer.from('staged');
      const stored = await put('small', small);
      assert.equal(stored.ServerSideEncryption, 'aws:kms');
      assert.equal(stored.SSEKMSKeyId, keyArn);
      const large = randomBytes(20 * 1024 * 1024);
      await putInParts('large', large);
      for (const [key, body] of [
        ['small', small],
        ['large', large],
      ] as const) {
        const got = await get(key);
        assert.equal(got.ServerSideEncryption, 'aws:kms');
        assert.equal(got.SSEKMSKeyId, keyArn);
        assert.ok(body.equals(await got.Body!.transformToByteArray()));
      }
    });

    test('two layers take the same rights', async t => {
      const layered = new PutObjectCommand({
        ...encrypted('layered', Buffer.from('twice')),
        ServerSideEncryption: 'aws:kms:dsse',
      });
      const stored = await role.send(layered);
      assert.deepEqual([stored.ServerSideEncryption, stored.SSEKMSKeyId], ['aws:kms:dsse', keyArn]);
      assert.equal(await (await get('layered')).Body!.transformToString(), 'twice');
      await permit('kms:Decrypt');
      t.after(() => permit());
      await refusal(get('layered'), notInRole('kms:Decrypt'));
    });

    test('without kms:GenerateDataKey on the role nothing goes up, what is there comes down', async t => {
      await put('before', Buffer.from('x'));
      await permit('kms:GenerateDataKey');
      t.after(() => permit());
      const message = notInRole('kms:GenerateDataKey');
      const requestId = await refusal(put('after', Buffer.from('x')), message);
      await refusal(putInParts('after', Buffer.alloc(9 * 1024 * 1024)), message);
      const explained = await why(requestId);
      assert.match(explained, /kms:GenerateDataKey/);
      assert.match(explained, /no identity-based policy allows/i);
      assert.equal(await (await get('before')).Body!.transformToString(), 'x');
    });

    test('without kms:Decrypt on the role nothing comes down, nor goes up in parts', async t => {
      await put('before', Buffer.from('x'));
      await permit('kms:Decrypt');
      t.after(() => permit());
      const message = notInRole('kms:Decrypt');
      const requestId = await refusal(get('before'), message);
      await refusal(putInParts('after', Buffer.alloc(9 * 1024 * 1024)), message);
      assert.match(await why(requestId), /kms:Decrypt/);
      await put('after', Buffer.from('x'));
    });

    for (const missing of ['kms:DescribeKey', 'kms:Encrypt']) {
      test(`without ${missing} objects go up and come down: S3 does not need it`, async t => {
        await permit(missing);
        t.after(() => permit());
        await put('object', Buffer.from('x'));
        await get('object');
      });
    }

    test('a key policy that does not delegate to the account decides by itself', async t => {
      const delegated = keyArn;
      keyArn = await newKey();
      t.after(async () => {
        keyArn = delegated;
        await permit();
      });
      await permit();
      await delegateNothing(['kms:GenerateDataKey']);
      await put('object', Buffer.from('x'));
      const reading = await why(await refusal(get('object'), notInKey('kms:Decrypt')));
      assert.match(reading, /kms:Decrypt/);
      assert.match(reading, /key policy/);
      await delegateNothing(['kms:Decrypt']);
      await get('object');
      const writing = await why(
        await refusal(put('object', Buffer.from('y')), notInKey('kms:GenerateDataKey')),
      );
      assert.match(writing, /kms:GenerateDataKey/);
      assert.match(writing, /key policy/);
    });

    test('a bucket policy may demand encryption under one key', async t => {
      const demand = (key: string, value: string) => ({
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: objects,
        Condition: { StringNotEquals: { [key]: value } },
      });
      const Policy = policy(
        demand('s3:x-amz-server-side-encryption', 'aws:kms'),
        demand('s3:x-amz-server-side-encryption-aws-kms-key-id', keyArn),
      );
      await admin.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      t.after(() => admin.send(new DeleteBucketPolicyCommand({ Bucket })));
      const Body = Buffer.from('x');
      const message = `User: ${sessionArn} is not authorized to perform: s3:PutObject on resource: "${objects.replace('*', 'demanded')}" with an explicit deny in a resource-based policy`;
      await refusal(role.send(new PutObjectCommand({ Bucket, Key: 'demanded', Body })), message);
      const own = { Bucket, Key: 'demanded', Body, ServerSideEncryption: 'AES256' } as const;
      await refusal(role.send(new PutObjectCommand(own)), message);
      await refusal(put('demanded', Body, await newKey()), message);
      await put('demanded', Body);
      await putInParts('demanded', Buffer.alloc(9 * 1024 * 1024));
      const plain = { Bucket, Key: 'demanded', Body: Buffer.alloc(9 * 1024 * 1024) };
      await refusal(new Upload({ client: role, params: plain, partSize: 8 * 1024 * 1024 }).done(), message);
    });
  });
}
