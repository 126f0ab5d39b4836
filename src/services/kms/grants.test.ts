import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type {
  CreateGrantResponse,
  EncryptResponse,
  GrantConstraints,
  ListGrantsResponse,
} from '@aws-sdk/client-kms';
import type { Call } from '../../core/operation.js';
import { bytes, describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';
import { tables } from '../../kms/records.js';
import { addAccount, addUser, allow, callerOf, type KeyPair, refusal } from '../harness.test.support.js';

const user = (name: string) => `arn:aws:iam::111122223333:user/${name}`;

/** A key whose policy lets the root user only, and three users without policies. */
async function stage() {
  const kms = await openKmsWorld();
  const key = await newKey(kms);
  const [alice, bob, carol] = await Promise.all(
    ['Alice', 'Bob', 'Carol'].map(name => addUser(kms.world, kms.world.account, name)),
  );
  const grant = (more: object, keys: KeyPair = kms.root) =>
    kms.call<CreateGrantResponse>(keys, 'CreateGrant', {
      KeyId: key.KeyId,
      GranteePrincipal: user('Alice'),
      Operations: ['Encrypt'],
      ...more,
    });
  const encrypt = (keys: KeyPair, EncryptionContext?: object, more: object = {}) =>
    kms.call<EncryptResponse>(keys, 'Encrypt', {
      KeyId: key.KeyId,
      Plaintext: bytes('x'),
      ...(EncryptionContext && { EncryptionContext }),
      ...more,
    });
  return { kms, key, alice: alice!, bob: bob!, carol: carol!, grant, encrypt };
}

const denied = refusal('AccessDenied');
const list = ({ call, root }: KmsWorld, KeyId: string, more: object = {}) =>
  call<ListGrantsResponse>(root, 'ListGrants', { KeyId, ...more });

suite('grants', () => {
  test('let their grantee do what they say, and nothing else, until revoked', async () => {
    const { kms, key, alice, bob, grant, encrypt } = await stage();
    await assert.rejects(encrypt(alice), denied);
    const { GrantId } = await grant({});
    await encrypt(alice);
    await assert.rejects(encrypt(bob), denied);
    await assert.rejects(
      kms.call(alice, 'GenerateDataKey', { KeyId: key.KeyId, KeySpec: 'AES_256' }),
      denied,
    );
    await kms.call(kms.root, 'RevokeGrant', { KeyId: key.KeyId, GrantId });
    await assert.rejects(encrypt(alice), denied);
    await assert.rejects(
      kms.call(kms.root, 'RevokeGrant', { KeyId: key.KeyId, GrantId }),
      refusal('NotFoundException'),
    );
  });

  const ONE = { a: '1' };
  const TWO = { a: '1', b: '2' };
  /** KMS Developer Guide, "Using grant constraints". */
  const rows: readonly (readonly [GrantConstraints, object | undefined, boolean])[] = [
    [{}, undefined, true],
    [{}, TWO, true],
    [{ EncryptionContextEquals: ONE }, ONE, true],
    [{ EncryptionContextEquals: ONE }, TWO, false],
    [{ EncryptionContextEquals: ONE }, undefined, false],
    [{ EncryptionContextEquals: ONE }, { A: '1' }, true],
    [{ EncryptionContextEquals: { a: 'x' } }, { a: 'X' }, false],
    [{ EncryptionContextSubset: ONE }, { A: '1', b: '2' }, true],
    [{ EncryptionContextEquals: TWO }, { b: '2', a: '1' }, true],
    [{ EncryptionContextSubset: ONE }, ONE, true],
    [{ EncryptionContextSubset: ONE }, TWO, true],
    [{ EncryptionContextSubset: ONE }, { a: '2' }, false],
    [{ EncryptionContextSubset: ONE }, { b: '2' }, false],
    [{ EncryptionContextSubset: ONE }, undefined, false],
    [{ SourceArn: 'arn:aws:s3:::bucket' }, undefined, false],
  ];
  for (const [constraints, context, works] of rows) {
    test(`with ${JSON.stringify(constraints)}, ${JSON.stringify(context)} ${works ? 'works' : 'does not'}`, async () => {
      const { alice, grant, encrypt } = await stage();
      await grant({ Constraints: constraints });
      if (works) await encrypt(alice, context);
      else await assert.rejects(encrypt(alice, context), denied);
    });
  }

  test('a constraint is for operations with an encryption context', async () => {
    const { kms, key, alice, grant } = await stage();
    await grant({
      Operations: ['DescribeKey', 'Decrypt'],
      Constraints: { EncryptionContextEquals: ONE },
    });
    await kms.call(alice, 'DescribeKey', { KeyId: key.KeyId });
  });

  test('an explicit deny is stronger', async () => {
    const { kms, grant, encrypt } = await stage();
    const dora = await addUser(kms.world, kms.world.account, 'Dora', {
      ...allow('kms:Encrypt'),
      Effect: 'Deny',
    });
    await grant({ GranteePrincipal: user('Dora') });
    await assert.rejects(encrypt(dora), refusal('AccessDenied', /with an explicit deny/));
  });

  test('made under a grant may not go beyond it', async () => {
    const { alice, bob, grant, encrypt } = await stage();
    await grant({
      Operations: ['CreateGrant', 'Encrypt', 'Decrypt'],
      Constraints: { EncryptionContextSubset: ONE },
    });
    const child = (more: object) => grant({ GranteePrincipal: user('Bob'), ...more }, alice);
    await assert.rejects(child({}), denied);
    await assert.rejects(child({ Constraints: { EncryptionContextSubset: { b: '2' } } }), denied);
    await assert.rejects(
      child({ Operations: ['GenerateDataKey'], Constraints: { EncryptionContextSubset: ONE } }),
      denied,
    );
    await child({ Constraints: { EncryptionContextEquals: TWO } });
    await encrypt(bob, TWO);
    await assert.rejects(encrypt(bob, ONE), denied);
  });

  test('are retired by their retiring principal, or by their grantee where they say so, by token or id', async () => {
    const { kms, key, alice, bob, carol, grant, encrypt } = await stage();
    const { KeyId } = key;
    const one = await grant({ RetiringPrincipal: user('Bob') });
    for (const keys of [alice, carol]) {
      await assert.rejects(kms.call(keys, 'RetireGrant', { GrantToken: one.GrantToken }), denied);
    }
    await kms.call(bob, 'RetireGrant', { GrantToken: one.GrantToken });
    await assert.rejects(encrypt(alice), denied);
    const two = await grant({ Operations: ['Encrypt', 'RetireGrant'] });
    await assert.rejects(kms.call(bob, 'RetireGrant', { KeyId, GrantId: two.GrantId }), denied);
    await kms.call(alice, 'RetireGrant', { KeyId: key.Arn, GrantId: two.GrantId });
    const three = await grant({});
    await kms.call(kms.root, 'RetireGrant', { KeyId, GrantId: three.GrantId });
    assert.deepEqual((await list(kms, KeyId)).Grants, []);
    for (const input of [{}, { KeyId }, { KeyId, GrantId: three.GrantId, GrantToken: one.GrantToken }]) {
      await assert.rejects(kms.call(kms.root, 'RetireGrant', input), refusal('ValidationException'));
    }
  });

  test('with a name, the same one is not made twice', async () => {
    const { kms, key, grant } = await stage();
    const first = await grant({ Name: 'once' });
    const again = await grant({ Name: 'once' });
    assert.equal(again.GrantId, first.GrantId);
    assert.notEqual(again.GrantToken, first.GrantToken);
    const other = await grant({ Name: 'once', Operations: ['Encrypt', 'Decrypt'] });
    assert.notEqual(other.GrantId, first.GrantId);
    await grant({});
    await grant({});
    assert.equal((await list(kms, key.KeyId)).Grants?.length, 4);
  });

  test('with a name, one that an earlier version made is not made twice', async () => {
    const { kms, key, grant } = await stage();
    const first = await grant({ Name: 'once' });
    const { store } = kms.kms.keys;
    const place = { account: '111122223333', region: 'us-east-1', id: key.KeyId };
    const record = (await kms.kms.keys.find(place.account, place.region, place.id))!;
    await store.transact('earlier', async transaction => {
      const { namesGrants: _, ...earlier } = record;
      transaction.put(tables.keys, [place.account, place.region, place.id], earlier);
      for (const { parts } of await transaction.list(tables.namedGrants, []))
        transaction.delete(tables.namedGrants, ...parts);
    });
    await grant({ Name: 'other' });
    assert.equal((await grant({ Name: 'once' })).GrantId, first.GrantId);
    await kms.call(kms.root, 'RevokeGrant', { KeyId: key.KeyId, GrantId: first.GrantId });
    assert.notEqual((await grant({ Name: 'once' })).GrantId, first.GrantId);
  });

  test('are listed as they were made, in pages, by grantee and by id', async () => {
    const { kms, key, grant } = await stage();
    const { GrantId } = await grant({
      GranteePrincipal: user('Bob'),
      RetiringPrincipal: user('Carol'),
      Name: 'named',
      Constraints: { EncryptionContextEquals: TWO },
    });
    for (let count = 0; count < 4; count++) await grant({});
    const { Grants } = await list(kms, key.KeyId, { GrantId });
    assert.deepEqual(Grants, [
      {
        KeyId: key.Arn,
        GrantId,
        Name: 'named',
        CreationDate: new Date('2026-11-22T00:00:00Z'),
        GranteePrincipal: user('Bob'),
        RetiringPrincipal: user('Carol'),
        IssuingAccount: 'arn:aws:iam::111122223333:root',
        Operations: ['Encrypt'],
        Constraints: { EncryptionContextEquals: TWO },
      },
    ]);
    const mine = await list(kms, key.KeyId, { GranteePrincipal: user('Alice') });
    assert.equal(mine.Grants?.length, 4);
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page: ListGrantsResponse = await list(kms, key.KeyId, { Limit: 2, ...(Marker && { Marker }) });
      seen.push(...page.Grants!.map(one => one.GrantId!));
      Marker = page.NextMarker;
    } while (Marker);
    assert.equal(new Set(seen).size, 5);
    const filtered = await list(kms, key.KeyId, { Limit: 1, GranteePrincipal: user('Bob') });
    assert.equal(filtered.Grants?.length, 1);
  });

  test('that somebody may retire are listed over all keys of the account in the region', async () => {
    const { kms, grant } = await stage();
    const other = await newKey(kms);
    const made = [
      await grant({ RetiringPrincipal: user('Carol') }),
      await grant({ RetiringPrincipal: user('Carol'), KeyId: other.KeyId }),
    ];
    await grant({ RetiringPrincipal: user('Bob') });
    const retirable = (more: object) =>
      kms.call<ListGrantsResponse>(kms.root, 'ListRetirableGrants', {
        RetiringPrincipal: user('Carol'),
        ...more,
      });
    const first = await retirable({ Limit: 1 });
    const rest = await retirable({ Limit: 1, Marker: first.NextMarker });
    assert.deepEqual(
      [...first.Grants!, ...rest.Grants!].map(one => one.GrantId).sort(),
      made.map(one => one.GrantId).sort(),
    );
    assert.equal(rest.Truncated, false);
    const input = { RetiringPrincipal: user('Carol') };
    const there = await kms.callIn<ListGrantsResponse>('eu-west-1', kms.root, 'ListRetirableGrants', input);
    assert.deepEqual(there.Grants, []);
  });

  test('reach users of other accounts, whose own policies must allow it too', async () => {
    const { kms, grant, encrypt, key } = await stage();
    const { account } = await addAccount(kms.world, '444455556666');
    const guest = await addUser(kms.world, account, 'Guest', allow('kms:Encrypt'));
    const poor = await addUser(kms.world, account, 'Poor');
    await assert.rejects(encrypt(guest, undefined, { KeyId: key.Arn }), denied);
    await grant({ GranteePrincipal: 'arn:aws:iam::444455556666:user/Poor' });
    await assert.rejects(encrypt(poor, undefined, { KeyId: key.Arn }), denied);
    await grant({ GranteePrincipal: 'arn:aws:iam::444455556666:user/Guest' });
    await encrypt(guest, undefined, { KeyId: key.Arn });
  });

  test('are refused where they make no sense', async () => {
    const { kms, grant } = await stage();
    const rsa = await newKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
    for (const [input, code, message] of [
      [
        { GranteePrincipal: user('Nobody') },
        'InvalidArnException',
        /^ARN does not refer to a valid principal/,
      ],
      [{ GranteePrincipal: '*' }, 'InvalidArnException', undefined],
      [{ RetiringPrincipal: 'none' }, 'InvalidArnException', undefined],
      [{ GranteePrincipal: undefined }, 'ValidationException', undefined],
      [{ Operations: [] }, 'ValidationException', undefined],
      [{ Operations: ['Sign'] }, 'ValidationException', undefined],
      [{ KeyId: rsa.KeyId }, 'ValidationException', undefined],
      [
        { KeyId: rsa.KeyId, Operations: ['Sign'], Constraints: { EncryptionContextEquals: ONE } },
        'ValidationException',
        undefined,
      ],
      [{ GranteeServicePrincipal: 's3.amazonaws.com' }, 'UnsupportedOperationException', undefined],
      [{ DryRun: true }, 'DryRunOperationException', undefined],
      [{ KeyId: 'alias/aws/s3' }, 'NotFoundException', undefined],
    ] as const) {
      await assert.rejects(grant(input), refusal(code, message), JSON.stringify(input));
    }
  });

  test('have tokens that cannot be made up', async () => {
    const { alice, grant, encrypt } = await stage();
    const { GrantToken } = await grant({});
    await encrypt(alice, undefined, { GrantTokens: [GrantToken] });
    for (const token of ['made up', `${GrantToken}xxxx`, GrantToken!.slice(4)]) {
      await assert.rejects(
        encrypt(alice, undefined, { GrantTokens: [token] }),
        refusal('InvalidGrantTokenException'),
      );
    }
  });
});

test('a grant is looked for under every name of a caller', async () => {
  const { kms, key, alice, grant } = await stage();
  await grant({});
  await grant({ GranteePrincipal: 'arn:aws:iam::111122223333:root' });
  const record = (await kms.kms.keys.find('111122223333', 'us-east-1', key.KeyId))!;
  const caller = await callerOf(kms.world, alice);
  const found = await kms.kms.grants.applying(record, caller, { operation: 'Encrypt' });
  assert.equal(found.length, 2);
  const role: Call['caller'] = {
    ...caller,
    principal: { ...caller.principal, type: 'assumed-role', uniqueId: 'AROAAAAAAAAAAAAAAAAAA' },
  };
  assert.equal((await kms.kms.grants.applying(record, role, { operation: 'Encrypt' })).length, 1);
  assert.equal((await describe(kms, key.KeyId)).KeyState, 'Enabled');
});
