/**
 * Writes a small data directory with a given Karikagi, for the test that later versions open it:
 *
 *   node tools/data-fixture.mjs dist/src/bundle/karikagi.js test/fixtures/data/VERSION.tgz
 *
 * To be run once for each release, with the release's own build; the files are never made again.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';

const [cli, target] = process.argv.slice(2).map(path => resolve(path));
const home = mkdtempSync(join(tmpdir(), 'karikagi-fixture-'));
const data = join(home, 'data');
const flags = ['serve', '--data', data, '--port', '0', '--log', 'none', '--json'];
const server = spawn(process.execPath, [cli, ...flags, '--account', '111122223333'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'exit');
const [line] = await once(createInterface({ input: server.stdout }), 'line');
const { endpoint } = JSON.parse(line);
const text = readFileSync(join(data, 'credentials'), 'utf8');
const value = name => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)[1];
const config = {
  endpoint,
  region: 'us-east-1',
  credentials: {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  },
};

const S3 = new s3.S3Client({ ...config, forcePathStyle: true });
const IAM = new iam.IAMClient(config);
const KMS = new kms.KMSClient(config);
const STS = new sts.STSClient(config);
const objects = [];
/** Above the limit of what is kept beside the records, and below it. */
const sizes = { large: 40_000, small: 300 };
const bodyOf = (seed, size) => {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
};
const put = async (Bucket, Key, Body, more = {}) => {
  const { VersionId } = await S3.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
  objects.push({ Bucket, Key, VersionId, sha256: createHash('sha256').update(Body).digest('hex') });
};

const { KeyMetadata } = await KMS.send(new kms.CreateKeyCommand({ Description: 'of the fixture' }));
await KMS.send(new kms.CreateAliasCommand({ AliasName: 'alias/fixture', TargetKeyId: KeyMetadata.KeyId }));
const { CiphertextBlob } = await KMS.send(
  new kms.EncryptCommand({ KeyId: KeyMetadata.KeyId, Plaintext: Buffer.from('sealed') }),
);
for (const Bucket of ['plain', 'versioned']) await S3.send(new s3.CreateBucketCommand({ Bucket }));
await S3.send(
  new s3.PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status: 'Enabled' } }),
);
await S3.send(
  new s3.PutBucketTaggingCommand({ Bucket: 'plain', Tagging: { TagSet: [{ Key: 'team', Value: 'red' }] } }),
);
await S3.send(
  new s3.PutBucketLifecycleConfigurationCommand({
    Bucket: 'plain',
    LifecycleConfiguration: {
      Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 3650 } }],
    },
  }),
);
for (const [name, size] of Object.entries(sizes)) {
  await put('plain', `${name}/日本`, bodyOf(name, size), { Metadata: { of: name }, Tagging: 'k=v' });
  await put('plain', `${name}/sealed`, bodyOf(`${name} sealed`, size), {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: KeyMetadata.KeyId,
  });
  for (const version of [1, 2]) await put('versioned', name, bodyOf(`${name} ${version}`, size));
}
await S3.send(new s3.DeleteObjectCommand({ Bucket: 'versioned', Key: 'small' }));
const place = { Bucket: 'plain', Key: 'parts' };
const { UploadId } = await S3.send(new s3.CreateMultipartUploadCommand(place));
const Body = bodyOf('parts', sizes.large);
const part = await S3.send(new s3.UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body }));
const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
await S3.send(new s3.CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
objects.push({ ...place, sha256: createHash('sha256').update(Body).digest('hex') });
await S3.send(new s3.CreateMultipartUploadCommand({ Bucket: 'plain', Key: 'unfinished' }));

const document = Statement => JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
await IAM.send(new iam.CreateUserCommand({ UserName: 'loader', Tags: [{ Key: 'team', Value: 'red' }] }));
const { AccessKey } = await IAM.send(new iam.CreateAccessKeyCommand({ UserName: 'loader' }));
const { Role } = await IAM.send(
  new iam.CreateRoleCommand({
    RoleName: 'staging',
    AssumeRolePolicyDocument: document({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:user/loader' },
      Action: 'sts:AssumeRole',
    }),
  }),
);
const { Policy } = await IAM.send(
  new iam.CreatePolicyCommand({
    PolicyName: 'reads',
    PolicyDocument: document({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::plain/*' }),
  }),
);
await IAM.send(new iam.AttachRolePolicyCommand({ RoleName: 'staging', PolicyArn: Policy.Arn }));
await STS.send(new sts.GetSessionTokenCommand({}));
const expected = {
  objects,
  user: { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey },
  role: Role.Arn,
  policy: Policy.Arn,
  key: KeyMetadata.KeyId,
  ciphertext: Buffer.from(CiphertextBlob).toString('base64'),
};
server.kill('SIGTERM');
const [status] = await ended;
if (status !== 0) throw new Error(`the server ended with status ${status}`);
writeFileSync(join(home, 'expected.json'), `${JSON.stringify(expected, undefined, 2)}\n`);
const files = ['expected.json', 'data/kv/data.mdb', 'data/blobs', 'data/root.key', 'data/credentials'];
const sorted = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--sparse'];
execFileSync('tar', ['-c', '-z', ...sorted, '-f', target, '-C', home, ...files]);
rmSync(home, { recursive: true });
