import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import { allow, openWorld, policy, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = object>(operation: string, input: object = {}) =>
    run<O>(world, service, world.root, operation, input);
  return { world, root };
}

const trust = (principal: unknown) =>
  policy({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' });
const TRUST = trust({ AWS: 'arn:aws:iam::111122223333:root' });
const DOCUMENT = policy(allow('s3:GetObject'));

test('a role is made, shown and listed as IAM does', async () => {
  const { root } = await open();
  const Tags = [{ Key: 'Env', Value: 'prod' }];
  const { Role } = await root<iam.CreateRoleResponse>('CreateRole', {
    RoleName: 'App',
    Path: '/svc/',
    AssumeRolePolicyDocument: TRUST,
    Description: 'uploads',
    MaxSessionDuration: 7200,
    Tags,
  });
  assert.match(Role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/);
  const listed = {
    Path: '/svc/',
    RoleName: 'App',
    RoleId: Role?.RoleId,
    Arn: 'arn:aws:iam::111122223333:role/svc/App',
    CreateDate: new Date('2026-11-22T00:00:00Z'),
    AssumeRolePolicyDocument: encodeURIComponent(TRUST),
    Description: 'uploads',
    MaxSessionDuration: 7200,
  };
  // Recorded of AWS: CreateRole does not tell the longest session, GetRole and ListRoles do.
  const { MaxSessionDuration: _, ...created } = listed;
  assert.deepEqual(Role, { ...created, Tags });
  assert.deepEqual(await root('GetRole', { RoleName: 'app' }), {
    Role: { ...listed, Tags, RoleLastUsed: {} },
  });
  assert.deepEqual(await root('ListRoles', { PathPrefix: '/svc/' }), { Roles: [listed], IsTruncated: false });
  assert.deepEqual(await root('ListRoles', { PathPrefix: '/other/' }), { Roles: [], IsTruncated: false });
  await assert.rejects(
    root('CreateRole', { RoleName: 'APP', AssumeRolePolicyDocument: TRUST }),
    refusal('EntityAlreadyExists', 'Role with name APP already exists.'),
  );
});

// LocalStack's recordings of AWS, TestSTSAssumeRoleTagging and test_assume_role, create-role; GetRole has ARNs
// (aws-cdk#9334).
test('an account that a trust policy names by its id', async () => {
  const { root } = await open();
  const AssumeRolePolicyDocument = trust({ AWS: '111122223333' });
  const { Role: made } = await root<iam.CreateRoleResponse>('CreateRole', {
    RoleName: 'App',
    AssumeRolePolicyDocument,
  });
  assert.equal(made?.AssumeRolePolicyDocument, encodeURIComponent(AssumeRolePolicyDocument));
  const { Role: shown } = await root<iam.GetRoleResponse>('GetRole', { RoleName: 'App' });
  assert.equal(shown?.AssumeRolePolicyDocument, encodeURIComponent(TRUST));
});

test('a trust policy names what exists, and shows who is gone by id', async () => {
  const { world, root } = await open();
  const arn = 'arn:aws:iam::111122223333:user/Bob';
  const create = { RoleName: 'App', AssumeRolePolicyDocument: trust({ AWS: arn }) };
  await assert.rejects(
    root('CreateRole', create),
    refusal('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`),
  );
  await root('CreateUser', { UserName: 'Bob' });
  const { id } = await world.identity.users.get('111122223333', 'Bob');
  await root('CreateRole', create);
  const shown = async () => {
    const { Role } = await root<iam.GetRoleResponse>('GetRole', { RoleName: 'App' });
    return decodeURIComponent(Role!.AssumeRolePolicyDocument!);
  };
  assert.equal(await shown(), trust({ AWS: arn }));
  await root('DeleteUser', { UserName: 'Bob' });
  assert.equal(await shown(), trust({ AWS: id }));
  await root('CreateUser', { UserName: 'Bob' });
  assert.equal(await shown(), trust({ AWS: id }));
  await assert.rejects(
    root('UpdateAssumeRolePolicy', { RoleName: 'App', PolicyDocument: await shown() }),
    refusal('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${id}"`),
  );
  await root('UpdateAssumeRolePolicy', { RoleName: 'App', PolicyDocument: trust({ AWS: arn }) });
  assert.equal(await shown(), trust({ AWS: arn }));
});

test('a trust policy is checked as one and limited in size', async () => {
  const { root } = await open();
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST });
  const update = (PolicyDocument: string) =>
    root('UpdateAssumeRolePolicy', { RoleName: 'App', PolicyDocument });
  await assert.rejects(
    update(policy({ ...allow('sts:AssumeRole'), Principal: '*' })),
    refusal('MalformedPolicyDocument', /Resource/),
  );
  const long = policy({
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': 'x'.repeat(2048) } },
  });
  await assert.rejects(
    update(long),
    refusal('LimitExceeded', 'Cannot exceed quota for ACLSizePerRole: 2048'),
  );
});

test('description and longest session are changed one by one', async () => {
  const { root } = await open();
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST, Description: 'old' });
  await root('UpdateRole', { RoleName: 'App', MaxSessionDuration: 43_200 });
  const { Role } = await root<iam.UpdateRoleDescriptionResponse>('UpdateRoleDescription', {
    RoleName: 'App',
    Description: 'new',
  });
  assert.deepEqual([Role?.Description, Role?.MaxSessionDuration], ['new', 43_200]);
  await root('UpdateRole', { RoleName: 'App', Description: '' });
  const { Role: cleared } = await root<iam.GetRoleResponse>('GetRole', { RoleName: 'App' });
  assert.deepEqual([cleared?.Description, cleared?.MaxSessionDuration], ['', 43_200]);
});

