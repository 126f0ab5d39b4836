import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import {
  addUser,
  allow,
  callerOf,
  type KeyPair,
  openWorld,
  policy,
  refusal,
  run,
} from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const as = <O>(keys: KeyPair, operation: string, input: object = {}) =>
    run<O>(world, service, keys, operation, input);
  const root = <O = object>(operation: string, input: object = {}) => as<O>(world.root, operation, input);
  return { world, as, root };
}

const DOCUMENT = policy(allow('s3:GetObject'));

test('a user is made, shown and listed as IAM does', async () => {
  const { root } = await open();
  const Tags = [{ Key: 'Team', Value: 'red' }];
  const { User } = await root<iam.CreateUserResponse>('CreateUser', {
    UserName: 'Bob',
    Path: '/team/',
    Tags,
  });
  assert.match(User?.UserId ?? '', /^AIDA[A-Z2-7]{17}$/);
  const listed = {
    Path: '/team/',
    UserName: 'Bob',
    UserId: User?.UserId,
    Arn: 'arn:aws:iam::111122223333:user/team/Bob',
    CreateDate: new Date('2026-11-22T00:00:00Z'),
  };
  assert.deepEqual(User, { ...listed, Tags });
  assert.deepEqual(await root('GetUser', { UserName: 'BOB' }), { User: { ...listed, Tags } });
  assert.deepEqual(await root('ListUsers'), { Users: [listed], IsTruncated: false });
});

test('names are taken without case', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await assert.rejects(
    root('CreateUser', { UserName: 'bob' }),
    refusal('EntityAlreadyExists', 'User with name bob already exists.'),
  );
});

test('users that are not there are told by name', async () => {
  const { root } = await open();
  const input = {
    UserName: 'Nobody',
    PolicyName: 'p',
    PolicyDocument: DOCUMENT,
    AccessKeyId: 'AKIA',
    Tags: [],
  };
  for (const operation of [
    'GetUser',
    'DeleteUser',
    'UpdateUser',
    'CreateAccessKey',
    'ListAccessKeys',
    'DeleteAccessKey',
    'PutUserPolicy',
    'GetUserPolicy',
    'ListUserPolicies',
    'TagUser',
    'ListUserTags',
    'ListGroupsForUser',
  ]) {
    await assert.rejects(
      root(operation, input),
      refusal('NoSuchEntity', 'The user with name Nobody cannot be found.'),
    );
  }
});

test('the root user is a user of its own', async () => {
  const { world, root } = await open();
  const { User } = await root<iam.GetUserResponse>('GetUser');
  assert.equal(User?.Arn, 'arn:aws:iam::111122223333:root');
  assert.equal(User?.UserId, '111122223333');
  const { AccessKeyMetadata } = await root<iam.ListAccessKeysResponse>('ListAccessKeys');
  assert.deepEqual(
    AccessKeyMetadata?.map(({ AccessKeyId, Status }) => [AccessKeyId, Status]),
    [[world.root.accessKeyId, 'Active']],
  );
});

test('a role has no user to speak of', async () => {
  const { world, as } = await open();
  const { identity, account } = world;
  const trust = policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' });
  const role = await identity.roles.create(account, { name: 'App', trust });
  const { credentials } = await identity.sessions.issue({
    arn: 'arn',
    duration: 900,
    issuer: { arn: 'arn', accessKeyId: 'AKIA', sourceIp: '192.0.2.1', region: 'us-east-1' },
    claims: {
      kind: 'assume-role',
      account: account.id,
      entityId: role.id,
      entity: 'app',
      name: 's',
      policyArns: [],
      tags: [],
      transitiveKeys: [],
      mfa: false,
      chained: false,
    },
  });
  await assert.rejects(
    as(credentials, 'GetUser'),
    refusal('ValidationError', 'Must specify userName when calling with non-User credentials'),
  );
});

