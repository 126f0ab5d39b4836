import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AccountCopy } from '../policy/replay/index.js';
import { Replay, worldOf } from '../policy/replay/index.js';
import { rehearseChange, renderRehearsal } from './rehearse.js';

const HOME = '111122223333';
const APP = `arn:aws:iam::${HOME}:role/app`;
const KEY = `arn:aws:kms:us-east-1:${HOME}:key/1`;
const BUCKET = 'arn:aws:s3:::data';

const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: unknown, Resource: unknown = '*', more: object = {}) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...more,
});
const open = (AWS: unknown, more: object = {}) => ({ Principal: AWS === '*' ? '*' : { AWS }, ...more });
const trust = (AWS: unknown, more: object = {}) =>
  text({ Effect: 'Allow', Action: 'sts:AssumeRole', ...open(AWS, more) });

const copy: AccountCopy = {
  account: HOME,
  partition: 'aws',
  users: [],
  groups: [],
  policies: [],
  instanceProfiles: [],
  oidcProviders: [],
  samlProviders: [],
  roles: [
    {
      ...{ name: 'app', arn: APP, id: 'AROAAPPAPPAPPAPPAPP1', path: '/', attached: [], tags: {} },
      inline: [{ name: 'p', document: text(allow(['s3:GetObject', 'iam:PassRole'])) }],
      trust: trust(`arn:aws:iam::${HOME}:root`),
    },
  ],
  buckets: [
    {
      name: 'data',
      region: 'us-east-1',
      policy: text(allow('s3:GetObject', `${BUCKET}/*`, open('222233334444'))),
    },
  ],
  keys: [
    {
      ...{ arn: KEY, id: '1', region: 'us-east-1', aliases: [], grants: [], manager: 'CUSTOMER' },
      ...{ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', multiRegion: false },
      policy: text(allow('kms:*', '*', open(`arn:aws:iam::${HOME}:root`))),
    },
  ],
};

/** What a change opens: to everyone, to other accounts, to further rights. */
async function opens(place: string, document: string) {
  const { isPublic, accounts, escalations } = await rehearseChange([copy], {
    name: 'change',
    place,
    document,
  });
  return { isPublic, accounts, escalations };
}
const nothing = { isPublic: false, accounts: [], escalations: [] };

suite('a change opens to everyone', () => {
  test('a bucket, a key, a role', async () => {
    const bucket = text(allow('s3:GetObject', `${BUCKET}/*`, open('*')));
    assert.equal((await opens(BUCKET, bucket)).isPublic, true);
    assert.equal((await opens(KEY, text(allow('kms:Decrypt', '*', open('*'))))).isPublic, true);
    assert.equal((await opens(`trust:${APP}`, trust(['*']))).isPublic, true);
  });

  test('not where a condition pins the caller, a Deny speaks of everyone, or everyone is in already', async () => {
    const pinned = { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } };
    const bucket = allow('s3:GetObject', `${BUCKET}/*`, open('*'));
    assert.equal((await opens(BUCKET, text({ ...bucket, Condition: pinned }))).isPublic, false);
    assert.equal((await opens(BUCKET, text({ ...bucket, Effect: 'Deny' }))).isPublic, false);
    const buckets = [{ name: 'data', region: 'us-east-1', policy: text(bucket) }];
    const change = { name: 'change', place: BUCKET, document: text({ ...bucket, Action: 's3:Get*' }) };
    assert.equal((await rehearseChange([{ ...copy, buckets }], change)).isPublic, false);
  });
});

suite('a change opens to other accounts', () => {
  test('those that it newly names, whatever the form', async () => {
    const names = ['333344445555', 'arn:aws:iam::444455556666:root', 'arn:aws:iam::555566667777:user/x'];
    const accounts = ['333344445555', '444455556666', '555566667777'];
    const bucket = text(allow('s3:GetObject', `${BUCKET}/*`, open([...names, '222233334444', HOME])));
    assert.deepEqual((await opens(BUCKET, bucket)).accounts, accounts);
    assert.deepEqual((await opens(KEY, text(allow('kms:Decrypt', '*', open(names))))).accounts, accounts);
    assert.deepEqual((await opens(`trust:${APP}`, trust(names))).accounts, accounts);
  });
});

suite('a change opens to further rights', () => {
  const escalations = async (...actions: unknown[]) =>
    (await opens(APP, text(allow('s3:GetObject'), allow('iam:PassRole'), ...actions.map(one => allow(one)))))
      .escalations;

  test('by actions that give rights, one by one and behind wildcards', async () => {
    assert.deepEqual(await escalations('iam:AttachRolePolicy'), ['iam:AttachRolePolicy']);
    assert.deepEqual(await escalations('iam:CreatePolicyVersion'), ['iam:CreatePolicyVersion']);
    assert.deepEqual(await escalations('iam:Put*'), ['iam:Put*']);
    assert.deepEqual(await escalations('iam:*'), ['iam:*']);
    assert.deepEqual(await escalations('*'), ['*']);
    assert.deepEqual(await escalations('sts:Assume*'), ['sts:Assume*']);
    assert.deepEqual(await escalations('kms:PutKeyPolicy'), ['kms:PutKeyPolicy']);
    assert.deepEqual(await escalations('s3:PutBucket*'), ['s3:PutBucket*']);
  });

  test('not by what was allowed before, reading, or trust', async () => {
    assert.deepEqual(await escalations(), []);
    assert.deepEqual(await escalations('iam:Get*', 'iam:List*', 's3:PutObject', 'kms:Decrypt'), []);
    assert.deepEqual(await opens(`trust:${APP}`, trust(`arn:aws:iam::${HOME}:user/bob`)), nothing);
  });
});

test('the page names all of it, and says where nothing is opened', async () => {
  const report = new Replay(worldOf([copy]), worldOf([copy])).report();
  const change = async (place: string, document: string) =>
    renderRehearsal({ report, changes: [await rehearseChange([copy], { name: 'change', place, document })] });
  const wide = await change(
    BUCKET,
    text(allow('s3:*', `${BUCKET}/*`, open('*')), allow('s3:GetObject', `${BUCKET}/*`, open('333344445555'))),
  );
  assert.match(wide, /^## This change breaks no recorded call/);
  assert.match(wide, /- \*\*public\*\*: it lets everyone in/);
  assert.match(wide, /- \*\*another account\*\*: 333344445555/);
  assert.match(
    await change(APP, text(allow('iam:*'))),
    /- \*\*privilege escalation\*\*: `iam:\*` is newly allowed/,
  );
  const narrow = await change(APP, text(allow('s3:GetObject')));
  assert.match(narrow, /It opens nothing\./);
  assert.match(narrow, /What it closes:\n\n- no longer allowed: iam:PassRole/);
});
