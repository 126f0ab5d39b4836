/** Users, groups, roles and instance profiles: made, read, listed, changed, deleted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListInstanceProfilesResponse } from '@aws-sdk/client-iam';
import { ACCOUNT, allow, decoded, onePerPage, type Recording, refused, trust } from './operations.js';

const RED = { Key: 'Team', Value: 'red' };
const BLUE = { Key: 'team', Value: 'blue' };
const arn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`;
const EC2 = trust({ Service: 'ec2.amazonaws.com' });

export function entityTests(open: () => Recording): void {
  test('users', async () => {
    const iam = open().iam();
    const { User } = await iam.createUser({ UserName: 'Ann', Path: '/staff/', Tags: [RED] });
    assert.equal(User!.Arn, arn('user/staff/Ann'));
    assert.match(User!.UserId!, /^AIDA[A-Z2-7]{17}$/);
    assert.deepEqual(User!.CreateDate, open().now());
    assert.deepEqual(User!.Tags, [RED]);
    await assert.rejects(
      iam.createUser({ UserName: 'ANN' }),
      refused('EntityAlreadyExists', /^User with name ANN already exists\.$/),
    );
    await assert.rejects(
      iam.getUser({ UserName: 'Nobody' }),
      refused('NoSuchEntity', /^The user with name Nobody cannot be found\.$/),
    );
    await assert.rejects(iam.createUser({ UserName: 'a b' }), refused('ValidationError'));
    await iam.createUser({ UserName: 'ben' });
    const names = await onePerPage(
      page => iam.listUsers(page),
      ({ Users }) => Users?.map(({ UserName }) => UserName),
    );
    assert.deepEqual(names, ['Ann', 'ben']);
    const { Users: staff } = await iam.listUsers({ PathPrefix: '/staff/' });
    assert.deepEqual(
      staff?.map(({ Arn }) => Arn),
      [User!.Arn],
    );

    await iam.tagUser({ UserName: 'Ann', Tags: [BLUE, { Key: 'Cost', Value: '' }] });
    const tags = await onePerPage(
      page => iam.listUserTags({ UserName: 'Ann', ...page }),
      ({ Tags }) => Tags,
    );
    assert.deepEqual(
      new Set(tags),
      new Set([BLUE, { Key: 'Cost', Value: '' }]),
      'keys differ in more than case',
    );
    await iam.untagUser({ UserName: 'Ann', TagKeys: ['Cost'] });
    assert.deepEqual((await iam.getUser({ UserName: 'Ann' })).User!.Tags, [BLUE]);

    await iam.updateUser({ UserName: 'Ann', NewUserName: 'Anna', NewPath: '/' });
    const { User: renamed } = await iam.getUser({ UserName: 'anna' });
    assert.deepEqual([renamed!.Arn, renamed!.UserId], [arn('user/Anna'), User!.UserId]);
    await assert.rejects(
      iam.updateUser({ UserName: 'Anna', NewUserName: 'Ben' }),
      refused('EntityAlreadyExists'),
    );
    for (const UserName of ['Anna', 'ben']) await iam.deleteUser({ UserName });
    await assert.rejects(iam.deleteUser({ UserName: 'Anna' }), refused('NoSuchEntity'));
    assert.deepEqual((await iam.listUsers({})).Users, []);
  });

  test('groups', async () => {
    const iam = open().iam();
    const { Group } = await iam.createGroup({ GroupName: 'Readers', Path: '/teams/' });
    assert.equal(Group!.Arn, arn('group/teams/Readers'));
    assert.match(Group!.GroupId!, /^AGPA/);
    await assert.rejects(iam.createGroup({ GroupName: 'readers' }), refused('EntityAlreadyExists'));
    await iam.createGroup({ GroupName: 'Writers' });
    const groups = await onePerPage(
      page => iam.listGroups(page),
      ({ Groups }) => Groups?.map(({ GroupName }) => GroupName),
    );
    assert.deepEqual(groups, ['Readers', 'Writers']);

    for (const UserName of ['Ann', 'ben']) {
      await iam.createUser({ UserName });
      await iam.addUserToGroup({ GroupName: 'Readers', UserName });
    }
    await iam.addUserToGroup({ GroupName: 'Writers', UserName: 'Ann' });
    const members = await onePerPage(
      page => iam.getGroup({ GroupName: 'Readers', ...page }),
      ({ Users }) => Users?.map(({ UserName }) => UserName),
    );
    assert.deepEqual(members, ['Ann', 'ben']);
    const memberships = await onePerPage(
      page => iam.listGroupsForUser({ UserName: 'Ann', ...page }),
      ({ Groups }) => Groups?.map(({ GroupName }) => GroupName),
    );
    assert.deepEqual(memberships, ['Readers', 'Writers']);
    await assert.rejects(iam.deleteGroup({ GroupName: 'Readers' }), refused('DeleteConflict'));
    await assert.rejects(iam.deleteUser({ UserName: 'Ann' }), refused('DeleteConflict'));
    await assert.rejects(
      iam.addUserToGroup({ GroupName: 'Readers', UserName: 'Nobody' }),
      refused('NoSuchEntity'),
    );

    await iam.updateGroup({ GroupName: 'Readers', NewGroupName: 'Viewers', NewPath: '/' });
    const { Groups } = await iam.listGroupsForUser({ UserName: 'ben' });
    assert.deepEqual(
      Groups?.map(group => [group.Arn, group.GroupId]),
      [[arn('group/Viewers'), Group!.GroupId]],
    );
    for (const UserName of ['Ann', 'ben']) await iam.removeUserFromGroup({ GroupName: 'Viewers', UserName });
    assert.deepEqual((await iam.getGroup({ GroupName: 'Viewers' })).Users, []);
    await iam.removeUserFromGroup({ GroupName: 'Writers', UserName: 'Ann' });
    for (const GroupName of ['Viewers', 'Writers']) await iam.deleteGroup({ GroupName });
    await assert.rejects(iam.getGroup({ GroupName: 'Viewers' }), refused('NoSuchEntity'));
    for (const UserName of ['Ann', 'ben']) await iam.deleteUser({ UserName });
  });

  test('a user is in ten groups at most', async () => {
    const iam = open().iam();
    const names = Array.from({ length: 11 }, (_, index) => `group-${index}`);
    await iam.createUser({ UserName: 'Ann' });
    for (const GroupName of names) await iam.createGroup({ GroupName });
    for (const GroupName of names.slice(1)) await iam.addUserToGroup({ GroupName, UserName: 'Ann' });
    await assert.rejects(
      iam.addUserToGroup({ GroupName: 'group-0', UserName: 'Ann' }),
      refused('LimitExceeded', /^Cannot exceed quota for GroupsPerUser: 10$/),
    );
    for (const GroupName of names.slice(1)) await iam.removeUserFromGroup({ GroupName, UserName: 'Ann' });
    for (const GroupName of names) await iam.deleteGroup({ GroupName });
    await iam.deleteUser({ UserName: 'Ann' });
  });

  test('roles', async () => {
    const iam = open().iam();
    const { Role } = await iam.createRole({
      RoleName: 'Deploy',
      Path: '/ci/',
      AssumeRolePolicyDocument: EC2,
      Description: 'first',
      MaxSessionDuration: 7200,
      Tags: [RED],
    });
    assert.equal(Role!.Arn, arn('role/ci/Deploy'));
    assert.match(Role!.RoleId!, /^AROA/);
    assert.deepEqual(decoded(Role!.AssumeRolePolicyDocument), JSON.parse(EC2));
    const create = (RoleName: string, AssumeRolePolicyDocument = EC2) =>
      iam.createRole({ RoleName, AssumeRolePolicyDocument });
    await assert.rejects(create('DEPLOY'), refused('EntityAlreadyExists'));
    await assert.rejects(create('Bad', '{'), refused('MalformedPolicyDocument'));
    await assert.rejects(create('Bad', allow('s3:*')), refused('MalformedPolicyDocument'));
    await assert.rejects(
      create('Bad', trust({ AWS: arn('user/Nobody') })),
      refused('MalformedPolicyDocument', /^Invalid principal in policy/),
    );
    await create('Read');
    const roles = await onePerPage(
      page => iam.listRoles(page),
      ({ Roles }) => Roles?.map(({ RoleName }) => RoleName),
    );
    assert.deepEqual(roles, ['Deploy', 'Read']);

    await iam.updateRole({ RoleName: 'Deploy', Description: 'second', MaxSessionDuration: 3600 });
    const { Role: described } = await iam.updateRoleDescription({ RoleName: 'Read', Description: 'reads' });
    assert.equal(described!.Description, 'reads');
    const lambda = trust({ Service: 'lambda.amazonaws.com' });
    await iam.updateAssumeRolePolicy({ RoleName: 'Deploy', PolicyDocument: lambda });
    const { Role: changed } = await iam.getRole({ RoleName: 'deploy' });
    assert.deepEqual([changed!.Description, changed!.MaxSessionDuration], ['second', 3600]);
    assert.deepEqual(decoded(changed!.AssumeRolePolicyDocument), JSON.parse(lambda));
    await iam.tagRole({ RoleName: 'Deploy', Tags: [{ Key: 'Env', Value: 'prod' }] });
    const tags = await onePerPage(
      page => iam.listRoleTags({ RoleName: 'Deploy', ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagRole({ RoleName: 'Deploy', TagKeys: ['Team'] });
    const { Tags: left } = await iam.listRoleTags({ RoleName: 'Deploy' });
    assert.deepEqual(left, [{ Key: 'Env', Value: 'prod' }]);
    for (const RoleName of ['Deploy', 'Read']) await iam.deleteRole({ RoleName });
    await assert.rejects(
      iam.getRole({ RoleName: 'Deploy' }),
      refused('NoSuchEntity', /^The role with name Deploy cannot be found\.$/),
    );
  });

  test('roles of services', async () => {
    const iam = open().iam();
    const AWSServiceName = 'autoscaling.amazonaws.com';
    const { Role } = await iam.createServiceLinkedRole({ AWSServiceName, CustomSuffix: 'web' });
    const RoleName = Role!.RoleName!;
    assert.equal(Role!.Arn, arn(`role/aws-service-role/${AWSServiceName}/${RoleName}`));
    await assert.rejects(iam.deleteRole({ RoleName }), refused('UnmodifiableEntity'));
    const { DeletionTaskId } = await iam.deleteServiceLinkedRole({ RoleName });
    const { Status } = await iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId });
    assert.equal(Status, 'SUCCEEDED');
    await assert.rejects(iam.getRole({ RoleName }), refused('NoSuchEntity'));
  });

  test('instance profiles', async () => {
    const iam = open().iam();
    const { InstanceProfile } = await iam.createInstanceProfile({ InstanceProfileName: 'Web', Tags: [RED] });
    assert.equal(InstanceProfile!.Arn, arn('instance-profile/Web'));
    assert.match(InstanceProfile!.InstanceProfileId!, /^AIPA/);
    assert.deepEqual(InstanceProfile!.Roles, []);
    await assert.rejects(
      iam.createInstanceProfile({ InstanceProfileName: 'web' }),
      refused('EntityAlreadyExists'),
    );
    await iam.createInstanceProfile({ InstanceProfileName: 'Worker' });
    const names = (reply: ListInstanceProfilesResponse) =>
      reply.InstanceProfiles?.map(profile => profile.InstanceProfileName);
    assert.deepEqual(await onePerPage(page => iam.listInstanceProfiles(page), names), ['Web', 'Worker']);

    await iam.createRole({ RoleName: 'Host', AssumeRolePolicyDocument: EC2 });
    for (const InstanceProfileName of ['Web', 'Worker']) {
      await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: 'Host' });
    }
    await assert.rejects(
      iam.addRoleToInstanceProfile({ InstanceProfileName: 'Web', RoleName: 'Host' }),
      refused('LimitExceeded', /InstanceSessionsPerInstanceProfile: 1$/),
    );
    const ofRole = await onePerPage(
      page => iam.listInstanceProfilesForRole({ RoleName: 'Host', ...page }),
      names,
    );
    assert.deepEqual(ofRole, ['Web', 'Worker']);
    const { InstanceProfile: shown } = await iam.getInstanceProfile({ InstanceProfileName: 'Web' });
    assert.deepEqual(
      shown!.Roles?.map(({ RoleName }) => RoleName),
      ['Host'],
    );
    await assert.rejects(
      iam.deleteInstanceProfile({ InstanceProfileName: 'Web' }),
      refused('DeleteConflict'),
    );
    await assert.rejects(iam.deleteRole({ RoleName: 'Host' }), refused('DeleteConflict'));

    await iam.tagInstanceProfile({ InstanceProfileName: 'Web', Tags: [{ Key: 'Env', Value: 'prod' }] });
    const tags = await onePerPage(
      page => iam.listInstanceProfileTags({ InstanceProfileName: 'Web', ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagInstanceProfile({ InstanceProfileName: 'Web', TagKeys: ['Env'] });
    const { Tags } = await iam.listInstanceProfileTags({ InstanceProfileName: 'Web' });
    assert.deepEqual(Tags, [RED]);
    for (const InstanceProfileName of ['Web', 'Worker']) {
      await iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: 'Host' });
      await iam.deleteInstanceProfile({ InstanceProfileName });
    }
    await iam.deleteRole({ RoleName: 'Host' });
    await assert.rejects(iam.getInstanceProfile({ InstanceProfileName: 'Web' }), refused('NoSuchEntity'));
  });
}
