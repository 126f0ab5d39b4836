/** Every page as a caller with few rights sees it: what changes something cannot be pressed, and says why. */
import assert from 'node:assert/strict';
import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { until } from '../support/until.js';
import { signIn } from './browser.js';
import type { Place } from './place.js';
import type { Label } from './texts.js';

const USER = 'few-rights';

/** Keys of the texts of buttons that only show something, or change no more than the form that they stand in. */
const HARMLESS = [
  'common.refresh',
  'common.cancel',
  'common.next',
  'common.tag.add',
  'policy.show',
  'policy.format',
  'visual.visual',
  'visual.add',
  'visual.condition',
  'organization.targets',
  'bar.switchRole',
  's3.share',
  's3.download',
];
/** The same on one page alone. */
const HARMLESS_THERE: Readonly<Record<string, readonly string[]>> = {
  '/events': ['events.find', 'common.copy'],
  '/iam/create-policy': ['common.remove'],
  // Of what must not be read it shows the refusal.
  '/iam/roles/privilege-role?tab=unused': ['common.copy'],
  '/iam/users/privilege-user?tab=unused': ['common.copy'],
  '/simulate': ['common.add'],
  '/staging?bucket=page-bucket': ['staging.find'],
};

interface Buttons {
  /** Those that can be pressed. */
  readonly open: readonly string[];
  /** Those that say why not. */
  readonly refused: readonly string[];
}

/** The buttons of the page's content but tabs, menus and lists. */
async function buttonsOf(page: Page): Promise<Buttons> {
  return (await page.evaluate(`(() => {
    const all = [...document.querySelectorAll('main button:not([role=tab], [aria-haspopup], [aria-pressed])')]
      .filter(button => button.checkVisibility() && !button.closest('nav'));
    const name = button => button.getAttribute('aria-label') || button.innerText.trim();
    const reason = button => (button.getAttribute('aria-describedby') ?? '').split(' ')
      .map(id => document.getElementById(id)?.textContent ?? '').join(' ');
    const isOff = button => button.getAttribute('aria-disabled') === 'true';
    return {
      open: all.filter(button => !button.disabled && !isOff(button)).map(name),
      refused: all.filter(isOff).filter(button => /not authorized to perform/.test(reason(button))).map(name),
    };
  })()`)) as Buttons;
}

/**
 * Walks through the pages on the open tab: each button that is no harmless one is in the end disabled, with the API's
 * words. Resolves with the names of those, by page. `see` is called with each page that stands.
 */
export async function refusedButtons(
  place: Place,
  { page, label, paths }: { readonly page: Page; readonly label: Label; readonly paths: readonly string[] },
  see: (path: string) => Promise<void>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = await place.newUser(USER, 'ReadOnlyAccess');
  const Statement = [{ Effect: 'Allow', Action: ['karikagi:List*', 'karikagi:Get*'], Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await place.iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName: 'reads', PolicyDocument }));
  await signIn(page, place.server, keys);
  const found = new Map<string, readonly string[]>();
  for (const path of paths) {
    await page.goto(`${place.server.consoleUrl}${path}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle');
    const harmless = [...HARMLESS, ...(HARMLESS_THERE[path] ?? [])].map(key => label(key));
    const isHarmless = (name: string) =>
      name === '' ||
      harmless.includes(name) ||
      (path.endsWith('sessions') && showsSession(name, label)) ||
      // The name of a control policy shows it.
      (path === '/organization?tab=policies' && name === 'page-scp') ||
      // Of a row of tags, which are stored with the button below.
      (/=(tags|properties)$/.test(path) && name.startsWith(`${label('common.remove')} `));
    found.set(path, (await settled(page, path, isHarmless)).refused);
    await see(path);
  }
  return found;
}

/** What the page asks about its buttons is answered in time. */
async function settled(page: Page, path: string, isHarmless: (name: string) => boolean): Promise<Buttons> {
  let buttons: Buttons = { open: [], refused: [] };
  let open: string[] = [];
  await until(async () => {
    buttons = await buttonsOf(page);
    open = buttons.open.filter(name => !isHarmless(name));
    return open.length === 0;
  }).catch(() => assert.fail(`${path}: can be pressed, or do not say why not: ${open.join(', ')}`));
  return buttons;
}

/** A button with the name of a live session shows the session. */
function showsSession(name: string, label: Label): boolean {
  return !name.startsWith(label('iam.sessions.revoke')) && !name.startsWith(label('iam.sessions.revokeAll'));
}
