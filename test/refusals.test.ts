/** Every refusal leaves a record, whatever decides it: a rule of a service, a setting, credentials that are not good. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as organizations from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import type { RequestAuthorizationDetails } from '../src/clients/request-authorization-details.js';
import { ManualClock } from '../src/core/clock.js';
import { type RunningServer, startServer } from '../src/index.js';
import type { Keys } from './support/raw.js';

interface ServiceError extends Error {
  readonly $metadata: { readonly requestId?: string; readonly httpStatusCode?: number };
}

const ACCOUNT = '111122223333';
const START = Date.now();
const clock = new ManualClock(START);
let server: RunningServer;
let root: Keys;
/** An administrator of the account, and credentials of GetSessionToken. */
let admin: Keys;
let session: Keys;
let role: string;

const config = (credentials: Keys, region = 'us-east-1') => ({
  endpoint: server.endpoint,
  region,
  credentials,
  maxAttempts: 1,
  // The signer takes the server's time.
  systemClockOffset: clock.now() - Date.now(),
});
const s3Of = (keys: Keys) => new s3.S3Client({ ...config(keys), forcePathStyle: true });
const stsOf = (keys: Keys, region?: string) => new sts.STSClient(config(keys, region));
const kmsOf = (keys: Keys) => new kms.KMSClient(config(keys));
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
type Found = Partial<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string | undefined>>;
const keysOf = (found: Found = {}): Keys => ({
  accessKeyId: found.AccessKeyId!,
  secretAccessKey: found.SecretAccessKey!,
  ...(found.SessionToken !== undefined && { sessionToken: found.SessionToken }),
});

/** The error of a request that must fail. */
async function refused(request: Promise<unknown>): Promise<ServiceError> {
  return await request.then(
    () => assert.fail('the request succeeded'),
    (error: ServiceError) => error,
  );
}

async function why(error: ServiceError, credentials = root): Promise<RequestAuthorizationDetails> {
  return whyOf(error.$metadata.requestId!, credentials);
}

async function whyOf(RequestId: string, credentials = root): Promise<RequestAuthorizationDetails> {
  const target = { endpoint: server.endpoint, credentials };
  return (await callKarikagi(target, 'GetRequestAuthorizationDetails', {
    RequestId,
  })) as RequestAuthorizationDetails;
}

before(async () => {
  server = await startServer({ data: 'memory', port: 0, account: ACCOUNT, log: 'none', clock });
  root = keysOf({ AccessKeyId: server.root!.accessKeyId, SecretAccessKey: server.root!.secretAccessKey });
  const client = new iam.IAMClient(config(root));
  await client.send(new iam.CreateUserCommand({ UserName: 'admin' }));
  const document = policy({ Effect: 'Allow', Action: '*', Resource: '*' });
  await client.send(
    new iam.PutUserPolicyCommand({ UserName: 'admin', PolicyName: 'all', PolicyDocument: document }),
  );
  const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName: 'admin' }));
  admin = keysOf(AccessKey);
  const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
  const made = await client.send(
    new iam.CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: policy(trust) }),
  );
  role = made.Role!.Arn!;
  session = keysOf(
    (await stsOf(admin).send(new sts.GetSessionTokenCommand({ DurationSeconds: 900 }))).Credentials,
  );
  await s3Of(root).send(new s3.CreateBucketCommand({ Bucket: 'plain' }));
  await s3Of(root).send(new s3.CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
});

after(() => server.close());

const GOVERNANCE = () =>
  ({ Mode: 'GOVERNANCE', RetainUntilDate: new Date(clock.now() + 86_400_000) }) as const;

