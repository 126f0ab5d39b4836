import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import type { ApiCredentials } from '../clients/karikagi-api.js';

interface WalkthroughOptions {
  readonly endpoint: string;
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  /** An administrator of the account. */
  readonly administrator: ApiCredentials;
  /** Where the files to upload are written. */
  readonly directory: string;
  /** Hears of each step as it ends. */
  readonly onStep: (step: Step) => void;
  /** The reason of a refusal, by request id, in one paragraph. */
  readonly explain: (requestId: string) => Promise<string>;
}

export interface Step {
  readonly number: number;
  /** What is done and why, in plain words. */
  readonly title: string;
  /** `s3:DeleteObject` */
  readonly call: string;
  readonly as: string;
  readonly outcome: 'allowed' | 'refused';
  /** What came of it: the result, or the error as the client sees it. */
  readonly detail: string;
  /** Why it was refused, and by which policy. */
  readonly why?: string;
}

export interface WalkthroughResult {
  readonly steps: readonly Step[];
  readonly user: ApiCredentials;
  readonly roleArn: string;
}

export const names = {
  bucket: 's3-fs-example-bucket',
  user: 'sts-s3-upload-user',
  role: 'sts-s3-example-role',
  uploadPolicy: 'sts-s3-example-policy',
  deletePolicy: 'sts-s3-example-delete-policy',
  externalId: 'staging-example-id',
} as const;

/** The seconds that the walk-through asks for: the least that STS gives. */
const DURATION = 900;
const LARGE = 20 * 1024 * 1024;

/** A step did not end as it must: the set-up is not what it should be. */
class WalkthroughFailed extends Error {
  override readonly name = 'WalkthroughFailed';
}

interface Meta {
  readonly $metadata: { readonly requestId?: string | undefined };
}

/**
 * From nothing to temporary S3 credentials: a bucket, a user, a role with its trust and permission policies,
 * AssumeRole, uploads with the temporary keys, a refusal and its mending. Throws `WalkthroughFailed` where a call
 * that must succeed fails or one that must be refused succeeds.
 */
