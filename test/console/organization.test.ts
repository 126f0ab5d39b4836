/** The page of the organization: accounts, units and control policies; and into a member account by role switch. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListOrganizationalUnitsForParentCommand,
  ListPoliciesCommand,
  ListRootsCommand,
  ListTargetsForPolicyCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Page } from 'playwright-core';
import { without } from '../clients/run.js';
import { seriousViolations } from './axe.js';
import { type Keys, openTab, setEditor, signIn, type Tab } from './browser.js';
import { openPlace, type Place, settingsOf } from './place.js';
import type { Label } from './texts.js';

const skip = without('chromium');

describe('an organization with a member account', { skip }, () => {
  let place: Place;
  let label: Label;
  let tab: Tab;
  let page: Page;
  let keys: Keys;
  let organizations: OrganizationsClient;
  let member: string;

  before(async () => {
    place = await openPlace();
    label = place.label('en');
    organizations = new OrganizationsClient(settingsOf(place.server));
    keys = await place.newUser('org-admin', 'AdministratorAccess');
    tab = await openTab(place.browser, 'en');
    page = tab.page;
    await signIn(page, place.server, keys, '/organization');
  });
  after(async () => {
    await tab.context.close();
    await place.close();
  });

  const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click();
  const submit = async () => {
    await page.getByTestId('submit').last().click();
    await page.getByTestId('submit').waitFor({ state: 'detached' });
  };
  const open = (path: string) => page.goto(`${place.server.consoleUrl}${path}`);
  const rootId = async () => (await organizations.send(new ListRootsCommand({}))).Roots![0]!.Id!;

  test('an account is created', async () => {
    await press(label('organization.create'));
    await submit();
    await press(label('organization.createAccount'));
    await page.fill('input[name=account-name]', 'workload');
    await page.fill('input[name=email]', 'workload@example.com');
    await submit();
    await page.getByRole('row').filter({ hasText: 'workload@example.com' }).waitFor();
    assert.deepEqual(await seriousViolations(page), []);
    const { Accounts } = await organizations.send(new ListAccountsCommand({}));
    const made = Accounts!.find(({ Name }) => Name === 'workload');
    assert.equal(made!.Status, 'ACTIVE');
    member = made!.Id!;
  });

  test('it moves into a unit', async () => {
    await open('/organization?tab=units');
    await press(label('organization.createUnit'));
    await page.fill('input[name=unit-name]', 'teams');
    await submit();
    await page.getByText('teams', { exact: true }).waitFor();
    const account = page.getByText(`workload (${member})`).locator('xpath=ancestor::*[.//button][1]');
    await account.getByRole('button', { name: label('organization.move') }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: label('organization.unit') })
      .click();
    await page.getByRole('option', { name: 'teams' }).click();
    await submit();
    const { OrganizationalUnits } = await organizations.send(
      new ListOrganizationalUnitsForParentCommand({ ParentId: await rootId() }),
    );
    const ParentId = OrganizationalUnits![0]!.Id;
    const { Accounts } = await organizations.send(new ListAccountsForParentCommand({ ParentId }));
    assert.deepEqual(
      Accounts!.map(({ Id }) => Id),
      [member],
    );
    assert.deepEqual(await seriousViolations(page), []);
  });

  const switchToMember = async () => {
    await open('/organization');
    const row = page.getByRole('row').filter({ hasText: 'workload@example.com' });
    await row.getByRole('link', { name: label('bar.switchRole') }).click();
    await page
      .locator('form')
      .getByRole('button', { name: label('switch.title'), exact: true })
      .click();
    await page
      .locator('#bar')
      .getByRole('button', { name: /workload/ })
      .first()
      .waitFor();
  };
  const switchBack = async () => {
    await page.locator('#bar').getByRole('button').last().click();
    await page.getByRole('menuitem', { name: label('bar.switchBack', { name: 'org-admin' }) }).click();
    await page
      .locator('#bar')
      .getByRole('button', { name: /org-admin/ })
      .first()
      .waitFor();
  };

  test('a control policy that is attached counts in the account, and no more once it is detached', async () => {
    await open('/organization?tab=policies');
    await page.getByRole('heading', { name: label('organization.SERVICE_CONTROL_POLICY') }).waitFor();
    const enabled = async () => {
      const { Roots } = await organizations.send(new ListRootsCommand({}));
      return Roots![0]!.PolicyTypes!.some(({ Type }) => Type === 'SERVICE_CONTROL_POLICY');
    };
    if (!(await enabled())) {
      await press(label('organization.enableType'));
      await submit();
      assert.ok(await enabled());
    }
    await press(label('iam.policy.create'));
    await page.fill('input[name=policy-name]', 'no-buckets');
    const Statement = [{ Effect: 'Deny', Action: 's3:CreateBucket', Resource: '*' }];
    await setEditor(page, JSON.stringify({ Version: '2012-10-17', Statement }));
    await submit();
    const row = page.getByRole('row').filter({ hasText: 'no-buckets' });
    await row.getByRole('button', { name: label('organization.targets') }).click();
    await page.fill('input[name=target]', member);
    await submit();
    const { Policies } = await organizations.send(
      new ListPoliciesCommand({ Filter: 'SERVICE_CONTROL_POLICY' }),
    );
    const PolicyId = Policies!.find(({ Name }) => Name === 'no-buckets')!.Id;
    const targets = async () =>
      (await organizations.send(new ListTargetsForPolicyCommand({ PolicyId }))).Targets!.map(
        ({ TargetId }) => TargetId,
      );
    assert.deepEqual(await targets(), [member]);

    await switchToMember();
    await open('/s3/buckets');
    const create = page.locator('button', { hasText: label('s3.buckets.create') });
    await create.and(page.locator('[aria-disabled=true]')).waitFor();
    await create.hover();
    await page
      .getByRole('tooltip')
      .getByText(/explicit deny in a service control policy/)
      .waitFor();
    await switchBack();

    await open('/organization?tab=policies');
    await row.getByRole('button', { name: label('organization.targets') }).click();
    await press(label('common.detach'));
    await page.getByTestId('submit').last().click();
    await page.getByText(label('organization.targets.none')).waitFor();
    assert.deepEqual(await targets(), []);
    assert.deepEqual(await seriousViolations(page), []);
  });

  test('a bucket that is made after the switch is the member account’s', async () => {
    await switchToMember();
    await open('/s3/buckets');
    await press(label('s3.buckets.create'));
    await page.fill('input[name=bucket-name]', 'workload-data');
    await submit();
    await page.getByRole('heading', { name: 'workload-data', level: 1 }).waitFor();
    const RoleArn = `arn:aws:iam::${member}:role/OrganizationAccountAccessRole`;
    const sts = new STSClient(settingsOf(place.server, keys));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
    const s3 = new S3Client(
      settingsOf(place.server, {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      }),
    );
    const names = async (client: S3Client) =>
      (await client.send(new ListBucketsCommand({}))).Buckets!.map(({ Name }) => Name);
    assert.deepEqual(await names(s3), ['workload-data']);
    assert.ok(!(await names(place.s3)).includes('workload-data'));
    assert.deepEqual(tab.complaints, []);
  });
});
