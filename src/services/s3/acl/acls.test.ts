/** Setting and reading access control lists ("Access control list (ACL) overview", S3 User Guide). */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  anonymous,
  bodyOf,
  code,
  openTestS3,
  rootOf,
  type TestS3,
  testAccount,
} from '../testing.test.support.js';
import { ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY } from './acl.js';

const Bucket = 'example-bucket';
const OPEN = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

const alpha = testAccount('111122223333');
const beta = testAccount('444455556666');
const other = rootOf(beta);
const a = alpha.canonicalId;
const b = beta.canonicalId;
const EC2 = '6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c';

/** `READ to …`, for short. */
type Line = `${string} to ${string}`;

interface ShownAcl {
  Owner: { ID: string };
  Grants: { Grantee: { ID?: string; URI?: string; Type: string }; Permission: string }[];
}

function linesOf(acl: object): Line[] {
  return (acl as ShownAcl).Grants.map(
    ({ Grantee, Permission }) => `${Permission} to ${Grantee.ID ?? Grantee.URI}` as Line,
  );
}

let s3: TestS3;

async function open(ObjectOwnership: string, PublicAccessBlockConfiguration: object = OPEN): Promise<void> {
  s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket, ObjectOwnership });
  await s3.send('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration });
}

const put = (Key: string, input: object = {}, as = s3.root) =>
  s3.send('PutObject', { Bucket, Key, Body: bodyOf('x'), ...input }, { as });
const bucketLines = async () => linesOf(await s3.send('GetBucketAcl', { Bucket }));
const objectLines = async (Key = 'k', as = s3.root) =>
  linesOf(await s3.send('GetObjectAcl', { Bucket, Key }, { as }));
const openToAll = () => s3.send('PutBucketAcl', { Bucket, ACL: 'public-read-write' });

const mine = `FULL_CONTROL to ${a}` as const;
const everyoneReads = `READ to ${ALL_USERS}` as const;

/** What each canned list grants on an object of `beta` in a bucket of `alpha`, and on that bucket. */
const canned: Readonly<Record<string, { object?: readonly Line[]; bucket: readonly Line[] }>> = {
  private: { object: [`FULL_CONTROL to ${b}`], bucket: [mine] },
  'public-read': { object: [`FULL_CONTROL to ${b}`, everyoneReads], bucket: [mine, everyoneReads] },
  'public-read-write': {
    object: [`FULL_CONTROL to ${b}`, everyoneReads, `WRITE to ${ALL_USERS}`],
    bucket: [mine, everyoneReads, `WRITE to ${ALL_USERS}`],
  },
  'authenticated-read': {
    object: [`FULL_CONTROL to ${b}`, `READ to ${AUTHENTICATED_USERS}`],
    bucket: [mine, `READ to ${AUTHENTICATED_USERS}`],
  },
  'aws-exec-read': {
    object: [`FULL_CONTROL to ${b}`, `READ to ${EC2}`],
    bucket: [mine, `READ to ${EC2}`],
  },
  'bucket-owner-read': { object: [`FULL_CONTROL to ${b}`, `READ to ${a}`], bucket: [mine] },
  'bucket-owner-full-control': {
    object: [`FULL_CONTROL to ${b}`, `FULL_CONTROL to ${a}`],
    bucket: [mine],
  },
  'log-delivery-write': { bucket: [mine, `WRITE to ${LOG_DELIVERY}`, `READ_ACP to ${LOG_DELIVERY}`] },
};