test('a role is deleted when nothing hangs on it', async () => {
  const { root } = await open();
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST });
  await root('CreateInstanceProfile', { InstanceProfileName: 'Machine' });
  await root('AddRoleToInstanceProfile', { InstanceProfileName: 'Machine', RoleName: 'App' });
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  await root('AttachRolePolicy', { RoleName: 'App', PolicyArn });
  await root('PutRolePolicy', { RoleName: 'App', PolicyName: 'p', PolicyDocument: policy(allow('s3:*')) });
  const refused = (words: string) =>
    assert.rejects(root('DeleteRole', { RoleName: 'App' }), refusal('DeleteConflict', words));
  await refused('Cannot delete entity, must remove roles from instance profile first.');
  await root('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'Machine', RoleName: 'App' });
  await refused('Cannot delete entity, must detach all policies first.');
  await root('DetachRolePolicy', { RoleName: 'App', PolicyArn });
  await refused('Cannot delete entity, must delete policies first.');
  await root('DeleteRolePolicy', { RoleName: 'App', PolicyName: 'p' });
  await root('DeleteRole', { RoleName: 'App' });
  await assert.rejects(
    root('GetRole', { RoleName: 'App' }),
    refusal('NoSuchEntity', 'The role with name App cannot be found.'),
  );
});

test('an instance profile holds one role', async () => {
  const { root } = await open();
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST });
  const { InstanceProfile } = await root<iam.CreateInstanceProfileResponse>('CreateInstanceProfile', {
    InstanceProfileName: 'Machine',
    Path: '/ec2/',
  });
  assert.match(InstanceProfile?.InstanceProfileId ?? '', /^AIPA/);
  assert.equal(InstanceProfile?.Arn, 'arn:aws:iam::111122223333:instance-profile/ec2/Machine');
  assert.deepEqual(InstanceProfile?.Roles, []);
  const member = { InstanceProfileName: 'machine', RoleName: 'app' };
  await root('AddRoleToInstanceProfile', member);
  await assert.rejects(
    root('AddRoleToInstanceProfile', member),
    refusal('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1'),
  );
  const { InstanceProfiles } = await root<iam.ListInstanceProfilesForRoleResponse>(
    'ListInstanceProfilesForRole',
    {
      RoleName: 'App',
    },
  );
  assert.deepEqual(
    InstanceProfiles?.map(({ InstanceProfileName, Roles }) => [InstanceProfileName, Roles?.length]),
    [['Machine', 1]],
  );
  await assert.rejects(root('DeleteInstanceProfile', member), refusal('DeleteConflict'));
  await root('RemoveRoleFromInstanceProfile', member);
  await assert.rejects(root('RemoveRoleFromInstanceProfile', member), refusal('NoSuchEntity'));
  await root('DeleteInstanceProfile', member);
  await assert.rejects(
    root('GetInstanceProfile', member),
    refusal('NoSuchEntity', 'Instance Profile machine cannot be found.'),
  );
});

