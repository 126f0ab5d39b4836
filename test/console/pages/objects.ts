/** What one does with objects: uploads that pause and stop, moves, older versions, locks, metadata, many keys. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { button, type PageTest, submit } from './support.js';

/** More than a table holds at a time. */
const KEYS = 2030;

const Bucket = 'page-bucket';

async function put(s3: S3Client, keys: readonly string[], Body = 'x'): Promise<void> {
  const left = [...keys];
  const work = async () => {
    for (let Key = left.pop(); Key !== undefined; Key = left.pop()) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

async function keysUnder(s3: S3Client, Prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map(({ Key }) => Key!);
}

/** A folder with what is in it. */
export async function moves(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  await put(s3, ['from/a.txt', 'from/deep/b.txt']);
  await open('/s3/buckets/page-bucket');
  await page.getByRole('row').filter({ hasText: 'from/' }).getByRole('checkbox').check();
  await page
    .locator('section')
    .getByRole('button', { name: label('common.actions'), exact: true })
    .click();
  await page.getByRole('menuitem', { name: label('s3.move'), exact: true }).click();
  await page.fill('input[name=to-prefix]', 'to/');
  await submit(on);
  assert.deepEqual(await keysUnder(s3, 'to/'), ['to/from/a.txt', 'to/from/deep/b.txt']);
  assert.deepEqual(await keysUnder(s3, 'from/'), []);
}

/** In the bucket with versions and locks of the test that creates one. */
export async function versionsAndLocks(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  const object = { Bucket: 'page-made', Key: 'papers/doc.txt' };
  for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ ...object, Body }));
  await open(`/s3/object/page-made?${new URLSearchParams({ key: object.Key })}`);
  await page.getByRole('button', { name: label('s3.version.restore') }).click();
  await submit(on);
  const got = await s3.send(new GetObjectCommand(object));
  assert.equal(await got.Body!.transformToString(), 'one');

  await button(on, label('s3.metadata.edit')).click();
  await page.fill('input[name=content-type]', 'text/markdown');
  await page.getByRole('button', { name: label('s3.metadata.add') }).click();
  await page.getByLabel(label('common.tag.key'), { exact: true }).last().fill('author');
  await page.getByLabel(label('common.tag.value'), { exact: true }).last().fill('ann');
  await submit(on);
  const head = await s3.send(new HeadObjectCommand(object));
  assert.deepEqual([head.ContentType, head.Metadata], ['text/markdown', { author: 'ann' }]);

  await page.getByRole('tab', { name: label('s3.lock') }).click();
  await button(on, label('s3.hold.on')).click();
  await submit(on);
  await button(on, label('s3.hold.off')).waitFor();
  const { LegalHold } = await s3.send(new GetObjectLegalHoldCommand(object));
  assert.equal(LegalHold!.Status, 'ON');
  await button(on, label('s3.retention.set')).click();
  await page.getByPlaceholder('YYYY/MM/DD').fill('2099/12/31');
  await submit(on);
  const { Retention } = await s3.send(new GetObjectRetentionCommand(object));
  assert.equal(Retention!.Mode, 'GOVERNANCE');
  // The date is the reader's: midnight in Tokyo.
  assert.equal(Retention!.RetainUntilDate!.toISOString(), '2099-12-30T15:00:00.000Z');
}

/** Files and a folder that are dragged onto the page; parts that wait; one upload that is given up. */
export async function uploads(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  const directory = mkdtempSync(join(tmpdir(), 'dragged-'));
  mkdirSync(join(directory, 'photos', 'deep'), { recursive: true });
  writeFileSync(join(directory, 'photos', 'one.txt'), '1');
  writeFileSync(join(directory, 'photos', 'deep', 'two.txt'), '2');
  writeFileSync(join(directory, 'three.txt'), '3');
  try {
    await open(`/s3/buckets/page-bucket?${new URLSearchParams({ prefix: 'drag/' })}`);
    await page.getByText(label('s3.objects.none')).waitFor();
    await drop(on, [join(directory, 'photos'), join(directory, 'three.txt')]);
    await page.locator('[data-testid=upload][data-status=done]').nth(2).waitFor();
    assert.deepEqual(await keysUnder(s3, 'drag/'), [
      'drag/photos/deep/two.txt',
      'drag/photos/one.txt',
      'drag/three.txt',
    ]);
    await page.getByRole('button', { name: label('upload.clear') }).click();
  } finally {
    rmSync(directory, { recursive: true });
  }
  await stopped(on);
}

