/** The console in a real browser. One browser and one server serve all tests of this file. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Browser } from 'playwright-core';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { type RunningServer, startServer, systemClock } from '../../src/index.js';
import { without } from '../clients/run.js';
import { type OidcIssuer, startIssuer } from '../support/oidc-issuer.js';
import { foreignPages, htmlObject, scriptsInNames } from './attacks.js';
import { seriousViolations } from './axe.js';
import { type Keys, type Language, launch, openTab, signIn, signOut, type Tab } from './browser.js';
import * as pages from './pages.js';
import { type Label, labels, tables } from './texts.js';
import { namesOf, walkThrough } from './walkthrough.js';
import { playIssuer, trustIssuer } from './web-identity.js';

const skip = without('chromium');
let server: RunningServer;
let browser: Browser;
let issuer: OidcIssuer;
let labelsOf: (language: Language) => Label;

before(async () => {
  if (skip) return;
  issuer = await startIssuer();
  server = await startServer({
    data: 'memory',
    port: 0,
    consolePort: 0,
    log: 'none',
    region: 'ap-northeast-1',
    consoleIssuers: { [issuer.url]: 'console' },
    oidcAllow: ['127.0.0.1'],
  });
  browser = await launch();
  const table = await tables();
  labelsOf = language => labels(table, language);
});
after(async () => {
  if (skip) return;
  await browser.close();
  await server.close();
  await issuer.close();
});

const settings = (credentials: object = server.root!) => ({
  endpoint: server.endpoint,
  region: 'ap-northeast-1',
  credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  forcePathStyle: true,
});

describe('the walk-through of the documents', { skip }, () => {
  for (const language of ['ja', 'en'] as const) {
    test(`from the sign-in page to a file uploaded with the role's keys (${language})`, async () => {
      const { page, complaints, context } = await openTab(browser, language);
      const names = namesOf(language === 'en' ? '-en' : '');
      const label = labelsOf(language);
      const keys = await walkThrough({ page, server, label, names, see: async () => {} });
      assert.deepEqual(complaints, []);
      await context.close();

      const RoleArn = `arn:aws:iam::${server.accountId}:role/${names.role}`;
      const sts = new STSClient(settings(keys));
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
      const asRole = new S3Client(
        settings({
          accessKeyId: Credentials!.AccessKeyId,
          secretAccessKey: Credentials!.SecretAccessKey,
          sessionToken: Credentials!.SessionToken,
        }),
      );
      const object = { Bucket: names.bucket, Key: 'hello.txt' };
      const got = await new S3Client(settings()).send(new GetObjectCommand(object));
      assert.equal(await got.Body!.transformToString(), 'Hello from the console\n');
      await assert.rejects(asRole.send(new DeleteObjectCommand(object)), { name: 'AccessDenied' });
    });
  }
});

describe('the pages', { skip }, () => {
  let tab: Tab;
  let label: Label;
  const iam = () => new IAMClient(settings());
  const s3 = () => new S3Client(settings());
  const open = async (path: string) => {
    await tab.page.goto(`${server.consoleUrl}${path}`);
  };
  const on = (): pages.PageTest => ({
    page: tab.page,
    label,
    account: server.accountId,
    iam: iam(),
    s3: s3(),
    kms: new KMSClient(settings()),
    organizations: new OrganizationsClient(settings()),
    open,
  });
  /** A user with these of AWS's managed policies, and its key. */
  const newUser = async (UserName: string, ...policies: string[]): Promise<Keys> => {
    await iam().send(new CreateUserCommand({ UserName }));
    for (const name of policies) {
      const PolicyArn = `arn:aws:iam::aws:policy/${name}`;
      await iam().send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
    }
    const { AccessKey } = await iam().send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  };
  const newRole = async (RoleName: string, user: string, policy: string) => {
    const Principal = { AWS: `arn:aws:iam::${server.accountId}:user/${user}` };
    const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
    await iam().send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    const PolicyArn = `arn:aws:iam::aws:policy/${policy}`;
    await iam().send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  };

  before(async () => {
    label = labelsOf('en');
    tab = await openTab(browser, 'en');
    await iam().send(new CreateUserCommand({ UserName: 'page-user' }));
    await s3().send(
      new CreateBucketCommand({
        Bucket: 'page-bucket',
        CreateBucketConfiguration: { LocationConstraint: 'ap-northeast-1' },
      }),
    );
    await signIn(tab.page, server, server.root!);
  });
  after(() => tab.context.close());

  for (const [name, run] of Object.entries(pages)) {
    test(`${name}: what is changed there is changed`, () => run(on()));
  }

  test('axe finds nothing serious on any page', async () => {
    const paths = [
      '/',
      '/iam/users',
      '/iam/users/page-user',
      '/iam/groups',
      '/iam/roles',
      '/iam/create-role',
      '/iam/policies',
      '/iam/create-policy',
      '/account',
      '/sessions',
      '/s3/buckets',
      '/s3/buckets/page-bucket',
      '/s3/buckets/page-bucket?tab=properties',
      '/s3/buckets/page-bucket?tab=permissions',
      '/kms/keys',
      '/denied',
      '/simulate',
      '/organization',
      '/switchrole',
    ];
    const found: string[] = [];
    for (const path of paths) {
      await open(path);
      await tab.page.getByRole('heading', { level: 1 }).first().waitFor();
      found.push(...(await seriousViolations(tab.page)).map(text => `${path} ${text}`));
    }
    const signedOut = await openTab(browser, 'en');
    await signedOut.page.goto(server.consoleUrl!);
    await signedOut.page.getByTestId('sign-in').waitFor();
    found.push(...(await seriousViolations(signedOut.page)));
    await signedOut.context.close();
    assert.deepEqual(found, []);
  });

  test('reload, back and deep links stay where they are', async () => {
    const { page } = tab;
    await open('/iam/users/page-user?tab=tags');
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await page.reload();
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await page
      .getByRole('link', { name: label('nav.buckets') })
      .first()
      .click();
    await page.getByRole('link', { name: 'page-bucket' }).waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await open('/no/such/page');
    await page.getByText(label('error.notFound')).waitFor();
  });

  test('two users with different rights see different buttons, and why', async () => {
    const reader = await newUser('reader', 'ReadOnlyAccess');
    const admin = await newUser('admin', 'AdministratorAccess');
    for (const [keys, may] of [
      [reader, false],
      [admin, true],
    ] as const) {
      const other = await openTab(browser, 'en');
      await signIn(other.page, server, keys, '/iam/users');
      const create = other.page.getByRole('button', { name: label('iam.users.create') });
      await other.page.getByRole('link', { name: 'page-user' }).waitFor();
      if (may) {
        await create.click();
        await other.page.getByTestId('submit').waitFor();
      } else {
        await other.page
          .locator('button[aria-disabled=true]', { hasText: label('iam.users.create') })
          .waitFor();
        await create.hover();
        await other.page
          .getByRole('tooltip')
          .getByText(/user\/reader is not authorized to perform: iam:CreateUser/)
          .waitFor();
      }
      await other.context.close();
    }
  });

  test('two tabs have two roles', async () => {
    const keys = await newUser('tabs', 'AdministratorAccess');
    for (const role of ['tab-one', 'tab-two']) await newRole(role, 'tabs', 'AmazonS3ReadOnlyAccess');
    const first = await openTab(browser, 'en');
    const second = await first.context.newPage();
    const switchTo = async (page: typeof second, role: string) => {
      const query = new URLSearchParams({ account: server.accountId, roleName: role, displayName: role });
      await signIn(page, server, keys, `/switchrole?${query}`);
      await page
        .locator('form')
        .getByRole('button', { name: label('switch.title'), exact: true })
        .click();
      await page
        .locator('#bar')
        .getByRole('button', { name: new RegExp(role) })
        .first()
        .waitFor();
    };
    await switchTo(first.page, 'tab-one');
    await switchTo(second, 'tab-two');
    await first.page.reload();
    await first.page
      .locator('#bar')
      .getByRole('button', { name: /tab-one/ })
      .first()
      .waitFor();
    await first.context.close();
  });

  test('a session that is revoked is out at the next click, with a page that says why', async () => {
    const keys = await newUser('gone', 'AdministratorAccess');
    const other = await openTab(browser, 'en');
    await signIn(other.page, server, keys, '/iam/users');
    await other.page.getByRole('link', { name: 'page-user' }).waitFor();
    await open('/sessions');
    const row = tab.page.getByRole('row').filter({ hasText: 'gone' }).first();
    await row.getByRole('button', { name: label('iam.sessions.revoke') }).click();
    await tab.page.getByTestId('submit').click();
    await row.getByText(label('iam.sessions.revoked')).waitFor();
    await other.page
      .getByRole('link', { name: label('nav.roles') })
      .first()
      .click();
    await other.page.getByRole('heading', { name: label('ended.title') }).waitFor();
    await other.page.getByText(/security token included in the request/).waitFor();
    await other.page.getByRole('button', { name: label('ended.again') }).click();
    await other.page.locator('input[name=access-key]').waitFor();
    await other.context.close();
  });

  test('a refusal is on the page of denials, with its reasoning and a change that mends it', async () => {
    const keys = await newUser('denied-user');
    const object = { Bucket: 'page-bucket', Key: 'secret.txt' };
    await assert.rejects(new S3Client(settings(keys)).send(new PutObjectCommand({ ...object, Body: 'x' })), {
      name: 'AccessDenied',
    });
    await open('/denied');
    const row = tab.page.getByRole('row').filter({ hasText: 'denied-user' }).first();
    await row.getByRole('link').click();
    await tab.page.getByText('s3:PutObject').first().waitFor();
    await tab.page.getByText(label('denied.layers')).waitFor();
    await tab.page
      .getByText(/denied-user/)
      .first()
      .waitFor();
    // The smallest change, applied: the same request is then allowed.
    await tab.page
      .getByRole('button', { name: label('denied.fix.apply') })
      .first()
      .click();
    await tab.page.getByTestId('submit').click();
    await tab.page.getByTestId('submit').waitFor({ state: 'detached' });
    await new S3Client(settings(keys)).send(new PutObjectCommand({ ...object, Body: 'x' }));
  });

  test('scripts in names, keys and policies are shown, not run', async () => {
    await scriptsInNames(tab.page, server.consoleUrl!, { iam: iam(), s3: s3() });
  });

  test('an HTML object is a download on the console’s origin', async () => {
    const there = new S3Client({ ...settings(), endpoint: server.consoleUrl! });
    await htmlObject(browser, server.consoleUrl!, there);
  });

  test('a foreign site cannot frame it, post to it, or sign anyone in unasked', async () => {
    const { accessKeyId, secretAccessKey } = await newUser('attacker');
    const target = {
      endpoint: server.endpoint,
      region: 'ap-northeast-1',
      credentials: { accessKeyId, secretAccessKey },
    };
    const { Credentials } = (await callKarikagi(target, 'CreateConsoleSession', {})) as {
      Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string };
    };
    const Session = JSON.stringify({
      sessionId: Credentials.AccessKeyId,
      sessionKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    });
    const federation = `${server.consoleUrl}/federation`;
    const body = new URLSearchParams({ Action: 'getSigninToken', Session });
    const { SigninToken } = (await (await fetch(federation, { method: 'POST', body })).json()) as {
      SigninToken: string;
    };
    const url = `${federation}?${new URLSearchParams({ Action: 'login', Destination: '/', SigninToken })}`;
    await foreignPages(browser, server, label, url);
  });

  test('a password signs in, and an identity provider does', async () => {
    const { page, context, complaints } = await openTab(browser, 'en');
    const choose = async (way: string) => {
      await page.getByRole('button', { name: label('signIn.how') }).click();
      await page.getByRole('option', { name: label(way) }).click();
    };
    await page.goto(server.consoleUrl!);
    await choose('signIn.password');
    await page.fill('input[name=account]', 'page-alias');
    await page.fill('input[name=username]', 'page-user');
    await page.fill('input[name=password]', 'Right-Horse-9');
    await page.getByTestId('sign-in').click();
    // The page of the user gave it a password that must be changed.
    await page.locator('input[autocomplete=new-password]').fill('Better-Horse-9');
    await page.getByTestId('sign-in').click();
    await page
      .locator('#bar')
      .getByRole('button', { name: /page-user/ })
      .first()
      .waitFor();
    await signOut(page, label);

    const role = await trustIssuer(iam(), issuer);
    await playIssuer(page, issuer, () => systemClock.now());
    await choose('signIn.web');
    await page.fill('input[name=role]', role);
    await page.getByTestId('sign-in').click();
    await page
      .locator('#bar')
      .getByRole('button', { name: /web\/console/ })
      .first()
      .waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the pages complained of nothing', () => assert.deepEqual(tab.complaints, []));
});
