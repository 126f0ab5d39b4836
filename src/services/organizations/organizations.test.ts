import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as sdk from '@aws-sdk/client-organizations';
import { addAccount, addUser, allow, callerOf, openWorld, refusal, run } from '../harness.test.support.js';
import { organizationsService } from './index.js';
import { openOrganization } from './world.test.support.js';

const DENY_S3 = { Effect: 'Deny', Action: 's3:*', Resource: '*' };

test('an account makes an organisation and manages it', async () => {
  const { ask, account, rootId } = await openOrganization();
  const { Organization } = await ask<sdk.DescribeOrganizationResponse>('DescribeOrganization');
  assert.match(Organization!.Id!, /^o-[a-z0-9]{10}$/);
  assert.equal(Organization!.MasterAccountId, account.id);
  assert.equal(Organization!.FeatureSet, 'ALL');
  assert.equal(Organization!.Arn, `arn:aws:organizations::${account.id}:organization/${Organization!.Id}`);
  assert.match(rootId, /^r-[a-z0-9]{4}$/);
  await assert.rejects(ask('CreateOrganization'), refusal('AlreadyInOrganizationException'));
});

test('an account in no organisation has none to ask about', async () => {
  const world = await openOrganization();
  const other = await addAccount(world, '444455556666');
  for (const operation of ['DescribeOrganization', 'ListAccounts', 'ListRoots', 'LeaveOrganization']) {
    await assert.rejects(world.ask(operation, {}, other.root), refusal('AWSOrganizationsNotInUseException'));
  }
});

test('a new account is entered through the role that trusts the management account', async () => {
  const { ask, identity, account } = await openOrganization('aws-cn');
  const input = { AccountName: 'dev', Email: 'dev@example.com', Tags: [{ Key: 'team', Value: 'a' }] };
  const { CreateAccountStatus: made } = await ask<sdk.CreateAccountResponse>('CreateAccount', input);
  assert.equal(made!.State, 'SUCCEEDED');
  const found = await identity.account(made!.AccountId!);
  assert.equal(found?.partition, 'aws-cn');
  const role = await identity.roles.get(found!.id, 'OrganizationAccountAccessRole');
  assert.equal(
    role.trust.includes(`"arn:aws-cn:iam::${account.id}:root"`) && role.trust.includes('sts:AssumeRole'),
    true,
  );
  assert.deepEqual(role.attached, ['arn:aws-cn:iam::aws:policy/AdministratorAccess']);
  const status = await ask<sdk.DescribeCreateAccountStatusResponse>('DescribeCreateAccountStatus', {
    CreateAccountRequestId: made!.Id,
  });
  assert.deepEqual(status.CreateAccountStatus, made);
  const tags = await ask<sdk.ListTagsForResourceResponse>('ListTagsForResource', { ResourceId: found!.id });
  assert.deepEqual(tags.Tags, [{ Key: 'team', Value: 'a' }]);
});

test('the role may have another name', async () => {
  const { ask, identity } = await openOrganization();
  const input = { AccountName: 'dev', Email: 'dev@example.com', RoleName: 'WayIn' };
  const { CreateAccountStatus } = await ask<sdk.CreateAccountResponse>('CreateAccount', input);
  assert.equal((await identity.roles.get(CreateAccountStatus!.AccountId!, 'WayIn')).name, 'WayIn');
});

test('an e-mail address belongs to one account, without case', async () => {
  const { ask, member } = await openOrganization();
  await member('dev');
  const input = { AccountName: 'again', Email: 'DEV@example.com' };
  const { CreateAccountStatus } = await ask<sdk.CreateAccountResponse>('CreateAccount', input);
  assert.equal(CreateAccountStatus!.State, 'FAILED');
  assert.equal(CreateAccountStatus!.FailureReason, 'EMAIL_ALREADY_EXISTS');
  assert.equal((await ask<sdk.ListAccountsResponse>('ListAccounts')).Accounts!.length, 2);
  const failed = await ask<sdk.ListCreateAccountStatusResponse>('ListCreateAccountStatus', {
    States: ['FAILED'],
  });
  assert.deepEqual(
    failed.CreateAccountStatuses!.map(({ AccountName }) => AccountName),
    ['again'],
  );
});