/** By the browser's own drag and drop, which alone hands over folders. */
async function drop({ page }: PageTest, files: readonly string[]): Promise<void> {
  const box = (await page.locator('section').boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await session.send('Input.dispatchDragEvent', { type, ...at, data });
  }
  await session.detach();
}

async function stopped(on: PageTest): Promise<void> {
  const { page, label, s3 } = on;
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  await page.route(/partNumber=/, async route => {
    await opened;
    // A part that was stopped meanwhile is gone.
    await route.continue().catch(() => undefined);
  });
  const row = (name: string) => page.getByTestId('upload').filter({ hasText: name });
  const buffer = Buffer.alloc(14 * 1024 * 1024, 3);
  const mimeType = 'application/octet-stream';
  const begun = page.waitForRequest(/given-up\.bin.*partNumber=/);
  await page.getByTestId('files').setInputFiles([
    { name: 'goes-on.bin', mimeType, buffer },
    { name: 'given-up.bin', mimeType, buffer },
  ]);
  await page.getByRole('button', { name: `${label('upload.pause')} drag/goes-on.bin` }).click();
  await page.locator('[data-status=paused]').waitFor();
  // Its upload has begun at the server.
  await begun;
  await page.getByRole('button', { name: `${label('common.cancel')} drag/given-up.bin` }).click();
  await row('given-up.bin').getByText(label('upload.canceled')).waitFor();
  open();
  await page.getByRole('button', { name: `${label('upload.resume')} drag/goes-on.bin` }).click();
  await page.locator('[data-testid=upload][data-status=done]').waitFor();
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'drag/goes-on.bin' }));
  assert.equal(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), buffer), 0);
  await page.unroute(/partNumber=/);
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  assert.deepEqual(Uploads, []);
}

/** Far more keys than a page of the list or of the API: what is drawn stays little, and each is found. */
export async function manyKeys(on: PageTest): Promise<void> {
  const { page, label, s3, open } = on;
  const name = (number: number) => `many/k${String(number).padStart(5, '0')}`;
  await put(
    s3,
    Array.from({ length: KEYS }, (_, number) => name(number)),
  );
  await open(`/s3/buckets/page-bucket?${new URLSearchParams({ prefix: 'many/' })}`);
  await page.getByText('(1000+)').waitFor();
  const next = page.getByRole('button', { name: 'Next page' });
  for (let first = 50; first <= 1000; first += 50) {
    await next.click();
    await page.getByRole('link', { name: name(first).slice('many/'.length), exact: true }).waitFor();
    assert.ok((await page.getByRole('row').count()) <= 51);
  }
  // Behind the thousandth key the API was asked once more.
  await page.getByText('(2000+)').waitFor();
  // That is what is held at a time: on without it, and back.
  await button(on, label('common.goOn')).click();
  await page.getByText(`(${KEYS - 2000})`).waitFor();
  await page.getByRole('link', { name: name(2000).slice('many/'.length), exact: true }).waitFor();
  await button(on, label('common.fromBeginning')).click();
  await page.getByRole('link', { name: 'k00000' }).waitFor();
  await page.getByLabel(label('s3.search')).fill('many/k0200');
  await page.getByLabel(label('s3.search')).press('Enter');
  await page.getByRole('link', { name: 'k02009' }).waitFor();
  await page.getByText('(10)').waitFor();
}