describe('a refusal that no policy decides says its rule and what to do', () => {
  const cases: readonly (readonly [
    what: string,
    request: () => Promise<unknown>,
    code: string,
    advice: RegExp,
  ])[] = [
    [
      'session credentials for GetSessionToken',
      () => stsOf(session).send(new sts.GetSessionTokenCommand({})),
      'AccessDenied',
      /STS takes the long-term access key of a user/,
    ],
    [
      'a root user that assumes a role',
      () => stsOf(root).send(new sts.AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'x1' })),
      'AccessDenied',
      /A root user assumes no role/,
    ],
    [
      'a region where STS is off',
      async () => {
        await callKarikagi({ endpoint: server.endpoint, credentials: root }, 'DeactivateSTS', {
          RegionName: 'eu-west-1',
        });
        return stsOf(admin, 'eu-west-1').send(
          new sts.AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'x1' }),
        );
      },
      'RegionDisabledException',
      /karikagi regions sts on eu-west-1/,
    ],
    [
      'a wrong code of a second factor',
      () =>
        stsOf(admin).send(
          new sts.AssumeRoleCommand({
            RoleArn: role,
            RoleSessionName: 'x1',
            SerialNumber: `arn:aws:iam::${ACCOUNT}:mfa/none`,
            TokenCode: '123456',
          }),
        ),
      'AccessDenied',
      /a device that is enabled for the calling user itself/,
    ],
    [
      'a public bucket policy',
      () =>
        s3Of(root).send(
          new s3.PutBucketPolicyCommand({
            Bucket: 'plain',
            Policy: policy({
              Effect: 'Allow',
              Principal: '*',
              Action: 's3:GetObject',
              Resource: 'arn:aws:s3:::plain/*',
            }),
          }),
        ),
      'AccessDenied',
      /switch BlockPublicPolicy off: aws s3api put-public-access-block --bucket plain/,
    ],
    [
      'a list in a bucket without lists',
      () => s3Of(root).send(new s3.PutObjectCommand({ Bucket: 'plain', Key: 'k', ACL: 'public-read' })),
      'AccessControlListNotSupported',
      /put-bucket-ownership-controls --bucket plain/,
    ],
    [
      'a locked version',
      async () => {
        const put = new s3.PutObjectCommand({
          Bucket: 'locked',
          Key: 'k',
          ObjectLockMode: 'GOVERNANCE',
          ObjectLockRetainUntilDate: GOVERNANCE().RetainUntilDate,
        });
        const { VersionId } = await s3Of(root).send(put);
        return s3Of(root).send(new s3.DeleteObjectCommand({ Bucket: 'locked', Key: 'k', VersionId }));
      },
      'AccessDenied',
      /retained until \S+ in governance mode: wait, or send x-amz-bypass-governance-retention: true/,
    ],
    [
      'another owner than was expected',
      () =>
        s3Of(root).send(new s3.HeadBucketCommand({ Bucket: 'plain', ExpectedBucketOwner: '999999999999' })),
      '403',
      /does not belong to account 999999999999/,
    ],
    [
      'a key policy that locks its author out',
      () => {
        const away = {
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'kms:*',
          Resource: '*',
        };
        return kmsOf(admin).send(new kms.CreateKeyCommand({ Policy: policy(away) }));
      },
      'MalformedPolicyDocumentException',
      /Add a statement that lets you change the policy again: .*"AWS": "arn:aws:iam::111122223333:root"/,
    ],
    [
      'a managed policy of AWS',
      () =>
        new iam.IAMClient(config(root)).send(
          new iam.CreatePolicyVersionCommand({
            PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
            PolicyDocument: policy({ Effect: 'Allow', Action: '*', Resource: '*' }),
          }),
        ),
      'AccessDenied',
      /Copy its document into a policy of your own/,
    ],
    [
      'a wrong secret',
      () => s3Of({ ...admin, secretAccessKey: 'wrong' }).send(new s3.ListBucketsCommand({})),
      'SignatureDoesNotMatch',
      /Check the secret access key/,
    ],
    [
      'a wrong secret, where services answer 400',
      () => kmsOf({ ...admin, secretAccessKey: 'wrong' }).send(new kms.ListKeysCommand({})),
      'InvalidSignatureException',
      /Check the secret access key/,
    ],
    [
      'a session that is over',
      async () => {
        clock.advance(901);
        const asked = s3Of(session).send(new s3.ListBucketsCommand({}));
        await asked.catch(() => undefined);
        // The product's own API is called with the machine's time.
        clock.advance(-901);
        return asked;
      },
      'ExpiredToken',
      /get new credentials with the call that began it/,
    ],
    [
      'a clock that is wrong',
      () =>
        new s3.S3Client({
          ...config(admin),
          systemClockOffset: clock.now() - Date.now() - 3_600_000,
          forcePathStyle: true,
          // The SDK would set its clock by the answer.
          retryMode: 'standard',
        }).send(new s3.ListBucketsCommand({})),
      'RequestTimeTooSkewed',
      /Set the client's clock/,
    ],
    [
      'an access key that is switched off',
      async () => {
        const client = new iam.IAMClient(config(root));
        const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName: 'admin' }));
        const off = { UserName: 'admin', AccessKeyId: AccessKey!.AccessKeyId, Status: 'Inactive' } as const;
        await client.send(new iam.UpdateAccessKeyCommand(off));
        return s3Of(keysOf(AccessKey)).send(new s3.ListBucketsCommand({}));
      },
      'InvalidAccessKeyId',
      /Use an active access key/,
    ],
    [
      'an access key of nobody',
      () =>
        s3Of({ accessKeyId: 'AKIANOSUCHKEY1234567', secretAccessKey: 'x' }).send(
          new s3.ListBucketsCommand({}),
        ),
      'InvalidAccessKeyId',
      /the credentials of another server or of AWS are unknown here/,
    ],
  ];

  for (const [what, request, code, advice] of cases) {
    test(what, async () => {
      const error = await refused(request());
      const { Refusal, AuthorizationDetails } = await why(error);
      assert.ok(Refusal, 'a record');
      assert.deepEqual(AuthorizationDetails, []);
      if (code === '403') assert.equal(Refusal.Status, 403);
      else assert.equal(Refusal.Code, code);
      assert.match(Refusal.Advice ?? '', advice);
    });
  }
});

