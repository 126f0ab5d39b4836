/** What each page changes, read back with the SDK. */
import assert from 'node:assert/strict';
import {
  GetGroupCommand,
  GetLoginProfileCommand,
  GetPolicyVersionCommand,
  GetUserCommand,
  type IAMClient,
  ListAccountAliasesCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import {
  ListOrganizationalUnitsForParentCommand,
  ListPoliciesCommand,
  ListRootsCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Page } from 'playwright-core';
import { setEditor } from './browser.js';
import type { Label } from './texts.js';

export interface PageTest {
  readonly page: Page;
  readonly label: Label;
  readonly account: string;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly organizations: OrganizationsClient;
  /** Opens an address of the console. */
  open(path: string): Promise<void>;
}

const button = ({ page }: PageTest, name: string) => page.getByRole('button', { name, exact: true }).first();

async function submit({ page }: PageTest): Promise<void> {
  await page.getByTestId('submit').click();
  await page.getByTestId('submit').waitFor({ state: 'detached' });
}

const heading = ({ page }: PageTest, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();

/** Adds a tag in the tags tab of the open page. */
async function tag(on: PageTest, key: string, value: string): Promise<void> {
  const { page, label } = on;
  await button(on, label('common.tag.add')).click();
  await page.getByLabel(label('common.tag.key'), { exact: true }).last().fill(key);
  await page.getByLabel(label('common.tag.value'), { exact: true }).last().fill(value);
  const save = page.getByRole('button', { name: label('common.save') }).last();
  await save.click();
  // With nothing left to save, the change has arrived.
  await page
    .getByRole('button', { name: label('common.save'), disabled: true })
    .last()
    .waitFor();
}

export async function user(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  await open('/iam/users/page-user?tab=console');
  await button(on, label('iam.console.give')).click();
  await page.locator('input[type=password]').fill('Right-Horse-9');
  await submit(on);
  await button(on, label('iam.console.change')).waitFor();
  const { LoginProfile } = await iam.send(new GetLoginProfileCommand({ UserName: 'page-user' }));
  assert.equal(LoginProfile!.PasswordResetRequired, true);
  await page.getByRole('tab', { name: label('common.tags') }).click();
  await tag(on, 'team', 'storage');
  await page.reload();
  await page.locator('input[value=storage]').waitFor();
  const { User } = await iam.send(new GetUserCommand({ UserName: 'page-user' }));
  assert.deepEqual(User!.Tags, [{ Key: 'team', Value: 'storage' }]);
}

export async function group(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  await open('/iam/groups');
  await button(on, label('iam.groups.create')).click();
  await page.fill('input[name=group-name]', 'page-group');
  await submit(on);
  await heading(on, 'page-group');
  await button(on, label('iam.group.members.add')).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: label('common.select') })
    .click();
  await page.getByRole('option', { name: 'page-user' }).click();
  await page.keyboard.press('Escape');
  await submit(on);
  await page.getByRole('link', { name: 'page-user' }).waitFor();
  const { Users } = await iam.send(new GetGroupCommand({ GroupName: 'page-group' }));
  assert.deepEqual(
    Users!.map(({ UserName }) => UserName),
    ['page-user'],
  );
}

export async function policy(on: PageTest): Promise<void> {
  const { page, label, iam, account, open } = on;
  await open('/iam/create-policy');
  await page.getByRole('button', { name: 'JSON' }).click();
  const document = (action: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }],
    });
  await setEditor(page, document('s3:ListAllMyBuckets'));
  await page.getByRole('cell', { name: 'ListAllMyBuckets' }).waitFor();
  // The visual editor has the same, and adds to it.
  await page.getByRole('button', { name: label('visual.visual') }).click();
  await page.getByText('ListAllMyBuckets').first().waitFor();
  await page.fill('input[name=policy-name]', 'page-policy');
  await page.getByTestId('create-policy').click();
  await heading(on, 'page-policy');
  await button(on, label('common.edit')).click();
  await setEditor(page, document('s3:GetObject'));
  await button(on, label('iam.policy.newVersion')).click();
  await button(on, label('common.edit')).waitFor();
  const PolicyArn = `arn:aws:iam::${account}:policy/page-policy`;
  const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
  assert.equal(Versions!.length, 2);
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
  assert.equal(PolicyVersion!.IsDefaultVersion, true);
  assert.match(decodeURIComponent(PolicyVersion!.Document!), /s3:GetObject/);
}

export async function accountAlias(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  await open('/account');
  await button(on, label('account.alias.set')).click();
  await page.fill('input[name=alias]', 'page-alias');
  await submit(on);
  await page.getByText('page-alias').waitFor();
  const { AccountAliases } = await iam.send(new ListAccountAliasesCommand({}));
  assert.deepEqual(AccountAliases, ['page-alias']);
}

export async function kmsKey(on: PageTest): Promise<void> {
  const { page, label, kms, open } = on;
  await open('/kms/keys');
  await button(on, label('kms.keys.create')).click();
  await page.fill('input[name=alias]', 'page-key');
  await submit(on);
  await page.getByRole('heading', { name: label('common.summary') }).waitFor();
  const described = async () =>
    (await kms.send(new DescribeKeyCommand({ KeyId: 'alias/page-key' }))).KeyMetadata!;
  assert.equal((await described()).KeyState, 'Enabled');
  await button(on, label('kms.delete')).click();
  await submit(on);
  await button(on, label('kms.keepKey')).waitFor();
  assert.equal((await described()).KeyState, 'PendingDeletion');
}

