/** Settings of buckets that change what S3 answers to others, set and met with the AWS SDK. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAbacCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketAbacCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UpdateObjectEncryptionCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { codeOf, stepOf } from '../../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../../src/identity/credentials/mfa-totp.test.support.js';
import { ManualClock, type RunningServer, startServer, systemClock } from '../../src/index.js';

const Bucket = 'settings-bucket';
const Key = 'k';

interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

suite('AWS SDK for JavaScript: settings of buckets', () => {
  let server: RunningServer;
  let s3: S3Client;
  let config: ClientConfig & { readonly forcePathStyle: boolean; readonly maxAttempts: number };
  /** Stands still at the second of the start, so that the SDK's signatures hold. */
  const clock = new ManualClock(Math.floor(systemClock.now() / 1000) * 1000);
  /** Of another account. */
  let guest: S3Client;

  before(async () => {
    server = await startServer({ data: 'memory', port: 0, region: 'us-east-1', log: 'none', clock });
    const { accessKeyId, secretAccessKey } = server.root!;
    config = {
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
    };
    s3 = new S3Client(config);
    guest = new S3Client({ ...config, credentials: await otherAccount(config) });
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    const Statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: ['s3:GetObject', 's3:ListBucket'],
      Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  });
  after(async () => {
    await server.close();
    s3.destroy();
    guest.destroy();
  });

  /** Administrator of a new account. */
  async function otherAccount(config: ClientConfig) {
    const organizations = new OrganizationsClient(config);
    await organizations.send(new CreateOrganizationCommand({}));
    const made = await organizations.send(
      new CreateAccountCommand({ AccountName: 'guest', Email: 'guest@example.com' }),
    );
    const credentials = await newUser(config);
    const sts = new STSClient({ ...config, credentials });
    const RoleArn = `arn:aws:iam::${made.CreateAccountStatus!.AccountId}:role/OrganizationAccountAccessRole`;
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'guest' }));
    organizations.destroy();
    sts.destroy();
    const { AccessKeyId, SecretAccessKey, SessionToken } = assumed.Credentials!;
    return { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! };
  }

  /** Root users assume no roles. */
  async function newUser(config: ClientConfig) {
    const iam = new IAMClient(config);
    const UserName = 'host';
    await iam.send(new CreateUserCommand({ UserName }));
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
    });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    iam.destroy();
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }

  test('requester pays', async () => {
    const pay = (Payer: 'Requester' | 'BucketOwner') =>
      s3.send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer } }));
    await pay('Requester');
    assert.equal((await s3.send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer, 'Requester');
    await assert.rejects(guest.send(new GetObjectCommand({ Bucket, Key })), { name: 'AccessDenied' });
    const RequestPayer = 'requester';
    const object = await guest.send(new GetObjectCommand({ Bucket, Key, RequestPayer }));
    assert.deepEqual([object.RequestCharged, await object.Body!.transformToString()], ['requester', 'x']);
    const listed = await guest.send(new ListObjectsV2Command({ Bucket, RequestPayer }));
    assert.deepEqual([listed.RequestCharged, listed.KeyCount], ['requester', 1]);
    const url = await getSignedUrl(guest, new GetObjectCommand({ Bucket, Key, RequestPayer }));
    assert.match(url, /\?.*x-amz-request-payer=requester/);
    const fetched = await fetch(url);
    assert.deepEqual([fetched.status, fetched.headers.get('x-amz-request-charged')], [200, 'requester']);
    assert.equal((await fetch(`${server.endpoint}/${Bucket}/${Key}`)).status, 403);
    await pay('BucketOwner');
    assert.equal((await fetch(`${server.endpoint}/${Bucket}/${Key}`)).status, 200);
  });

  test('MFA delete, with a virtual device of the root user', async () => {
    const iam = new IAMClient(config);
    const { VirtualMFADevice } = await iam.send(
      new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'root' }),
    );
    const SerialNumber = VirtualMFADevice!.SerialNumber!;
    const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
    const code = (steps: number) => codeOf(seed, stepOf(clock.now()) + steps);
    const enabling = {
      SerialNumber,
      UserName: 'root',
      AuthenticationCode1: code(-1),
      AuthenticationCode2: code(0),
    };
    await iam.send(new EnableMFADeviceCommand(enabling));
    iam.destroy();
    /** A code works once. */
    const MFA = () => {
      clock.advance(30);
      return `${SerialNumber} ${code(0)}`;
    };
    await s3.send(new CreateBucketCommand({ Bucket: 'precious' }));
    const precious = { Bucket: 'precious' };
    const put = (MFADelete: 'Enabled' | 'Disabled', more = {}) =>
      s3.send(
        new PutBucketVersioningCommand({
          ...precious,
          VersioningConfiguration: { Status: 'Enabled', MFADelete },
          ...more,
        }),
      );
    await assert.rejects(put('Enabled'), { name: 'AccessDenied' });
    await put('Enabled', { MFA: MFA() });
    assert.equal((await s3.send(new GetBucketVersioningCommand(precious))).MFADelete, 'Enabled');
    const { VersionId } = await s3.send(new PutObjectCommand({ ...precious, Key, Body: 'x' }));
    const version = { ...precious, Key, VersionId };
    await assert.rejects(s3.send(new DeleteObjectCommand(version)), {
      message: 'Mfa Authentication must be used for this request',
    });
    await s3.send(new DeleteObjectCommand({ ...version, MFA: MFA() }));
    await assert.rejects(put('Disabled'), { name: 'AccessDenied' });
    await put('Disabled', { MFA: MFA() });
  });

  test('another KMS key for an object', async () => {
    const kms = new KMSClient(config);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    kms.destroy();
    const secret = { Bucket, Key: 'secret' };
    await s3.send(new PutObjectCommand({ ...secret, Body: 'x', ServerSideEncryption: 'AES256' }));
    const SSEKMS = { KMSKeyArn: KeyMetadata!.Arn!, BucketKeyEnabled: true };
    await s3.send(new UpdateObjectEncryptionCommand({ ...secret, ObjectEncryption: { SSEKMS } }));
    const object = await s3.send(new GetObjectCommand(secret));
    assert.deepEqual([object.ServerSideEncryption, object.SSEKMSKeyId], ['aws:kms', KeyMetadata!.Arn]);
    assert.equal(await object.Body!.transformToString(), 'x');
    await assert.rejects(
      s3.send(
        new UpdateObjectEncryptionCommand({
          ...secret,
          ObjectEncryption: { SSEKMS: { KMSKeyArn: KeyMetadata!.KeyId! } },
        }),
      ),
      { name: 'InvalidRequest' },
    );
  });

  test('tags of a bucket that decide who may', async () => {
    const tagged = { Bucket: 'tagged' };
    await s3.send(new CreateBucketCommand(tagged));
    await s3.send(
      new PutBucketTaggingCommand({ ...tagged, Tagging: { TagSet: [{ Key: 'team', Value: 'red' }] } }),
    );
    await s3.send(new PutObjectCommand({ ...tagged, Key, Body: 'x' }));
    const iam = new IAMClient(config);
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } },
      },
    });
    await iam.send(new CreateUserCommand({ UserName: 'red', Tags: [{ Key: 'team', Value: 'red' }] }));
    await iam.send(new PutUserPolicyCommand({ UserName: 'red', PolicyName: 'own', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'red' }));
    iam.destroy();
    const credentials = {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
    };
    const red = new S3Client({ ...config, credentials });
    const get = () => red.send(new GetObjectCommand({ ...tagged, Key }));
    await assert.rejects(get(), { name: 'AccessDenied' });
    await s3.send(new PutBucketAbacCommand({ ...tagged, AbacStatus: { Status: 'Enabled' } }));
    const { AbacStatus } = await s3.send(new GetBucketAbacCommand(tagged));
    assert.equal(AbacStatus?.Status, 'Enabled');
    assert.equal(await (await get()).Body!.transformToString(), 'x');
    red.destroy();
  });

  test('acceleration', async () => {
    const AccelerateConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration }));
    const { Status } = await s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket }));
    assert.equal(Status, 'Enabled');
  });
});