test('a member asks for its organisation, and for nothing else', async () => {
  const world = await openOrganization();
  const id = await world.member('dev');
  const home = (await world.identity.account(id))!;
  const keys = await addUser(world, home, 'admin', allow('*'));
  const { Organization } = await world.ask<sdk.DescribeOrganizationResponse>(
    'DescribeOrganization',
    {},
    keys,
  );
  assert.equal(Organization!.MasterAccountId, world.account.id);
  for (const [operation, input] of [
    ['ListAccounts', {}],
    ['CreateAccount', { AccountName: 'x', Email: 'x@example.com' }],
    ['DetachPolicy', { PolicyId: 'p-FullAWSAccess', TargetId: id }],
  ] as const) {
    await assert.rejects(world.ask(operation, input, keys), refusal('AccessDeniedException'));
  }
});

test('lists come in pages', async () => {
  const { ask, member } = await openOrganization();
  for (let number = 0; number < 4; number++) await member(`account${number}`);
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page: sdk.ListAccountsResponse = await ask('ListAccounts', { MaxResults: 2, NextToken });
    assert.ok(page.Accounts!.length <= 2);
    ids.push(...page.Accounts!.map(({ Id }) => Id!));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  assert.equal(ids.length, 5);
  assert.deepEqual(ids, [...new Set(ids)].sort());
  await assert.rejects(ask('ListAccounts', { NextToken: '!' }), refusal('InvalidInputException'));
});

test('units nest five deep, with names unique among siblings, and are deleted empty', async () => {
  const { ask, unit, rootId, member } = await openOrganization();
  const units = [rootId];
  for (let depth = 1; depth <= 5; depth++) units.push(await unit('same name', units.at(-1)));
  await assert.rejects(unit('sixth', units.at(-1)), refusal('ConstraintViolationException'));
  await assert.rejects(unit('same name'), refusal('DuplicateOrganizationalUnitException'));
  await assert.rejects(unit('x', `ou-${rootId.slice(2)}-00000000`), refusal('ParentNotFoundException'));
  const OrganizationalUnitId = units.at(-1)!;
  const account = await member('dev');
  await ask('MoveAccount', {
    AccountId: account,
    SourceParentId: rootId,
    DestinationParentId: OrganizationalUnitId,
  });
  const remove = () => ask('DeleteOrganizationalUnit', { OrganizationalUnitId });
  await assert.rejects(remove(), refusal('OrganizationalUnitNotEmptyException'));
  const parents = await ask<sdk.ListParentsResponse>('ListParents', { ChildId: account });
  assert.deepEqual(parents.Parents, [{ Id: OrganizationalUnitId, Type: 'ORGANIZATIONAL_UNIT' }]);
  await ask('MoveAccount', {
    AccountId: account,
    SourceParentId: OrganizationalUnitId,
    DestinationParentId: rootId,
  });
  await remove();
  const children = await ask<sdk.ListChildrenResponse>('ListChildren', {
    ParentId: units[4],
    ChildType: 'ORGANIZATIONAL_UNIT',
  });
  assert.deepEqual(children.Children, []);
});

test('an account moves from where it is to where there is a place', async () => {
  const { ask, unit, rootId, member } = await openOrganization();
  const account = await member('dev');
  const prod = await unit('prod');
  const move = (SourceParentId: string, DestinationParentId: string) =>
    ask('MoveAccount', { AccountId: account, SourceParentId, DestinationParentId });
  await assert.rejects(move(prod, rootId), refusal('SourceParentNotFoundException'));
  await assert.rejects(move(rootId, rootId), refusal('DuplicateAccountException'));
  await assert.rejects(move(rootId, `${prod}0`), refusal('DestinationParentNotFoundException'));
  await move(rootId, prod);
  const inside = await ask<sdk.ListAccountsForParentResponse>('ListAccountsForParent', { ParentId: prod });
  assert.deepEqual(
    inside.Accounts!.map(({ Id, Paths }) => [Id, Paths![0]!.split('/').slice(1)]),
    [[account, [rootId, prod, account, '']]],
  );
});

