/** What the pages of IAM change, read back with the SDK. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  CreateUserCommand,
  GetAccountPasswordPolicyCommand,
  GetGroupCommand,
  GetLoginProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  ListPolicyVersionsCommand,
  ListSAMLProvidersCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { codeOf, stepOf } from '../../../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../../../src/identity/credentials/mfa-totp.test.support.js';
import { systemClock } from '../../../src/index.js';
import { idpMetadata } from '../../support/saml-idp.js';
import { setEditor } from '../browser.js';
import { button, choose, heading, type PageTest, submit, tag } from './support.js';

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
  const edit = `${label('common.edit')} ${label('policy.document')}`;
  await button(on, edit).click();
  await setEditor(page, document('s3:GetObject'));
  await button(on, label('iam.policy.newVersion')).click();
  await button(on, edit).waitFor();
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

/** The secret is shown once and is in the CSV file; a key that is switched off is switched off. */
export async function accessKey(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  const UserName = 'page-keys';
  await iam.send(new CreateUserCommand({ UserName }));
  await open(`/iam/users/${UserName}?tab=keys`);
  await button(on, label('iam.keys.create')).click();
  await page.getByTestId('submit').click();
  const accessKeyId = await page.getByTestId('key-id').innerText();
  await page.getByRole('button', { name: label('iam.keys.show'), exact: true }).click();
  const secretAccessKey = await page.getByTestId('key-secret').innerText();
  const [csv] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: label('iam.keys.csv') }).click(),
  ]);
  assert.equal(
    readFileSync(await csv.path(), 'utf8'),
    `Access key ID,Secret access key\r\n${accessKeyId},${secretAccessKey}\r\n`,
  );
  const { endpoint, region } = iam.config;
  const url = await endpoint!();
  const sts = new STSClient({
    endpoint: `${url.protocol}//${url.hostname}:${url.port}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  assert.match((await sts.send(new GetCallerIdentityCommand({}))).Arn!, /user\/page-keys$/);
  await page.getByRole('button', { name: label('common.done') }).click();
  assert.ok(!(await page.content()).includes(secretAccessKey));
  await button(on, label('iam.keys.deactivate')).click();
  await submit(on);
  await button(on, label('iam.keys.activate')).waitFor();
  const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName }));
  assert.equal(AccessKeyMetadata![0]!.Status, 'Inactive');
}

/** The device's picture and seed, then two codes in a row. */
export async function mfaDevice(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  const UserName = 'page-keys';
  await open(`/iam/users/${UserName}?tab=console`);
  await button(on, label('iam.mfa.add')).click();
  await page.getByTestId('submit').click();
  await page.getByRole('img', { name: label('iam.mfa.scan') }).waitFor();
  assert.ok(await page.evaluate(`document.querySelector('[role=dialog] img').naturalWidth > 50`));
  const seed = seedOf(await page.getByTestId('mfa-seed').innerText());
  const now = stepOf(systemClock.now());
  await page.getByLabel(label('iam.mfa.first')).fill(codeOf(seed, now - 1));
  await page.getByLabel(label('iam.mfa.second')).fill(codeOf(seed, now));
  await submit(on);
  const { MFADevices } = await iam.send(new ListMFADevicesCommand({ UserName }));
  assert.equal(MFADevices!.length, 1);
}

export async function boundary(on: PageTest): Promise<void> {
  const { label, iam, open } = on;
  const bounded = async () =>
    (await iam.send(new GetUserCommand({ UserName: 'page-keys' }))).User!.PermissionsBoundary
      ?.PermissionsBoundaryArn;
  await open('/iam/users/page-keys');
  await button(on, label('iam.boundary.set')).click();
  await choose(on, label('iam.boundary'), 'PowerUserAccess');
  await submit(on);
  assert.equal(await bounded(), 'arn:aws:iam::aws:policy/PowerUserAccess');
  await button(on, label('iam.boundary.remove')).click();
  await submit(on);
  assert.equal(await bounded(), undefined);
}

export async function passwordPolicy(on: PageTest): Promise<void> {
  const { page, label, iam, open } = on;
  await open('/account');
  await page
    .getByRole('button', { name: `${label('common.edit')} ${label('account.password')}`, exact: true })
    .click();
  await page.getByLabel(label('account.password.length')).fill('12');
  await page.getByLabel(label('account.password.age')).fill('90');
  await page.getByLabel(label('account.password.numbers')).check();
  await submit(on);
  const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
  assert.deepEqual(
    [PasswordPolicy!.MinimumPasswordLength, PasswordPolicy!.MaxPasswordAge, PasswordPolicy!.RequireNumbers],
    [12, 90, true],
  );
  await button(on, label('account.password.default')).click();
  await submit(on);
  await assert.rejects(iam.send(new GetAccountPasswordPolicyCommand({})), { name: 'NoSuchEntityException' });
}

const ISSUER = 'https://accounts.example.com';

export async function identityProviders(on: PageTest): Promise<void> {
  const { page, label, iam, account, open } = on;
  await open('/iam/providers');
  await button(on, label('iam.providers.create')).click();
  await page.fill('input[name=provider-url]', ISSUER);
  await page.fill('input[name=audiences]', 'page-app');
  await submit(on);
  await page.getByRole('link', { name: 'accounts.example.com' }).click();
  await button(on, label('common.add')).click();
  await page.fill('input[name=audience]', 'other-app');
  await submit(on);
  await page.getByText('other-app').waitFor();
  const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/accounts.example.com`;
  const oidc = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  assert.deepEqual(oidc.ClientIDList, ['page-app', 'other-app']);

  await open('/iam/providers');
  await button(on, label('iam.providers.create')).click();
  await page.getByRole('radio', { name: /^SAML/ }).check();
  await page.fill('input[name=provider-name]', 'page-saml');
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'metadata.xml', mimeType: 'text/xml', buffer: Buffer.from(idpMetadata()) });
  await submit(on);
  const { SAMLProviderList } = await iam.send(new ListSAMLProvidersCommand({}));
  assert.equal(SAMLProviderList![0]!.Arn, `arn:aws:iam::${account}:saml-provider/page-saml`);
}