describe('canned lists', () => {
  beforeEach(() => open('ObjectWriter'));

  for (const [ACL, { object, bucket }] of Object.entries(canned)) {
    test(`${ACL} on a bucket`, async () => {
      await s3.send('PutBucketAcl', { Bucket, ACL });
      assert.deepEqual(await bucketLines(), bucket);
    });

    if (!object) continue;
    test(`${ACL} on another account's object, when it is put and later`, async () => {
      await openToAll();
      await put('k', { ACL }, other);
      assert.deepEqual(await objectLines('k', other), object);
      await put('k', {}, other);
      await s3.send('PutObjectAcl', { Bucket, Key: 'k', ACL }, { as: other });
      assert.deepEqual(await objectLines('k', other), object);
    });
  }

  test('replace one another, and the grantees are told apart by their type', async () => {
    await put('k', { ACL: 'public-read' });
    const acl = (await s3.send('GetObjectAcl', { Bucket, Key: 'k' })) as unknown as ShownAcl;
    assert.deepEqual(acl, {
      Owner: { ID: a },
      Grants: [
        { Grantee: { Type: 'CanonicalUser', ID: a }, Permission: 'FULL_CONTROL' },
        { Grantee: { Type: 'Group', URI: ALL_USERS }, Permission: 'READ' },
      ],
    });
    await s3.send('PutObjectAcl', { Bucket, Key: 'k', ACL: 'private' });
    assert.deepEqual(await objectLines(), [mine]);
  });

  test('are not copied with an object, and given with it', async () => {
    await put('k', { ACL: 'public-read' });
    const CopySource = `${Bucket}/k`;
    await s3.send('CopyObject', { Bucket, Key: 'plain', CopySource });
    await s3.send('CopyObject', { Bucket, Key: 'open', CopySource, ACL: 'authenticated-read' });
    assert.deepEqual(await objectLines('plain'), [mine]);
    assert.deepEqual(await objectLines('open'), [mine, `READ to ${AUTHENTICATED_USERS}`]);
  });

  test('of a multipart upload are those of its object', async () => {
    const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key: 'k', ACL: 'public-read' });
    const part = { Bucket, Key: 'k', UploadId, PartNumber: 1 };
    const { ETag } = await s3.send('UploadPart', { ...part, Body: bodyOf('x') });
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.send('CompleteMultipartUpload', { Bucket, Key: 'k', UploadId, MultipartUpload });
    assert.deepEqual(await objectLines(), [mine, everyoneReads]);
  });

  test('belong to a version', async () => {
    await s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId } = await put('k');
    await put('k');
    const before = await s3.send('GetObject', { Bucket, Key: 'k', VersionId });
    s3.clock.advance(5);
    await s3.send('PutObjectAcl', { Bucket, Key: 'k', VersionId, ACL: 'public-read' });
    assert.deepEqual(linesOf(await s3.send('GetObjectAcl', { Bucket, Key: 'k', VersionId })), [
      mine,
      everyoneReads,
    ]);
    assert.deepEqual(await objectLines(), [mine]);
    const after = await s3.send('GetObject', { Bucket, Key: 'k', VersionId });
    assert.deepEqual(after['LastModified'], before['LastModified'], 'a new list is no new version');
    await s3.send('GetObject', { Bucket, Key: 'k', VersionId }, { as: anonymous });
    await assert.rejects(s3.send('GetObject', { Bucket, Key: 'k' }, { as: anonymous }), code('AccessDenied'));
  });
});

