/** What recorded calls say of policies: the least one, what a change would break, what is not used. */
import assert from 'node:assert/strict';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, EncryptCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../../../src/clients/karikagi-api.js';
import type { Keys } from '../../support/raw.js';
import { until } from '../../support/until.js';
import { setEditor } from '../browser.js';
import { REGION } from '../place.js';
import { button, choose, type PageTest, submit } from './support.js';

const Bucket = 'privilege-bucket';
const USER = 'privilege-user';
const ROLE = 'privilege-role';

const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource });

async function settingsOf({ s3 }: PageTest, credentials?: Keys) {
  const { protocol, hostname, port } = await s3.config.endpoint!();
  const own = credentials ?? ((await s3.config.credentials()) as Keys);
  return {
    endpoint: `${protocol}//${hostname}:${port}`,
    region: REGION,
    credentials: own,
    maxAttempts: 1,
  };
}

/** Waits until so many calls are recorded. */
async function calls(on: PageTest, input: object, least: number): Promise<void> {
  const target = await settingsOf(on);
  await until(async () => {
    const { Events } = (await callKarikagi(target, 'SearchEvents', input)) as { Events: readonly object[] };
    return Events.length >= least;
  });
}

async function keysOf({ iam }: PageTest, UserName: string): Promise<Keys> {
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

/** A user that may do much and does little, through a role too. */
async function work(on: PageTest): Promise<{ user: S3Client; role: S3Client }> {
  const { iam, s3, account } = on;
  const CreateBucketConfiguration = { LocationConstraint: REGION as 'ap-northeast-1' };
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  await iam.send(new CreateUserCommand({ UserName: USER }));
  const own = text(allow(['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 'sts:AssumeRole', 'kms:*']));
  await iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName: 'own', PolicyDocument: own }));
  const arn = `arn:aws:iam::${account}:user/${USER}`;
  const trust = text({ Effect: 'Allow', Principal: { AWS: arn }, Action: 'sts:AssumeRole' });
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: trust }));
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';
  await iam.send(new AttachRolePolicyCommand({ RoleName: ROLE, PolicyArn }));
  const more = text(allow('s3:GetObject'), allow('s3:DeleteBucket'));
  await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'more', PolicyDocument: more }));
  const credentials = await keysOf(on, USER);
  const user = new S3Client({ ...(await settingsOf(on, credentials)), forcePathStyle: true });
  for (const Key of ['in/1', 'in/2']) await user.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const sts = new STSClient(await settingsOf(on, credentials));
  const RoleArn = `arn:aws:iam::${account}:role/${ROLE}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job' }));
  const session = {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
  const role = new S3Client({ ...(await settingsOf(on, session)), forcePathStyle: true });
  await role.send(new GetObjectCommand({ Bucket, Key: 'in/1' }));
  await role.send(new PutObjectCommand({ Bucket, Key: 'out/1', Body: 'x' }));
  await calls(on, { Principal: RoleArn }, 2);
  await calls(on, { Principal: arn }, 3);
  return { user, role };
}

/** How many calls the open editor's policy would newly deny. */
async function newlyDenied(on: PageTest, expected: number): Promise<void> {
  const { page, label } = on;
  await button(on, label('privilege.change')).click();
  if (expected === 0) await page.getByText(label('privilege.nothing')).waitFor();
  else
    await page
      .getByTestId('newly-denied')
      .filter({ hasText: `${label('privilege.outcome.newly-denied')}: ${expected}` })
      .waitFor();
}

export async function leastPrivilege(on: PageTest): Promise<void> {
  const { page, label, iam, s3, open, account } = on;
  const { role } = await work(on);

  // Unused permissions of the user: deleting.
  await open(`/iam/users/${USER}?tab=unused`);
  await page.getByRole('gridcell', { name: 's3:DeleteObject' }).waitFor();
  assert.equal(await page.getByRole('gridcell', { name: 's3:PutObject', exact: true }).count(), 0);

  // A bucket policy that would break uploads says so before it is saved; another one is saved.
  const arn = `arn:aws:s3:::${Bucket}`;
  const denying = (Action: string) => text({ Effect: 'Deny', Principal: '*', Action, Resource: `${arn}/*` });
  await open(`/s3/buckets/${Bucket}?tab=permissions`);
  await button(on, `${label('common.edit')} ${label('s3.policy')}`).click();
  await setEditor(page, denying('s3:PutObject'));
  await newlyDenied(on, 3);
  await page
    .getByRole('cell', { name: /s3:PutObject/ })
    .first()
    .waitFor();
  await setEditor(page, denying('s3:DeleteObject'));
  await newlyDenied(on, 0);
  await page.getByTestId('save-policy').click();
  await until(async () => {
    const stored = await s3.send(new GetBucketPolicyCommand({ Bucket })).catch(() => undefined);
    return /s3:DeleteObject/.test(stored?.Policy ?? '');
  });

  // A trust policy that shuts out who assumed the role.
  await open(`/iam/roles/${ROLE}?tab=trust`);
  await button(on, label('iam.trust.edit')).click();
  const trusting = (name: string) =>
    text({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:${name}` },
      Action: 'sts:AssumeRole',
    });
  await setEditor(page, trusting('role/other'));
  await newlyDenied(on, 1);
  await setEditor(page, trusting('root'));
  await newlyDenied(on, 0);
  await page.getByTestId('save-policy').click();
  await until(async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: ROLE }));
    return decodeURIComponent(Role!.AssumeRolePolicyDocument!).includes(':root');
  });

  // An inline policy of the user.
  await open(`/iam/users/${USER}`);
  await button(on, 'own').click();
  await page.getByRole('dialog').waitFor();
  await setEditor(page, text(allow('sts:AssumeRole')));
  await newlyDenied(on, 2);
  await setEditor(page, text(allow(['sts:AssumeRole', 's3:PutObject', 'kms:*'])));
  await newlyDenied(on, 0);
  await submit(on);
  const { PolicyDocument } = await iam.send(new GetUserPolicyCommand({ UserName: USER, PolicyName: 'own' }));
  assert.match(decodeURIComponent(PolicyDocument!), /kms:\*/);

  // The least policy takes the place of the role's policies, and the role goes on working.
  await open(`/iam/roles/${ROLE}`);
  await button(on, label('privilege.generate')).click();
  await page.getByText(label('privilege.verified', { calls: 2 })).waitFor();
  await page.getByText('s3:* · *').waitFor();
  await page.getByText(label('privilege.generate.replace'), { exact: true }).click();
  await submit(on);
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: ROLE }));
  assert.deepEqual(attached.AttachedPolicies, []);
  const PolicyName = `${ROLE}-used`;
  const made = await iam.send(new GetRolePolicyCommand({ RoleName: ROLE, PolicyName }));
  const { Statement } = JSON.parse(decodeURIComponent(made.PolicyDocument!)) as {
    Statement: { Action: string[]; Resource: string[] }[];
  };
  assert.deepEqual(
    Statement.map(({ Action, Resource }) => [Action, Resource]),
    [
      [['s3:GetObject'], [`${arn}/in/1`]],
      [['s3:PutObject'], [`${arn}/out/1`]],
    ],
  );
  await role.send(new GetObjectCommand({ Bucket, Key: 'in/1' }));
  await assert.rejects(role.send(new GetObjectCommand({ Bucket, Key: 'in/2' })), { name: 'AccessDenied' });
  await assert.rejects(role.send(new DeleteObjectCommand({ Bucket, Key: 'in/1' })), { name: 'AccessDenied' });
}