/** Each kind of trusted entity, as the wizard writes it; with the providers of the test before. */
export async function roles(on: PageTest): Promise<void> {
  const { page, label, account } = on;
  const kind = (name: string) =>
    page.getByRole('radio', { name: new RegExp(`^${label(`createRole.${name}`)}`) }).check();
  const aws = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'sts:AssumeRole',
  };
  assert.deepEqual(
    await roleOf(on, 'page-account', async () => {
      await kind('account');
      await page.getByRole('radio', { name: label('createRole.account.other') }).check();
      await page.getByLabel(label('createRole.account.id')).fill(account);
      await page.getByLabel(label('createRole.externalId')).check();
      await page.getByLabel(label('iam.externalId'), { exact: true }).fill('page-4711');
      await page.getByLabel(label('createRole.mfa')).check();
    }),
    {
      ...aws,
      Condition: {
        StringEquals: { 'sts:ExternalId': 'page-4711' },
        Bool: { 'aws:MultiFactorAuthPresent': 'true' },
      },
    },
  );
  assert.deepEqual(
    await roleOf(on, 'page-web', async () => {
      await kind('web');
      await choose(on, label('createRole.provider'), 'accounts.example.com');
      await page.getByLabel(label('createRole.audience')).fill('page-app');
      await page.getByLabel(label('createRole.subject')).fill('ann');
    }),
    {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/accounts.example.com` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { 'accounts.example.com:aud': 'page-app', 'accounts.example.com:sub': 'ann' },
      },
    },
  );
  assert.deepEqual(
    await roleOf(on, 'page-saml', async () => {
      await kind('saml');
      await choose(on, label('createRole.provider'), 'page-saml');
    }),
    {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:saml-provider/page-saml` },
      Action: 'sts:AssumeRoleWithSAML',
      Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
    },
  );
  const custom = { ...aws, Action: ['sts:AssumeRole', 'sts:TagSession'] };
  assert.deepEqual(
    await roleOf(on, 'page-custom', async () => {
      await kind('custom');
      await setEditor(page, JSON.stringify({ Version: '2012-10-17', Statement: [custom] }));
    }),
    custom,
  );
}

/** Goes through the wizard; answers the statement of the role's trust policy. Each role gets a boundary. */
async function roleOf(on: PageTest, RoleName: string, fill: () => Promise<void>): Promise<unknown> {
  const { page, label, iam, open } = on;
  await open('/iam/create-role');
  await fill();
  await page.getByRole('button', { name: label('common.next') }).click();
  await choose(on, label('iam.boundary'), 'PowerUserAccess');
  await page.getByRole('button', { name: label('common.next') }).click();
  await page.fill('input[name=role-name]', RoleName);
  await page.getByRole('button', { name: label('iam.roles.create') }).click();
  await heading(on, RoleName);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  assert.equal(Role!.PermissionsBoundary!.PermissionsBoundaryArn, 'arn:aws:iam::aws:policy/PowerUserAccess');
  const { Statement } = JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!)) as {
    Statement: unknown[];
  };
  return Statement[0];
}
