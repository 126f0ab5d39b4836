import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addAccount, addUser, allow, refusal } from '../harness.test.support.js';
import { openKarikagi } from './karikagi.test.support.js';

const KEY = '1234abcd-12ab-34cd-56ef-1234567890ab';
const RegionName = 'us-east-1';

suite('copies of keys', () => {
  test('have the id of the original and material of their own, whatever the origin of the original', async () => {
    const world = await openKarikagi();
    const AccountId = world.account.id;
    const input = { AccountId, RegionName, KeyId: KEY, Origin: 'EXTERNAL', Description: 'a copy' };
    const { KeyArn } = await world.ask('CreateKeyCopy', input);
    assert.equal(KeyArn, `arn:aws:kms:us-east-1:${AccountId}:key/${KEY}`);
    const key = await world.keys.keys.find(AccountId, RegionName, KEY);
    assert.equal(key?.description, 'a copy');
    assert.equal(key?.materials.length, 1);
    assert.ok(key?.materials[0]?.wrapped);
    assert.match(key?.policy ?? '', new RegExp(`arn:aws:iam::${AccountId}:root`));
  });

  test('take the id that a multi-Region key or the AWS managed key of S3 has', async () => {
    const world = await openKarikagi();
    const AccountId = world.account.id;
    const id = `mrk-${'a'.repeat(32)}`;
    await world.ask('CreateKeyCopy', { AccountId, RegionName, KeyId: id });
    assert.deepEqual((await world.keys.keys.find(AccountId, RegionName, id))?.related?.primary, RegionName);
    await world.ask('CreateKeyCopy', { AccountId, RegionName, KeyId: KEY, KeyManager: 'AWS' });
    assert.equal(await world.keys.keys.findAlias(AccountId, RegionName, 'alias/aws/s3'), KEY);
  });

  test('are refused where the id is taken, or is none, or the key is one that is not made here', async () => {
    const world = await openKarikagi();
    const AccountId = world.account.id;
    const make = (more: object) => world.ask('CreateKeyCopy', { AccountId, RegionName, KeyId: KEY, ...more });
    await make({});
    const before = await world.keys.keys.find(AccountId, RegionName, KEY);
    await assert.rejects(make({ Description: 'other' }), refusal('ConflictException'));
    assert.deepEqual(await world.keys.keys.find(AccountId, RegionName, KEY), before);
    const KeyId = KEY.replace('1', '2');
    await assert.rejects(make({ KeyId: 'x' }), refusal('ValidationException'));
    await assert.rejects(make({ KeyId, RegionName: 'cn-north-1' }), refusal('ValidationException'));
    await assert.rejects(make({ KeyId, KeySpec: 'SM2' }), refusal('UnsupportedOperationException'));
    await assert.rejects(make({ KeyId, Origin: 'AWS_CLOUDHSM' }), refusal('UnsupportedOperationException'));
    await assert.rejects(make({ KeyId, AccountId: '999988887777' }), refusal('ResourceNotFoundException'));
    // The same id in another account is another key.
    const other = await addAccount(world, '444455556666');
    await make({ AccountId: other.account.id });
  });
});

const ids = { OrganizationId: 'o-abcdefghij', RootId: 'r-ab12' };
const UNIT = 'ou-ab12-11111111';
const LOWER = 'ou-ab12-22222222';
const DENY =
  '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}}';