test('a policy is attached, changed, detached, deleted', async () => {
  const { ask, policy, rootId } = await openOrganization();
  const PolicyId = await policy(DENY_S3);
  const attachment = { PolicyId, TargetId: rootId };
  await assert.rejects(ask('DetachPolicy', attachment), refusal('PolicyNotAttachedException'));
  await ask('AttachPolicy', attachment);
  await assert.rejects(ask('AttachPolicy', attachment), refusal('DuplicatePolicyAttachmentException'));
  await assert.rejects(ask('DeletePolicy', { PolicyId }), refusal('PolicyInUseException'));
  const { Targets } = await ask<sdk.ListTargetsForPolicyResponse>('ListTargetsForPolicy', { PolicyId });
  assert.deepEqual(
    Targets!.map(({ TargetId, Name, Type }) => [TargetId, Name, Type]),
    [[rootId, 'Root', 'ROOT']],
  );
  const { Policy } = await ask<sdk.UpdatePolicyResponse>('UpdatePolicy', { PolicyId, Name: 'new name' });
  assert.equal(Policy!.PolicySummary!.Name, 'new name');
  await ask('DetachPolicy', attachment);
  await ask('DeletePolicy', { PolicyId });
  await assert.rejects(ask('DescribePolicy', { PolicyId }), refusal('PolicyNotFoundException'));
});

test('the last service control policy of a target stays; ten may be attached', async () => {
  const { ask, policy, rootId } = await openOrganization();
  const full = { PolicyId: 'p-FullAWSAccess', TargetId: rootId };
  await assert.rejects(
    ask('DetachPolicy', full),
    refusal('ConstraintViolationException', /at least one attached/),
  );
  for (let number = 0; number < 9; number++) {
    await ask('AttachPolicy', { PolicyId: await policy(DENY_S3), TargetId: rootId });
  }
  const tooMany = { PolicyId: await policy(DENY_S3), TargetId: rootId };
  await assert.rejects(
    ask('AttachPolicy', tooMany),
    refusal('ConstraintViolationException', /maximum number/),
  );
  await ask('DetachPolicy', full);
  await ask('AttachPolicy', tooMany);
});

test("AWS's policies are attached everywhere and cannot be changed", async () => {
  const { ask, member, unit, rootId, account } = await openOrganization();
  const [dev, prod] = [await member('dev'), await unit('prod')];
  const { Targets } = await ask<sdk.ListTargetsForPolicyResponse>('ListTargetsForPolicy', {
    PolicyId: 'p-FullAWSAccess',
  });
  assert.deepEqual(
    new Set(Targets!.map(({ TargetId }) => TargetId)),
    new Set([rootId, prod, dev, account.id]),
  );
  await assert.rejects(
    ask('UpdatePolicy', { PolicyId: 'p-FullAWSAccess', Name: 'mine' }),
    refusal('InvalidInputException'),
  );
  const { Policies } = await ask<sdk.ListPoliciesResponse>('ListPolicies', {
    Filter: 'SERVICE_CONTROL_POLICY',
  });
  assert.equal(Policies![0]!.Arn, 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess');
  assert.equal(Policies![0]!.AwsManaged, true);
});

// Terraform's acceptance tests of aws_organizations_organization, which run against AWS.
test('a new organisation has no policy type enabled', async () => {
  const world = await openWorld();
  const service = organizationsService({ identity: world.identity });
  const ask = <O>(operation: string, input: object = {}) =>
    run<O>(world, service, world.root, operation, input);
  await ask('CreateOrganization', { FeatureSet: 'ALL' });
  const [root] = (await ask<sdk.ListRootsResponse>('ListRoots')).Roots!;
  assert.deepEqual(root!.PolicyTypes, []);
  const type = { RootId: root!.Id, PolicyType: 'SERVICE_CONTROL_POLICY' };
  const { Root } = await ask<sdk.EnablePolicyTypeResponse>('EnablePolicyType', type);
  assert.deepEqual(Root!.PolicyTypes, [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }]);
});

