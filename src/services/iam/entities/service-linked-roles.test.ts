import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { LINKED_SERVICES } from '../../../identity/entities/linked-services.js';
import { awsManagedPolicy } from '../../../identity/policies/aws-managed-policies.js';
import { allow, openWorld, policy, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = object>(operation: string, input: object = {}) =>
    run<O>(world, service, world.root, operation, input);
  const create = (AWSServiceName: string, more: object = {}) =>
    root<iam.CreateServiceLinkedRoleResponse>('CreateServiceLinkedRole', { AWSServiceName, ...more });
  return { world, root, create };
}

// The example of create-service-linked-role in the AWS CLI's reference; names and policy as recorded on AWS in 2025.
test('a role is made for a service, and deleted by a task', async () => {
  const { root, create } = await open();
  const { Role } = await create('lexv2.amazonaws.com', { CustomSuffix: 'shop', Description: 'for the shop' });
  const RoleName = 'AWSServiceRoleForLexV2Bots_shop';
  assert.match(Role!.RoleId!, /^AROA/);
  assert.deepEqual(Role, {
    Path: '/aws-service-role/lexv2.amazonaws.com/',
    RoleName,
    RoleId: Role!.RoleId,
    Arn: `arn:aws:iam::111122223333:role/aws-service-role/lexv2.amazonaws.com/${RoleName}`,
    CreateDate: new Date('2026-11-22T00:00:00Z'),
    AssumeRolePolicyDocument: encodeURIComponent(
      '{"Version":"2012-10-17","Statement":[{"Action":["sts:AssumeRole"],"Principal":{"Service":["lexv2.amazonaws.com"]},"Effect":"Allow"}]}',
    ),
    Description: 'for the shop',
  });
  const shown = (await root<iam.GetRoleResponse>('GetRole', { RoleName })).Role!;
  assert.equal(
    decodeURIComponent(shown.AssumeRolePolicyDocument!),
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lexv2.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
  );
  const PolicyArn = 'arn:aws:iam::aws:policy/aws-service-role/AmazonLexV2BotPolicy';
  const attached = await root<iam.ListAttachedRolePoliciesResponse>('ListAttachedRolePolicies', { RoleName });
  assert.deepEqual(attached.AttachedPolicies, [{ PolicyName: 'AmazonLexV2BotPolicy', PolicyArn }]);

  const { DeletionTaskId } = await root<iam.DeleteServiceLinkedRoleResponse>('DeleteServiceLinkedRole', {
    RoleName,
  });
  assert.match(
    DeletionTaskId!,
    new RegExp(`^task/aws-service-role/lexv2\\.amazonaws\\.com/${RoleName}/[0-9a-f-]{36}$`),
  );
  const status = (task: string) =>
    root<iam.GetServiceLinkedRoleDeletionStatusResponse>('GetServiceLinkedRoleDeletionStatus', {
      DeletionTaskId: task,
    });
  assert.deepEqual(await status(DeletionTaskId!), { Status: 'SUCCEEDED' });
  for (const unknown of [`${DeletionTaskId}0`, DeletionTaskId!.replace('shop', 'shed'), 'task/x']) {
    await assert.rejects(status(unknown), refusal('NoSuchEntity'));
  }
  await assert.rejects(root('GetRole', { RoleName }), refusal('NoSuchEntity'));
  const { Policy } = await root<iam.GetPolicyResponse>('GetPolicy', { PolicyArn });
  assert.equal(Policy!.AttachmentCount, 0);
  await create('lexv2.amazonaws.com', { CustomSuffix: 'shop' });
});

// The words are as recorded on AWS in 2025 and 2026.
test('a service has one role, or several told apart by a suffix where it takes one', async () => {
  const { create } = await open();
  await create('elasticloadbalancing.amazonaws.com');
  const taken = (name: string) =>
    refusal(
      'InvalidInput',
      `Service role name ${name} has been taken in this account, please try a different suffix.`,
    );
  await assert.rejects(
    create('elasticloadbalancing.amazonaws.com'),
    taken('AWSServiceRoleForElasticLoadBalancing'),
  );
  await assert.rejects(
    create('elasticloadbalancing.amazonaws.com', { CustomSuffix: 'x' }),
    refusal('InvalidInput', 'Custom suffix is not allowed for elasticloadbalancing.amazonaws.com'),
  );
  for (const more of [{}, { CustomSuffix: 'x' }]) await create('autoscaling.amazonaws.com', more);
  await assert.rejects(
    create('autoscaling.amazonaws.com', { CustomSuffix: 'x' }),
    taken('AWSServiceRoleForAutoScaling_x'),
  );
  await assert.rejects(create('nothing.amazonaws.com'), refusal('InvalidInput'));
});

