import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS, createAuthoriser } from '../../auth/index.js';
import type { Requirement } from '../../core/operation.js';
import type { Caller } from '../../identity/index.js';
import { compilePolicy, denialMessage } from '../../policy/index.js';
import { addAccount, addUser, allow, callerOf, type KeyPair, refusal } from '../harness.test.support.js';
import { type OrganizationWorld, openOrganization } from './world.test.support.js';

const GET = { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/key' };
const LIST_USERS = { action: 'iam:ListUsers', resource: '*' };
const DENY_S3 = { Effect: 'Deny', Action: 's3:*', Resource: '*' };
const ALLOW_S3 = { Effect: 'Allow', Action: 's3:*', Resource: '*' };

async function authorise(world: OrganizationWorld, caller: Caller, requirement: Requirement) {
  return await createAuthoriser({ credentials: world.identity })(caller, requirement, () => ({}));
}

async function allowed(world: OrganizationWorld, keys: KeyPair, requirement: Requirement) {
  return (await authorise(world, await callerOf(world, keys), requirement)).decision.allowed;
}

/** The User Guide's example: the root, the units Sandbox and Workloads, in each an account with an administrator. */
async function exampleOrganization() {
  const world = await openOrganization();
  const place = async (name: string) => {
    const unit = await world.unit(name);
    const account = await world.member(`in-${name}`);
    await world.ask('MoveAccount', {
      AccountId: account,
      SourceParentId: world.rootId,
      DestinationParentId: unit,
    });
    const keys = await addUser(world, (await world.identity.account(account))!, 'admin', allow('*'));
    return { unit, account, keys };
  };
  const attach = async (target: string, ...statements: (object | 'FullAWSAccess')[]) => {
    for (const statement of statements) {
      if (statement === 'FullAWSAccess') continue;
      const PolicyId = await world.policy(statement);
      await world.ask('AttachPolicy', { PolicyId, TargetId: target });
    }
    if (!statements.includes('FullAWSAccess')) {
      await world.ask('DetachPolicy', { PolicyId: 'p-FullAWSAccess', TargetId: target });
    }
  };
  return { world, sandbox: await place('Sandbox'), workloads: await place('Workloads'), attach };
}

interface Scenario {
  readonly title: string;
  readonly root: (object | 'FullAWSAccess')[];
  readonly sandbox: (object | 'FullAWSAccess')[];
  /** Of the account in Sandbox itself. */
  readonly account?: (object | 'FullAWSAccess')[];
  /** What the administrators of the accounts in Sandbox and in Workloads may do. */
  readonly inSandbox: readonly [s3: boolean, iam: boolean];
  readonly inWorkloads: readonly [s3: boolean, iam: boolean];
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: 'FullAWSAccess at every level takes nothing away',
    root: ['FullAWSAccess'],
    sandbox: ['FullAWSAccess'],
    inSandbox: [true, true],
    inWorkloads: [true, true],
  },
  {
    title: 'a Deny at a unit holds for the accounts below it',
    root: ['FullAWSAccess'],
    sandbox: ['FullAWSAccess', DENY_S3],
    inSandbox: [false, true],
    inWorkloads: [true, true],
  },
  {
    title: 'a Deny at the root holds everywhere, whatever is allowed below',
    root: ['FullAWSAccess', DENY_S3],
    sandbox: ['FullAWSAccess', ALLOW_S3],
    account: ['FullAWSAccess', ALLOW_S3],
    inSandbox: [false, true],
    inWorkloads: [false, true],
  },
  {
    title: 'an Allow must stand at every level: the narrower one counts',
    root: ['FullAWSAccess'],
    sandbox: [ALLOW_S3],
    inSandbox: [true, false],
    inWorkloads: [true, true],
  },
  {
    title: 'what the root does not allow is allowed nowhere',
    root: [ALLOW_S3],
    sandbox: ['FullAWSAccess'],
    inSandbox: [true, false],
    inWorkloads: [true, false],
  },
  {
    title: 'a Deny without any Allow at its level leaves no access at all',
    root: ['FullAWSAccess'],
    sandbox: [DENY_S3],
    inSandbox: [false, false],
    inWorkloads: [true, true],
  },
  {
    title: 'an Allow missing at the account blocks it alone',
    root: ['FullAWSAccess'],
    sandbox: ['FullAWSAccess'],
    account: [ALLOW_S3],
    inSandbox: [true, false],
    inWorkloads: [true, true],
  },
];