export async function managedPolicyFromCalls(on: PageTest): Promise<void> {
  const { page, label, iam, kms, open } = on;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const user = new KMSClient(await settingsOf(on, await keysOf(on, USER)));
  const Plaintext = new TextEncoder().encode('text');
  await user.send(new EncryptCommand({ KeyId: KeyMetadata!.KeyId!, Plaintext }));
  await calls(on, { Principal: USER, Action: 'kms:Encrypt' }, 1);

  // A key policy without the account shuts out who used the key.
  await open(`/kms/keys/${KeyMetadata!.KeyId}`);
  await button(on, `${label('common.edit')} ${label('kms.policy')}`).click();
  const policy = (Action: string | string[]) =>
    text({ ...allow(Action), Principal: { AWS: `arn:aws:iam::${on.account}:root` } });
  await setEditor(page, policy(['kms:Put*', 'kms:Get*', 'kms:Describe*', 'kms:List*']));
  await newlyDenied(on, 1);
  await setEditor(page, policy(['kms:Put*', 'kms:Get*', 'kms:Describe*', 'kms:List*', 'kms:Encrypt']));
  await newlyDenied(on, 0);
  await page.getByTestId('save-policy').click();
  const stored = async () =>
    (await kms.send(new GetKeyPolicyCommand({ KeyId: KeyMetadata!.KeyId! }))).Policy ?? '';
  await until(async () => /kms:Encrypt/.test(await stored()));

  await open(`/iam/users/${USER}`);
  await button(on, label('privilege.generate')).click();
  await page.getByTestId('submit').waitFor();
  await choose(on, label('privilege.generate.form'), label('privilege.generate.managed'));
  await page.fill('input[name=generated-name]', 'privilege-least');
  await page.getByText(label('privilege.generate.replace'), { exact: true }).click();
  await submit(on);
  const { AttachedPolicies } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: USER }));
  assert.deepEqual(
    AttachedPolicies!.map(({ PolicyName }) => PolicyName),
    ['privilege-least'],
  );
  const { PolicyNames } = await iam.send(new ListUserPoliciesCommand({ UserName: USER }));
  assert.deepEqual(PolicyNames, []);
  await user.send(new EncryptCommand({ KeyId: KeyMetadata!.KeyId!, Plaintext }));
}