// IAM User Guide, "Create a service-linked role": "you can edit the description", no more; the words are AWS's for
// the roles that it protects.
test("a service's role is changed by nobody else, but for its description and tags", async () => {
  const { root, create } = await open();
  const RoleName = 'AWSServiceRoleForECS';
  await create('ecs.amazonaws.com');
  const PolicyDocument = policy(allow('s3:*'));
  const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
  await root('CreateInstanceProfile', { InstanceProfileName: 'machine' });
  const refused = refusal(
    'UnmodifiableEntity',
    `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS`,
  );
  for (const [operation, input] of [
    ['AttachRolePolicy', { PolicyArn }],
    [
      'DetachRolePolicy',
      { PolicyArn: 'arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy' },
    ],
    ['PutRolePolicy', { PolicyName: 'p', PolicyDocument }],
    ['DeleteRolePolicy', { PolicyName: 'p' }],
    ['PutRolePermissionsBoundary', { PermissionsBoundary: PolicyArn }],
    ['DeleteRolePermissionsBoundary', {}],
    [
      'UpdateAssumeRolePolicy',
      {
        PolicyDocument: policy({
          Effect: 'Allow',
          Principal: { AWS: '111122223333' },
          Action: 'sts:AssumeRole',
        }),
      },
    ],
    ['UpdateRole', { MaxSessionDuration: 7200 }],
    ['AddRoleToInstanceProfile', { InstanceProfileName: 'machine' }],
    ['DeleteRole', {}],
  ] as const) {
    await assert.rejects(root(operation, { RoleName, ...input }), refused, operation);
  }
  await root('UpdateRole', { RoleName, Description: 'mine' });
  await root('UpdateRoleDescription', { RoleName, Description: 'ours' });
  await root('TagRole', { RoleName, Tags: [{ Key: 'a', Value: 'b' }] });
  assert.equal((await root<iam.GetRoleResponse>('GetRole', { RoleName })).Role!.Description, 'ours');
});

test("the roles and policies of services are not anyone's to make or attach", async () => {
  const { root } = await open();
  const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });
  const role = { RoleName: 'Mine', AssumeRolePolicyDocument: trust };
  await assert.rejects(
    root('CreateRole', { ...role, Path: '/aws-service-role/ecs.amazonaws.com/' }),
    refusal('InvalidInput'),
  );
  await root('CreateRole', role);
  await assert.rejects(
    root('AttachRolePolicy', {
      RoleName: 'Mine',
      PolicyArn: 'arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy',
    }),
    refusal('PolicyNotAttachable', 'Cannot attach a Service Role Policy to a Customer Role.'),
  );
  await assert.rejects(root('DeleteServiceLinkedRole', { RoleName: 'Mine' }), refusal('NoSuchEntity'));
});

test('every service of the table has its policy among AWS’s', () => {
  for (const { service, role, policy } of LINKED_SERVICES) {
    assert.ok(awsManagedPolicy('aws', `arn:aws:iam::aws:policy/aws-service-role/${policy}`), policy);
    assert.match(role, /^AWSServiceRoleFor[\w-]{1,46}$/);
    assert.match(service, /^[a-z0-9.-]+\.amazonaws\.com$/);
  }
  assert.equal(new Set(LINKED_SERVICES.map(({ service }) => service)).size, LINKED_SERVICES.length);
});

// AWS's own policies name roles by service: "arn:aws:iam::*:role/aws-service-role/SERVICE/ROLE".
test('no role has another name than in the policies of AWS', () => {
  const named = new Map<string, Set<string>>();
  const text = readFileSync(
    new URL('../../../identity/policies/aws-managed-policies.jsonl', import.meta.url),
    'utf8',
  );
  for (const [, service = '', role = '', more] of text.matchAll(
    /aws-service-role\/([\w.-]+)\/(AWSServiceRoleFor[\w-]+)(\*?)/g,
  )) {
    if (more !== '*') named.set(service, (named.get(service) ?? new Set()).add(role));
  }
  const compared = LINKED_SERVICES.filter(({ service }) => named.has(service));
  const wrong = compared.filter(({ service, role }) => !named.get(service)!.has(role));
  assert.ok(compared.length > 50);
  // One policy writes the role of the service beside these two of its parts.
  assert.deepEqual(
    wrong.map(({ service }) => service),
    ['maintenance.elasticbeanstalk.amazonaws.com', 'managedupdates.elasticbeanstalk.amazonaws.com'],
  );
});