export async function walkthrough(options: WalkthroughOptions): Promise<WalkthroughResult> {
  const { endpoint, region, administrator, accountId, partition } = options;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}::${rest}`;
  const clientOf = (credentials: ApiCredentials) => ({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const steps: Step[] = [];

  const report = (step: Omit<Step, 'number'>) => {
    const numbered = { number: steps.length + 1, ...step };
    steps.push(numbered);
    options.onStep(numbered);
  };

  async function allowed<T extends Meta>(
    as: string,
    call: string,
    title: string,
    run: () => Promise<T>,
    detail: (output: T) => string,
  ): Promise<T> {
    try {
      const output = await run();
      report({ title, call, as, outcome: 'allowed', detail: detail(output) });
      return output;
    } catch (error) {
      throw new WalkthroughFailed(`${call} as ${as} must be allowed, but: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async function refused(as: string, call: string, title: string, run: () => Promise<Meta>): Promise<void> {
    let error: unknown;
    try {
      await run();
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof Error) || !/^AccessDenied/.test(error.name)) {
      throw new WalkthroughFailed(
        `${call} as ${as} must be refused, but: ${error ? messageOf(error) : 'it succeeded'}`,
      );
    }
    const requestId = (error as Error & Partial<Meta>).$metadata?.requestId ?? '';
    report({
      title,
      call,
      as,
      outcome: 'refused',
      detail: messageOf(error),
      why: await options.explain(requestId),
    });
  }

  const root = 'root';
  const admin = {
    sts: new STSClient(clientOf(administrator)),
    iam: new IAMClient(clientOf(administrator)),
    s3: new S3Client(clientOf(administrator)),
  };
  await allowed(
    root,
    'sts:GetSessionToken',
    `Check that STS is active in ${region}`,
    () => admin.sts.send(new GetSessionTokenCommand({ DurationSeconds: DURATION })),
    () => 'active: it issues credentials in this region',
  );
  await allowed(
    root,
    's3:CreateBucket',
    `Create the bucket ${names.bucket}`,
    () =>
      admin.s3.send(
        new CreateBucketCommand({
          Bucket: names.bucket,
          CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint },
        }),
      ),
    output => `created at ${output.Location}`,
  );
  await allowed(
    root,
    'iam:CreateUser',
    `Create the user ${names.user}, who will ask for credentials`,
    () => admin.iam.send(new CreateUserCommand({ UserName: names.user })),
    output => output.User!.Arn!,
  );
  const key = await allowed(
    root,
    'iam:CreateAccessKey',
    'Give the user an access key',
    () => admin.iam.send(new CreateAccessKeyCommand({ UserName: names.user })),
    output => `${output.AccessKey!.AccessKeyId} (its secret is not shown)`,
  );
  const user: ApiCredentials = {
    accessKeyId: key.AccessKey!.AccessKeyId!,
    secretAccessKey: key.AccessKey!.SecretAccessKey!,
  };

  const uploads = await allowed(
    root,
    'iam:CreatePolicy',
    'Create the policy: upload objects, list the bucket, nothing else',
    () =>
      admin.iam.send(
        new CreatePolicyCommand({
          PolicyName: names.uploadPolicy,
          PolicyDocument: policy([
            {
              Sid: 'Upload',
              Effect: 'Allow',
              Action: 's3:PutObject',
              Resource: arn('s3', `:${names.bucket}/*`),
            },
            {
              Sid: 'List',
              Effect: 'Allow',
              Action: 's3:ListBucket',
              Resource: arn('s3', `:${names.bucket}`),
            },
          ]),
        }),
      ),
    output => output.Policy!.Arn!,
  );
  const role = await allowed(
    root,
    'iam:CreateRole',
    `Create the role ${names.role}; its trust policy names the user and an external ID`,
    () =>
      admin.iam.send(
        new CreateRoleCommand({
          RoleName: names.role,
          AssumeRolePolicyDocument: policy([
            {
              Effect: 'Allow',
              Principal: { AWS: arn('iam', `${accountId}:user/${names.user}`) },
              Action: 'sts:AssumeRole',
              Condition: { StringEquals: { 'sts:ExternalId': names.externalId } },
            },
          ]),
        }),
      ),
    output => output.Role!.Arn!,
  );
  const roleArn = role.Role!.Arn!;
  await allowed(
    root,
    'iam:AttachRolePolicy',
    'Attach the policy to the role',
    () =>
      admin.iam.send(new AttachRolePolicyCommand({ RoleName: names.role, PolicyArn: uploads.Policy!.Arn! })),
    () => 'the role may upload and list',
  );
  await allowed(
    root,
    'iam:PutUserPolicy',
    'Let the user assume the role: an inline policy',
    () =>
      admin.iam.send(
        new PutUserPolicyCommand({
          UserName: names.user,
          PolicyName: 'assume-the-role',
          PolicyDocument: policy([{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn }]),
        }),
      ),
    () => 'the user may assume this one role',
  );

  const asUser = { sts: new STSClient(clientOf(user)), s3: new S3Client(clientOf(user)) };
  await refused(names.user, 's3:ListBucket', 'The user alone may not touch the bucket', () =>
    asUser.s3.send(new ListObjectsV2Command({ Bucket: names.bucket })),
  );
  const assume = (ExternalId?: string) =>
    asUser.sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'quickstart',
        DurationSeconds: DURATION,
        ExternalId,
      }),
    );
  await refused(names.user, 'sts:AssumeRole', 'Without the external ID the role is not given', () =>
    assume(),
  );
  const session = await allowed(
    names.user,
    'sts:AssumeRole',
    `With it the user gets temporary credentials for ${DURATION} seconds`,
    () => assume(names.externalId),
    output => `${output.Credentials!.AccessKeyId}, until ${output.Credentials!.Expiration!.toISOString()}`,
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = session.Credentials!;

  const temporary = new S3Client(
    clientOf({ accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! }),
  );
  const holder = `${names.role}/quickstart`;
  const list = () => temporary.send(new ListObjectsV2Command({ Bucket: names.bucket }));
  await allowed(
    holder,
    's3:ListBucket',
    'With the temporary credentials, list the bucket',
    list,
    output => `${output.KeyCount} objects`,
  );
  const small = await file(
    options.directory,
    'hello.txt',
    Buffer.from('A temporary key opened this door.\n'),
  );
  const large = await file(options.directory, 'twenty-megabytes.bin', randomBytes(LARGE));
  for (const { name, path, size } of [small, large]) {
    await allowed(
      holder,
      's3:PutObject',
      `Upload ${name} (${size.toLocaleString('en')} bytes)`,
      () =>
        temporary.send(
          new PutObjectCommand({
            Bucket: names.bucket,
            Key: name,
            Body: createReadStream(path),
            ContentLength: size,
          }),
        ),
      output => `stored, ETag ${output.ETag}`,
    );
  }
  await allowed(holder, 's3:ListBucket', 'List again', list, output =>
    output.Contents!.map(({ Key, Size }) => `${Key} (${Size!.toLocaleString('en')})`).join(', '),
  );
  await allowed(
    root,
    's3:GetObject',
    'Read the large file back and compare',
    async () => {
      const output = await admin.s3.send(new GetObjectCommand({ Bucket: names.bucket, Key: large.name }));
      const hash = createHash('sha256');
      for await (const chunk of output.Body as AsyncIterable<Uint8Array>) hash.update(chunk);
      if (hash.digest('hex') !== large.sha256) throw new Error('what came back is not what was uploaded');
      return output;
    },
    () => 'every byte as it was sent',
  );

  const remove = () => temporary.send(new DeleteObjectCommand({ Bucket: names.bucket, Key: small.name }));
  await refused(holder, 's3:DeleteObject', 'Deleting was not granted', remove);
  const deletes = await allowed(
    root,
    'iam:CreatePolicy',
    'Create a policy that allows it',
    () =>
      admin.iam.send(
        new CreatePolicyCommand({
          PolicyName: names.deletePolicy,
          PolicyDocument: policy([
            {
              Sid: 'Delete',
              Effect: 'Allow',
              Action: 's3:DeleteObject',
              Resource: arn('s3', `:${names.bucket}/*`),
            },
          ]),
        }),
      ),
    output => output.Policy!.Arn!,
  );
  await allowed(
    root,
    'iam:AttachRolePolicy',
    'Attach it to the role: it acts at once, on the running session too',
    () =>
      admin.iam.send(new AttachRolePolicyCommand({ RoleName: names.role, PolicyArn: deletes.Policy!.Arn! })),
    () => 'the role may delete as well',
  );
  await allowed(
    holder,
    's3:DeleteObject',
    'Delete with the same temporary credentials',
    remove,
    () => `${small.name} is gone`,
  );
  return { steps, user, roleArn };
}

function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

async function file(directory: string, name: string, content: Buffer) {
  const path = join(directory, name);
  await writeFile(path, content);
  return { name, path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
