import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffPolicies, type PolicyKind } from './index.js';

const allow = (Action: string | string[], Resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const deny = (Action: string, Resource = '*', more: object = {}) => ({
  Effect: 'Deny',
  Action,
  Resource,
  ...more,
});
const text = (statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

async function diff(before: object[], after: object[], kind: PolicyKind = 'identity'): Promise<string[]> {
  const changes = await diffPolicies(text(before), text(after), kind);
  return changes.map(({ change, action, resource, principal, condition }) =>
    [change, action, resource, principal, condition].filter(part => part !== undefined).join(' | '),
  );
}

test('another wording of the same is no change', async () => {
  const one = [allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'])];
  const other = [
    allow('S3:putobject', 'arn:aws:s3:::b/*'),
    allow('s3:PutObject', 'arn:aws:s3:::a/*', { Sid: 'A' }),
    allow('s3:GetObject', ['arn:aws:s3:::b/*', 'arn:aws:s3:::a/*', 'arn:aws:s3:::a/x']),
  ];
  assert.deepEqual(await diff(one, other), []);
  assert.deepEqual(await diff(other, one), []);
});

test('what is added and taken away', async () => {
  const before = [allow('s3:GetObject', 'arn:aws:s3:::a/*')];
  assert.deepEqual(await diff(before, [...before, allow('s3:PutObject', 'arn:aws:s3:::a/*')]), [
    'allowed | s3:PutObject | arn:aws:s3:::a/*',
  ]);
  assert.deepEqual(await diff(before, [allow('s3:GetObject', 'arn:aws:s3:::b/*')]), [
    'no longer allowed | s3:GetObject | arn:aws:s3:::a/*',
    'allowed | s3:GetObject | arn:aws:s3:::b/*',
  ]);
});

test('a wildcard that shrinks or grows shows the actions that differ', async () => {
  const before = [allow('s3:GetObject*', 'arn:aws:s3:::a/*')];
  const after = [allow(['s3:GetObject', 's3:GetObjectTagging'], 'arn:aws:s3:::a/*')];
  const changes = await diff(before, after);
  assert.ok(changes.includes('no longer allowed | s3:GetObject* | arn:aws:s3:::a/*'));
  assert.deepEqual(
    await diff(after, [
      allow(['s3:GetObject', 's3:GetObjectTagging', 's3:GetObjectAcl'], 'arn:aws:s3:::a/*'),
    ]),
    ['allowed | s3:GetObjectAcl | arn:aws:s3:::a/*'],
  );
  assert.deepEqual(await diff([allow('iam:Pass*')], [allow('iam:PassRole')]), [
    'no longer allowed | iam:Pass* | *',
  ]);
});

test('a Deny takes back Allows', async () => {
  const before = [allow('s3:GetObject')];
  assert.deepEqual(await diff(before, [...before, deny('s3:*')]), [
    'no longer allowed | s3:GetObject | *',
    'denied | s3:* | *',
  ]);
  assert.deepEqual(await diff([...before, deny('s3:*')], before), [
    'allowed | s3:GetObject | *',
    'no longer denied | s3:* | *',
  ]);
});

test('conditions and principals are part of what is said', async () => {
  const tls = { Condition: { Bool: { 'aws:SecureTransport': 'true' } } };
  assert.deepEqual(await diff([allow('s3:GetObject')], [allow('s3:GetObject', '*', tls)]), [
    'no longer allowed | s3:GetObject | *',
  ]);
  assert.deepEqual(await diff([allow('s3:GetObject', '*', tls)], [allow('s3:GetObject')]), [
    'allowed | s3:GetObject | *',
  ]);
  const to = (AWS: string) => allow('s3:GetObject', 'arn:aws:s3:::a/*', { Principal: { AWS } });
  assert.deepEqual(await diff([to('111122223333')], [to('*')], 'resource'), [
    'allowed | s3:GetObject | arn:aws:s3:::a/* | {"Principal":["AWS:*"]}',
  ]);
  assert.deepEqual(await diff([to('*')], [to('*'), to('111122223333')], 'resource'), []);
});

test('NotAction and NotResource', async () => {
  const before = [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }];
  const after = [{ Effect: 'Allow', NotAction: ['iam:*', 's3:*'], Resource: '*' }];
  const changes = await diff(before, after);
  assert.ok(changes.includes('no longer allowed | s3:* | *'), changes.join('\n'));
  const rest = [{ Effect: 'Allow', Action: 's3:GetObject', NotResource: 'arn:aws:s3:::a/*' }];
  assert.deepEqual(await diff([allow('s3:GetObject', ['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'])], rest), [
    'no longer allowed | s3:GetObject | arn:aws:s3:::a/*',
  ]);
});

test('trust policies', async () => {
  const trust = (AWS: string) => ({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' });
  assert.deepEqual(
    await diff([trust('111122223333')], [trust('111122223333'), trust('444455556666')], 'trust'),
    ['allowed | sts:AssumeRole | {"Principal":["AWS:444455556666"]}'],
  );
});
