/** What lists let others do, and whose an object is ("How Amazon S3 authorizes a request", S3 User Guide). */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Caller } from '../../../core/caller.js';
import { lineOf } from '../inventory/inventory-fields.js';
import {
  allow,
  anonymous,
  bodyOf,
  code,
  openTestS3,
  rootOf,
  type TestS3,
  testAccount,
  userOf,
} from '../testing.test.support.js';
import { ALL_USERS, ANONYMOUS_OWNER, AUTHENTICATED_USERS } from './acl.js';

const Bucket = 'example-bucket';
const open = { BlockPublicAcls: false, IgnorePublicAcls: false };

const alpha = testAccount('111122223333');
const beta = testAccount('444455556666');
const gamma = testAccount('777788889999');
const a = alpha.canonicalId;
const b = beta.canonicalId;
const other = rootOf(beta);
const third = rootOf(gamma);

let s3: TestS3;

async function make(ObjectOwnership: string, PublicAccessBlockConfiguration: object = open): Promise<void> {
  s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket, ObjectOwnership });
  await s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration });
}

const put = (Key: string, input: object = {}, as: Caller = s3.root) =>
  s3.send('PutObject', { Bucket, Key, Body: bodyOf('x'), ...input }, { as });
const get = (Key: string, as: Caller) => s3.send('GetObject', { Bucket, Key }, { as });
const denied = code('AccessDenied', 403);
const setPolicy = (...statements: object[]) =>
  s3.send('PutBucketPolicy', {
    Bucket,
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  });
const onAll = (Effect: string, Action: string, Principal: unknown = '*') => ({
  Effect,
  Principal,
  Action,
  Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
});

/** What a caller of another account may be let do, by name. */
const attempts: Readonly<Record<string, (as: Caller) => Promise<unknown>>> = {
  list: as => s3.send('ListObjectsV2', { Bucket }, { as }),
  'list versions': as => s3.send('ListObjectVersions', { Bucket }, { as }),
  'list uploads': as => s3.send('ListMultipartUploads', { Bucket }, { as }),
  'head bucket': as => s3.send('HeadBucket', { Bucket }, { as }),
  write: as => put('new', {}, as),
  overwrite: as => put('k', {}, as),
  'read bucket list': as => s3.send('GetBucketAcl', { Bucket }, { as }),
  'write bucket list': as => s3.send('PutBucketAcl', { Bucket, ACL: 'private' }, { as }),
  delete: as => s3.send('DeleteObject', { Bucket, Key: 'k' }, { as }),
  'read policy': as => s3.send('GetBucketPolicyStatus', { Bucket }, { as }),
  get: as => get('k', as),
  head: as => s3.send('HeadObject', { Bucket, Key: 'k' }, { as }),
  'read object list': as => s3.send('GetObjectAcl', { Bucket, Key: 'k' }, { as }),
  'write object list': as => s3.send('PutObjectAcl', { Bucket, Key: 'k', ACL: 'private' }, { as }),
  'read tags': as => s3.send('GetObjectTagging', { Bucket, Key: 'k' }, { as }),
};

const reading = ['list', 'list versions', 'list uploads', 'head bucket'];
const writing = ['write', 'overwrite'];

/** By permission, what it lets do on the bucket and on the object `k` in it. */
const permitted: Readonly<Record<string, { bucket: readonly string[]; object: readonly string[] }>> = {
  READ: { bucket: reading, object: ['get', 'head'] },
  WRITE: { bucket: writing, object: [] },
  READ_ACP: { bucket: ['read bucket list'], object: ['read object list'] },
  WRITE_ACP: { bucket: ['write bucket list'], object: ['write object list'] },
  FULL_CONTROL: {
    bucket: [...reading, ...writing, 'read bucket list', 'write bucket list'],
    object: ['get', 'head', 'read object list', 'write object list'],
  },
};

const grantTo = (grantee: object, Permission: string) => ({
  AccessControlPolicy: { Owner: { ID: a }, Grants: [{ Grantee: grantee, Permission }] },
});
const toBeta = { Type: 'CanonicalUser', ID: b };