test('groups hold users, users ten groups at most', async () => {
  const { root } = await open();
  for (const UserName of ['Bob', 'alice']) await root('CreateUser', { UserName });
  for (let index = 0; index < 11; index++) await root('CreateGroup', { GroupName: `G${index}` });
  const add = (index: number, UserName: string) =>
    root('AddUserToGroup', { GroupName: `g${index}`, UserName });
  for (let index = 0; index < 10; index++) await add(index, 'bob');
  await add(0, 'Bob');
  await add(0, 'Alice');
  await assert.rejects(add(10, 'Bob'), refusal('LimitExceeded', 'Cannot exceed quota for GroupsPerUser: 10'));
  const { Users } = await root<iam.GetGroupResponse>('GetGroup', { GroupName: 'G0' });
  assert.deepEqual(
    Users?.map(({ UserName }) => UserName),
    ['alice', 'Bob'],
  );
  await assert.rejects(
    root('DeleteGroup', { GroupName: 'G0' }),
    refusal('DeleteConflict', 'Cannot delete entity, must remove users from group first.'),
  );
  await root('UpdateGroup', { GroupName: 'G0', NewGroupName: 'Zero', NewPath: '/z/' });
  const { Groups } = await root<iam.ListGroupsForUserResponse>('ListGroupsForUser', { UserName: 'alice' });
  assert.deepEqual(
    Groups?.map(({ Arn }) => Arn),
    ['arn:aws:iam::111122223333:group/z/Zero'],
  );
  const { Users: members } = await root<iam.GetGroupResponse>('GetGroup', { GroupName: 'zero' });
  assert.equal(members?.length, 2);
  for (const UserName of ['Bob', 'Alice']) await root('RemoveUserFromGroup', { GroupName: 'Zero', UserName });
  await root('DeleteGroup', { GroupName: 'Zero' });
  await assert.rejects(
    root('GetGroup', { GroupName: 'Zero' }),
    refusal('NoSuchEntity', 'The group with name Zero cannot be found.'),
  );
});

test('an account has one alias, which nobody else has', async () => {
  const { world, root } = await open();
  await root('CreateAccountAlias', { AccountAlias: 'first' });
  await root('CreateAccountAlias', { AccountAlias: 'second' });
  assert.deepEqual(await root('ListAccountAliases'), { AccountAliases: ['second'], IsTruncated: false });
  const { account } = await world.identity.createAccount({ name: 'other', partition: 'aws' });
  await world.identity.accounts.setAlias(account, 'first');
  await assert.rejects(
    root('CreateAccountAlias', { AccountAlias: 'first' }),
    refusal('EntityAlreadyExists', 'The account alias first already exists.'),
  );
  await assert.rejects(
    root('DeleteAccountAlias', { AccountAlias: 'first' }),
    refusal('NoSuchEntity', 'The Account Alias with name first cannot be found.'),
  );
  await root('DeleteAccountAlias', { AccountAlias: 'second' });
  assert.deepEqual(await root('ListAccountAliases'), { AccountAliases: [], IsTruncated: false });
});

test('the preference for tokens of the global endpoint shows in the summary', async () => {
  const { root } = await open();
  const version = async () =>
    (await root<iam.GetAccountSummaryResponse>('GetAccountSummary')).SummaryMap!.GlobalEndpointTokenVersion;
  assert.equal(await version(), 1);
  await root('SetSecurityTokenServicePreferences', { GlobalEndpointTokenVersion: 'v2Token' });
  assert.equal(await version(), 2);
});

// IAM API Reference, ListOrganizationsFeatures.
test('features of an organisation are asked for by its management account, once IAM has access', async () => {
  const { root, world } = await open();
  const { organizations } = world.identity;
  await assert.rejects(root('ListOrganizationsFeatures'), refusal('OrganizationNotFoundException'));
  const organization = await organizations.create(world.account.id, 'root@example.com');
  await assert.rejects(root('ListOrganizationsFeatures'), refusal('ServiceAccessNotEnabledException'));
  await organizations.enableService(organization, 'iam.amazonaws.com');
  assert.deepEqual(await root('ListOrganizationsFeatures'), {
    OrganizationId: organization.id,
    EnabledFeatures: [],
  });
});

test('the summary counts what is there', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST });
  const { Policy } = await root<iam.CreatePolicyResponse>('CreatePolicy', {
    PolicyName: 'Read',
    PolicyDocument: DOCUMENT,
  });
  await root('CreatePolicyVersion', { PolicyArn: Policy!.Arn, PolicyDocument: DOCUMENT });
  const { SummaryMap } = await root<iam.GetAccountSummaryResponse>('GetAccountSummary');
  const { Users, Roles, Groups, UsersQuota, AccountAccessKeysPresent, PolicyVersionsInUse } = SummaryMap!;
  assert.deepEqual(
    { Users, Roles, Groups, UsersQuota, AccountAccessKeysPresent, PolicyVersionsInUse },
    {
      Users: 1,
      Roles: 1,
      Groups: 0,
      UsersQuota: 5000,
      AccountAccessKeysPresent: 1,
      PolicyVersionsInUse: 2,
    },
  );
  assert.deepEqual(
    new Set(Object.keys(SummaryMap!)),
    new Set(Object.values(iam.SummaryKeyType)),
    'the keys are those of the API',
  );
});
