/** What the pages of simulation and organizations show and change. */
import assert from 'node:assert/strict';
import {
  ListOrganizationalUnitsForParentCommand,
  ListPoliciesCommand,
  ListRootsCommand,
} from '@aws-sdk/client-organizations';
import { button, type PageTest, submit } from './support.js';

export async function simulate(on: PageTest): Promise<void> {
  const { page, label, account, open } = on;
  const query = new URLSearchParams({
    principal: `arn:aws:iam::${account}:user/page-user`,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::page-bucket/x',
  });
  await open(`/simulate?${query}`);
  await page.getByText('page-user').first().waitFor();
  await page.getByTestId('simulate').click();
  await page.getByText(label('simulate.implicitDeny')).waitFor();
}

export async function organization(on: PageTest): Promise<void> {
  const { page, label, organizations, open } = on;
  await open('/organization');
  await button(on, label('organization.create')).click();
  await submit(on);
  await page.getByRole('tab', { name: label('organization.units') }).click();
  await button(on, label('organization.createUnit')).click();
  await page.fill('input[name=unit-name]', 'page-unit');
  await submit(on);
  await page.getByText('page-unit').waitFor();
  const { Roots } = await organizations.send(new ListRootsCommand({}));
  const { OrganizationalUnits } = await organizations.send(
    new ListOrganizationalUnitsForParentCommand({ ParentId: Roots![0]!.Id }),
  );
  assert.deepEqual(
    OrganizationalUnits!.map(({ Name }) => Name),
    ['page-unit'],
  );
  await page.getByRole('tab', { name: label('organization.policies') }).click();
  await button(on, label('iam.policy.create')).click();
  await page.fill('input[name=policy-name]', 'page-scp');
  await submit(on);
  await page.getByRole('button', { name: 'page-scp' }).waitFor();
  const { Policies } = await organizations.send(
    new ListPoliciesCommand({ Filter: 'SERVICE_CONTROL_POLICY' }),
  );
  assert.ok(Policies!.some(({ Name }) => Name === 'page-scp'));
}
