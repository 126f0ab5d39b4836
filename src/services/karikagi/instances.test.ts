import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addUser,
  allow,
  callerOf,
  keysIn,
  policy,
  refusal,
  requirementsOf,
} from '../harness.test.support.js';
import { openKarikagi } from './karikagi.test.support.js';

interface Issued {
  readonly RoleName: string;
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly SessionToken: string;
    readonly Expiration: Date;
  };
}

interface Registered {
  readonly Instance: Readonly<Record<string, unknown>> & { readonly InstanceId: string };
}

const ID = 'i-0123456789abcdef0';

const trusting = (service: string, more: object = {}) =>
  policy({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...more });

/** A role `agent` in the profile `web`. */
async function openInstances(partition = 'aws', trust = trusting('ec2.amazonaws.com')) {
  const world = await openKarikagi(partition);
  const { identity, account, ask } = world;
  await identity.roles.create(account, { name: 'agent', trust });
  await identity.instanceProfiles.create(account, { name: 'web' });
  await identity.instanceProfiles.addRole(account, 'web', 'agent');
  const register = (more: object = {}) =>
    ask<Registered>('RegisterInstance', { InstanceProfileName: 'web', InstanceId: ID, ...more });
  const assume = (RoleDelivery = '2.0', keys = world.root) =>
    ask<Issued>('AssumeInstanceRole', { InstanceId: ID, RoleDelivery }, keys);
  return { ...world, register, assume };
}

test('an instance gets six hours of its role, with where the keys came from in the session', async () => {
  const world = await openInstances();
  const { Instance } = await world.register({ VpcId: 'vpc-0123abcd', PrivateIpAddress: '10.0.0.7' });
  assert.deepEqual(
    [Instance['Arn'], Instance['InstanceProfileArn'], Instance['RoleName']],
    [
      `arn:aws:ec2:us-east-1:111122223333:instance/${ID}`,
      'arn:aws:iam::111122223333:instance-profile/web',
      'agent',
    ],
  );
  for (const delivery of ['1.0', '2.0']) {
    const issued = await world.assume(delivery);
    assert.equal(issued.RoleName, 'agent');
    assert.equal(issued.Credentials.Expiration.getTime() - world.clock.now(), 6 * 3_600_000);
    const caller = await callerOf(world, keysIn(issued));
    assert.equal(caller.principal.arn, `arn:aws:sts::111122223333:assumed-role/agent/${ID}`);
    const { context } = caller;
    assert.deepEqual(
      [
        context['ec2:SourceInstanceARN'],
        context['ec2:RoleDelivery'],
        context['aws:Ec2InstanceSourceVpc'],
        context['aws:Ec2InstanceSourcePrivateIPv4'],
        context['aws:PrincipalType'],
      ],
      [Instance['Arn'], delivery, 'vpc-0123abcd', '10.0.0.7', 'AssumedRole'],
    );
  }
});

test('a random id is chosen as EC2 does, and all are listed page by page', async () => {
  const world = await openInstances();
  for (let count = 0; count < 3; count++) {
    const { Instance } = await world.ask<Registered>('RegisterInstance', { InstanceProfileName: 'web' });
    assert.match(Instance.InstanceId, /^i-0[0-9a-f]{16}$/);
  }
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const page: { Instances: Registered['Instance'][]; NextToken?: string } = await world.ask(
      'ListInstances',
      {
        MaxItems: 2,
        ...(token !== undefined && { NextToken: token }),
      },
    );
    seen.push(...page.Instances.map(({ InstanceId }) => InstanceId));
    token = page.NextToken;
  } while (token !== undefined);
  assert.equal(new Set(seen).size, 3);
});

test("who registers passes the profile's role to EC2", async () => {
  const world = await openInstances();
  const { account } = world;
  const agent = `arn:aws:iam::${account.id}:role/agent`;
  const onlyRegister = await addUser(world, account, 'clerk', allow('karikagi:*'));
  const input = { InstanceProfileName: 'web', InstanceId: ID };
  await assert.rejects(
    world.ask('RegisterInstance', input, onlyRegister),
    refusal('AccessDenied', /iam:PassRole/),
  );
  const elsewhere = { Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } } };
  const wrong = await addUser(
    world,
    account,
    'wrong',
    allow('karikagi:*'),
    allow('iam:PassRole', agent, elsewhere),
  );
  await assert.rejects(world.ask('RegisterInstance', input, wrong), refusal('AccessDenied', /iam:PassRole/));
  const toEc2 = { Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } } };
  const passing = await addUser(
    world,
    account,
    'ops',
    allow('karikagi:*'),
    allow('iam:PassRole', agent, toEc2),
  );
  await world.ask('RegisterInstance', input, passing);
  await assert.rejects(
    world.ask('RegisterInstance', { InstanceProfileName: 'none' }, passing),
    refusal('ResourceNotFoundException'),
  );
});

