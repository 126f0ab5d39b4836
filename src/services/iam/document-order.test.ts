import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { allow, openWorld, policy, refusal, run } from '../harness.test.support.js';
import { iamService } from './index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = object>(operation: string, input: object) =>
    run<O>(world, service, world.root, operation, input);
  return { world, root };
}

test('an entity that is missing is told before a document that is bad (ministack#1738; recorded of AWS)', async () => {
  const { root } = await open();
  const PolicyDocument = 'not json';
  const calls: [operation: string, input: object][] = [
    ['PutRolePolicy', { RoleName: 'none', PolicyName: 'p', PolicyDocument }],
    ['PutUserPolicy', { UserName: 'none', PolicyName: 'p', PolicyDocument }],
    ['PutGroupPolicy', { GroupName: 'none', PolicyName: 'p', PolicyDocument }],
    ['UpdateAssumeRolePolicy', { RoleName: 'none', PolicyDocument }],
    ['CreatePolicyVersion', { PolicyArn: 'arn:aws:iam::111122223333:policy/none', PolicyDocument }],
    ['UploadSSHPublicKey', { UserName: 'none', SSHPublicKeyBody: 'x' }],
    ['UploadSigningCertificate', { UserName: 'none', CertificateBody: 'x' }],
    ['CreateServiceSpecificCredential', { UserName: 'none', ServiceName: 'x' }],
    ['CreateLoginProfile', { UserName: 'none', Password: 'x' }],
    [
      'UpdateSAMLProvider',
      {
        SAMLProviderArn: 'arn:aws:iam::111122223333:saml-provider/none',
        SAMLMetadataDocument: 'x'.repeat(1000),
      },
    ],
    [
      'SimulatePrincipalPolicy',
      {
        PolicySourceArn: 'arn:aws:iam::111122223333:user/none',
        ActionNames: ['s3:GetObject'],
        PolicyInputList: [PolicyDocument],
      },
    ],
  ];
  for (const [operation, input] of calls)
    await assert.rejects(root(operation, input), refusal('NoSuchEntity'), operation);
});

test('what is no ARN cannot be attached (recorded of AWS, with two blanks)', async () => {
  const { root } = await open();
  const trust = policy({
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole',
  });
  await root('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: trust });
  await root('CreateUser', { UserName: 'u' });
  await root('CreateGroup', { GroupName: 'g' });
  const PolicyArn = 'longpolicynamebutnoarn';
  for (const [operation, holder] of [
    ['AttachRolePolicy', { RoleName: 'r' }],
    ['AttachUserPolicy', { UserName: 'u' }],
    ['AttachGroupPolicy', { GroupName: 'g' }],
    ['DetachRolePolicy', { RoleName: 'r' }],
  ] as const) {
    await assert.rejects(
      root(operation, { ...holder, PolicyArn }),
      refusal('ValidationError', 'Invalid ARN:  Could not be parsed!'),
      operation,
    );
  }
});

test("roles in AWS's own paths are made by AWS (tilfin/aws-iam-policy-tool#9)", async () => {
  const { root } = await open();
  const AssumeRolePolicyDocument = policy({
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole',
  });
  const create = (Path: string) => root('CreateRole', { RoleName: 'r', Path, AssumeRolePolicyDocument });
  await assert.rejects(
    create('/aws-service-role/ec2.amazonaws.com/'),
    refusal('InvalidInput', "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles"),
  );
  await assert.rejects(create('/aws-reserved/sso.amazonaws.com/'), refusal('InvalidInput'));
  await create('/service-role/');
});

test('CreatePolicy answers without description, and with tags only where it was given some (recorded of AWS)', async () => {
  const { root } = await open();
  const create = (input: object) =>
    root<iam.CreatePolicyResponse>('CreatePolicy', {
      PolicyDocument: policy(allow('s3:GetObject')),
      Description: 'x',
      ...input,
    });
  const { Policy: plain } = await create({ PolicyName: 'a' });
  assert.deepEqual([plain?.Description, plain?.Tags], [undefined, undefined]);
  const { Policy: tagged } = await create({ PolicyName: 'b', Tags: [{ Key: 'k', Value: 'v' }] });
  assert.deepEqual(tagged?.Tags, [{ Key: 'k', Value: 'v' }]);
  const { Policy: shown } = await root<iam.GetPolicyResponse>('GetPolicy', { PolicyArn: plain?.Arn });
  assert.deepEqual([shown?.Description, shown?.Tags], ['x', []]);
});
