/** A page of another origin that trades a web identity for keys, as the SDK's guide for browsers has it. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { type RunningServer, startServer, systemClock } from '../../src/index.js';
import { launch } from '../console/browser.js';
import { type OidcIssuer, startIssuer } from '../support/oidc-issuer.js';
import { without } from './run.js';

const BUCKET = 'pages-bucket';

/** What the page runs: the SDK for JavaScript, and nothing of this server. */
const PROGRAM = `
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ListKeysCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListRolesCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

globalThis.work = async ({ endpoint, roleArn, token, bucket }) => {
  const region = 'us-east-1';
  const sts = new STSClient({ endpoint, region, maxAttempts: 1 });
  const trade = WebIdentityToken =>
    sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: roleArn, RoleSessionName: 'page', WebIdentityToken }));
  const said = {};
  said.wrong = await trade(token + 'x').catch(error => error.name);
  const { Credentials: keys } = await trade(token);
  const credentials = { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken };
  const config = { endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 };
  const s3 = new S3Client(config);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'from a page' }));
  said.object = await (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }))).Body.transformToString();
  said.buckets = await s3.send(new ListBucketsCommand({})).then(() => 'listed', error => error.message);
  said.keys = (await new KMSClient(config).send(new ListKeysCommand({}))).Keys.length;
  said.roles = await new IAMClient(config).send(new ListRolesCommand({})).catch(error => error.name);
  return said;
};
`;

suite('a page of another origin', { skip: without('chromium') }, () => {
  let server: RunningServer;
  let issuer: OidcIssuer;
  let pages: Server;
  let browser: Browser;
  before(async () => {
    issuer = await startIssuer();
    server = await startServer({
      data: 'memory',
      port: 0,
      account: '123456789012',
      region: 'us-east-1',
      log: 'none',
      oidcAllow: ['127.0.0.0/8'],
    });
    const { outputFiles } = await build({
      stdin: { contents: PROGRAM, resolveDir: process.cwd() },
      bundle: true,
      format: 'iife',
      platform: 'browser',
      write: false,
      logLevel: 'error',
    });
    const script = outputFiles[0]!.text;
    pages = createServer(({ url }, response) => {
      const isScript = url === '/page.js';
      const type = isScript ? 'text/javascript' : 'text/html';
      response.setHeader('content-type', `${type}; charset=utf-8`);
      response.end(isScript ? script : '<!doctype html><title>page</title><script src="/page.js"></script>');
    });
    await new Promise<void>(settle => void pages.listen(0, '127.0.0.1', settle));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    pages?.close();
    await server?.close();
    await issuer?.close();
  });

  test('trades a token for keys and works with them', async () => {
    const { accessKeyId, secretAccessKey } = server.root!;
    const config = {
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    };
    const iam = new IAM(config);
    const provider = await iam.createOpenIDConnectProvider({ Url: issuer.url, ClientIDList: ['app'] });
    const statement = (more: object) => JSON.stringify({ Version: '2012-10-17', Statement: more });
    const trust = {
      Effect: 'Allow',
      Principal: { Federated: provider.OpenIDConnectProviderArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer.name}:sub`]: 'alice' } },
    };
    const RoleName = 'Page';
    const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: statement(trust) });
    const PolicyDocument = statement({
      Effect: 'Allow',
      Action: ['s3:*', 'kms:ListKeys'],
      Resource: '*',
    });
    await iam.putRolePolicy({ RoleName, PolicyName: 'own', PolicyDocument });
    const s3 = new S3({ ...config });
    await s3.createBucket({ Bucket: BUCKET });
    const AllowedMethods = ['GET', 'PUT'];
    const rule = { AllowedOrigins: ['*'], AllowedMethods, AllowedHeaders: ['*'] };
    await s3.putBucketCors({ Bucket: BUCKET, CORSConfiguration: { CORSRules: [rule] } });

    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    const settings = {
      endpoint: server.endpoint,
      roleArn: Role!.Arn!,
      token: await issuer.token(systemClock.now(), { sub: 'alice' }),
      bucket: BUCKET,
    };
    const said = await page.evaluate(
      given => (globalThis as unknown as { work(given: object): Promise<object> }).work(given),
      settings,
    );
    assert.deepEqual(said, {
      wrong: 'InvalidIdentityTokenException',
      object: 'from a page',
      // As on AWS, S3 has no rules for pages but a bucket's.
      buckets: 'Failed to fetch',
      keys: 0,
      roles: 'AccessDenied',
    });
  });
});
