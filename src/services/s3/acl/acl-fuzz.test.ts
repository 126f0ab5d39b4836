/** Whatever a list says, it is taken or refused with an error of S3's, and what is taken reads back the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../../core/errors.js';
import { anonymous, bodyOf, openTestS3, rootOf, testAccount } from '../testing.test.support.js';
import { ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY } from './acl.js';

const Bucket = 'example-bucket';
const accounts = ['111122223333', '444455556666', '777788889999'].map(id => testAccount(id));
const ids = accounts.map(({ canonicalId }) => canonicalId);
const PERMISSIONS = ['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'];

async function open() {
  const s3 = await openTestS3({ newBuckets: 'open' });
  await s3.send('CreateBucket', { Bucket });
  await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') });
  return s3;
}

/** Answers whether it was taken. */
async function taken(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    assert.ok(error.status < 500, error.code);
    return false;
  }
}

const word = fc.oneof(
  fc.string(),
  fc.constantFrom('id', 'uri', 'emailAddress', '=', '"', ',', ' ', ALL_USERS, ...ids),
);

test('headers', async () => {
  const s3 = await open();
  const header = fc.option(
    fc.array(word, { maxLength: 8 }).map(words => words.join('')),
    { nil: undefined },
  );
  const input = fc.record({ GrantRead: header, GrantWriteACP: header, GrantFullControl: header });
  await fc.assert(
    fc.asyncProperty(input, async grants => {
      if (!(await taken(s3.send('PutObjectAcl', { Bucket, Key: 'k', ...grants })))) return;
      await s3.send('GetObjectAcl', { Bucket, Key: 'k' });
      await taken(s3.send('GetObject', { Bucket, Key: 'k' }, { as: anonymous }));
    }),
  );
});

test('documents', async () => {
  const s3 = await open();
  const grantee = fc.record(
    {
      Type: fc.constantFrom('CanonicalUser', 'Group', 'AmazonCustomerByEmail', 'Other'),
      ID: fc.oneof(fc.string(), fc.constantFrom(...ids)),
      URI: fc.oneof(fc.string(), fc.constantFrom(ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)),
      EmailAddress: fc.string(),
    },
    { requiredKeys: ['Type'] },
  );
  const Permission = fc.constantFrom(...PERMISSIONS, 'SEE', undefined);
  const Grants = fc.array(fc.record({ Grantee: fc.option(grantee, { nil: undefined }), Permission }));
  const Owner = fc.option(fc.record({ ID: fc.constantFrom(...ids, 'x', undefined) }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.record({ Owner, Grants }), async AccessControlPolicy => {
      await taken(s3.send('PutObjectAcl', { Bucket, Key: 'k', AccessControlPolicy }));
      await taken(s3.send('PutBucketAcl', { Bucket, AccessControlPolicy }));
    }),
  );
});

const grantees = [...ids.slice(1), ALL_USERS, AUTHENTICATED_USERS];
const callers = [...accounts.slice(1).map(account => ({ as: rootOf(account), id: account.canonicalId }))];

test('any list lets in those whom it names, for what it names, and nobody else', async () => {
  const s3 = await open();
  const grant = fc.record({
    grantee: fc.constantFrom(...grantees),
    permission: fc.constantFrom(...PERMISSIONS),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(grant, { maxLength: 6 }), async grants => {
      const Grants = grants.map(({ grantee, permission }) => ({
        Grantee: grantee.startsWith('http')
          ? { Type: 'Group', URI: grantee }
          : { Type: 'CanonicalUser', ID: grantee },
        Permission: permission,
      }));
      const AccessControlPolicy = { Owner: { ID: ids[0] }, Grants };
      await s3.send('PutObjectAcl', { Bucket, Key: 'k', AccessControlPolicy });
      for (const { as, id } of [...callers, { as: anonymous, id: undefined }]) {
        const named = (permission: string) =>
          grants.some(
            one =>
              (one.permission === permission || one.permission === 'FULL_CONTROL') &&
              (one.grantee === ALL_USERS ||
                (id !== undefined && (one.grantee === id || one.grantee === AUTHENTICATED_USERS))),
          );
        const may = (operation: string) => taken(s3.send(operation, { Bucket, Key: 'k' }, { as }));
        assert.equal(await may('GetObject'), named('READ'));
        assert.equal(await may('GetObjectAcl'), named('READ_ACP'));
      }
    }),
  );
});