test('a user is deleted when nothing hangs on it', async () => {
  const { world, root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await root('CreateGroup', { GroupName: 'Staff' });
  const { AccessKey } = await root<iam.CreateAccessKeyResponse>('CreateAccessKey', { UserName: 'Bob' });
  const arn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  await root('AttachUserPolicy', { UserName: 'Bob', PolicyArn: arn });
  await root('PutUserPolicy', { UserName: 'Bob', PolicyName: 'p', PolicyDocument: DOCUMENT });
  await root('AddUserToGroup', { UserName: 'Bob', GroupName: 'Staff' });
  const refused = (words: string) =>
    assert.rejects(root('DeleteUser', { UserName: 'Bob' }), refusal('DeleteConflict', words));

  await refused('Cannot delete entity, must detach all policies first.');
  await root('DetachUserPolicy', { UserName: 'Bob', PolicyArn: arn });
  await refused('Cannot delete entity, must delete policies first.');
  await root('DeleteUserPolicy', { UserName: 'Bob', PolicyName: 'p' });
  await refused('Cannot delete entity, must delete access keys first.');
  await root('DeleteAccessKey', { UserName: 'Bob', AccessKeyId: AccessKey?.AccessKeyId });
  await refused('Cannot delete entity, must remove users from group first.');
  await root('RemoveUserFromGroup', { UserName: 'Bob', GroupName: 'Staff' });
  await root('DeleteUser', { UserName: 'Bob' });
  assert.equal((await world.identity.accounts.counts('111122223333')).users, 0);
});

test('a renamed user keeps its keys, groups, policies and boundary', async () => {
  const { world, root } = await open();
  const bob = await addUser(world, world.account, 'Bob', allow('iam:GetUser'));
  const { Policy } = await root<iam.CreatePolicyResponse>('CreatePolicy', {
    PolicyName: 'Limit',
    PolicyDocument: DOCUMENT,
  });
  const PolicyArn = Policy!.Arn!;
  await root('CreateGroup', { GroupName: 'Staff' });
  await root('AddUserToGroup', { UserName: 'Bob', GroupName: 'Staff' });
  await root('AttachUserPolicy', { UserName: 'Bob', PolicyArn });
  await root('PutUserPermissionsBoundary', { UserName: 'Bob', PermissionsBoundary: PolicyArn });
  await root('UpdateUser', { UserName: 'bob', NewUserName: 'Robert', NewPath: '/x/' });

  const caller = await callerOf(world, bob);
  assert.equal(caller.principal.arn, 'arn:aws:iam::111122223333:user/x/Robert');
  const { Users } = await root<iam.GetGroupResponse>('GetGroup', { GroupName: 'Staff' });
  assert.deepEqual(
    Users?.map(({ UserName }) => UserName),
    ['Robert'],
  );
  const { PolicyUsers } = await root<iam.ListEntitiesForPolicyResponse>('ListEntitiesForPolicy', {
    PolicyArn,
  });
  assert.deepEqual(
    PolicyUsers?.map(({ UserName }) => UserName),
    ['Robert'],
  );
  const { Policy: used } = await root<iam.GetPolicyResponse>('GetPolicy', { PolicyArn });
  assert.deepEqual([used?.AttachmentCount, used?.PermissionsBoundaryUsageCount], [1, 1]);
  await assert.rejects(root('GetUser', { UserName: 'Bob' }), refusal('NoSuchEntity'));
});

test('a user changes the case of its name, but takes no other name', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  await root('CreateUser', { UserName: 'Alice' });
  await root('UpdateUser', { UserName: 'Bob', NewUserName: 'BOB' });
  const { User } = await root<iam.GetUserResponse>('GetUser', { UserName: 'bob' });
  assert.equal(User?.UserName, 'BOB');
  await assert.rejects(
    root('UpdateUser', { UserName: 'Bob', NewUserName: 'alice' }),
    refusal('EntityAlreadyExists', 'User with name alice already exists.'),
  );
});

test('a user has two keys at most, which can be switched off and deleted', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  const create = () => root<iam.CreateAccessKeyResponse>('CreateAccessKey', { UserName: 'bob' });
  const { AccessKey: first } = await create();
  await create();
  assert.equal(first?.UserName, 'Bob');
  assert.match(first?.SecretAccessKey ?? '', /^.{40}$/);
  await assert.rejects(create(), refusal('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2'));
  const AccessKeyId = first!.AccessKeyId!;
  await root('UpdateAccessKey', { UserName: 'Bob', AccessKeyId, Status: 'Inactive' });
  const { AccessKeyMetadata } = await root<iam.ListAccessKeysResponse>('ListAccessKeys', { UserName: 'Bob' });
  assert.deepEqual(AccessKeyMetadata?.map(({ Status }) => Status).sort(), ['Active', 'Inactive']);
  await root('DeleteAccessKey', { UserName: 'Bob', AccessKeyId });
  await assert.rejects(
    root('DeleteAccessKey', { UserName: 'Bob', AccessKeyId }),
    refusal('NoSuchEntity', `The Access Key with id ${AccessKeyId} cannot be found.`),
  );
});

test("nobody touches another user's key by naming it as their own", async () => {
  const { world, as } = await open();
  const bob = await addUser(world, world.account, 'Bob');
  const eve = await addUser(world, world.account, 'Eve', allow('iam:*AccessKey*', 'arn:aws:iam::*:user/Eve'));
  const input = { UserName: 'Eve', AccessKeyId: bob.accessKeyId, Status: 'Inactive' };
  await assert.rejects(as(eve, 'UpdateAccessKey', input), refusal('NoSuchEntity'));
  await assert.rejects(as(eve, 'DeleteAccessKey', input), refusal('NoSuchEntity'));
  await assert.rejects(as(eve, 'GetAccessKeyLastUsed', input), refusal('AccessDenied'));
});