describe('grants one by one', () => {
  beforeEach(() => open('ObjectWriter'));

  test('in headers: the owner gets what is said, no more', async () => {
    await put('k', {
      GrantRead: `id="${b}", uri="${ALL_USERS}"`,
      GrantReadACP: `ID = ${b}`,
      GrantWriteACP: 'id="444455556666"',
    });
    assert.deepEqual(await objectLines(), [
      `READ to ${b}`,
      everyoneReads,
      `READ_ACP to ${b}`,
      `WRITE_ACP to ${b}`,
    ]);
    await s3.send('PutBucketAcl', { Bucket, GrantWrite: `uri=${LOG_DELIVERY}`, GrantFullControl: `id=${a}` });
    assert.deepEqual(await bucketLines(), [mine, `WRITE to ${LOG_DELIVERY}`]);
  });

  test('in a document, which may grant nothing at all', async () => {
    const Grants = [
      { Grantee: { Type: 'CanonicalUser', ID: b }, Permission: 'READ' },
      { Grantee: { Type: 'Group', URI: AUTHENTICATED_USERS }, Permission: 'READ_ACP' },
    ];
    await s3.send('PutBucketAcl', { Bucket, AccessControlPolicy: { Owner: { ID: a }, Grants } });
    assert.deepEqual(await bucketLines(), [`READ to ${b}`, `READ_ACP to ${AUTHENTICATED_USERS}`]);
    await s3.send('PutBucketAcl', { Bucket, AccessControlPolicy: { Owner: { ID: a } } });
    assert.deepEqual(await bucketLines(), []);
    await put('k');
    await s3.send('PutObjectAcl', { Bucket, Key: 'k', AccessControlPolicy: { Owner: { ID: a }, Grants } });
    assert.deepEqual(await objectLines(), [`READ to ${b}`, `READ_ACP to ${AUTHENTICATED_USERS}`]);
  });

  const document = (grant: object, Owner: object | undefined = { ID: a }) => ({
    AccessControlPolicy: { Owner, Grants: [grant] },
  });
  const user = (ID?: string) => ({ Type: 'CanonicalUser', ID });
  const refused: readonly (readonly [what: string, input: object, code: string, status: number])[] = [
    ['nothing', {}, 'MissingSecurityHeader', 400],
    ['a canned list and headers', { ACL: 'private', GrantRead: `id=${b}` }, 'InvalidRequest', 400],
    [
      'a canned list and a document',
      { ACL: 'private', AccessControlPolicy: { Owner: { ID: a } } },
      'UnexpectedContent',
      400,
    ],
    [
      'headers and a document',
      { GrantRead: `id=${b}`, AccessControlPolicy: { Owner: { ID: a } } },
      'UnexpectedContent',
      400,
    ],
    ['an unknown account', { GrantRead: 'id="nobody"' }, 'InvalidArgument', 400],
    [
      'an unknown group',
      { GrantRead: 'uri="http://acs.amazonaws.com/groups/global/Some"' },
      'InvalidArgument',
      400,
    ],
    ['an unknown kind', { GrantRead: 'name="x"' }, 'InvalidArgument', 400],
    ['no kind', { GrantRead: 'x' }, 'InvalidArgument', 400],
    ['an address', { GrantRead: 'emailAddress="a@example.com"' }, 'UnresolvableGrantByEmailAddress', 400],
    ['a document without owner', { AccessControlPolicy: { Grants: [] } }, 'MalformedACLError', 400],
    ['an owner that does not exist', document({ Grantee: user(b) }, { ID: 'x' }), 'InvalidArgument', 400],
    ['another owner', document({ Grantee: user(b), Permission: 'READ' }, { ID: b }), 'AccessDenied', 403],
    ['no permission', document({ Grantee: user(b) }), 'MalformedACLError', 400],
    ['another permission', document({ Grantee: user(b), Permission: 'SEE' }), 'MalformedACLError', 400],
    ['nobody', document({ Permission: 'READ' }), 'MalformedACLError', 400],
    ['a grantee without id', document({ Grantee: user(), Permission: 'READ' }), 'MalformedACLError', 400],
    ['an unknown id', document({ Grantee: user('_foo'), Permission: 'READ' }), 'InvalidArgument', 400],
    [
      'an unknown URI',
      document({ Grantee: { Type: 'Group', URI: 'http://x' }, Permission: 'READ' }),
      'InvalidArgument',
      400,
    ],
    [
      'an address in a document',
      document({ Grantee: { Type: 'AmazonCustomerByEmail', EmailAddress: 'a@b' }, Permission: 'READ' }),
      'UnresolvableGrantByEmailAddress',
      400,
    ],
    [
      'more than a hundred grants',
      {
        AccessControlPolicy: {
          Owner: { ID: a },
          Grants: Array.from({ length: 101 }, () => ({ Grantee: user(b), Permission: 'READ' })),
        },
      },
      'MalformedACLError',
      400,
    ],
  ];

  for (const [what, input, expected, status] of refused) {
    test(`${what}: ${expected}`, async () => {
      await put('k');
      await assert.rejects(s3.send('PutBucketAcl', { Bucket, ...input }), code(expected, status));
      await assert.rejects(s3.send('PutObjectAcl', { Bucket, Key: 'k', ...input }), code(expected, status));
      assert.deepEqual([await bucketLines(), await objectLines()], [[mine], [mine]]);
    });
  }

  test('a hundred grants are taken, and a list of an object that is not there is not', async () => {
    const Grants = Array.from({ length: 100 }, () => ({ Grantee: user(b), Permission: 'READ' }));
    await s3.send('PutBucketAcl', { Bucket, AccessControlPolicy: { Owner: { ID: a }, Grants } });
    assert.equal((await bucketLines()).length, 100);
    await assert.rejects(
      s3.send('PutObjectAcl', { Bucket, Key: 'no', ACL: 'private' }),
      code('NoSuchKey', 404),
    );
  });
});