export async function bucketSettings(on: PageTest): Promise<void> {
  const { page, label, s3, account, open } = on;
  const Bucket = 'page-bucket';
  await open('/s3/buckets/page-bucket?tab=properties');
  await button(on, label('s3.versioning.enable')).click();
  await submit(on);
  await button(on, label('s3.versioning.suspend')).waitFor();
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled');
  await page.getByRole('button', { name: `${label('common.edit')} ${label('s3.lifecycle')}` }).click();
  await page.locator('.cm-content').waitFor();
  await submit(on);
  await page.getByText('expire-temporary').waitFor();
  const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  assert.equal(Rules![0]!.Expiration!.Days, 30);
  await page.getByRole('tab', { name: label('s3.permissions') }).click();
  await page.getByRole('button', { name: `${label('common.edit')} ${label('s3.policy')}` }).click();
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:user/page-user` },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    },
  ];
  await setEditor(page, JSON.stringify({ Version: '2012-10-17', Statement }));
  await page.getByTestId('save-policy').click();
  await page.getByTestId('save-policy').waitFor({ state: 'detached' });
  const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
  assert.deepEqual(JSON.parse(Policy!).Statement, Statement);
}

/** In a bucket with versions, from the test before. */
export async function objects(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  const Bucket = 'page-bucket';
  await open('/s3/buckets/page-bucket');
  await button(on, label('s3.folder.create')).click();
  await page.fill('input[name=folder-name]', 'reports');
  await submit(on);
  await page.getByRole('link', { name: 'reports/' }).click();
  await page.getByText(label('s3.objects.none')).waitFor({ state: 'detached' });
  const big = Buffer.alloc(20 * 1024 * 1024, 7);
  await page.getByTestId('files').setInputFiles([
    { name: 'big.bin', mimeType: 'application/octet-stream', buffer: big },
    { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('one') },
  ]);
  await page.locator('[data-status=done]').nth(1).waitFor();
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'reports/big.bin' }));
  assert.equal(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), big), 0);
  // Parts of 6 MiB.
  assert.match(got.ETag!, /-4"$/);

  // What a URL shares, anyone reads at the API's own address.
  await choose(on, 'note.txt');
  await act(on, 's3.share');
  const url = await page.getByTestId('share-url').innerText();
  assert.equal(await (await fetch(url)).text(), 'one');
  await page.keyboard.press('Escape');

  await act(on, 's3.copy');
  await page.fill('input[name=to-prefix]', 'copies/');
  await submit(on);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'copies/' }));
  assert.deepEqual(
    Contents!.map(({ Key }) => Key),
    ['copies/note.txt'],
  );
  await choose(on, 'note.txt');
  await act(on, 'common.delete');
  await submit(on);
  await page.getByRole('link', { name: 'note.txt' }).waitFor({ state: 'detached' });
  const versions = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'reports/note.txt' }));
  assert.deepEqual([versions.Versions!.length, versions.DeleteMarkers!.length], [1, 1]);

  await page.getByRole('link', { name: 'big.bin' }).click();
  await page.getByRole('tab', { name: label('common.tags') }).click();
  await tag(on, 'kind', 'big');
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'reports/big.bin' }));
  assert.deepEqual(TagSet, [{ Key: 'kind', Value: 'big' }]);
}

async function choose({ page }: PageTest, name: string): Promise<void> {
  await page.getByRole('row').filter({ hasText: name }).getByRole('checkbox').check();
}

async function act(on: PageTest, key: string): Promise<void> {
  const { page, label } = on;
  await page
    .locator('section')
    .getByRole('button', { name: label('common.actions'), exact: true })
    .click();
  await page.getByRole('menuitem', { name: label(key), exact: true }).click();
}

export async function simulate(on: PageTest): Promise<void> {
  const { page, label, account, open } = on;
  const query = new URLSearchParams({
    principal: `arn:aws:iam::${account}:user/page-user`,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::page-bucket/x',
  });
  await open(`/simulate?${query}`);
  await page.getByText('page-user').first().waitFor();
  await page.getByTestId('simulate').click();
  await page.getByText(label('simulate.implicitDeny')).waitFor();
}

export async function organization(on: PageTest): Promise<void> {
  const { page, label, organizations, open } = on;
  await open('/organization');
  await button(on, label('organization.create')).click();
  await submit(on);
  await page.getByRole('tab', { name: label('organization.units') }).click();
  await button(on, label('organization.createUnit')).click();
  await page.fill('input[name=unit-name]', 'page-unit');
  await submit(on);
  await page.getByText('page-unit').waitFor();
  const { Roots } = await organizations.send(new ListRootsCommand({}));
  const { OrganizationalUnits } = await organizations.send(
    new ListOrganizationalUnitsForParentCommand({ ParentId: Roots![0]!.Id }),
  );
  assert.deepEqual(
    OrganizationalUnits!.map(({ Name }) => Name),
    ['page-unit'],
  );
  await page.getByRole('tab', { name: label('organization.policies') }).click();
  await button(on, label('iam.policy.create')).click();
  await page.fill('input[name=policy-name]', 'page-scp');
  await submit(on);
  await page.getByRole('button', { name: 'page-scp' }).waitFor();
  const { Policies } = await organizations.send(
    new ListPoliciesCommand({ Filter: 'SERVICE_CONTROL_POLICY' }),
  );
  assert.ok(Policies!.some(({ Name }) => Name === 'page-scp'));
}