suite('copies of organizations', () => {
  test('have the ids of the original; who is not there is made, who is there joins by an invitation', async () => {
    const world = await openKarikagi();
    const { identity } = world;
    const { account: member } = await addAccount(world, '444455556666');
    const input = { ...ids, ManagementAccountId: world.account.id };
    await world.ask('CreateOrganizationCopy', {
      ...input,
      OrganizationalUnits: [
        { Id: UNIT, Name: 'upper', ParentId: ids.RootId },
        { Id: LOWER, Name: 'lower', ParentId: UNIT },
      ],
    });
    const Policies = [
      { PolicyId: 'p-11111111', PolicyType: 'SERVICE_CONTROL_POLICY', Name: 'no', Content: DENY },
    ];
    const Accounts = [
      { Id: world.account.id, Name: 'the first', ParentId: UNIT },
      { Id: member.id, Name: 'the member', ParentId: LOWER },
      { Id: '000000000001', Name: 'the new one', ParentId: ids.RootId },
    ];
    await world.ask('CreateOrganizationCopy', { ...input, Policies, Accounts });
    assert.deepEqual((await identity.accounts.find(member.id))?.organization, undefined);
    assert.notEqual((await identity.accounts.find(member.id))?.name, 'the member');
    const { invitations } = identity.organizations;
    const made = await identity.organizations.of((await identity.accounts.find(world.account.id))!);
    await invitations.close(await invitations.invite(made, member.id, undefined, []), 'ACCEPTED');
    await world.ask('CreateOrganizationCopy', { ...input, Accounts });
    const home = await identity.accounts.find(world.account.id);
    const organization = await identity.organizations.of(home!);
    assert.equal(organization.id, ids.OrganizationId);
    assert.deepEqual(home?.organization?.path, [ids.RootId, UNIT]);
    assert.equal(home?.name, 'the first');
    const found = await identity.accounts.find(member.id);
    assert.deepEqual(found?.organization, {
      id: ids.OrganizationId,
      path: [ids.RootId, UNIT, LOWER],
      management: false,
    });
    assert.equal((await identity.organizations.policies.get(organization.id, 'p-11111111')).name, 'no');
    const children = (parent: string) =>
      identity.organizations.units.children(organization, parent, 'account', { limit: 9 });
    assert.deepEqual(await children(ids.RootId), ['000000000001']);
    assert.deepEqual(await children(LOWER), [member.id]);
    const role = await identity.roles.get('000000000001', 'OrganizationAccountAccessRole');
    assert.match(role.trust, new RegExp(world.account.id));
  });

  test('take in nothing that is of another organization', async () => {
    const world = await openKarikagi();
    const { account: other } = await addAccount(world, '444455556666');
    const { account: member } = await addAccount(world, '555566667777');
    const first = { ...ids, ManagementAccountId: world.account.id };
    const second = { OrganizationId: 'o-zzzzzzzzzz', RootId: 'r-zz99', ManagementAccountId: other.id };
    const copy = (input: object) => world.ask('CreateOrganizationCopy', input);
    await copy(first);
    const { invitations } = world.identity.organizations;
    const home = await world.identity.accounts.find(world.account.id);
    const made = await world.identity.organizations.of(home!);
    await invitations.close(await invitations.invite(made, member.id, undefined, []), 'ACCEPTED');
    await assert.rejects(copy({ ...first, ManagementAccountId: other.id }), refusal('ConflictException'));
    await assert.rejects(
      copy({ ...second, ManagementAccountId: world.account.id }),
      refusal('ConflictException'),
    );
    await copy(second);
    const Accounts = [{ Id: member.id, Name: 'm', ParentId: 'r-zz99' }];
    await assert.rejects(copy({ ...second, Accounts }), refusal('ConflictException'));
    const OrganizationalUnits = [{ Id: UNIT, Name: 'x', ParentId: 'r-zz99' }];
    await assert.rejects(copy({ ...second, OrganizationalUnits }), refusal('ValidationException'));
    const lost = [{ Id: UNIT, Name: 'x', ParentId: LOWER }];
    await assert.rejects(copy({ ...first, OrganizationalUnits: lost }), refusal('ResourceNotFoundException'));
    const Policies = [
      { PolicyId: 'p-11111111', PolicyType: 'SERVICE_CONTROL_POLICY', Name: 'x', Content: '{}' },
    ];
    await assert.rejects(copy({ ...first, Policies }), refusal('ValidationException'));
  });
});

test('copies are made by administrators of the first account alone, whatever the policies of others say', async () => {
  const world = await openKarikagi();
  const other = await addAccount(world, '444455556666');
  const plain = await addUser(world, world.account, 'plain', allow('iam:*'));
  const inputs = {
    CreateKeyCopy: { AccountId: other.account.id, RegionName, KeyId: KEY },
    CreateOrganizationCopy: { ...ids, ManagementAccountId: other.account.id },
  };
  for (const [operation, input] of Object.entries(inputs)) {
    await assert.rejects(world.ask(operation, input, other.root), refusal('AccessDeniedException'));
    await assert.rejects(world.ask(operation, input, plain), refusal('AccessDenied'));
  }
});
