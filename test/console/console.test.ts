/** The console in a real browser. One browser and one server serve all tests of this file. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Browser } from 'playwright-core';
import { type RunningServer, startServer } from '../../src/main.js';
import { without } from '../clients/run.js';
import { type Language, launch, openTab } from './browser.js';
import { type Label, labels, tables } from './texts.js';
import { namesOf, walkThrough } from './walkthrough.js';

const skip = without('chromium');
let server: RunningServer;
let browser: Browser;
let labelsOf: (language: Language) => Label;

before(async () => {
  if (skip) return;
  server = await startServer({
    data: 'memory',
    port: 0,
    consolePort: 0,
    log: 'none',
    region: 'ap-northeast-1',
  });
  browser = await launch();
  const table = await tables();
  labelsOf = language => labels(table, language);
});
after(async () => {
  if (skip) return;
  await browser.close();
  await server.close();
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