for (const [permission, { bucket, object }] of Object.entries(permitted)) {
  describe(`${permission} to another account`, () => {
    beforeEach(async () => {
      await make('ObjectWriter');
      await put('k');
    });

    for (const [name, attempt] of Object.entries(attempts)) {
      for (const [target, operation, allowed] of [
        ['bucket', 'PutBucketAcl', bucket.includes(name)],
        ['object', 'PutObjectAcl', object.includes(name)],
      ] as const) {
        test(`on the ${target} ${allowed ? 'lets' : 'does not let'} it ${name}`, async () => {
          const key = target === 'object' ? { Key: 'k' } : {};
          await s3.send(operation, { Bucket, ...key, ...grantTo(toBeta, permission) });
          if (allowed) await attempt(other);
          else await assert.rejects(attempt(other), denied);
          await assert.rejects(attempt(third), denied, 'nor anyone else');
        });
      }
    }
  });
}

describe('groups', () => {
  beforeEach(async () => {
    await make('ObjectWriter');
    await put('k');
  });

  const group = (URI: string) => ({ Type: 'Group', URI });
  const grant = (URI: string) =>
    s3.send('PutObjectAcl', { Bucket, Key: 'k', ...grantTo(group(URI), 'READ') });

  test('everyone: signed or not, with what the own account allows', async () => {
    await grant(ALL_USERS);
    await get('k', anonymous);
    await get('k', other);
    await get('k', userOf(beta, 'bob', allow('s3:GetObject')));
    await assert.rejects(get('k', userOf(beta, 'eve')), denied);
    await get('k', userOf(alpha, 'carol'));
  });

  test('everyone with an account', async () => {
    await grant(AUTHENTICATED_USERS);
    await assert.rejects(get('k', anonymous), denied);
    await get('k', other);
    await assert.rejects(get('k', userOf(beta, 'eve')), denied);
  });

  test('an account: its users as far as it lets them', async () => {
    await s3.send('PutObjectAcl', { Bucket, Key: 'k', ...grantTo(toBeta, 'READ') });
    await get('k', userOf(beta, 'bob', allow('s3:GetObject')));
    await assert.rejects(get('k', userOf(beta, 'eve')), denied);
    await assert.rejects(get('k', userOf(alpha, 'carol')), denied, 'nobody of the account without a policy');
  });

  test('what a list grants, a policy may deny', async () => {
    await grant(ALL_USERS);
    await setPolicy(onAll('Deny', 's3:GetObject'));
    for (const as of [anonymous, other, s3.root]) await assert.rejects(get('k', as), denied);
  });

  test('who may list the bucket is told that there is no such object', async () => {
    await assert.rejects(get('no', anonymous), denied);
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read' });
    await assert.rejects(get('no', anonymous), code('NoSuchKey', 404));
    await assert.rejects(get('k', anonymous), denied);
    const copy = { Bucket, Key: 'c', CopySource: `${Bucket}/no` };
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    await assert.rejects(s3.send('CopyObject', copy, { as: other }), code('NoSuchKey', 404));
    await assert.rejects(
      s3.send('CopyObject', { ...copy, CopySource: `${Bucket}/k` }, { as: other }),
      denied,
    );
  });
});

describe('Block Public Access', () => {
  test('BlockPublicAcls refuses public lists, and only those', async () => {
    await make('ObjectWriter', { BlockPublicAcls: true, IgnorePublicAcls: false });
    await put('k', { ACL: 'private' });
    const user = userOf(alpha, 'carol', allow('s3:*'));
    for (const ACL of ['public-read', 'public-read-write', 'authenticated-read']) {
      for (const as of [s3.root, user]) {
        await assert.rejects(put('k', { ACL }, as), denied);
        await assert.rejects(s3.send('PutBucketAcl', { Bucket, ACL }, { as }), denied);
        await assert.rejects(
          s3.send('PutObjectAcl', { Bucket, Key: 'k', ACL }, { as }),
          /User: arn:\S+ is not authorized to perform: s3:PutObjectAcl on resource: "arn:aws:s3:::example-bucket\/k" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access\./,
        );
      }
    }
    await assert.rejects(put('k', { GrantRead: `uri=${ALL_USERS}` }), denied);
    await s3.send('PutBucketAcl', { Bucket, ACL: 'log-delivery-write' });
    await put('k', { GrantRead: `id=${b}` });
  });

  test('IgnorePublicAcls leaves them standing, and only what they grant to others', async () => {
    await make('ObjectWriter');
    await put('k', { GrantRead: `uri=${ALL_USERS}, id=${b}` });
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read' });
    await s3.send('PutPublicAccessBlock', {
      Bucket,
      PublicAccessBlockConfiguration: { ...open, IgnorePublicAcls: true },
    });
    for (const as of [anonymous, third]) {
      await assert.rejects(get('k', as), denied);
      await assert.rejects(s3.send('ListObjectsV2', { Bucket }, { as }), denied);
    }
    await get('k', other);
    const { Grants } = await s3.send('GetBucketAcl', { Bucket });
    assert.equal((Grants as object[]).length, 2);
    const [requirement] = await s3.requires('GetObject', { Bucket, Key: 'k' }, { as: anonymous });
    assert.equal(requirement?.setAside?.[0]?.by, 'IgnorePublicAcls');
  });
});

