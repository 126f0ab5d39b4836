/**
 * Draws the pictures of docs/console: `npm run docs:console`. Walks through the documents' steps in a real browser, in
 * both languages, and makes the pictures small with pngquant (Debian: apt-get install pngquant).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Browser, Page } from 'playwright-core';
import { startServer } from '../../src/index.js';
import { type Language, launch, openTab, signIn } from './browser.js';
import { type Label, labels, tables } from './texts.js';
import { namesOf, walkThrough } from './walkthrough.js';

const DIRECTORY = 'docs/console';
/** What a picture may take, bytes. */
const LARGEST = 60 * 1024;
const ACCOUNT = '111122223333';

/** Further pages, as they are once the walk is done. */
const PAGES: readonly (readonly [name: string, path: string])[] = [
  ['home', '/'],
  ['roles', '/iam/roles'],
  ['role-sessions', '/iam/roles/sts-s3-example-role?tab=sessions'],
  ['role-unused', '/iam/roles/sts-s3-example-role?tab=unused'],
  ['policies', '/iam/policies'],
  ['visual-editor', '/iam/create-policy'],
  ['providers', '/iam/providers'],
  ['bucket-properties', '/s3/buckets/s3-fs-example-bucket?tab=properties'],
  ['bucket-permissions', '/s3/buckets/s3-fs-example-bucket?tab=permissions'],
  ['kms-keys', '/kms/keys'],
  ['events', '/events'],
  ['denied', '/denied'],
  ['simulate', '/simulate'],
];

async function draw(browser: Browser, language: Language): Promise<void> {
  const server = await startServer({
    data: 'memory',
    port: 0,
    consolePort: 0,
    log: 'none',
    region: 'ap-northeast-1',
    account: ACCOUNT,
  });
  const { page, context } = await openTab(browser, language);
  try {
    const label = labels(await tables(), language);
    const see = (step: string) => picture(page, `${language}-${step}`);
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.goto(server.consoleUrl!);
    await page.getByTestId('sign-in').waitFor();
    await see('sign-in');
    const names = namesOf();
    const keys = await walkThrough({ page, server, label, names, see });
    await refusal(server.endpoint, keys);
    const other = await openTab(browser, language);
    await other.page.setViewportSize({ width: 1200, height: 800 });
    await signIn(other.page, server, server.root!);
    for (const [name, path] of PAGES) {
      await other.page.goto(`${server.consoleUrl}${path}`);
      await picture(other.page, `${language}-${name}`);
    }
    await other.page.goto(`${server.consoleUrl}/denied`);
    await other.page.getByRole('row').nth(1).getByRole('link').first().click();
    await other.page.getByText(label('denied.layers')).waitFor();
    await picture(other.page, `${language}-denied-request`);
    await staging(other.page, `${server.consoleUrl}/setup`, label, language);
    await other.context.close();
  } finally {
    await context.close();
    await server.close();
  }
}

/** The form of `karikagi setup`: what it will call, and what came of it. */
async function staging(page: Page, url: string, label: Label, language: Language): Promise<void> {
  await page.goto(url);
  for (const [field, text] of [
    ['bucket', 'staging-example-bucket'],
    ['source', 'staging-loader'],
  ] as const) {
    await page.fill(`input[name=setup-${field}]`, text);
  }
  await picture(page, `${language}-setup`);
  await page.getByRole('button', { name: label('common.next') }).click();
  await page.getByTestId('call').first().waitFor();
  await picture(page, `${language}-setup-plan`);
  await page.getByTestId('set-up').click();
  await page.getByText(label('setup.proof.good')).waitFor();
  await picture(page, `${language}-setup-proof`);
}

/** Something for the page of denials. */
async function refusal(endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) {
  const s3 = new S3Client({ endpoint, region: 'ap-northeast-1', credentials, forcePathStyle: true });
  const object = { Bucket: 's3-fs-example-bucket', Key: 'hello.txt', Body: 'x' };
  await s3.send(new PutObjectCommand(object)).catch(() => undefined);
}

async function picture(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.locator('[class*=awsui_spinner], [class*=awsui_loading]').first().waitFor({ state: 'detached' });
  const path = join(DIRECTORY, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  execFileSync('pngquant', ['--speed', '1', '--strip', '--force', '--output', path, '48', path]);
  if (statSync(path).size > LARGEST) throw new Error(`${path} is larger than ${LARGEST} bytes`);
}

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY, { recursive: true });
const browser = await launch();
try {
  for (const language of ['ja', 'en'] as const) await draw(browser, language);
} finally {
  await browser.close();
}
process.stdout.write(`${readdirSync(DIRECTORY).length} pictures in ${DIRECTORY}\n`);