test('a key for one instance is for that one alone', async () => {
  const world = await openInstances();
  await world.register();
  const arn = (id: string) => `arn:aws:ec2:us-east-1:${world.account.id}:instance/${id}`;
  const actions = ['karikagi:AssumeInstanceRole', 'karikagi:GetInstance'];
  const own = await addUser(world, world.account, 'machine', allow(actions, arn(ID)));
  const other = await addUser(world, world.account, 'other', allow(actions, arn('i-11111111')));
  await world.assume('2.0', own);
  await assert.rejects(world.assume('2.0', other), refusal('AccessDenied', /AssumeInstanceRole/));
  await assert.rejects(world.ask('ListInstances', {}, own), refusal('AccessDenied'));
  const [requirement] = await requirementsOf(world, world.service, own, 'GetInstance', { InstanceId: ID });
  assert.deepEqual(requirement, { action: 'karikagi:GetInstance', resource: arn(ID) });
});

test("EC2 assumes the role only if the role's trust policy says so", async () => {
  const refusing = [
    trusting('lambda.amazonaws.com'),
    trusting('ec2.amazonaws.com.cn'),
    policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }),
    trusting('ec2.amazonaws.com', { Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }),
  ];
  for (const trust of refusing) {
    const world = await openInstances('aws', trust);
    await world.register();
    await assert.rejects(
      world.assume(),
      refusal('AssumeRoleUnauthorizedAccess', /EC2 cannot assume the role agent/),
    );
  }
  for (const service of ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn']) {
    const world = await openInstances('aws-cn', trusting(service));
    await world.register({ Region: 'cn-north-1' });
    const issued = await world.assume();
    assert.match((await callerOf(world, keysIn(issued))).principal.arn, /^arn:aws-cn:sts::/);
  }
});

test('a role that leaves the profile gives no new sessions; those of a deleted role end', async () => {
  const world = await openInstances();
  const { identity, account } = world;
  await world.register();
  const before = keysIn(await world.assume());
  await identity.instanceProfiles.removeRole(account, 'web', 'agent');
  await assert.rejects(world.assume(), refusal('NoRoleInInstanceProfile'));
  await callerOf(world, before);
  await identity.roles.delete(account, 'agent');
  await assert.rejects(callerOf(world, before), /not valid/);
});

test('a profile that was made again is another one', async () => {
  const world = await openInstances();
  const { identity, account } = world;
  await world.register();
  await identity.instanceProfiles.removeRole(account, 'web', 'agent');
  await identity.instanceProfiles.delete(account, 'web');
  await identity.instanceProfiles.create(account, { name: 'web' });
  await identity.instanceProfiles.addRole(account, 'web', 'agent');
  await assert.rejects(world.assume(), refusal('InstanceProfileNotFound'));
  const { Instance } = await world.ask<Registered>('GetInstance', { InstanceId: ID });
  assert.deepEqual([Instance['InstanceProfileArn'], Instance['RoleName']], [undefined, undefined]);
});

test('revoked sessions of the role are refused, and when is known', async () => {
  const world = await openInstances();
  await world.register();
  const before = keysIn(await world.assume());
  world.clock.advance(60);
  await world.ask('RevokeRoleSessions', { RoleName: 'agent' });
  await assert.rejects(callerOf(world, before), /revoked/);
  const { Instance } = await world.ask<Registered>('GetInstance', { InstanceId: ID });
  assert.deepEqual(Instance['SessionsRevokedBefore'], new Date(world.clock.now()));
  world.clock.advance(1);
  await callerOf(world, keysIn(await world.assume()));
});

test('an instance that is deregistered gets nothing', async () => {
  const world = await openInstances();
  await world.register();
  await world.ask('DeregisterInstance', { InstanceId: ID });
  for (const operation of ['DeregisterInstance', 'GetInstance']) {
    await assert.rejects(world.ask(operation, { InstanceId: ID }), refusal('ResourceNotFoundException'));
  }
  await assert.rejects(world.assume(), refusal('ResourceNotFoundException'));
});
