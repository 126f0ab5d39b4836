/** The pages of staging runs: jobs run for real, one of them broken off, and what the console says of them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { openJob, resumeJob, runJob, type StagingEvent } from '../../src/staging/index.js';
import { without } from '../clients/run.js';
import { seriousViolations } from './axe.js';
import { openTab, signIn, type Tab } from './browser.js';
import { openPlace, type Place, REGION } from './place.js';
import type { Label } from './texts.js';

const skip = without('chromium');
const BUCKET = 'page-bucket';
const ROWS = 3000;

describe('staging runs', { skip }, () => {
  let place: Place;
  let directory: string;
  let tab: Tab;
  let label: Label;

  before(async () => {
    place = await openPlace();
    label = place.label('en');
    directory = await mkdtemp(join(tmpdir(), 'karikagi-runs-'));
    process.env['RUNS_KEY'] = place.server.root!.accessKeyId;
    process.env['RUNS_SECRET'] = place.server.root!.secretAccessKey;
    const instance = await DuckDBInstance.create(join(directory, 'shop.duckdb'));
    const connection = await instance.connect();
    await connection.run(
      `CREATE TABLE orders AS SELECT n AS id, md5(n::VARCHAR) AS name FROM range(${ROWS}) AS numbers(n)`,
    );
    connection.closeSync();
    instance.closeSync();
    tab = await openTab(place.browser, 'en');
    await signIn(tab.page, place.server, place.server.root!);
  });
  after(async () => {
    await tab.context.close();
    await rm(directory, { recursive: true });
    await place.close();
  });

  async function jobOf(name: string) {
    const file = join(directory, `${name}.yaml`);
    const lines = [
      `job: ${name}`,
      'connection:',
      '  accessKey: {env: RUNS_KEY}',
      '  secretKey: {env: RUNS_SECRET}',
      `  bucket: ${BUCKET}`,
      `  region: ${REGION}`,
      `  endpoint: ${place.server.endpoint}`,
      'warehouse: {type: duckdb, path: shop.duckdb}',
      `unload: {table: orders, file: ${name}.csv}`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return openJob(file);
  }

  test('each job has its last run there, how far it is, and what to do', async () => {
    const { page } = tab;
    const done = await jobOf('done');
    await runJob(done);
    const broken = await jobOf('broken');
    const stop = ({ event }: StagingEvent) => {
      if (event === 'staged') throw new Error('broken off');
    };
    await assert.rejects(runJob(broken, { hear: stop }), /broken off/);

    await page.goto(`${place.server.consoleUrl}/staging`);
    await page.fill('input[name=bucket]', BUCKET);
    await page.fill('input[name=prefix]', done.prefix.replace(/done\/$/, ''));
    await page.getByRole('button', { name: label('staging.find') }).click();
    const row = (job: string) => page.getByRole('row').filter({ hasText: job });
    await row(done.prefix)
      .filter({ hasText: label('staging.step.done') })
      .waitFor();
    await row(broken.prefix)
      .filter({ hasText: label('staging.step.staged') })
      .filter({ hasText: String(ROWS) })
      .waitFor();
    assert.deepEqual(await seriousViolations(page), []);

    await row(broken.prefix).getByRole('link').click();
    await page
      .getByRole('heading', { level: 1, name: label('staging.of', { job: broken.prefix }) })
      .waitFor();
    await page.getByText(label('staging.step.staged.next')).waitFor();
    await page
      .getByRole('row')
      .filter({ hasText: /[0-9a-f]{64}/ })
      .first()
      .waitFor();
    assert.deepEqual(await seriousViolations(page), []);
    if (process.env['SEE']) await page.screenshot({ path: process.env['SEE'], fullPage: true });

    await resumeJob(broken);
    await page.reload();
    await page.getByText(label('staging.step.done.next')).waitFor();
  });

  test('an object of that name that is no state is no run, and a folder without one is none', async () => {
    for (const [Key, Body] of [
      ['other/a/state.json', '{"step":"done"}'],
      ['other/b/state.json', 'no JSON'],
      ['other/c/x', 'x'],
    ]) {
      await place.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: Key!, Body: Body! }));
    }
    await tab.page.goto(`${place.server.consoleUrl}/staging?bucket=${BUCKET}&prefix=other`);
    await tab.page.getByText(label('staging.none')).waitFor();
    assert.deepEqual(tab.complaints, []);
  });
});
