/** What the tests of pages have in common. */
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Page } from 'playwright-core';
import type { Label } from '../texts.js';

export interface PageTest {
  readonly page: Page;
  readonly label: Label;
  readonly account: string;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly organizations: OrganizationsClient;
  /** Opens an address of the console. */
  open(path: string): Promise<void>;
}

/** The first button of that name. */
export const button = ({ page }: PageTest, name: string) =>
  page.getByRole('button', { name, exact: true }).first();

/** Presses what a dialog ends with, and waits until it is gone. */
export async function submit({ page }: PageTest): Promise<void> {
  await page.getByTestId('submit').click();
  await page.getByTestId('submit').waitFor({ state: 'detached' });
}

/** Waits for the page of that title. */
export const heading = ({ page }: PageTest, name: string) =>
  page.getByRole('heading', { name, level: 1 }).waitFor();

/** Adds a tag in the tags tab of the open page. */
export async function tag(on: PageTest, key: string, value: string): Promise<void> {
  const { page, label } = on;
  await button(on, label('common.tag.add')).click();
  await page.getByLabel(label('common.tag.key'), { exact: true }).last().fill(key);
  await page.getByLabel(label('common.tag.value'), { exact: true }).last().fill(value);
  const save = page.getByRole('button', { name: label('common.save') }).last();
  await save.click();
  // With nothing left to save, the change has arrived.
  await page
    .getByRole('button', { name: label('common.save'), disabled: true })
    .last()
    .waitFor();
}

/** Chooses in a field of the open form. A long list draws what its filter finds. */
export async function choose(on: PageTest, field: string, option: string | RegExp): Promise<void> {
  const { page } = on;
  await page
    .getByRole('button', { name: new RegExp(`^${escaped(field)}`) })
    .last()
    .click();
  const found = page.getByRole('option', { name: option, exact: typeof option === 'string' }).first();
  await page.getByRole('option').first().waitFor();
  const filter = page.getByRole('listbox').locator('xpath=ancestor::*[.//input][1]').locator('input').last();
  if (typeof option === 'string' && (await filter.count()) > 0 && !(await found.isVisible())) {
    await filter.fill(option);
  }
  await found.click();
}

/** Chooses several in a field of the open form, and closes its list. */
export async function chooseAll(on: PageTest, field: string, options: readonly string[]): Promise<void> {
  const { page } = on;
  const list = page.getByRole('button', { name: new RegExp(`^${escaped(field)}`) }).last();
  await list.click();
  for (const name of options) await page.getByRole('option', { name, exact: true }).first().click();
  await list.click();
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
