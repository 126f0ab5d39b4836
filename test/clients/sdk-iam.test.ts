import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  GetAccessKeyLastUsedCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListPolicyVersionsCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  paginateListUsers,
  UpdateAccessKeyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ACCOUNT, openStage, type Stage } from './stage.js';

const policy = (action: string, effect = 'Allow') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: action, Resource: '*' }] });
const trust = (principal: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }],
  });

suite('AWS SDK for JavaScript: IAM', () => {
  let stage: Stage;
  let iam: IAMClient;
  before(async () => {
    stage = await openStage();
    iam = new IAMClient(stage.config(stage.root));
  });
  after(() => stage.close());

  async function newUser(name: string) {
    const { User } = await iam.send(new CreateUserCommand({ UserName: name }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return {
      arn: User!.Arn!,
      id: User!.UserId!,
      keys: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
    };
  }

  test('an access key lives, is switched off, and dies', async () => {
    const { keys } = await newUser('key-owner');
    const { accessKeyId } = keys;
    const whoami = () => new STSClient(stage.config(keys)).send(new GetCallerIdentityCommand({}));
    await whoami();
    const used = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }));
    assert.equal(used.UserName, 'key-owner');
    const status = (Status: 'Active' | 'Inactive') =>
      iam.send(new UpdateAccessKeyCommand({ UserName: 'key-owner', AccessKeyId: accessKeyId, Status }));
    await status('Inactive');
    await assert.rejects(whoami(), { name: 'InvalidClientTokenId' });
    await status('Active');
    await whoami();
    await iam.send(new CreateAccessKeyCommand({ UserName: 'key-owner' }));
    await assert.rejects(iam.send(new CreateAccessKeyCommand({ UserName: 'key-owner' })), {
      name: /^LimitExceeded/,
    });
    await assert.rejects(iam.send(new DeleteUserCommand({ UserName: 'key-owner' })), {
      name: /^DeleteConflict/,
    });
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName: 'key-owner' }));
    for (const { AccessKeyId } of AccessKeyMetadata!) {
      await iam.send(new DeleteAccessKeyCommand({ UserName: 'key-owner', AccessKeyId: AccessKeyId! }));
    }
    await assert.rejects(whoami(), { name: 'InvalidClientTokenId' });
    await iam.send(new DeleteUserCommand({ UserName: 'key-owner' }));
  });

  test('policies act from the next request on: attached, inline, denied, bounded', async () => {
    const { keys } = await newUser('worker');
    const s3 = new S3Client(stage.config(keys));
    const may = async () =>
      s3.send(new ListBucketsCommand({})).then(
        () => true,
        (error: Error) => {
          assert.equal(error.name, 'AccessDenied');
          return false;
        },
      );
    assert.equal(await may(), false);
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'listing', PolicyDocument: policy('s3:ListAllMyBuckets') }),
    );
    const attachment = { UserName: 'worker', PolicyArn: Policy!.Arn! };
    await iam.send(new AttachUserPolicyCommand(attachment));
    assert.equal(await may(), true);
    const { AttachedPolicies } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: 'worker' }));
    assert.deepEqual(AttachedPolicies, [{ PolicyName: 'listing', PolicyArn: Policy!.Arn }]);
    await iam.send(
      new CreatePolicyVersionCommand({
        PolicyArn: Policy!.Arn!,
        PolicyDocument: policy('s3:GetObject'),
        SetAsDefault: true,
      }),
    );
    assert.equal(await may(), false, 'the new version counts');
    const versions = await iam.send(new ListPolicyVersionsCommand({ PolicyArn: Policy!.Arn! }));
    assert.deepEqual(
      versions.Versions?.map(version => [version.VersionId, version.IsDefaultVersion]),
      [
        ['v2', true],
        ['v1', false],
      ],
    );
    const first = await iam.send(new GetPolicyVersionCommand({ PolicyArn: Policy!.Arn!, VersionId: 'v1' }));
    assert.equal(decodeURIComponent(first.PolicyVersion!.Document!), policy('s3:ListAllMyBuckets'));
    const inline = (document: string) =>
      iam.send(new PutUserPolicyCommand({ UserName: 'worker', PolicyName: 'own', PolicyDocument: document }));
    await inline(policy('s3:*'));
    assert.equal(await may(), true);
    await iam.send(
      new PutUserPermissionsBoundaryCommand({ UserName: 'worker', PermissionsBoundary: Policy!.Arn! }),
    );
    assert.equal(await may(), false, 'the boundary cuts');
    await inline(policy('s3:*', 'Deny'));
    assert.equal(await may(), false);
    const { PolicyNames } = await iam.send(new ListUserPoliciesCommand({ UserName: 'worker' }));
    assert.deepEqual(PolicyNames, ['own']);
    const own = await iam.send(new GetUserPolicyCommand({ UserName: 'worker', PolicyName: 'own' }));
    assert.equal(decodeURIComponent(own.PolicyDocument!), policy('s3:*', 'Deny'));
    await assert.rejects(iam.send(new DeletePolicyCommand({ PolicyArn: Policy!.Arn! })), {
      name: /^DeleteConflict/,
    });
    await iam.send(new DetachUserPolicyCommand(attachment));
  });

  test('a recreated user is not trusted', async () => {
    const { arn, id } = await newUser('friend');
    await iam.send(new CreateRoleCommand({ RoleName: 'friends', AssumeRolePolicyDocument: trust(arn) }));
    const shown = async () => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'friends' }));
      return JSON.parse(decodeURIComponent(Role!.AssumeRolePolicyDocument!)).Statement[0].Principal.AWS;
    };
    assert.equal(await shown(), arn);
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName: 'friend' }));
    await iam.send(
      new DeleteAccessKeyCommand({ UserName: 'friend', AccessKeyId: AccessKeyMetadata![0]!.AccessKeyId! }),
    );
    await iam.send(new DeleteUserCommand({ UserName: 'friend' }));
    assert.equal(await shown(), id, 'the bare id is left');
    const again = await newUser('friend');
    assert.equal(again.arn, arn);
    const role = { RoleArn: `arn:aws:iam::${ACCOUNT}:role/friends`, RoleSessionName: 'x1' };
    const sts = new STSClient(stage.config(again.keys));
    await assert.rejects(sts.send(new AssumeRoleCommand(role)), { name: /^AccessDenied/ });
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'friends', PolicyDocument: trust(again.arn) }),
    );
    await sts.send(new AssumeRoleCommand(role));
    await iam.send(new DeleteRoleCommand({ RoleName: 'friends' }));
  });

  test('malformed policies and principals are refused in AWS words', async () => {
    const role = (document: string) =>
      iam.send(new CreateRoleCommand({ RoleName: 'broken', AssumeRolePolicyDocument: document }));
    const stranger = `arn:aws:iam::${ACCOUNT}:user/stranger`;
    await assert.rejects(role(trust(stranger)), {
      name: /^MalformedPolicyDocument/,
      message: `Invalid principal in policy: "AWS":"${stranger}"`,
    });
    await assert.rejects(role('{"Version":"2012-10-17","Statement":[]'), {
      name: /^MalformedPolicyDocument/,
    });
    await assert.rejects(
      iam.send(
        new CreatePolicyCommand({
          PolicyName: 'china',
          PolicyDocument: policy('s3:*').replace('"*"', '"arn:aws-cn:s3:::b"'),
        }),
      ),
      {
        name: /^MalformedPolicyDocument/,
        message: 'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".',
      },
    );
    await assert.rejects(iam.send(new GetRoleCommand({ RoleName: 'broken' })), { name: /^NoSuchEntity/ });
  });

  test('lists come in pages', async () => {
    for (let i = 0; i < 5; i++)
      await iam.send(new CreateUserCommand({ UserName: `page-${i}`, Path: '/pages/' }));
    const found: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, { PathPrefix: '/pages/' })) {
      pages++;
      found.push(...page.Users!.map(user => user.UserName));
    }
    assert.equal(pages, 3);
    assert.deepEqual(
      found,
      [0, 1, 2, 3, 4].map(i => `page-${i}`),
    );
    const all = await iam.send(new ListUsersCommand({ PathPrefix: '/nowhere/' }));
    assert.deepEqual(all.Users, []);
  });
});