for (const { title, root, sandbox: ofSandbox, account, inSandbox, inWorkloads } of SCENARIOS) {
  test(`service control policies (User Guide, "SCP evaluation"): ${title}`, async () => {
    const { world, sandbox, workloads, attach } = await exampleOrganization();
    await attach(world.rootId, ...root);
    await attach(sandbox.unit, ...ofSandbox);
    if (account) await attach(sandbox.account, ...account);
    const may = async (keys: KeyPair) => [
      await allowed(world, keys, GET),
      await allowed(world, keys, LIST_USERS),
    ];
    assert.deepEqual(await may(sandbox.keys), inSandbox);
    assert.deepEqual(await may(workloads.keys), inWorkloads);
    // Nothing controls the management account.
    assert.deepEqual(await may(world.root), [true, true]);
  });
}

test('a service control policy binds the root user of a member, and grants nobody anything', async () => {
  const { world, sandbox, attach } = await exampleOrganization();
  const home = (await world.identity.account(sandbox.account))!;
  const root = { accessKeyId: (await world.identity.accessKeys.create(home, undefined)).id };
  const nobody = await addUser(world, home, 'nobody');
  assert.equal(await allowed(world, root, GET), true);
  assert.equal(await allowed(world, nobody, GET), false);
  await attach(sandbox.unit, 'FullAWSAccess', DENY_S3);
  assert.equal(await allowed(world, root, GET), false);
});

test('changes count from the next request on, moves too', async () => {
  const { world, sandbox, workloads } = await exampleOrganization();
  const PolicyId = await world.policy(DENY_S3);
  const attachment = { PolicyId, TargetId: sandbox.unit };
  assert.equal(await allowed(world, sandbox.keys, GET), true);
  await world.ask('AttachPolicy', attachment);
  assert.equal(await allowed(world, sandbox.keys, GET), false);
  const Content = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Deny', Action: 'iam:*', Resource: '*' },
  });
  await world.ask('UpdatePolicy', { PolicyId, Content });
  assert.equal(await allowed(world, sandbox.keys, GET), true);
  assert.equal(await allowed(world, sandbox.keys, LIST_USERS), false);
  await world.ask('MoveAccount', {
    AccountId: sandbox.account,
    SourceParentId: sandbox.unit,
    DestinationParentId: workloads.unit,
  });
  assert.equal(await allowed(world, sandbox.keys, LIST_USERS), true);
  await world.ask('MoveAccount', {
    AccountId: workloads.account,
    SourceParentId: workloads.unit,
    DestinationParentId: sandbox.unit,
  });
  assert.equal(await allowed(world, workloads.keys, LIST_USERS), false);
  await world.ask('DetachPolicy', attachment);
  assert.equal(await allowed(world, workloads.keys, LIST_USERS), true);
});

test('the denial names the service control policy', async () => {
  const { world, sandbox } = await exampleOrganization();
  const caller = await callerOf(world, sandbox.keys);
  const PolicyId = await world.policy(DENY_S3);
  await world.ask('AttachPolicy', { PolicyId, TargetId: sandbox.unit });
  const { decision, request } = await authorise(world, caller, GET);
  const organization = caller.account!.organization!.id;
  assert.equal(
    denialMessage(decision, request),
    `User: arn:aws:iam::${sandbox.account}:user/admin is not authorized to perform: s3:GetObject on resource: "${GET.resource}" with an explicit deny in a service control policy: arn:aws:organizations::${world.account.id}:policy/${organization}/service_control_policy/${PolicyId}`,
  );
  const full = { PolicyId: 'p-FullAWSAccess', TargetId: sandbox.unit };
  await world.ask('DetachPolicy', full);
  const users = await authorise(world, caller, LIST_USERS);
  assert.match(
    denialMessage(users.decision, users.request),
    /because no service control policy allows the iam:ListUsers action$/,
  );
});