test('the last use of a key is told, and that there was none', async () => {
  const { world, root } = await open();
  const { accessKeyId: AccessKeyId } = await addUser(world, world.account, 'Bob');
  assert.deepEqual(await root('GetAccessKeyLastUsed', { AccessKeyId }), {
    UserName: 'Bob',
    AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
  });
  const caller = await callerOf(world, { accessKeyId: AccessKeyId });
  world.identity.used(caller, 's3', 'ap-northeast-1', world.clock.now());
  await world.identity.close();
  assert.deepEqual(await root('GetAccessKeyLastUsed', { AccessKeyId }), {
    UserName: 'Bob',
    AccessKeyLastUsed: {
      LastUsedDate: new Date('2026-11-22T00:00:00Z'),
      ServiceName: 's3',
      Region: 'ap-northeast-1',
    },
  });
});

test('tags are unique without case and keep the spelling of the newest', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob', Tags: [{ Key: 'Team', Value: 'red' }] });
  await root('TagUser', {
    UserName: 'Bob',
    Tags: [
      { Key: 'TEAM', Value: 'blue' },
      { Key: 'Job', Value: '' },
    ],
  });
  const tags = async () =>
    (await root<iam.ListUserTagsResponse>('ListUserTags', { UserName: 'Bob' })).Tags?.map(
      ({ Key, Value }) => `${Key}=${Value}`,
    );
  assert.deepEqual(await tags(), ['Job=', 'TEAM=blue']);
  await root('TagUser', { UserName: 'Bob', Tags: [{ Key: ' team ', Value: '' }] });
  await root('UntagUser', { UserName: 'Bob', TagKeys: ['team', 'nothing'] });
  assert.deepEqual(await tags(), [' team =', 'Job=']);
  await root('UntagUser', { UserName: 'Bob', TagKeys: [' team '] });
  assert.deepEqual(await tags(), ['Job=']);
  await assert.rejects(
    root('TagUser', {
      UserName: 'Bob',
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'A', Value: '2' },
      ],
    }),
    refusal('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'),
  );
  await assert.rejects(
    root('TagUser', { UserName: 'Bob', Tags: [{ Key: 'aws:x', Value: '1' }] }),
    refusal('InvalidInput'),
  );
});

test('a user has fifty tags at most', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  const tags = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ Key: `k${from + index}`, Value: '' }));
  await root('TagUser', { UserName: 'Bob', Tags: tags(0, 50) });
  await root('TagUser', { UserName: 'Bob', Tags: tags(0, 50) });
  await assert.rejects(
    root('TagUser', { UserName: 'Bob', Tags: tags(50, 51) }),
    refusal('LimitExceeded', 'Cannot exceed quota for TagsPerUser: 50'),
  );
});

test('long lists come in pages, in order, each user once', async () => {
  const { root } = await open();
  const names = Array.from({ length: 7 }, (_, index) => `user-${index}`);
  for (const UserName of [...names].reverse()) {
    await root('CreateUser', { UserName, Path: UserName === 'user-3' ? '/other/' : '/team/' });
  }
  const seen: string[][] = [];
  let Marker: string | undefined;
  do {
    const page: iam.ListUsersResponse = await root('ListUsers', {
      PathPrefix: '/team/',
      MaxItems: 2,
      Marker,
    });
    seen.push(page.Users!.map(({ UserName }) => UserName!));
    assert.equal(page.IsTruncated, page.Marker !== undefined);
    Marker = page.Marker;
  } while (Marker !== undefined);
  assert.deepEqual(seen, [
    ['user-0', 'user-1'],
    ['user-2', 'user-4'],
    ['user-5', 'user-6'],
  ]);
  await assert.rejects(root('ListUsers', { Marker: 'not a marker' }), refusal('ValidationError'));
});

// IAM User Guide, "Permissions for GetSessionToken" and "Permissions for GetFederationToken".
test('IAM refuses the credentials that may not call it', async () => {
  const { world, as } = await open();
  const { identity, account } = world;
  const bob = await addUser(world, account, 'Bob', allow('*'));
  const { userId } = await callerOf(world, bob);
  const session = async (kind: 'session-token' | 'federation-token', mfa: boolean) => {
    const { credentials } = await identity.sessions.issue({
      arn: 'arn',
      duration: 900,
      issuer: { arn: 'arn', accessKeyId: 'AKIA', sourceIp: '192.0.2.1', region: 'us-east-1' },
      claims: {
        kind,
        account: account.id,
        entityId: userId,
        entity: 'bob',
        name: 'Guest',
        policy: policy(allow('*')),
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa,
        chained: false,
      },
    });
    return credentials;
  };
  const words = 'The security token included in the request is invalid';
  const refused = refusal('InvalidClientTokenId', words);
  await assert.rejects(as(await session('session-token', false), 'ListUsers'), refused);
  await assert.rejects(as(await session('federation-token', false), 'ListUsers'), refused);
  await as(await session('session-token', true), 'ListUsers');
});
