/** What the pages of KMS change, read back with the SDK. */
import assert from 'node:assert/strict';
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListGrantsCommand,
} from '@aws-sdk/client-kms';
import { setEditor } from '../browser.js';
import { button, chooseAll, type PageTest, submit, tag } from './support.js';

export async function key(on: PageTest): Promise<void> {
  const { page, label, kms, account, open } = on;
  await open('/kms/keys');
  await button(on, label('kms.keys.create')).click();
  await page.fill('input[name=alias]', 'page-key');
  await submit(on);
  await page.getByRole('heading', { name: label('common.summary') }).waitFor();
  const described = async () =>
    (await kms.send(new DescribeKeyCommand({ KeyId: 'alias/page-key' }))).KeyMetadata!;
  const KeyId = (await described()).KeyId!;
  const tab = (name: string) => page.getByRole('tab', { name: label(name) }).click();

  const root = {
    Sid: 'Page',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
  };
  const policy = { Version: '2012-10-17', Statement: [{ ...root, Resource: '*' }] };
  await page.getByRole('button', { name: `${label('common.edit')} ${label('kms.policy')}` }).click();
  await setEditor(page, JSON.stringify(policy));
  await page.getByTestId('save-policy').click();
  await page.getByTestId('save-policy').waitFor({ state: 'detached' });
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  assert.deepEqual(JSON.parse(Policy!), policy);

  await tab('kms.aliases');
  await button(on, label('kms.alias.add')).click();
  await page.fill('input[name=alias]', 'page-other');
  await submit(on);
  const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId }));
  assert.deepEqual(Aliases!.map(({ AliasName }) => AliasName).sort(), ['alias/page-key', 'alias/page-other']);

  await tab('kms.grants');
  await button(on, label('kms.grants.create')).click();
  const GranteePrincipal = `arn:aws:iam::${account}:user/page-user`;
  await page.fill('input[name=grantee]', GranteePrincipal);
  await chooseAll(on, label('policy.actions'), ['Decrypt', 'DescribeKey']);
  await page.fill('input[name=context]', 'app=page');
  await submit(on);
  await page.getByText(GranteePrincipal).waitFor();
  const granted = async () => (await kms.send(new ListGrantsCommand({ KeyId }))).Grants!;
  const [grant] = await granted();
  assert.deepEqual(
    [grant!.GranteePrincipal, grant!.Operations, grant!.Constraints],
    [GranteePrincipal, ['Decrypt', 'DescribeKey'], { EncryptionContextSubset: { app: 'page' } }],
  );
  await button(on, label('kms.grants.revoke')).click();
  await submit(on);
  assert.equal((await granted()).length, 0);

  await tab('kms.rotation');
  await button(on, label('kms.rotation.on')).click();
  await page.fill('input[name=period]', '180');
  await submit(on);
  const rotation = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  assert.deepEqual([rotation.KeyRotationEnabled, rotation.RotationPeriodInDays], [true, 180]);

  await tab('common.tags');
  await tag(on, 'team', 'storage');
  await button(on, label('kms.disable')).click();
  await submit(on);
  assert.equal((await described()).KeyState, 'Disabled');
  await button(on, label('kms.delete')).click();
  await submit(on);
  await button(on, label('kms.keepKey')).waitFor();
  assert.equal((await described()).KeyState, 'PendingDeletion');
}
