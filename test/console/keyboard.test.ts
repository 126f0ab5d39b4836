/** The main pages with the keyboard alone: Tab, Enter, Space, Escape and the arrows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Locator, Page } from 'playwright-core';
import { without } from '../clients/run.js';
import { until } from '../support/until.js';
import { openTab, type Tab } from './browser.js';
import { openPlace, type Place } from './place.js';
import type { Label } from './texts.js';

const skip = without('chromium');

/** More stops than any page has. */
const STOPS = 150;

/** Whether the element, or something in it, has the focus. */
const hasFocus = (target: Locator) =>
  target.evaluate(element => {
    const { activeElement } = (element as unknown as { ownerDocument: { activeElement: unknown } })
      .ownerDocument;
    return element === activeElement || (element as unknown as Within).contains(activeElement);
  });
interface Within {
  contains(other: unknown): boolean;
}

/** Presses Tab until the focus is there. */
async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.first().waitFor();
  for (let stops = 0; stops < STOPS; stops++) {
    if (await hasFocus(target.first())) return;
    await page.keyboard.press(key);
  }
  assert.fail(`the keyboard does not reach ${target}`);
}

describe('with the keyboard alone', { skip }, () => {
  let place: Place;
  let label: Label;
  let tab: Tab;
  let page: Page;

  before(async () => {
    place = await openPlace();
    label = place.label('en');
    tab = await openTab(place.browser, 'en');
    page = tab.page;
  });
  after(async () => {
    await tab.context.close();
    await place.close();
  });

  const open = (path: string) => page.goto(`${place.server.consoleUrl}${path}`);
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  test('one signs in', async () => {
    await open('/iam/users');
    await page.locator('input[name=access-key]').waitFor();
    // The way of signing in is a list: Enter opens it, Escape closes it again.
    await tabTo(page, page.getByRole('button', { name: label('signIn.how') }));
    await page.keyboard.press('Enter');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Escape');
    await tabTo(page, page.locator('input[name=access-key]'));
    await page.keyboard.type(place.server.root!.accessKeyId);
    await tabTo(page, page.locator('input[name=secret]'));
    await page.keyboard.type(place.server.root!.secretAccessKey);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'page-user' }).waitFor();
  });

  test('a dialog takes the focus, holds it, and gives it back', async () => {
    await open('/iam/users');
    const create = button(label('iam.users.create'));
    await tabTo(page, create);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.waitForFunction(`document.activeElement.closest('[role=dialog]') !== null`);
    for (let stops = 0; stops < 25; stops++) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(`document.activeElement.closest('[role=dialog]') !== null`));
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await until(() => hasFocus(create));
  });

  test('a role is created with the wizard', async () => {
    await open('/iam/roles');
    await tabTo(page, button(label('iam.roles.create')));
    await page.keyboard.press('Enter');
    // The radio buttons are one stop; the arrows choose.
    await tabTo(page, page.getByRole('radio').first());
    await page.keyboard.press('ArrowDown');
    const account = page.getByRole('radio', { name: new RegExp(`^${label('createRole.account')}`) });
    await account.and(page.locator(':checked')).first().waitFor();
    // The editor takes Tab as a way on, not as a character.
    await tabTo(page, button(label('common.next')));
    await page.keyboard.press('Enter');
    await page.getByText(label('iam.boundary')).first().waitFor();
    await tabTo(page, button(label('common.next')));
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('input[name=role-name]'));
    await page.keyboard.type('typed-role');
    await tabTo(page, button(label('iam.roles.create')));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'typed-role', level: 1 }).waitFor();
    await place.iam.send(new GetRoleCommand({ RoleName: 'typed-role' }));
    // The arrows go from tab to tab.
    await tabTo(page, page.getByRole('tab').first());
    await page.keyboard.press('ArrowRight');
    if (!(await page.getByRole('tab', { name: label('iam.trust'), selected: true }).isVisible())) {
      await page.keyboard.press('Enter');
    }
    await page.getByRole('tab', { name: label('iam.trust'), selected: true }).waitFor();
  });

  test('an object is found in its folder, chosen and deleted', async () => {
    for (const Key of ['folder/one.txt', 'folder/two.txt']) {
      await place.s3.send(new PutObjectCommand({ Bucket: 'page-bucket', Key, Body: 'x' }));
    }
    await open('/s3/buckets/page-bucket');
    const grid = page.getByRole('grid', { name: label('s3.objects') });
    await page.getByRole('link', { name: 'folder/' }).waitFor();
    await tabTo(page, grid);
    await arrowTo(page.getByRole('link', { name: 'folder/' }));
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'one.txt' }).waitFor();
    await tabTo(page, grid);
    const row = page.getByRole('row').filter({ hasText: 'one.txt' });
    await arrowTo(row.getByRole('checkbox'));
    await page.keyboard.press('Space');
    await row.getByRole('checkbox').and(page.locator(':checked')).waitFor();
    const actions = page
      .locator('section')
      .getByRole('button', { name: label('common.actions'), exact: true });
    await tabTo(page, actions, 'Shift+Tab');
    await page.keyboard.press('Enter');
    const remove = page.getByRole('menuitem', { name: label('common.delete') });
    await remove.waitFor();
    for (let steps = 0; steps < 10 && !(await hasFocus(remove)); steps++) {
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByTestId('submit'));
    await page.keyboard.press('Enter');
    await page.getByTestId('submit').waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    const { Contents } = await place.s3.send(new ListObjectsV2Command({ Bucket: 'page-bucket' }));
    assert.deepEqual(
      Contents!.map(({ Key }) => Key),
      ['folder/two.txt'],
    );
  });

  /** Within a grid the arrows go from cell to cell, row by row. */
  async function arrowTo(target: Locator): Promise<void> {
    for (let row = 0; row < 6; row++) {
      await page.keyboard.press('Home');
      for (let column = 0; column < 6; column++) {
        if (await hasFocus(target)) return;
        await page.keyboard.press('ArrowRight');
      }
      await page.keyboard.press('ArrowDown');
    }
    assert.fail(`the arrows do not reach ${target}`);
  }

  test('the pages complained of nothing', () => assert.deepEqual(tab.complaints, []));
});