/** What the server answers to a request that no SDK would send. */
async function answered(path: string, init: RequestInit = {}): Promise<{ code: string; id: string }> {
  const reply = await fetch(`${server.endpoint}${path}`, init);
  const body = await reply.text();
  const { headers } = reply;
  const id = headers.get('x-amz-request-id') ?? headers.get('x-amzn-requestid') ?? '';
  return { code: /<Code>(\w+)</.exec(body)?.[1] ?? `${reply.status} ${body}`, id };
}

/** A form for `plain/k`, signed for five minutes from `signed` on. */
async function sendForm(
  change: (fields: Record<string, string>) => Record<string, string>,
  signed = new Date(),
): Promise<{ code: string; id: string }> {
  const { fields } = await createPresignedPost(
    new s3.S3Client({ ...config(admin), systemClockOffset: signed.getTime() - Date.now() }),
    { Bucket: 'plain', Key: 'k', Expires: 300 },
  );
  const body = new FormData();
  for (const [name, value] of Object.entries(change(fields))) body.append(name, value);
  body.append('file', new Blob(['x']), 'x');
  return answered('/plain', { method: 'POST', body });
}

const query = (parameters: Record<string, string>) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(parameters),
});

describe('so does the refusal of what browsers and old clients send', () => {
  const cases: readonly (readonly [
    what: string,
    request: () => Promise<{ code: string; id: string }>,
    code: string,
    advice: RegExp,
  ])[] = [
    [
      'a form whose policy is over',
      () => sendForm(fields => fields, new Date(clock.now() - 600_000)),
      'AccessDenied',
      /Sign another policy for the form/,
    ],
    [
      'a form with another key than its policy has',
      () => sendForm(fields => ({ ...fields, key: 'other' })),
      'AccessDenied',
      /Send "key" as the policy demands it/,
    ],
    [
      'a form with a field that its policy does not name',
      () => sendForm(fields => ({ ...fields, acl: 'private' })),
      'AccessDenied',
      /a condition on each of acl, or leave them out/,
    ],
    [
      'a form with a policy that nobody signed',
      () => sendForm(({ Policy }) => ({ key: 'k', Policy: Policy! })),
      'AccessDenied',
      /Put the fields of the signature beside the policy/,
    ],
    [
      'a URL that is over',
      async () => {
        const get = new s3.GetObjectCommand({ Bucket: 'plain', Key: 'k' });
        const signingDate = new Date(clock.now() - 600_000);
        const url = new URL(await getSignedUrl(s3Of(admin), get, { expiresIn: 60, signingDate }));
        return answered(`${url.pathname}${url.search}`);
      },
      'AccessDenied',
      /Presign the URL again/,
    ],
    [
      'a URL of signature version 2 that does not say when it ends',
      () => answered('/plain/k?AWSAccessKeyId=AKIA&Signature=x'),
      'AccessDenied',
      /Let an SDK or the AWS CLI \(aws s3 presign\) make the URL/,
    ],
    [
      'one that ends at no time',
      () => answered('/plain/k?AWSAccessKeyId=AKIA&Signature=x&Expires=tomorrow'),
      'AccessDenied',
      /Let an SDK or the AWS CLI/,
    ],
    [
      'a role of an account that is not there',
      () =>
        answered(
          '/',
          query({
            Action: 'AssumeRoleWithWebIdentity',
            Version: '2011-06-15',
            RoleArn: 'arn:aws:iam::999999999999:role/r',
            RoleSessionName: 'x1',
            WebIdentityToken: 'a.b.c.d',
          }),
        ),
      'AccessDenied',
      /Check the account id in the ARN of the role/,
    ],
    [
      'STS without a signature',
      () =>
        answered(
          '/',
          query({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role, RoleSessionName: 'x1' }),
        ),
      'MissingAuthenticationToken',
      /Sign the request/,
    ],
    [
      'a page of an origin that the bucket does not know',
      () =>
        answered('/plain/k', {
          method: 'OPTIONS',
          headers: { origin: 'https://example.com', 'access-control-request-method': 'PUT' },
        }),
      'AccessForbidden',
      /Add a rule to the CORS configuration of plain .*aws s3api put-bucket-cors/,
    ],
    [
      'credentials that IAM does not take',
      async () => {
        const error = await refused(new iam.IAMClient(config(session)).send(new iam.ListUsersCommand({})));
        return { code: error.name, id: error.$metadata.requestId! };
      },
      'InvalidClientTokenId',
      /asked for with a second factor/,
    ],
  ];

  for (const [what, request, code, advice] of cases) {
    test(what, async () => {
      const answer = await request();
      assert.equal(answer.code, code);
      const { Refusal } = await whyOf(answer.id);
      assert.match(Refusal?.Advice ?? '', advice);
    });
  }
});

