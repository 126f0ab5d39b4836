/** The ways in, and what becomes of a session: switched, renewed, carried over by a URL. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  type IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Browser, Page } from 'playwright-core';
import { codeOf, stepOf } from '../../src/identity/credentials/mfa-totp.js';
import { seedOf } from '../../src/identity/credentials/mfa-totp.test.support.js';
import { type ManualClock, type RunningServer, systemClock } from '../../src/index.js';
import { type Keys, openTab, PLAIN_HOST, signIn } from './browser.js';
import type { Label } from './texts.js';

export interface SignInTest {
  readonly browser: Browser;
  readonly server: RunningServer;
  readonly label: Label;
  readonly iam: IAMClient;
}

/** Waits until the bar names somebody. */
async function signedInAs(page: Page, name: RegExp): Promise<void> {
  await page.locator('#bar').getByRole('button', { name }).first().waitFor();
}

async function chooseWay(page: Page, label: Label, way: string): Promise<void> {
  await page.getByRole('button', { name: label('signIn.how') }).click();
  await page.getByRole('option', { name: label(way) }).click();
}

const region = 'ap-northeast-1';
const cli = resolve('dist/src/bundle/karikagi.js');

/** What STS gave out, pasted; wrong ones are refused with AWS's words. */
export async function pastedCredentials(
  { browser, server, label }: SignInTest,
  keys: Keys,
  RoleArn: string,
): Promise<void> {
  const sts = new STSClient({ endpoint: server.endpoint, region, credentials: keys });
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'pasted' }));
  const { page, context, complaints } = await openTab(browser, 'en');
  await page.goto(server.consoleUrl!);
  await chooseWay(page, label, 'signIn.temporary');
  await page.fill('input[name=access-key]', Credentials!.AccessKeyId!);
  await page.fill('input[name=secret]', 'wrong');
  await page.fill('textarea[name=token]', Credentials!.SessionToken!);
  await page.getByTestId('sign-in').click();
  await page.getByText('SignatureDoesNotMatch').waitFor();
  await page.fill('input[name=secret]', Credentials!.SecretAccessKey!);
  await page.getByTestId('sign-in').click();
  await signedInAs(page, /pasted/);
  assert.deepEqual(complaints, []);
  await context.close();
}

/** The session has the second factor: a policy that asks for it lets the user list buckets. */
export async function accessKeyWithMfa(
  { browser, server, label, iam }: SignInTest,
  UserName: string,
  keys: Keys,
): Promise<void> {
  const Condition = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
  const Statement = [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*', Condition }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'with-mfa', PolicyDocument }));
  const { VirtualMFADevice } = await iam.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: UserName }),
  );
  const SerialNumber = VirtualMFADevice!.SerialNumber!;
  const seed = seedOf(VirtualMFADevice!.Base32StringSeed!);
  const code = (ahead: number) => codeOf(seed, stepOf(systemClock.now()) + ahead);
  const codes = { AuthenticationCode1: code(-1), AuthenticationCode2: code(0) };
  await iam.send(new EnableMFADeviceCommand({ UserName, SerialNumber, ...codes }));
  const { page, context } = await openTab(browser, 'en');
  await page.goto(`${server.consoleUrl}/s3/buckets`);
  await page.fill('input[name=access-key]', keys.accessKeyId);
  await page.fill('input[name=secret]', keys.secretAccessKey);
  await page.getByText(label('signIn.withMfa')).click();
  await page.fill('input[name=serial]', SerialNumber);
  await page.fill('input[autocomplete=one-time-code]', code(1));
  await page.getByTestId('sign-in').click();
  await page.getByRole('link', { name: 'page-bucket' }).waitFor();
  await context.close();
}

/** `karikagi console` opens a browser with a URL that signs in, once; `--print` prints it. */
export async function consoleCommand({ browser, server }: SignInTest, keys: Keys): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'opener-'));
  const opened = join(directory, 'opened');
  const opener = join(directory, 'xdg-open');
  writeFileSync(opener, `#!/bin/sh\nprintf %s "$1" > ${opened}\n`);
  chmodSync(opener, 0o755);
  const env = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_REGION: region,
    KARIKAGI_CONSOLE: server.consoleUrl!,
    HOME: directory,
    PATH: `${directory}:${process.env['PATH']}`,
  };
  const { page, context } = await openTab(browser, 'en');
  try {
    const run = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [cli, 'console', ...args], { env })).stdout;
    assert.equal(await run('--destination', '/s3/buckets'), '');
    await page.goto(readFileSync(opened, 'utf8'));
    await page.getByRole('link', { name: 'page-bucket' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/s3/buckets');
    assert.doesNotMatch(page.url(), /SigninToken/);

    const url = (await run('--print')).trim();
    const first = await context.newPage();
    await first.goto(url);
    await signedInAs(first, /command/);
    const second = await context.newPage();
    await second.goto(url);
    await second.getByText(/was used before/).waitFor();
  } finally {
    await context.close();
    rmSync(directory, { recursive: true });
  }
}