// AWS Organizations API Reference, EnableAWSServiceAccess and ListAWSServiceAccessForOrganization.
test('services get access to the organisation and lose it', async () => {
  const { ask, member, clock } = await openOrganization();
  const list = async (more: object = {}) =>
    await ask<sdk.ListAWSServiceAccessForOrganizationResponse>('ListAWSServiceAccessForOrganization', more);
  assert.deepEqual(await list(), { EnabledServicePrincipals: [] });
  const enabled = new Date(clock.now());
  for (const ServicePrincipal of ['sso.amazonaws.com', 'config.amazonaws.com']) {
    await ask('EnableAWSServiceAccess', { ServicePrincipal });
  }
  clock.advance(60);
  await ask('EnableAWSServiceAccess', { ServicePrincipal: 'sso.amazonaws.com' });
  const page = await list({ MaxResults: 1 });
  const first = { ServicePrincipal: 'config.amazonaws.com', DateEnabled: enabled };
  assert.deepEqual(page.EnabledServicePrincipals, [first]);
  const rest = await list({ NextToken: page.NextToken });
  const second = { ServicePrincipal: 'sso.amazonaws.com', DateEnabled: enabled };
  assert.deepEqual(rest, { EnabledServicePrincipals: [second] });
  for (const ServicePrincipal of ['config.amazonaws.com', 'ram.amazonaws.com']) {
    await ask('DisableAWSServiceAccess', { ServicePrincipal });
  }
  assert.deepEqual((await list()).EnabledServicePrincipals, [second]);
  await assert.rejects(
    ask('EnableAWSServiceAccess', { ServicePrincipal: 'config' }),
    refusal('InvalidInputException'),
  );
  const AccountId = await member('dev');
  await assert.rejects(
    ask('ListDelegatedServicesForAccount', { AccountId }),
    refusal('AccountNotRegisteredException'),
  );
});

test('a policy type that is disabled loses its attachments', async () => {
  const { ask, policy, rootId } = await openOrganization();
  const type = { RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' };
  await assert.rejects(ask('EnablePolicyType', type), refusal('PolicyTypeAlreadyEnabledException'));
  const PolicyId = await policy(DENY_S3);
  await ask('AttachPolicy', { PolicyId, TargetId: rootId });
  await ask('DetachPolicy', { PolicyId: 'p-FullAWSAccess', TargetId: rootId });
  await ask('DisablePolicyType', type);
  await assert.rejects(
    ask('AttachPolicy', { PolicyId, TargetId: rootId }),
    refusal('PolicyTypeNotEnabledException'),
  );
  await assert.rejects(ask('DisablePolicyType', type), refusal('PolicyTypeNotEnabledException'));
  const { Root } = await ask<sdk.EnablePolicyTypeResponse>('EnablePolicyType', type);
  assert.deepEqual(Root!.PolicyTypes, [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }]);
  const attached = await ask<sdk.ListPoliciesForTargetResponse>('ListPoliciesForTarget', {
    TargetId: rootId,
    Filter: 'SERVICE_CONTROL_POLICY',
  });
  assert.deepEqual(
    attached.Policies!.map(({ Id }) => Id),
    ['p-FullAWSAccess'],
  );
  await ask('DeletePolicy', { PolicyId });
  const tags = { RootId: rootId, PolicyType: 'TAG_POLICY' };
  await assert.rejects(
    ask('EnablePolicyType', tags),
    refusal('PolicyTypeNotAvailableForOrganizationException'),
  );
});