test('a grant to everyone that Block Public Access ignores is named, with the setting', async () => {
  const client = s3Of(root);
  const Bucket = 'listed';
  await client.send(new s3.CreateBucketCommand({ Bucket, ObjectOwnership: 'ObjectWriter' }));
  const all = { BlockPublicAcls: false, BlockPublicPolicy: true, RestrictPublicBuckets: true };
  const block = (IgnorePublicAcls: boolean) =>
    client.send(
      new s3.PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: { ...all, IgnorePublicAcls },
      }),
    );
  await block(false);
  await client.send(new s3.PutObjectCommand({ Bucket, Key: 'k', ACL: 'public-read', Body: 'x' }));
  assert.equal((await fetch(`${server.endpoint}/listed/k`)).status, 200);
  await block(true);
  const { code, id } = await answered('/listed/k');
  assert.equal(code, 'AccessDenied');
  const { AuthorizationDetails } = await whyOf(id);
  const summary = AuthorizationDetails[0]?.summary ?? '';
  assert.match(summary, /ACL of arn:aws:s3:::listed\/k is set aside by IgnorePublicAcls/);
  assert.match(summary, /switch IgnorePublicAcls off \(aws s3api put-public-access-block --bucket listed/);
});

test('other accounts read of no refusal, and of their own what the owner keeps to itself', async () => {
  const client = new organizations.OrganizationsClient(config(root));
  await client.send(new organizations.CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const made = await client.send(
    new organizations.CreateAccountCommand({ AccountName: 'member', Email: 'member@example.com' }),
  );
  const id = made.CreateAccountStatus!.AccountId!;
  const RoleArn = `arn:aws:iam::${id}:role/OrganizationAccountAccessRole`;
  const assumed = await stsOf(admin).send(new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: 'x1' }));
  const member = keysOf(assumed.Credentials);

  // Requester Pays, which the requester does not agree to.
  await s3Of(root).send(new s3.CreateBucketCommand({ Bucket: 'paid' }));
  const grant = {
    Effect: 'Allow',
    Principal: { AWS: id },
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::paid/*',
  };
  await s3Of(root).send(new s3.PutBucketPolicyCommand({ Bucket: 'paid', Policy: policy(grant) }));
  const payer = { Bucket: 'paid', RequestPaymentConfiguration: { Payer: 'Requester' } } as const;
  await s3Of(root).send(new s3.PutBucketRequestPaymentCommand(payer));
  const unpaid = await refused(s3Of(member).send(new s3.GetObjectCommand({ Bucket: 'paid', Key: 'k' })));
  assert.match((await why(unpaid, member)).Refusal?.Advice ?? '', /x-amz-request-payer: requester/);

  const own = await refused(
    stsOf(root).send(new sts.AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'x1' })),
  );
  await assert.rejects(why(own, member), /No denied request/);

  const head = new s3.GetBucketLocationCommand({ Bucket: 'plain', ExpectedBucketOwner: id });
  const foreign = await refused(s3Of(member).send(head));
  const seen = (await why(foreign, member)).Refusal;
  assert.match(seen?.Advice ?? '', /does not belong to account/);
  assert.equal(seen?.Reason, undefined);
  assert.doesNotMatch(JSON.stringify(seen), new RegExp(ACCOUNT));
  assert.match((await why(foreign)).Refusal?.Reason ?? '', new RegExp(`belongs to ${ACCOUNT}`));
});

test('a service control policy hides no denial from who may ask why, nor from the management account', async () => {
  const client = new organizations.OrganizationsClient(config(root));
  const { Roots } = await client.send(new organizations.ListRootsCommand({}));
  const PolicyType = 'SERVICE_CONTROL_POLICY';
  await client.send(new organizations.EnablePolicyTypeCommand({ RootId: Roots![0]!.Id, PolicyType }));
  const { Accounts } = await client.send(new organizations.ListAccountsCommand({}));
  const id = Accounts!.find(({ Name }) => Name === 'member')!.Id!;
  // AWS's example of a region deny ("Example SCPs for AWS Organizations").
  const deny = {
    Effect: 'Deny',
    NotAction: ['iam:*', 'sts:*', 'organizations:*'],
    Resource: '*',
    Condition: { StringNotEquals: { 'aws:RequestedRegion': ['eu-west-1'] } },
  };
  const made = await client.send(
    new organizations.CreatePolicyCommand({
      Type: PolicyType,
      Name: 'regions',
      Description: '',
      Content: policy(deny),
    }),
  );
  const PolicyId = made.Policy!.PolicySummary!.Id!;
  await client.send(new organizations.AttachPolicyCommand({ PolicyId, TargetId: id }));
  const RoleArn = `arn:aws:iam::${id}:role/OrganizationAccountAccessRole`;
  const assumed = await stsOf(admin).send(new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: 'x1' }));
  const member = keysOf(assumed.Credentials);
  const error = await refused(s3Of(member).send(new s3.ListBucketsCommand({})));
  for (const reader of [member, root]) {
    const [explanation] = (await why(error, reader)).AuthorizationDetails;
    assert.match(explanation?.nearMisses[0]?.message ?? '', /aws:RequestedRegion is "us-east-1"/);
    const [change] = explanation?.remedy?.changes ?? [];
    assert.equal(change?.layer, 'service-control');
    assert.equal(
      change?.command,
      `aws organizations update-policy --policy-id ${PolicyId} --content file://policy.json`,
    );
  }
});
