import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Browser } from 'playwright-core';
import { type RunningServer, startServer } from '../../src/main.js';
import { without } from '../clients/run.js';
import { launch, openTab, signIn } from './browser.js';

let server: RunningServer;
let browser: Browser | undefined;

before(async () => {
  server = await startServer({ data: 'memory', port: 0, consolePort: 0, log: 'none' });
  if (!without('chromium')) browser = await launch();
});
after(async () => {
  await browser?.close();
  await server.close();
});

const settings = () => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  credentials: server.root!,
  forcePathStyle: true,
});

test('from the sign-in page to a user and a bucket, in both languages', {
  skip: without('chromium'),
}, async () => {
  for (const language of ['en', 'ja'] as const) {
    const { page, complaints } = await openTab(browser!, language);
    await signIn(page, server, server.root!, '/iam/users');
    await page.getByRole('button', { name: language === 'ja' ? 'ユーザーの作成' : 'Create user' }).click();
    await page.fill('input[name=user-name]', `made-in-${language}`);
    await page.getByTestId('submit').click();
    await page.getByRole('heading', { name: `made-in-${language}`, level: 1 }).waitFor();
    const made = await new IAMClient(settings()).send(
      new GetUserCommand({ UserName: `made-in-${language}` }),
    );
    assert.equal(made.User!.UserName, `made-in-${language}`);
    await page.goto(`${server.consoleUrl}/s3/buckets`);
    await page.getByRole('button', { name: language === 'ja' ? 'バケットを作成' : 'Create bucket' }).click();
    await page.fill('input[name=bucket-name]', `made-in-${language}`);
    await page.getByTestId('submit').click();
    await page.getByRole('heading', { name: `made-in-${language}`, level: 1 }).waitFor();
    await new S3Client(settings()).send(new HeadBucketCommand({ Bucket: `made-in-${language}` }));
    assert.deepEqual(complaints, []);
  }
});
