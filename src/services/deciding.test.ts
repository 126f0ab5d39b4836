/** The tests of services are decided as requests to the server are: by every kind of policy that there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../policy/index.js';
import { addUser, allow, openWorld, policy, refusal, run } from './harness.test.support.js';
import { iamService } from './iam/index.js';
import {
  allow as allowing,
  code,
  controlResources,
  openTestS3,
  testAccount,
  userOf,
} from './s3/testing.test.support.js';
import { stsService } from './sts/index.js';

test('a service control policy acts on a member of an organization', async () => {
  const world = await openWorld();
  const { identity } = world;
  const { organizations } = identity;
  const organization = await organizations.create(world.account.id, 'root@example.com');
  const { account: id = '' } = await organizations.accounts.create(organization, {
    name: 'member',
    email: 'member@example.com',
    tags: [],
  });
  const member = await identity.account(id);
  const user = await addUser(world, member!, 'ops', allow('iam:*'));
  const iam = iamService({ identity });
  await run(world, iam, user, 'CreateUser', { UserName: 'before' });
  await organizations.policies.enableType(organization, 'SERVICE_CONTROL_POLICY');
  const control = await organizations.policies.create(
    await organizations.of((await identity.account(world.account.id))!),
    {
      type: 'SERVICE_CONTROL_POLICY',
      name: 'no users',
      description: '',
      content: policy({ Effect: 'Deny', Action: 'iam:CreateUser', Resource: '*' }),
      tags: [],
    },
  );
  const managed = await organizations.of((await identity.account(world.account.id))!);
  await organizations.policies.attach(managed, control.id, id);
  await assert.rejects(
    run(world, iam, user, 'CreateUser', { UserName: 'after' }),
    refusal('AccessDenied', /explicit deny in a service control policy/),
  );
  await run(world, iam, user, 'GetUser', { UserName: 'before' });
});

test('a permissions boundary and a session policy act', async () => {
  const world = await openWorld();
  const { identity, account } = world;
  const [iam, sts] = [iamService({ identity }), stsService({ identity })];
  const { arn } = await identity.policies.create(account, {
    name: 'reading',
    document: policy(allow(['iam:Get*', 'sts:*'])),
    tags: [],
  });
  const user = await addUser(world, account, 'ops', allow(['iam:*', 'sts:*']));
  await identity.entityPolicies.setBoundary(account, 'user', 'ops', arn);
  const create = run(world, iam, user, 'CreateUser', { UserName: 'x' });
  await assert.rejects(create, refusal('AccessDenied', /no permissions boundary allows/));
  await run(world, iam, user, 'GetUser', {});
  await identity.entityPolicies.setBoundary(account, 'user', 'ops', undefined);
  const trust = policy({ Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:AssumeRole' });
  await identity.roles.create(account, { name: 'app', trust });
  await identity.entityPolicies.putInline(account, 'role', 'app', {
    name: 'all',
    document: policy(allow('iam:*')),
  });
  const issued = await run<{ Credentials: { AccessKeyId: string; SessionToken: string } }>(
    world,
    sts,
    user,
    'AssumeRole',
    {
      RoleArn: `arn:aws:iam::${account.id}:role/app`,
      RoleSessionName: 's',
      Policy: policy(allow('iam:GetUser')),
    },
  );
  const { AccessKeyId: accessKeyId, SessionToken: sessionToken } = issued.Credentials;
  const session = { accessKeyId, sessionToken };
  await run(world, iam, session, 'GetUser', { UserName: 'ops' });
  const list = run(world, iam, session, 'ListUsers', {});
  await assert.rejects(list, refusal('AccessDenied', /no session policy allows/));
});

test('S3 is decided by boundary, session, service control and resource control alike', async () => {
  const account = testAccount('555566667777');
  const s3 = await openTestS3({ account });
  const object = { Bucket: 'box', Key: 'k' };
  await s3.send('CreateBucket', { Bucket: 'box' });
  await s3.send('PutObject', object);
  const compiled = (...actions: string[]) => ({
    name: 'p',
    policy: compilePolicy(JSON.stringify(allowing(...actions)), 'identity'),
  });
  const read = (more: object) => {
    const as = userOf(account, 'reader', allowing('s3:*'), more);
    return s3.send('GetObject', object, { as });
  };
  await read({});
  const put = compiled('s3:PutObject');
  await assert.rejects(read({ boundary: put }), code('AccessDenied', 403));
  await assert.rejects(read({ session: [put] }), code('AccessDenied', 403));
  await assert.rejects(read({ controls: { serviceControl: [[put]] } }), code('AccessDenied', 403));
  await read({ boundary: compiled('s3:*'), session: [compiled('s3:GetObject')] });
  const deny = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: '*' };
  controlResources(account, { Version: '2012-10-17', Statement: deny });
  const as = userOf(testAccount('888899990000'), 'guest', allowing('s3:*'));
  const Statement = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::box/*',
  };
  await s3.send('DeletePublicAccessBlock', { Bucket: 'box' });
  await s3.send('PutBucketPolicy', {
    Bucket: 'box',
    Policy: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  await assert.rejects(s3.send('GetObject', object, { as }), code('AccessDenied', 403));
});
