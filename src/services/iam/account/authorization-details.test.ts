import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { allow, openWorld, policy, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

const DOCUMENT = policy(allow('s3:GetObject'));
const AWS = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const OWN = 'arn:aws:iam::111122223333:policy/Own';

async function open() {
  const world = await openWorld();
  const { identity, account } = world;
  await identity.policies.create(account, { name: 'Own', document: DOCUMENT, description: 'mine' });
  await identity.policies.createVersion(account, OWN, DOCUMENT, true);
  await identity.users.create(account, { name: 'Bob', boundary: OWN, tags: [['Team', 'red']] });
  await identity.users.create(account, { name: 'Alice' });
  await identity.groups.create(account, { name: 'Staff' });
  await identity.groups.addUser(account, 'Staff', 'Bob');
  await identity.entityPolicies.putInline(account, 'user', 'Bob', { name: 'in', document: DOCUMENT });
  await identity.entityPolicies.attach(account, 'group', 'Staff', AWS);
  const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });
  await identity.roles.create(account, { name: 'App', trust });
  await identity.instanceProfiles.create(account, { name: 'Machine' });
  await identity.instanceProfiles.addRole(account, 'Machine', 'App');
  const service = iamService({ identity });
  return (input: object = {}) =>
    run<iam.GetAccountAuthorizationDetailsResponse>(
      world,
      service,
      world.root,
      'GetAccountAuthorizationDetails',
      input,
    );
}

test('everything of the account with all that belongs to it', async () => {
  const details = await (await open())();
  const [alice, bob] = details.UserDetailList!;
  assert.equal(alice?.UserName, 'Alice');
  assert.deepEqual(bob?.GroupList, ['Staff']);
  assert.deepEqual(bob?.UserPolicyList, [
    { PolicyName: 'in', PolicyDocument: encodeURIComponent(DOCUMENT).replace(/\*/g, '%2A') },
  ]);
  assert.equal(bob?.PermissionsBoundary?.PermissionsBoundaryArn, OWN);
  assert.deepEqual(bob?.Tags, [{ Key: 'Team', Value: 'red' }]);
  assert.deepEqual(details.GroupDetailList?.[0]?.AttachedManagedPolicies, [
    { PolicyName: 'AmazonS3ReadOnlyAccess', PolicyArn: AWS },
  ]);
  assert.deepEqual(
    details.RoleDetailList?.[0]?.InstanceProfileList?.map(({ InstanceProfileName }) => InstanceProfileName),
    ['Machine'],
  );
  const [own, aws] = details.Policies!;
  assert.equal(own?.Arn, OWN);
  assert.equal(own?.Description, 'mine');
  assert.deepEqual(
    own?.PolicyVersionList?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
    [
      ['v2', true],
      ['v1', false],
    ],
  );
  assert.deepEqual([aws?.Arn, aws?.AttachmentCount], [AWS, 1]);
  assert.equal(details.Policies?.length, 2);
  assert.equal(details.IsTruncated, false);
});

test('only what is asked for', async () => {
  const ask = await open();
  const details = await ask({ Filter: ['Role', 'AWSManagedPolicy'] });
  assert.deepEqual(
    [details.UserDetailList, details.GroupDetailList, details.RoleDetailList, details.Policies].map(
      list => list?.length,
    ),
    [0, 0, 1, 1],
  );
});

test('page by page, everything once', async () => {
  const ask = await open();
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page: iam.GetAccountAuthorizationDetailsResponse = await ask({ MaxItems: 1, Marker });
    const found = [
      ...page.UserDetailList!.map(({ UserName }) => UserName!),
      ...page.GroupDetailList!.map(({ GroupName }) => GroupName!),
      ...page.RoleDetailList!.map(({ RoleName }) => RoleName!),
      ...page.Policies!.map(({ PolicyName }) => PolicyName!),
    ];
    assert.equal(found.length, 1);
    names.push(...found);
    Marker = page.Marker;
  } while (Marker !== undefined);
  assert.deepEqual(names, ['Alice', 'Bob', 'Staff', 'App', 'Own', 'AmazonS3ReadOnlyAccess']);
});