/** There and back by the bar's menu; the page says who one is, and what caps it. */
export async function switchAndBack(
  { browser, server, label }: SignInTest,
  keys: Keys,
  role: string,
): Promise<void> {
  const { page, context } = await openTab(browser, 'en');
  const menu = async (item: string) => {
    await page.locator('#bar').getByRole('button').last().click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await signIn(page, server, keys);
  await menu(label('bar.switchRole'));
  await page.getByLabel(label('switch.role')).fill('no-such-role');
  const go = page.locator('form').getByRole('button', { name: label('switch.title'), exact: true });
  await go.click();
  await page.getByText(/is not authorized to perform: sts:AssumeRole/).waitFor();
  await page.getByLabel(label('switch.role')).fill(role);
  await go.click();
  await signedInAs(page, new RegExp(`${role} @ `));
  await menu(label('bar.whoami'));
  await page.getByText(label('who.cap.role')).waitFor();
  await page.keyboard.press('Escape');
  await menu(label('bar.switchBack', { name: 'switcher' }));
  await signedInAs(page, /switcher/);
  // The role stands among the last ones, for the next time.
  await menu(label('bar.switchRole'));
  await page
    .locator('form')
    .getByRole('button', { name: new RegExp(`^${role} @ `) })
    .waitFor();
  await context.close();
}

/**
 * In the middle of an upload the role's session is renewed: nearly an hour passes once the first part has arrived, and
 * what is left of the file goes with other keys. `server` lives by `clock`.
 */
export async function renewedInUpload(
  { browser, server, label }: SignInTest,
  clock: ManualClock,
  { keys, role, bucket: Bucket }: { readonly keys: Keys; readonly role: string; readonly bucket: string },
): Promise<void> {
  const { page, context } = await openTab(browser, 'en');
  await page.clock.setFixedTime(clock.now());
  const query = new URLSearchParams({ account: server.accountId, roleName: role });
  await signIn(page, server, keys, `/switchrole?${query}`);
  await page
    .locator('form')
    .getByRole('button', { name: label('switch.title'), exact: true })
    .click();
  await signedInAs(page, new RegExp(role));
  /** The access keys that parts which arrived were signed with. */
  const used = new Set<string>();
  let later = false;
  await page.route(/partNumber=/, async route => {
    const request = route.request();
    // The others are still on their way when the upload is paused, which ends them.
    if (!later && !/partNumber=1&/.test(request.url())) return;
    used.add(/Credential=(\w+)/.exec(request.headers()['authorization']!)![1]!);
    await route.continue();
  });
  await page.goto(`${server.consoleUrl}/s3/buckets/${Bucket}`);
  const buffer = Buffer.alloc(13 * 1024 * 1024, 5);
  const arrived = page.waitForResponse(/partNumber=1&/);
  await page.getByTestId('files').setInputFiles({ name: 'long.bin', mimeType: 'application/x', buffer });
  await arrived;
  await page.getByRole('button', { name: `${label('upload.pause')} long.bin` }).click();
  const renewed = page.waitForResponse(reply => /AssumeRole/.test(reply.request().postData() ?? ''));
  clock.advance(56 * 60);
  await page.clock.setFixedTime(clock.now());
  await renewed;
  later = true;
  await page.getByRole('button', { name: `${label('upload.resume')} long.bin` }).click();
  await page.locator('[data-testid=upload][data-status=done]').waitFor();
  assert.equal(used.size, 2);
  const s3 = new S3Client({
    endpoint: server.endpoint,
    region,
    credentials: server.root!,
    forcePathStyle: true,
    systemClockOffset: clock.now() - systemClock.now(),
  });
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'long.bin' }));
  assert.equal(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), buffer), 0);
  // The first session's hour ends; the page goes on.
  clock.advance(10 * 60);
  await page.clock.setFixedTime(clock.now());
  await page.reload();
  await page.getByRole('link', { name: 'long.bin' }).waitFor();
  await context.close();
}

/** A server that listens in the clear says so; a page of an origin that browsers do not trust still signs in. */
export async function plainHttp({ browser, server, label }: SignInTest): Promise<void> {
  const { page, context, complaints } = await openTab(browser, 'en');
  const { port } = new URL(server.consoleUrl!);
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByText(label('plain.text')).waitFor();
  // chromium maps the name to this machine; it is no loopback name, so the page has no crypto.subtle.
  await page.goto(`http://${PLAIN_HOST}:${port}/s3/buckets`);
  assert.equal(await page.evaluate('isSecureContext'), false);
  await page.fill('input[name=access-key]', server.root!.accessKeyId);
  await page.fill('input[name=secret]', server.root!.secretAccessKey);
  await page.getByTestId('sign-in').click();
  await page.getByText(label('s3.buckets.none')).waitFor();
  await page.getByText(label('plain.text')).waitFor();
  // The browser itself says that it ignores this header there.
  const own = complaints.filter(text => !text.startsWith('The Cross-Origin-Opener-Policy header'));
  assert.deepEqual(own, []);
  await context.close();
}

/** Behind a proxy that puts another Host in place, every signature would fail: the sign-in page says why. */
export async function proxyWithoutHost({ browser, server, label }: SignInTest): Promise<void> {
  const target = new URL(server.consoleUrl!);
  const proxy = createServer((request, response) => {
    const headers = { ...request.headers, host: target.host };
    const { method, url: path } = request;
    const passed = httpRequest({ port: target.port, host: target.hostname, method, path, headers }, reply => {
      response.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(response);
    });
    request.pipe(passed);
  });
  await new Promise<void>(done => proxy.listen(0, '127.0.0.1', done));
  const { port } = proxy.address() as AddressInfo;
  const { page, context } = await openTab(browser, 'en');
  try {
    await page.goto(`http://127.0.0.1:${port}/`);
    const seen = { page: `127.0.0.1:${port}`, server: target.host };
    await page.getByText(label('signIn.host.text', seen)).waitFor();
  } finally {
    await context.close();
    proxy.closeAllConnections();
    await new Promise(done => proxy.close(done));
  }
}
