/** The console in a real browser: the walk-through, sessions, ways in, and attacks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  CreateLoginProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { ManualClock, startServer, systemClock } from '../../src/index.js';
import { without } from '../clients/run.js';
import { type OidcIssuer, startIssuer } from '../support/oidc-issuer.js';
import { foreignPages, htmlObject } from './attacks.js';
import { openTab, signIn, signOut, type Tab } from './browser.js';
import { openPlace, type Place, settingsOf } from './place.js';
import * as ways from './sign-in.js';
import type { Label } from './texts.js';
import { namesOf, walkThrough } from './walkthrough.js';
import { playIssuer, trustIssuer } from './web-identity.js';

const skip = without('chromium');
let place: Place;
let issuer: OidcIssuer;

before(async () => {
  if (skip) return;
  issuer = await startIssuer();
  place = await openPlace({ consoleIssuers: { [issuer.url]: 'console' }, oidcAllow: ['127.0.0.1'] });
});
after(async () => {
  if (skip) return;
  await place.close();
  await issuer.close();
});

describe('the walk-through of the documents', { skip }, () => {
  for (const language of ['ja', 'en'] as const) {
    test(`from the sign-in page to a file uploaded with the role's keys (${language})`, async () => {
      const { page, complaints, context } = await openTab(place.browser, language);
      const names = namesOf(language === 'en' ? '-en' : '');
      const label = place.label(language);
      const keys = await walkThrough({ page, server: place.server, label, names, see: async () => {} });
      assert.deepEqual(complaints, []);
      await context.close();

      const RoleArn = `arn:aws:iam::${place.server.accountId}:role/${names.role}`;
      const sts = new STSClient(settingsOf(place.server, keys));
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
      const asRole = new S3Client(
        settingsOf(place.server, {
          accessKeyId: Credentials!.AccessKeyId!,
          secretAccessKey: Credentials!.SecretAccessKey!,
          sessionToken: Credentials!.SessionToken!,
        }),
      );
      const object = { Bucket: names.bucket, Key: 'hello.txt' };
      const got = await new S3Client(settingsOf(place.server)).send(new GetObjectCommand(object));
      assert.equal(await got.Body!.transformToString(), 'Hello from the console\n');
      await assert.rejects(asRole.send(new DeleteObjectCommand(object)), { name: 'AccessDenied' });
    });
  }
});

describe('sessions and attacks', { skip }, () => {
  let tab: Tab;
  let label: Label;
  const open = async (path: string) => {
    await tab.page.goto(`${place.server.consoleUrl}${path}`);
  };
  const here = (): ways.SignInTest => ({
    browser: place.browser,
    server: place.server,
    label,
    iam: place.iam,
  });

  before(async () => {
    label = place.label('en');
    tab = await openTab(place.browser, 'en');
    await signIn(tab.page, place.server, place.server.root!);
  });
  after(() => tab.context.close());

  test('two users with different rights see different buttons, and why', async () => {
    const reader = await place.newUser('reader', 'ReadOnlyAccess');
    const admin = await place.newUser('admin', 'AdministratorAccess');
    for (const [keys, may] of [
      [reader, false],
      [admin, true],
    ] as const) {
      const other = await openTab(place.browser, 'en');
      await signIn(other.page, place.server, keys, '/iam/users');
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
    const keys = await place.newUser('tabs', 'AdministratorAccess');
    for (const role of ['tab-one', 'tab-two']) await place.newRole(role, 'tabs', 'AmazonS3ReadOnlyAccess');
    const first = await openTab(place.browser, 'en');
    const second = await first.context.newPage();
    const switchTo = async (page: typeof second, role: string) => {
      const query = new URLSearchParams({
        account: place.server.accountId,
        roleName: role,
        displayName: role,
      });
      await signIn(page, place.server, keys, `/switchrole?${query}`);
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
    const keys = await place.newUser('gone', 'AdministratorAccess');
    const other = await openTab(place.browser, 'en');
    await signIn(other.page, place.server, keys, '/iam/users');
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
    const keys = await place.newUser('denied-user');
    const object = { Bucket: 'page-bucket', Key: 'secret.txt' };
    await assert.rejects(
      new S3Client(settingsOf(place.server, keys)).send(new PutObjectCommand({ ...object, Body: 'x' })),
      {
        name: 'AccessDenied',
      },
    );
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
    await new S3Client(settingsOf(place.server, keys)).send(new PutObjectCommand({ ...object, Body: 'x' }));
  });

  test('an HTML object is a download on the console’s origin', async () => {
    const there = new S3Client({ ...settingsOf(place.server), endpoint: place.server.consoleUrl! });
    await htmlObject(place.browser, place.server.consoleUrl!, there);
  });

  test('a foreign site cannot frame it, post to it, or sign anyone in unasked', async () => {
    const { accessKeyId, secretAccessKey } = await place.newUser('attacker');
    const target = {
      endpoint: place.server.endpoint,
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
    const federation = `${place.server.consoleUrl}/federation`;
    const body = new URLSearchParams({ Action: 'getSigninToken', Session });
    const { SigninToken } = (await (await fetch(federation, { method: 'POST', body })).json()) as {
      SigninToken: string;
    };
    const url = `${federation}?${new URLSearchParams({ Action: 'login', Destination: '/', SigninToken })}`;
    await foreignPages(place.browser, place.server, label, url);
  });

  test('temporary credentials sign in', async () => {
    const keys = await place.newUser('paster', 'AdministratorAccess');
    await place.newRole('pasted-role', 'paster', 'AmazonS3ReadOnlyAccess');
    await ways.pastedCredentials(here(), keys, `arn:aws:iam::${place.server.accountId}:role/pasted-role`);
  });

  test('an access key signs in with an MFA device', async () => {
    await ways.accessKeyWithMfa(here(), 'with-mfa', await place.newUser('with-mfa'));
  });

  test('karikagi console opens a browser that is signed in, once', async () => {
    await ways.consoleCommand(here(), await place.newUser('command', 'AdministratorAccess'));
  });

  test('the bar switches to a role and back', async () => {
    const keys = await place.newUser('switcher', 'AdministratorAccess');
    await place.newRole('switched', 'switcher', 'AmazonS3ReadOnlyAccess');
    await ways.switchAndBack(here(), keys, 'switched');
  });

  test('a proxy that puts another Host in place is told from the sign-in page', async () => {
    await ways.proxyWithoutHost(here());
  });

  test('a password signs in, and an identity provider does', async () => {
    await place.iam.send(new CreateAccountAliasCommand({ AccountAlias: 'people' }));
    const profile = { UserName: 'page-user', Password: 'Right-Horse-9', PasswordResetRequired: true };
    await place.iam.send(new CreateLoginProfileCommand(profile));
    const { page, context, complaints } = await openTab(place.browser, 'en');
    const choose = async (way: string) => {
      await page.getByRole('button', { name: label('signIn.how') }).click();
      await page.getByRole('option', { name: label(way) }).click();
    };
    await page.goto(place.server.consoleUrl!);
    await choose('signIn.password');
    await page.fill('input[name=account]', 'people');
    await page.fill('input[name=username]', 'page-user');
    await page.fill('input[name=password]', 'Right-Horse-9');
    await page.getByTestId('sign-in').click();
    // The password must be changed at the first sign-in.
    await page.locator('input[autocomplete=new-password]').fill('Better-Horse-9');
    await page.getByTestId('sign-in').click();
    await page
      .locator('#bar')
      .getByRole('button', { name: /page-user/ })
      .first()
      .waitFor();
    await signOut(page, label);

    const role = await trustIssuer(place.iam, issuer);
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

describe('a server of its own', { skip }, () => {
  test('a role’s session is renewed in the middle of an upload', async () => {
    const clock = new ManualClock(systemClock.now());
    const own = await startServer({
      data: 'memory',
      port: 0,
      consolePort: 0,
      log: 'none',
      region: 'ap-northeast-1',
      clock,
    });
    try {
      const cfg = {
        endpoint: own.endpoint,
        region: 'ap-northeast-1',
        credentials: own.root!,
        forcePathStyle: true,
      };
      const iam = new IAMClient(cfg);
      const Principal = { AWS: `arn:aws:iam::${own.accountId}:root` };
      const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
      await iam.send(new CreateUserCommand({ UserName: 'loader' }));
      await iam.send(new AttachUserPolicyCommand({ UserName: 'loader', PolicyArn }));
      await iam.send(new CreateRoleCommand({ RoleName: 'hourly', AssumeRolePolicyDocument }));
      await iam.send(new AttachRolePolicyCommand({ RoleName: 'hourly', PolicyArn }));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
      const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
      const CreateBucketConfiguration = { LocationConstraint: 'ap-northeast-1' as const };
      await new S3Client(cfg).send(
        new CreateBucketCommand({ Bucket: 'long-uploads', CreateBucketConfiguration }),
      );
      const on = { browser: place.browser, server: own, label: place.label('en'), iam };
      await ways.renewedInUpload(on, clock, { keys, role: 'hourly', bucket: 'long-uploads' });
    } finally {
      await own.close();
    }
  });

  test('a server that listens in the clear says so', async () => {
    const own = await startServer({
      data: 'memory',
      host: '0.0.0.0',
      port: 0,
      consolePort: 0,
      log: 'none',
      region: 'ap-northeast-1',
    });
    try {
      await ways.plainHttp({
        browser: place.browser,
        server: own,
        label: place.label('en'),
        iam: new IAMClient({}),
      });
    } finally {
      await own.close();
    }
  });
});