test('a policy document must suit its type (User Guide, "SCP syntax" and "RCP syntax")', async () => {
  const { policy } = await openOrganization();
  const malformed = refusal('MalformedPolicyDocumentException');
  const RCP = 'RESOURCE_CONTROL_POLICY';
  const deny = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };
  await assert.rejects(policy({ ...DENY_S3, Principal: '*' }), malformed);
  await assert.rejects(policy({ Effect: 'Deny', Action: 's3:*' }), malformed);
  await assert.rejects(policy(DENY_S3, RCP), malformed);
  await assert.rejects(policy({ ...deny, Effect: 'Allow' }, RCP), malformed);
  await assert.rejects(policy({ ...deny, Principal: { AWS: '111122223333' } }, RCP), malformed);
  await assert.rejects(policy({ ...deny, Action: '*' }, RCP), malformed);
  const { Action: _, ...rest } = deny;
  await assert.rejects(policy({ ...rest, NotAction: 's3:*' }, RCP), malformed);
  await policy(deny, RCP);
  const long = { ...DENY_S3, Resource: [`arn:aws:s3:::${'b'.repeat(10_240)}`] };
  await assert.rejects(policy(long), refusal('ConstraintViolationException'));
});

test('a closed account signs nothing any more and stays in sight, suspended', async () => {
  const world = await openOrganization();
  const id = await world.member('dev');
  const home = (await world.identity.account(id))!;
  const keys = await addUser(world, home, 'admin', allow('*'));
  await callerOf(world, keys);
  await world.ask('CloseAccount', { AccountId: id });
  const found = await world.identity.lookup(keys.accessKeyId, undefined, world.clock.now());
  assert.equal(found.found, 'none');
  const { Account } = await world.ask<sdk.DescribeAccountResponse>('DescribeAccount', { AccountId: id });
  assert.deepEqual([Account!.Status, Account!.State], ['SUSPENDED', 'CLOSED']);
  await assert.rejects(
    world.ask('CloseAccount', { AccountId: id }),
    refusal('AccountAlreadyClosedException'),
  );
  await assert.rejects(
    world.ask('CloseAccount', { AccountId: world.account.id }),
    refusal('ConstraintViolationException'),
  );
});

test('accounts leave; the management account cannot; an empty organisation is deleted', async () => {
  const world = await openOrganization();
  const [first, second] = [await world.member('first'), await world.member('second')];
  const { ask } = world;
  await assert.rejects(ask('DeleteOrganization'), refusal('OrganizationNotEmptyException'));
  await assert.rejects(
    ask('RemoveAccountFromOrganization', { AccountId: world.account.id }),
    refusal('MasterCannotLeaveOrganizationException'),
  );
  await ask('RemoveAccountFromOrganization', { AccountId: first });
  const home = (await world.identity.account(second))!;
  const keys = await addUser(world, home, 'admin', allow('organizations:LeaveOrganization'));
  await run(world, world.service, keys, 'LeaveOrganization', {});
  assert.equal((await world.identity.account(second))!.organization, undefined);
  await ask('DeleteOrganization');
  await assert.rejects(ask('DescribeOrganization'), refusal('AWSOrganizationsNotInUseException'));
  await ask('CreateOrganization');
});

test('tags of roots, units, accounts and policies', async () => {
  const { ask, unit, policy, member, rootId } = await openOrganization();
  for (const ResourceId of [rootId, await unit('u'), await member('m'), await policy(DENY_S3)]) {
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    await ask('TagResource', { ResourceId, Tags });
    await ask('UntagResource', { ResourceId, TagKeys: ['a'] });
    const left = await ask<sdk.ListTagsForResourceResponse>('ListTagsForResource', { ResourceId });
    assert.deepEqual(left.Tags, [{ Key: 'b', Value: '2' }]);
    const twice = [...Tags, { Key: 'A', Value: '3' }];
    await assert.rejects(ask('TagResource', { ResourceId, Tags: twice }), refusal('InvalidInputException'));
  }
  const unknown = { ResourceId: '999999999999' };
  await assert.rejects(ask('ListTagsForResource', unknown), refusal('TargetNotFoundException'));
});