describe('where lists are disabled', () => {
  beforeEach(() => open('BucketOwnerEnforced'));

  const full = { Grantee: { Type: 'CanonicalUser', ID: a }, Permission: 'FULL_CONTROL' };
  const cases: readonly (readonly [what: string, input: object, accepted: boolean])[] = [
    ['bucket-owner-full-control', { ACL: 'bucket-owner-full-control' }, true],
    [
      "a document of the owner's full control",
      { AccessControlPolicy: { Owner: { ID: a }, Grants: [full] } },
      true,
    ],
    ["a header of the owner's full control", { GrantFullControl: `id=${a}` }, true],
    ['private', { ACL: 'private' }, false],
    ['public-read', { ACL: 'public-read' }, false],
    ['a document that grants nothing', { AccessControlPolicy: { Owner: { ID: a }, Grants: [] } }, false],
    [
      'a document that grants another something',
      {
        AccessControlPolicy: {
          Owner: { ID: a },
          Grants: [full, { Grantee: { Type: 'CanonicalUser', ID: b }, Permission: 'READ' }],
        },
      },
      false,
    ],
    ['a header that grants another something', { GrantRead: `id=${b}` }, false],
  ];

  for (const [what, input, accepted] of cases) {
    test(`${what} is ${accepted ? 'accepted' : 'refused'}`, async () => {
      await put('k');
      for (const [operation, target] of [
        ['PutBucketAcl', { Bucket }],
        ['PutObjectAcl', { Bucket, Key: 'k' }],
      ] as const) {
        const sent = s3.send(operation, { ...target, ...input });
        if (accepted) await sent;
        else await assert.rejects(sent, code('AccessControlListNotSupported', 400));
      }
      assert.deepEqual([await bucketLines(), await objectLines()], [[mine], [mine]]);
    });
  }

  test('an upload may only name the full control of the bucket’s owner', async () => {
    await put('k', { ACL: 'bucket-owner-full-control' });
    for (const input of [{ ACL: 'private' }, { ACL: 'public-read' }, { GrantRead: `id=${a}` }]) {
      await assert.rejects(put('k', input), code('AccessControlListNotSupported', 400));
      const upload = s3.send('CreateMultipartUpload', { Bucket, Key: 'k', ...input });
      await assert.rejects(upload, code('AccessControlListNotSupported', 400));
      const copy = s3.send('CopyObject', { Bucket, Key: 'c', CopySource: `${Bucket}/k`, ...input });
      await assert.rejects(copy, code('AccessControlListNotSupported', 400));
    }
  });
});

describe('the lists of new buckets', () => {
  const create = (input: object) => s3.send('CreateBucket', { Bucket: 'new-bucket', ...input });
  const listed = async () => linesOf(await s3.send('GetBucketAcl', { Bucket: 'new-bucket' }));

  beforeEach(async () => {
    s3 = await openTestS3();
  });

  const cases: readonly (readonly [input: object, refusal: string | undefined, lines?: readonly Line[]])[] = [
    [{}, undefined, [mine]],
    [{ ACL: 'private' }, undefined, [mine]],
    [{ ACL: 'public-read' }, 'InvalidBucketAclWithObjectOwnership'],
    [{ GrantRead: `id=${b}` }, 'InvalidBucketAclWithObjectOwnership'],
    [{ GrantRead: `id=${b}`, ObjectOwnership: 'BucketOwnerEnforced' }, 'InvalidBucketAclWithObjectOwnership'],
    [{ ACL: 'private', ObjectOwnership: 'ObjectWriter' }, undefined, [mine]],
    [{ GrantRead: `id=${b}`, ObjectOwnership: 'ObjectWriter' }, undefined, [`READ to ${b}`]],
    [
      { ACL: 'log-delivery-write', ObjectOwnership: 'BucketOwnerPreferred' },
      undefined,
      [mine, `WRITE to ${LOG_DELIVERY}`, `READ_ACP to ${LOG_DELIVERY}`],
    ],
    [{ ACL: 'public-read', ObjectOwnership: 'ObjectWriter' }, 'InvalidBucketAclWithBlockPublicAccessError'],
    [
      { ACL: 'authenticated-read', ObjectOwnership: 'ObjectWriter' },
      'InvalidBucketAclWithBlockPublicAccessError',
    ],
    [{ ACL: 'private', GrantRead: `id=${b}` }, 'InvalidRequest'],
  ];

  for (const [input, refusal, lines] of cases) {
    test(`${JSON.stringify(input).replace(b, 'another')}: ${refusal ?? 'made'}`, async () => {
      if (refusal !== undefined) return assert.rejects(create(input), code(refusal, 400));
      await create(input);
      assert.deepEqual(await listed(), lines);
    });
  }

  test('where new buckets are open, they take every list', async () => {
    s3 = await openTestS3({ newBuckets: 'open' });
    await create({ ACL: 'public-read' });
    assert.deepEqual(await listed(), [mine, everyoneReads]);
    const enforced = { Bucket: 'another', ACL: 'public-read', ObjectOwnership: 'BucketOwnerEnforced' };
    await assert.rejects(create(enforced), code('InvalidBucketAclWithObjectOwnership', 400));
  });

  test('made again, a bucket gets the list that the request names', async () => {
    await create({ ObjectOwnership: 'ObjectWriter', GrantRead: `id=${b}` });
    await create({ ObjectOwnership: 'ObjectWriter', GrantWrite: `id=${b}` });
    assert.deepEqual(await listed(), [`WRITE to ${b}`]);
    await create({});
    assert.deepEqual(await listed(), [mine]);
  });
});
