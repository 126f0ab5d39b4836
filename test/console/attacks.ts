/** What a hostile account member or a foreign site tries against somebody at the console. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateUserCommand, type IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Browser, Page } from 'playwright-core';
import type { RunningServer } from '../../src/index.js';
import { openTab } from './browser.js';
import type { Label } from './texts.js';

const SCRIPT = `"'><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;

/** Fails where any of it ran. */
async function untouched(page: Page): Promise<void> {
  assert.equal(await page.evaluate('window.pwned'), undefined);
}

/** Names and texts that others choose are shown as they are. */
export async function scriptsInNames(
  page: Page,
  consoleUrl: string,
  { iam, s3 }: { readonly iam: IAMClient; readonly s3: S3Client },
): Promise<void> {
  await s3.send(
    new PutObjectCommand({ Bucket: 'page-bucket', Key: SCRIPT, Body: 'x', Metadata: { evil: '<script>' } }),
  );
  // IAM's names and tags take no angle brackets; the resources of a policy do.
  await iam.send(new CreateUserCommand({ UserName: 'evil' }));
  const Statement = [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::page-bucket/${SCRIPT}` },
  ];
  await iam.send(
    new PutUserPolicyCommand({
      UserName: 'evil',
      PolicyName: 'evil',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
  await page.goto(`${consoleUrl}/s3/buckets/page-bucket`);
  await page.getByText('onerror').first().waitFor();
  await untouched(page);
  await page.goto(`${consoleUrl}/s3/object/page-bucket?${new URLSearchParams({ key: SCRIPT })}`);
  await page.getByText('onerror').first().waitFor();
  await untouched(page);
  await page.goto(`${consoleUrl}/iam/users/evil`);
  await page.getByRole('button', { name: 'evil' }).first().click();
  await page.getByText('onerror').first().waitFor();
  await untouched(page);
}

/** An HTML object that is opened on the console's origin is a download, and cannot be part of a page. */
export async function htmlObject(browser: Browser, consoleUrl: string, s3: S3Client): Promise<void> {
  const object = { Bucket: 'page-bucket', Key: 'evil.html' };
  const Body = '<script>window.pwned = sessionStorage.length</script>';
  await s3.send(new PutObjectCommand({ ...object, Body, ContentType: 'text/html' }));
  const url = await getSignedUrl(s3, new GetObjectCommand(object));
  assert.ok(url.startsWith(consoleUrl));
  const { page, context } = await openTab(browser, 'en');
  await page.goto(consoleUrl);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.evaluate(`location.href = ${JSON.stringify(url)}`),
  ]);
  assert.equal(download.suggestedFilename(), 'evil.html');
  await download.cancel();
  const outcome = await page.evaluate(`new Promise(resolve => {
    const frame = document.createElement('iframe');
    frame.src = ${JSON.stringify(url)};
    frame.onload = () => resolve(window.pwned);
    document.body.append(frame);
    setTimeout(() => resolve(window.pwned), 1000);
  })`);
  assert.equal(outcome, undefined);
  await context.close();
}

/** A site of another origin, with pages of its own. */
async function foreignSite(
  pages: Readonly<Record<string, string>>,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(pages[request.url ?? ''] ?? '');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}

/** A frame around the console stays empty; a form to it is refused; a link that signs one in asks first. */
export async function foreignPages(
  browser: Browser,
  server: RunningServer,
  label: Label,
  signInUrl: string,
): Promise<void> {
  const { consoleUrl } = server;
  const site = await foreignSite({
    '/frame': `<iframe src="${consoleUrl}/"></iframe>`,
    '/form': `<form method="post" action="${consoleUrl}/federation"><input name="Action" value="redeem"></form><script>document.forms[0].submit()</script>`,
    '/link': `<a href="${signInUrl.replaceAll('&', '&amp;')}">a gift</a>`,
  });
  const { page, context } = await openTab(browser, 'en');
  try {
    await page.goto(`${site.url}/frame`);
    const framed = page.frames().find(frame => frame.parentFrame() !== null);
    assert.ok(framed === undefined || !(await framed.content()).includes('id="root"'));
    await page.goto(`${site.url}/form`);
    await page.waitForURL(`${consoleUrl}/federation`);
    assert.match(await page.content(), /Forbidden/);
    await page.goto(`${site.url}/link`);
    await page.getByText('a gift').click();
    await page.getByText(label('signIn.link.text')).waitFor();
    assert.equal(await page.evaluate('sessionStorage.length'), 0);
    assert.doesNotMatch(page.url(), /SigninToken/);
    await page.getByRole('button', { name: label('signIn.link.no') }).click();
    await page.locator('input[name=access-key]').waitFor();
  } finally {
    await context.close();
    site.server.close();
  }
}