test('service-linked roles are not controlled', async () => {
  const { world, sandbox, attach } = await exampleOrganization();
  await attach(sandbox.unit, 'FullAWSAccess', { Effect: 'Deny', Action: '*', Resource: '*' });
  const home = (await world.identity.account(sandbox.account))!;
  const sessionOf = async ({ id, name }: { readonly id: string; readonly name: string }) => {
    const { credentials } = await world.identity.sessions.issue({
      claims: {
        kind: 'assume-role',
        account: home.id,
        entityId: id,
        entity: name.toLowerCase(),
        name: 'work',
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa: false,
        chained: false,
      },
      arn: `arn:aws:sts::${home.id}:assumed-role/${name}/work`,
      duration: 900,
      issuer: { arn: 's3.amazonaws.com', accessKeyId: '', sourceIp: '192.0.2.1', region: 'us-east-1' },
    });
    return { accessKeyId: credentials.accessKeyId, sessionToken: credentials.sessionToken };
  };
  const service = 'macie.amazonaws.com';
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  const { roles, entityPolicies, serviceLinkedRoles } = world.identity;
  const plain = await roles.create(home, { name: 'Plain', trust });
  await entityPolicies.attach(home, 'role', 'Plain', 'arn:aws:iam::aws:policy/AdministratorAccess');
  assert.equal(await allowed(world, await sessionOf(plain), GET), false);
  const linked = await serviceLinkedRoles.create(home, { service });
  assert.equal(await allowed(world, await sessionOf(linked), GET), true);
  // Nobody makes a role of their own where organisations do not look.
  const path = `/aws-service-role/${service}/`;
  await assert.rejects(roles.create(home, { name: 'Mine', path, trust }), refusal('InvalidInput'));
});

const EVERYONE = {
  name: 'bucket policy of bucket',
  policy: compilePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' },
    }),
    'resource',
  ),
};

test('a resource control policy holds for whoever asks for resources of a member', async () => {
  const { world, sandbox } = await exampleOrganization();
  const stranger = await addAccount(world, '444455556666');
  await world.ask('EnablePolicyType', { RootId: world.rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' });
  const ofMember = { ...GET, resourceAccount: sandbox.account, resourcePolicy: EVERYONE };
  const askers = [await callerOf(world, stranger.root), ANONYMOUS, await callerOf(world, world.root)];
  for (const caller of askers) {
    assert.equal((await authorise(world, caller, ofMember)).decision.allowed, true);
  }
  // The User Guide's example of a perimeter: nobody from outside the organisation.
  const { organization } = (await world.identity.account(sandbox.account))!;
  const PolicyId = await world.policy(
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: '*',
      Condition: { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': organization!.id } },
    },
    'RESOURCE_CONTROL_POLICY',
  );
  await world.ask('AttachPolicy', { PolicyId, TargetId: world.rootId });
  const [outside, anonymous, inside] = await Promise.all(
    askers.map(caller => authorise(world, caller, ofMember)),
  );
  assert.equal(outside!.decision.layer, 'resource-control');
  assert.equal(outside!.decision.allowed, false);
  assert.equal(anonymous!.decision.allowed, false);
  assert.equal(inside!.decision.allowed, true);
  // Resources of the management account, and services without control, stay as they were.
  const managed = { ...ofMember, resourceAccount: world.account.id };
  assert.equal((await authorise(world, askers[0]!, managed)).decision.allowed, true);
  const elsewhere = await authorise(world, await callerOf(world, sandbox.keys), LIST_USERS);
  assert.equal(elsewhere.policies.resourceControl, undefined);
});

test('RCPFullAWSAccess cannot be detached', async () => {
  const { world } = await exampleOrganization();
  await world.ask('EnablePolicyType', { RootId: world.rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' });
  const detach = world.ask('DetachPolicy', { PolicyId: 'p-RCPFullAWSAccess', TargetId: world.rootId });
  await assert.rejects(detach, { code: 'InvalidInputException' });
});

test('the condition keys of organisations', async () => {
  const { world, sandbox } = await exampleOrganization();
  const caller = await callerOf(world, sandbox.keys);
  const { id } = caller.account!.organization!;
  const path = `${id}/${world.rootId}/${sandbox.unit}/`;
  assert.equal(caller.context['aws:PrincipalOrgID'], id);
  assert.deepEqual(caller.context['aws:PrincipalOrgPaths'], [path]);
  const stranger = await callerOf(world, (await addAccount(world, '444455556666')).root);
  assert.equal('aws:PrincipalOrgID' in stranger.context, false);
  const { request } = await authorise(world, stranger, { ...GET, resourceAccount: sandbox.account });
  assert.equal(request.context['aws:ResourceOrgID'], id);
  assert.deepEqual(request.context['aws:ResourceOrgPaths'], [path]);
  const own = await authorise(world, stranger, GET);
  assert.equal('aws:ResourceOrgID' in own.request.context, false);
});
