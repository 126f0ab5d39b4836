/** Access control lists with the AWS SDK: two accounts, a browser's form, and people without any. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketOwnershipControlsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ObjectCannedACL,
  type ObjectOwnership,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { openStage, REGION, type Stage } from './stage.js';

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

interface Made {
  RootAccessKey: { AccessKeyId: string; SecretAccessKey: string };
}

suite('AWS SDK for JavaScript: access control lists', () => {
  let stage: Stage;
  let owner: S3Client;
  let other: S3Client;
  let ownerId: string;
  let otherId: string;

  before(async () => {
    stage = await openStage();
    const target = { endpoint: stage.endpoint, credentials: stage.root };
    const account = { AccountName: 'other', Partition: 'aws' };
    const { RootAccessKey } = (await callKarikagi(target, 'CreateAccount', account)) as Made;
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = RootAccessKey;
    owner = new S3Client(stage.config(stage.root));
    other = new S3Client(stage.config({ accessKeyId, secretAccessKey }));
    await bucket('lists');
    ownerId = (await owner.send(new GetBucketAclCommand({ Bucket: 'lists' }))).Owner!.ID!;
    const theirs = { ...new CreateBucketCommand({ Bucket: 'theirs' }).input, ...location };
    await other.send(new CreateBucketCommand(theirs));
    otherId = (await other.send(new GetBucketAclCommand({ Bucket: 'theirs' }))).Owner!.ID!;
  });
  after(() => stage.close());

  const location = { CreateBucketConfiguration: { LocationConstraint: REGION } } as const;

  async function bucket(Bucket: string, ObjectOwnership: ObjectOwnership = 'ObjectWriter'): Promise<void> {
    await owner.send(new CreateBucketCommand({ Bucket, ObjectOwnership, ...location }));
    await owner.send(new DeletePublicAccessBlockCommand({ Bucket }));
  }

  const put = (Key: string, more: object = {}, client = owner) =>
    client.send(new PutObjectCommand({ Bucket: 'lists', Key, Body: 'x', ...more }));
  const get = (Key: string, client: S3Client) => client.send(new GetObjectCommand({ Bucket: 'lists', Key }));
  const status = async (path: string) => (await fetch(`${stage.endpoint}/${path}`)).status;
  const denied = { name: 'AccessDenied' };

  test('a public object is read by anyone, until it is private again', async () => {
    await put('k', { ACL: 'public-read' });
    assert.equal(await status('lists/k'), 200);
    const { Grants } = await owner.send(new GetObjectAclCommand({ Bucket: 'lists', Key: 'k' }));
    assert.deepEqual(Grants, [
      { Grantee: { Type: 'CanonicalUser', ID: ownerId }, Permission: 'FULL_CONTROL' },
      { Grantee: { Type: 'Group', URI: ALL_USERS }, Permission: 'READ' },
    ]);
    await owner.send(new PutObjectAclCommand({ Bucket: 'lists', Key: 'k', ACL: 'private' }));
    assert.equal(await status('lists/k'), 403);
    await assert.rejects(get('k', other), denied);
  });

  test('a document names another account, in the form that the SDK writes', async () => {
    await put('k');
    const Grants = [
      { Grantee: { Type: 'CanonicalUser', ID: otherId }, Permission: 'READ' },
      { Grantee: { Type: 'CanonicalUser', ID: ownerId }, Permission: 'FULL_CONTROL' },
    ] as const;
    const AccessControlPolicy = { Owner: { ID: ownerId }, Grants: [...Grants] };
    await owner.send(new PutObjectAclCommand({ Bucket: 'lists', Key: 'k', AccessControlPolicy }));
    await get('k', other);
    assert.equal(await status('lists/k'), 403);
    const shown = await owner.send(new GetObjectAclCommand({ Bucket: 'lists', Key: 'k' }));
    assert.deepEqual(
      shown.Grants?.map(({ Grantee, Permission }) => [Grantee?.ID, Permission]),
      [
        [otherId, 'READ'],
        [ownerId, 'FULL_CONTROL'],
      ],
    );
    const unknown = { Grantee: { Type: 'CanonicalUser', ID: 'nobody' }, Permission: 'READ' } as const;
    const wrong = { Owner: { ID: ownerId }, Grants: [unknown] };
    await assert.rejects(
      owner.send(new PutBucketAclCommand({ Bucket: 'lists', AccessControlPolicy: wrong })),
      (error: Error & Record<string, unknown>) =>
        error.name === 'InvalidArgument' &&
        error['ArgumentName'] === 'CanonicalUser/ID' &&
        error['ArgumentValue'] === 'nobody',
    );
    const unlikely = { ...unknown, Permission: 'SEE' as 'READ' };
    await assert.rejects(
      owner.send(
        new PutBucketAclCommand({
          Bucket: 'lists',
          AccessControlPolicy: { Owner: { ID: ownerId }, Grants: [unlikely] },
        }),
      ),
      { name: 'MalformedACLError' },
    );
  });

  test('headers grant on uploads, copies and multipart uploads', async () => {
    const GrantRead = `id="${otherId}"`;
    await put('put', { GrantRead });
    await owner.send(
      new CopyObjectCommand({ Bucket: 'lists', Key: 'copy', CopySource: 'lists/put', GrantRead }),
    );
    for (const key of ['put', 'copy']) await get(key, other);
    const { UploadId } = await owner.send(
      new CreateMultipartUploadCommand({ Bucket: 'lists', Key: 'parts', GrantRead }),
    );
    assert.ok(UploadId);
    await assert.rejects(put('put', { ACL: 'private', GrantRead }), { name: 'InvalidRequest' });
    await assert.rejects(put('put', { ACL: 'public-ready' as ObjectCannedACL }), { name: 'InvalidArgument' });
  });

  test('a bucket that anyone may list and write to', async () => {
    await bucket('square');
    await owner.send(new PutBucketAclCommand({ Bucket: 'square', ACL: 'public-read-write' }));
    assert.equal(await status('square'), 200);
    const written = await fetch(`${stage.endpoint}/square/anonymous`, { method: 'PUT', body: 'x' });
    assert.equal(written.status, 200);
    await other.send(new PutObjectCommand({ Bucket: 'square', Key: 'theirs', Body: 'x' }));
    const { Contents } = await owner.send(new ListObjectsV2Command({ Bucket: 'square', FetchOwner: true }));
    assert.deepEqual(
      Contents?.map(({ Key, Owner }) => [Key, Owner?.ID]),
      [
        ['anonymous', '65a011a29cdf8ec533ec3d1ccaae921c'],
        ['theirs', otherId],
      ],
    );
  });

  test('a form of a browser brings a list', async () => {
    const signed = await createPresignedPost(owner, {
      Bucket: 'lists',
      Key: 'form',
      Fields: { acl: 'public-read' },
      Conditions: [{ acl: 'public-read' }],
    });
    const form = new FormData();
    for (const [field, value] of Object.entries(signed.fields)) form.append(field, value);
    form.append('file', new Blob(['x']), 'f');
    assert.equal((await fetch(signed.url, { method: 'POST', body: form })).status, 204);
    assert.equal(await status('lists/form'), 200);
  });

  test("an upload for the bucket's owner belongs to it where it is preferred", async () => {
    await bucket('inbox', 'BucketOwnerPreferred');
    // "Requiring the bucket-owner-full-control canned ACL for Amazon S3 PUT operations", S3 User Guide.
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { CanonicalUser: otherId },
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::inbox/*',
        Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
      },
    });
    await owner.send(new PutBucketPolicyCommand({ Bucket: 'inbox', Policy }));
    const sent = { Bucket: 'inbox', Key: 'k', Body: 'x' };
    await assert.rejects(other.send(new PutObjectCommand(sent)), denied);
    await other.send(new PutObjectCommand({ ...sent, ACL: 'bucket-owner-full-control' }));
    const { Owner } = await owner.send(new GetObjectAclCommand({ Bucket: 'inbox', Key: 'k' }));
    assert.equal(Owner?.ID, ownerId);
  });

  test('enforcing the owner sets lists aside until it ends', async () => {
    await bucket('strict');
    await owner.send(new PutObjectCommand({ Bucket: 'strict', Key: 'k', Body: 'x', ACL: 'public-read' }));
    await owner.send(new PutBucketAclCommand({ Bucket: 'strict', ACL: 'public-read' }));
    const enforce = new PutBucketOwnershipControlsCommand({
      Bucket: 'strict',
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    await assert.rejects(owner.send(enforce), { name: 'InvalidBucketAclWithObjectOwnership' });
    await owner.send(new PutBucketAclCommand({ Bucket: 'strict', ACL: 'private' }));
    await owner.send(enforce);
    assert.equal(await status('strict/k'), 403);
    const set = new PutObjectAclCommand({ Bucket: 'strict', Key: 'k', ACL: 'public-read' });
    await assert.rejects(owner.send(set), { name: 'AccessControlListNotSupported' });
    await owner.send(new DeleteBucketOwnershipControlsCommand({ Bucket: 'strict' }));
    await assert.rejects(owner.send(new GetBucketOwnershipControlsCommand({ Bucket: 'strict' })), {
      name: 'OwnershipControlsNotFoundError',
    });
    assert.equal(await status('strict/k'), 200);
  });

  test('why: the explanation of a denial shows the list and that it grants nothing', async () => {
    await put('k', { GrantRead: `id="${ownerId}"` });
    const refusal = await fetch(`${stage.endpoint}/lists/k`);
    const RequestId = refusal.headers.get('x-amz-request-id');
    const target = { endpoint: stage.endpoint, credentials: stage.root };
    const details = JSON.stringify(
      await callKarikagi(target, 'GetRequestAuthorizationDetails', { RequestId }),
    );
    assert.match(details, /the resource's access control list or policy must allow/);
    assert.match(details, /No resource-based policy allows it\. Refused too by: access control list\./);
    assert.match(details, /ACL of arn:aws:s3:::lists\/k/);
    assert.match(details, new RegExp(`"READ to ${ownerId}"`));
  });
});