describe('object ownership', () => {
  const ownerOf = async (Key: string) => {
    const { Contents } = await s3.send('ListObjectsV2', { Bucket, FetchOwner: true, Prefix: Key });
    return (Contents as { Owner: { ID: string } }[] | undefined)?.[0]?.Owner.ID;
  };
  const upload = async (Key: string, input: object, as: Caller) => {
    const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key, ...input }, { as });
    return UploadId as string;
  };

  const cases: readonly (readonly [ownership: string, ACL: string | undefined, owner: string])[] = [
    ['ObjectWriter', undefined, b],
    ['ObjectWriter', 'bucket-owner-full-control', b],
    ['BucketOwnerPreferred', undefined, b],
    ['BucketOwnerPreferred', 'private', b],
    ['BucketOwnerPreferred', 'bucket-owner-full-control', a],
    ['BucketOwnerEnforced', undefined, a],
    ['BucketOwnerEnforced', 'bucket-owner-full-control', a],
  ];

  for (const [ownership, ACL, owner] of cases) {
    test(`${ownership}, ${ACL ?? 'no list'}: another account's uploads belong to ${owner === a ? "the bucket's owner" : 'it'}`, async () => {
      const named = { ID: owner };
      await make(ownership);
      // As in AWS's example of a policy that demands the list: s3:PutObject is enough for both.
      await setPolicy(
        onAll('Allow', 's3:PutObject', { AWS: beta.id }),
        onAll('Allow', 's3:ListMultipartUploadParts', { AWS: beta.id }),
      );
      const input = ACL === undefined ? {} : { ACL };
      await put('put', input, other);
      await put('source');
      await setPolicy(onAll('Allow', 's3:*', { AWS: beta.id }));
      await s3.send(
        'CopyObject',
        { Bucket, Key: 'copy', CopySource: `${Bucket}/source`, ...input },
        { as: other },
      );
      for (const key of ['put', 'copy']) {
        assert.equal(await ownerOf(key), owner, key);
        const as = owner === a ? s3.root : other;
        const { Owner } = await s3.send('GetObjectAcl', { Bucket, Key: key }, { as });
        assert.deepEqual(Owner, named);
      }
      const UploadId = await upload('parts', input, other);
      const parts = await s3.send('ListParts', { Bucket, Key: 'parts', UploadId });
      assert.deepEqual([parts['Owner'], parts['Initiator']], [named, { ID: b, DisplayName: beta.name }]);
      const { Uploads } = await s3.send('ListMultipartUploads', { Bucket });
      assert.deepEqual((Uploads as { Owner: object }[])[0]?.Owner, named);
      const { Entries } = await s3.send('ListObjectVersions', { Bucket, Prefix: 'put' });
      assert.deepEqual((Entries as { Version: { Owner: object } }[])[0]?.Version.Owner, named);
    });
  }

  test("another account's object is its own to give; the bucket's policy may only deny", async () => {
    await make('ObjectWriter');
    await s3.send('PutBucketAcl', { Bucket, ...grantTo(toBeta, 'WRITE') });
    await setPolicy(onAll('Allow', 's3:GetObject'), onAll('Allow', 's3:GetObjectAcl'));
    await put('mine');
    await put('theirs', {}, other);
    await get('mine', anonymous);
    for (const as of [anonymous, third, s3.root]) await assert.rejects(get('theirs', as), denied);
    const acl = (as: Caller) => s3.send('GetObjectAcl', { Bucket, Key: 'theirs' }, { as });
    await assert.rejects(acl(s3.root), denied);
    await get('theirs', other);
    await get('theirs', userOf(beta, 'bob', allow('s3:GetObject')));
    await assert.rejects(get('theirs', userOf(beta, 'eve')), denied, 'the policies of its owner count');

    await s3.send('PutObjectAcl', { Bucket, Key: 'theirs', ACL: 'bucket-owner-read' }, { as: other });
    await get('theirs', s3.root);
    await get('theirs', userOf(alpha, 'carol', allow('s3:GetObject')));
    await assert.rejects(get('theirs', userOf(alpha, 'dave')), denied);
    await assert.rejects(acl(s3.root), denied);

    await setPolicy(onAll('Deny', 's3:GetObject', { AWS: beta.id }));
    await assert.rejects(get('theirs', other), denied);
    await s3.send('DeleteObject', { Bucket, Key: 'theirs' });
    assert.equal(await ownerOf('theirs'), undefined, 'the owner of the bucket deletes what is in it');
  });

  test('who may write may give the list that comes along, not one to what stands there', async () => {
    await make('ObjectWriter');
    await put('k');
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    for (const as of [other, anonymous]) {
      await put('new', { ACL: 'public-read' }, as);
      await get('new', third);
      const set = s3.send('PutObjectAcl', { Bucket, Key: 'k', ACL: 'public-read' }, { as });
      await assert.rejects(set, denied);
    }
    await setPolicy(onAll('Deny', 's3:PutObjectAcl', { AWS: beta.id }));
    await put('new', {}, other);
    await assert.rejects(put('new', { ACL: 'public-read' }, other), denied);
  });

  test('what nobody signed belongs to nobody', async () => {
    await make('ObjectWriter');
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    await put('k', {}, anonymous);
    assert.equal(await ownerOf('k'), ANONYMOUS_OWNER.canonicalId);
    await get('k', anonymous);
    for (const as of [s3.root, other]) await assert.rejects(get('k', as), denied);
    await put('k', { ACL: 'bucket-owner-full-control' }, anonymous);
    await get('k', s3.root);
    const ignoring = { ...open, IgnorePublicAcls: true };
    await s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: ignoring });
    await get('k', s3.root);
    await assert.rejects(get('k', anonymous), denied, 'what anyone has is public');
  });

  // "Access control list (ACL) overview", WRITE; LocalStack's test_s3_batch_delete_objects_using_requests_with_acl and
  // test_s3_batch_delete_public_objects_using_requests.
  test('who may write to the bucket deletes what is theirs in it, and nothing else', async () => {
    await make('ObjectWriter');
    const digest = { headers: { 'content-md5': 'looked at before the operation' } };
    const remove = (Key: string, as: Caller, VersionId?: string) =>
      s3.send('DeleteObject', { Bucket, Key, VersionId }, { as });
    const all = async (keys: readonly string[], as: Caller) => {
      const Delete = { Objects: keys.map(Key => ({ Key })) };
      const answer = await s3.send('DeleteObjects', { Bucket, Delete }, { as, ...digest });
      const named = (list: unknown) => ((list ?? []) as { Key: string }[]).map(({ Key }) => Key);
      return { deleted: named(answer['Deleted']), refused: named(answer['Errors']) };
    };
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    for (const [own, foreign] of [
      [anonymous, other],
      [other, anonymous],
    ] as const) {
      await put('owners', { ACL: 'public-read-write' });
      await put('foreign', { ACL: 'public-read-write' }, foreign);
      await put('one', {}, own);
      await put('two', {}, own);
      await remove('one', own);
      for (const key of ['owners', 'foreign', 'missing']) await assert.rejects(remove(key, own), denied);
      assert.deepEqual(await all(['owners', 'foreign', 'two'], own), {
        deleted: ['two'],
        refused: ['owners', 'foreign'],
      });
    }
    await put('k', {}, anonymous);
    await setPolicy(onAll('Deny', 's3:DeleteObject'));
    await assert.rejects(remove('k', anonymous), denied, 'a policy forbids it all the same');
    await s3.send('DeleteBucketPolicy', { Bucket });
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read' });
    await assert.rejects(remove('k', anonymous), denied, 'not without the right to write');
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    await assert.rejects(remove('k', userOf(beta, 'bob')), denied);
    const ignoring = { ...open, IgnorePublicAcls: true };
    await s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: ignoring });
    await assert.rejects(remove('k', anonymous), denied, 'what anyone may is public');
    await s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: open });
    await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId } = await put('v', {}, anonymous);
    await assert.rejects(
      remove('v', anonymous, String(VersionId)),
      denied,
      'versions are the bucket owner’s',
    );
    assert.equal((await remove('v', anonymous))['DeleteMarker'], true);
  });

  test('enforcing the owner sets owners and lists aside; they are back when it ends', async () => {
    await make('ObjectWriter');
    await s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });
    await put('k', { ACL: 'public-read' }, other);
    const enforce = () =>
      s3.send('PutBucketOwnershipControls', {
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      });
    const inventoried = async () => {
      const bucket = await s3.objects.buckets.get(Bucket);
      const version = await s3.objects.versions.find(bucket, 'k');
      return lineOf(['ObjectOwner'], {
        bucket,
        owner: a,
        key: 'k',
        version: version!,
        isLatest: true,
      }).trim();
    };
    assert.equal(await inventoried(), `"${b}"`);
    await assert.rejects(enforce(), code('InvalidBucketAclWithObjectOwnership', 400));
    await s3.send('PutBucketAcl', { Bucket, GrantFullControl: `id=${a}` });
    await enforce();
    assert.equal(await ownerOf('k'), a);
    assert.equal(await inventoried(), `"${a}"`);
    await get('k', s3.root);
    for (const as of [other, anonymous]) await assert.rejects(get('k', as), denied);
    const acl = await s3.send('GetObjectAcl', { Bucket, Key: 'k' });
    assert.deepEqual(acl['Grants'], [
      { Grantee: { Type: 'CanonicalUser', ID: a }, Permission: 'FULL_CONTROL' },
    ]);
    await s3.send('DeleteBucketOwnershipControls', { Bucket });
    assert.equal(await ownerOf('k'), b);
    await get('k', anonymous);
    await put('new', { ACL: 'public-read' });
    await get('new', anonymous);
  });

  test('who began an upload may list its parts and abort it, with its bucket’s owner', async () => {
    await make('ObjectWriter');
    await s3.send('PutBucketAcl', { Bucket, ...grantTo(toBeta, 'WRITE') });
    const steps = (as: Caller) => async (operation: string, UploadId: string) =>
      s3.send(operation, { Bucket, Key: 'k', UploadId }, { as });
    const theirs = await upload('k', {}, other);
    await steps(other)('ListParts', theirs);
    for (const operation of ['ListParts', 'AbortMultipartUpload'])
      await assert.rejects(steps(third)(operation, theirs), denied);
    await steps(other)('AbortMultipartUpload', theirs);
    await steps(s3.root)('AbortMultipartUpload', await upload('k', {}, other));
    const mine = await upload('k', {}, s3.root);
    await assert.rejects(steps(other)('AbortMultipartUpload', mine), denied);
  });
});

describe('requirements', () => {
  test('where lists are disabled, none is looked at', async () => {
    await make('BucketOwnerEnforced');
    await put('k');
    for (const operation of ['GetObject', 'PutObject', 'GetObjectAcl', 'ListObjectsV2', 'DeleteObject']) {
      for (const { acl, objectOwner } of await s3.requires(operation, { Bucket, Key: 'k' }))
        assert.deepEqual([acl, objectOwner], [undefined, undefined], operation);
    }
  });

  test('name the list by the ARN of what it is of, and its grants', async () => {
    await make('ObjectWriter');
    await put('k', { ACL: 'public-read' });
    const [object] = await s3.requires('GetObject', { Bucket, Key: 'k' });
    assert.equal(object?.acl?.name, `ACL of arn:aws:s3:::${Bucket}/k`);
    assert.deepEqual(
      object?.acl?.policy.statements.map(({ ref }) => ref.sid),
      [`FULL_CONTROL to ${a}`, `READ to ${ALL_USERS}`],
    );
    const [bucket] = await s3.requires('ListObjectsV2', { Bucket });
    assert.equal(bucket?.acl?.name, `ACL of arn:aws:s3:::${Bucket}`);
  });
});
