import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import {
  DecodeAuthorizationMessageCommand,
  GetWebIdentityTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { startServer } from '../src/index.js';
import { type Keys, sendSigned } from './support/raw.js';

const HEADER = 'x-karikagi-authorization-message';

const named = (name: string) => (error: Error) => error.name === name;

test('a denial carries its details, for whoever of the account may decode them', async t => {
  const server = await startServer({ data: 'memory', port: 0, account: '111122223333', log: 'none' });
  t.after(() => server.close());
  const { endpoint } = server;
  const config = (credentials: Keys) => ({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const root = { accessKeyId: server.root!.accessKeyId, secretAccessKey: server.root!.secretAccessKey };
  const admin = new iam.IAMClient(config(root));
  await admin.send(new iam.CreateUserCommand({ UserName: 'bob' }));
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName: 'bob' }));
  const bob = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const decode = (keys: Keys, EncodedMessage: string) =>
    new STSClient(config(keys)).send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));

  const refused = await sendSigned(endpoint, bob, { service: 's3', method: 'GET', path: '/' });
  assert.equal(refused.status, 403);
  const message = String(refused.headers[HEADER]);
  assert.doesNotMatch(Buffer.from(message, 'base64url').toString('latin1'), /bob|s3:/);

  await assert.rejects(decode(bob, message), named('AccessDenied'));
  const { DecodedMessage } = await decode(root, message);
  const decoded = JSON.parse(DecodedMessage!);
  assert.equal(decoded.allowed, false);
  assert.equal(decoded.explicitDeny, false);
  assert.deepEqual(decoded.matchedStatements, { items: [] });
  assert.equal(decoded.context.action, 's3:ListAllMyBuckets');
  assert.equal(decoded.context.principal.arn, 'arn:aws:iam::111122223333:user/bob');
  assert.equal(decoded.context.principal.name, 'bob');
  assert.match(decoded.context.principal.id, /^AIDA/);
  const agent = decoded.context.conditions.items.find(({ key }: { key: string }) => key === 'aws:SourceIp');
  assert.deepEqual(agent.values, { items: [{ value: '127.0.0.1' }] });

  for (const changed of [`${message}A`, `A${message.slice(1)}`, 'nonsense', 'two words', '===='])
    await assert.rejects(decode(root, changed), named('InvalidAuthorizationMessageException'));
  const answered = await sendSigned(endpoint, root, { service: 's3', method: 'GET', path: '/' });
  assert.equal(answered.headers[HEADER], undefined);
  const { headers } = await sendSigned(endpoint, undefined, { service: 's3', method: 'GET', path: '/' });
  assert.equal(headers[HEADER], undefined, 'nobody, of no account');

  const token = new GetWebIdentityTokenCommand({ Audience: ['x'], SigningAlgorithm: 'RS256' });
  await assert.rejects(
    new STSClient(config(root)).send(token),
    named('OutboundWebIdentityFederationDisabledException'),
  );
  await assert.rejects(new STSClient(config(bob)).send(token), named('AccessDenied'));
});

test('another server cannot decode it', async t => {
  const server = await startServer({ data: 'memory', port: 0, account: '111122223333', log: 'none' });
  const other = await startServer({ data: 'memory', port: 0, account: '111122223333', log: 'none' });
  t.after(() => Promise.all([server.close(), other.close()]));
  const keys = ({ root }: typeof server) => ({
    accessKeyId: root!.accessKeyId,
    secretAccessKey: root!.secretAccessKey,
  });
  const role =
    'Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/none&RoleSessionName=job';
  const admin = new iam.IAMClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: keys(server),
  });
  await admin.send(new iam.CreateUserCommand({ UserName: 'bob' }));
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName: 'bob' }));
  const bob = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const refused = await sendSigned(server.endpoint, bob, { service: 'sts', headers, body: role });
  assert.equal(refused.code, 'AccessDenied');
  const sts = new STSClient({ endpoint: other.endpoint, region: 'us-east-1', credentials: keys(other) });
  await assert.rejects(
    sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: String(refused.headers[HEADER]) })),
    named('InvalidAuthorizationMessageException'),
    'sealed with another root key',
  );
});
