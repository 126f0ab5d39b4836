/** What each page changes, read back with the SDK; and what axe finds on any of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { without } from '../clients/run.js';
import { scriptsInNames } from './attacks.js';
import { seriousViolations } from './axe.js';
import { openTab, signIn, type Tab } from './browser.js';
import { refusedButtons } from './buttons.js';
import * as eventPages from './pages/events.js';
import * as further from './pages/further.js';
import * as iamPages from './pages/iam.js';
import * as kmsPages from './pages/kms.js';
import * as objectPages from './pages/objects.js';
import * as privilegePages from './pages/privilege.js';
import * as s3Pages from './pages/s3.js';
import type { PageTest } from './pages/support.js';
import { openPlace, type Place, settingsOf } from './place.js';
import type { Label } from './texts.js';

const skip = without('chromium');
let place: Place;

before(async () => {
  if (!skip) place = await openPlace();
});
after(async () => {
  if (!skip) await place.close();
});

describe('the pages', { skip }, () => {
  let tab: Tab;
  let label: Label;
  const open = async (path: string) => {
    await tab.page.goto(`${place.server.consoleUrl}${path}`);
  };
  const on = (): PageTest => ({
    page: tab.page,
    label,
    account: place.server.accountId,
    iam: place.iam,
    s3: place.s3,
    kms: new KMSClient(settingsOf(place.server)),
    organizations: new OrganizationsClient(settingsOf(place.server)),
    open,
  });

  before(async () => {
    label = place.label('en');
    tab = await openTab(place.browser, 'en');
    await signIn(tab.page, place.server, place.server.root!);
  });
  after(() => tab.context.close());

  const parts = {
    iam: iamPages,
    kms: kmsPages,
    s3: s3Pages,
    objects: objectPages,
    events: eventPages,
    privilege: privilegePages,
    further,
  };
  for (const [part, pages] of Object.entries(parts)) {
    for (const [name, run] of Object.entries(pages)) {
      test(`${part} ${name}: what is changed there is changed`, () => run(on()));
    }
  }

  const paths = [
    '/',
    '/iam/users',
    '/iam/users/page-user',
    '/iam/users/page-user?tab=keys',
    '/iam/users/page-user?tab=groups',
    '/iam/users/page-user?tab=console',
    '/iam/users/page-user?tab=tags',
    '/iam/groups',
    '/iam/groups/page-group',
    '/iam/groups/page-group?tab=permissions',
    '/iam/roles',
    '/iam/roles/page-account',
    '/iam/roles/page-account?tab=trust',
    '/iam/roles/page-account?tab=tags',
    '/iam/roles/page-account?tab=sessions',
    '/iam/roles/privilege-role?tab=unused',
    '/iam/users/privilege-user?tab=unused',
    '/iam/create-role',
    '/iam/policies',
    '/iam/create-policy',
    '/iam/providers',
    '/account',
    '/sessions',
    '/s3/buckets',
    '/s3/buckets/page-bucket',
    '/s3/buckets/page-bucket?tab=properties',
    '/s3/buckets/page-bucket?tab=permissions',
    '/s3/object/page-made?key=papers%2Fdoc.txt',
    '/kms/keys',
    '/denied',
    '/events',
    '/simulate',
    '/organization',
    '/organization?tab=units',
    '/organization?tab=policies',
    '/setup',
    '/setup/remove',
    '/staging',
    '/staging?bucket=page-bucket',
    '/switchrole',
  ];
  /** Those whose address is known once what they show is there. */
  const morePaths = async () => {
    const { Keys: found } = await on().kms.send(new ListKeysCommand({}));
    const oidc = `arn:aws:iam::${place.server.accountId}:oidc-provider/accounts.example.com`;
    const saml = `arn:aws:iam::${place.server.accountId}:saml-provider/page-saml`;
    const policy = `arn:aws:iam::${place.server.accountId}:policy/page-policy`;
    return [
      ...['', '?tab=aliases', '?tab=grants', '?tab=rotation', '?tab=tags'].map(
        query => `/kms/keys/${found![0]!.KeyId}${query}`,
      ),
      ...[oidc, saml].map(arn => `/iam/providers/${encodeURIComponent(arn)}`),
      `/iam/policies/${encodeURIComponent(policy)}`,
    ];
  };

  test('axe finds nothing serious on any page (English, light)', async () => {
    const other = await openTab(place.browser, 'en');
    await other.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const found: string[] = [];
    await other.page.goto(place.server.consoleUrl!);
    await other.page.getByTestId('sign-in').waitFor();
    found.push(...(await seriousViolations(other.page)));
    await signIn(other.page, place.server, place.server.root!);
    for (const path of [...paths, ...(await morePaths())]) {
      await other.page.goto(`${place.server.consoleUrl}${path}`);
      await other.page.getByRole('heading', { level: 1 }).first().waitFor();
      // What comes later, such as the editor, is looked at as well.
      await other.page.waitForLoadState('networkidle');
      found.push(...(await seriousViolations(other.page)).map(text => `${path} ${text}`));
    }
    await other.context.close();
    assert.deepEqual(found, []);
  });

  test('who has few rights can press nothing that changes something, and sees why; nor has axe anything to say (Japanese, dark)', async () => {
    const other = await openTab(place.browser, 'ja');
    await other.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    const found: string[] = [];
    const see = async (path: string) => {
      found.push(...(await seriousViolations(other.page)).map(text => `${path} ${text}`));
    };
    const walk = { page: other.page, label: place.label('ja'), paths: [...paths, ...(await morePaths())] };
    const refused = await refusedButtons(place, walk, see);
    await other.context.close();
    assert.deepEqual(found, []);
    const count = [...refused.values()].flat().length;
    assert.ok(count >= 100, `buttons with a reason: ${count}`);
    for (const path of ['/iam/users', '/iam/roles', '/s3/buckets', '/kms/keys', '/iam/providers']) {
      assert.ok(refused.get(path)!.length > 0, path);
    }
  });

  test('reload, back and deep links stay where they are', async () => {
    const { page } = tab;
    await open('/iam/users/page-user?tab=tags');
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await page.reload();
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await page
      .getByRole('link', { name: label('nav.buckets') })
      .first()
      .click();
    await page.getByRole('link', { name: 'page-bucket' }).waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: label('common.tags'), selected: true }).waitFor();
    await open('/no/such/page');
    await page.getByText(label('error.notFound')).waitFor();
  });

  test('scripts in names, keys and policies are shown, not run', async () => {
    await scriptsInNames(tab.page, place.server.consoleUrl!, { iam: place.iam, s3: place.s3 });
  });

  test('the pages complained of nothing', () => assert.deepEqual(tab.complaints, []));
});
