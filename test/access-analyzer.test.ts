/** Access Analyzer's checks of documents, by the SDK. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AccessAnalyzerClient,
  ListAnalyzersCommand,
  ValidatePolicyCommand,
  type ValidatePolicyCommandInput,
} from '@aws-sdk/client-accessanalyzer';
import * as iam from '@aws-sdk/client-iam';
import { type RunningServer, startServer } from '../src/index.js';
import type { Keys } from './support/raw.js';

let server: RunningServer;
let root: Keys;

const config = (credentials: Keys) => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  credentials,
  maxAttempts: 1,
});
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement }, null, 2);
const ALLOW = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };

async function userWith(name: string, actions: string[]): Promise<Keys> {
  const client = new iam.IAMClient(config(root));
  await client.send(new iam.CreateUserCommand({ UserName: name }));
  if (actions.length > 0) {
    const PolicyDocument = policy({ Effect: 'Allow', Action: actions, Resource: '*' });
    await client.send(new iam.PutUserPolicyCommand({ UserName: name, PolicyName: 'p', PolicyDocument }));
  }
  const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

before(async () => {
  server = await startServer({ data: 'memory', port: 0, log: 'none' });
  root = { accessKeyId: server.root!.accessKeyId, secretAccessKey: server.root!.secretAccessKey };
});
after(() => server.close());

const validated = async (input: Partial<ValidatePolicyCommandInput> & { policyDocument: string }) =>
  new AccessAnalyzerClient(config(root)).send(
    new ValidatePolicyCommand({ policyType: 'IDENTITY_POLICY', ...input }),
  );
const codesOf = async (input: Parameters<typeof validated>[0]) =>
  (await validated(input)).findings?.map(({ issueCode }) => issueCode);

describe('ValidatePolicy', () => {
  test('has the linter’s findings, with where they are', async () => {
    const document = policy(ALLOW, { ...ALLOW, Action: ['s3:PutObject', 's3:GetObjct'] });
    const { findings, nextToken } = await validated({ policyDocument: document });
    assert.equal(nextToken, undefined);
    assert.equal(findings?.length, 1);
    const [{ findingType, issueCode, learnMoreLink, locations, findingDetails } = {}] = findings;
    assert.deepEqual([findingType, issueCode], ['ERROR', 'INVALID_ACTION']);
    assert.match(findingDetails ?? '', /did you mean "s3:GetObject"/);
    assert.match(learnMoreLink ?? '', /#access-analyzer-reference-policy-checks-error-invalid-action$/);
    const [{ path, span } = {}] = locations ?? [];
    assert.deepEqual(path, [{ value: 'Statement' }, { index: 1 }, { value: 'Action' }, { index: 1 }]);
    const { start, end } = span!;
    assert.equal(document.slice(start!.offset, end!.offset), '"s3:GetObjct"');
    const line = document.split('\n')[start!.line! - 1]!;
    assert.equal(line.slice(start!.column, end!.column), '"s3:GetObjct"');
  });

  test('a key is named where the finding is about it, and text that is no JSON has no path', async () => {
    const document = policy({ ...ALLOW, Condition: { StringEquals: { 's3:planet': 'a' } } });
    const [found] = (await validated({ policyDocument: document })).findings ?? [];
    assert.deepEqual(found?.locations?.[0]?.path?.at(-1), { key: 's3:planet' });
    const [broken] = (await validated({ policyDocument: '{' })).findings ?? [];
    assert.equal(broken?.issueCode, 'JSON_SYNTAX_ERROR');
    assert.deepEqual(broken.locations?.[0]?.path, []);
  });

  test('the type of the policy and of its resource decide what is checked', async () => {
    const trust = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 's3:GetObject' });
    assert.deepEqual(
      await codesOf({
        policyDocument: trust,
        policyType: 'RESOURCE_POLICY',
        validatePolicyResourceType: 'AWS::IAM::AssumeRolePolicyDocument',
      }),
      ['UNSUPPORTED_ACTION_IN_POLICY'],
    );
    const star = policy({ ...ALLOW, Principal: { AWS: '111122223333' }, Resource: '*' });
    const bucket = { policyType: 'RESOURCE_POLICY', validatePolicyResourceType: 'AWS::S3::Bucket' } as const;
    assert.deepEqual(await codesOf({ policyDocument: star, ...bucket }), [
      'UNSUPPORTED_RESOURCE_ARN_IN_POLICY',
    ]);
    assert.deepEqual(await codesOf({ policyDocument: policy(ALLOW), policyType: 'RESOURCE_POLICY' }), [
      'MISSING_PRINCIPAL',
    ]);
    assert.deepEqual(
      await codesOf({
        policyDocument: policy({ ...ALLOW, Principal: '*' }),
        policyType: 'RESOURCE_CONTROL_POLICY',
      }),
      ['RCP_SYNTAX_ERROR_ALLOW'],
    );
  });

  test('pages', async () => {
    const document = policy(...['s3:A1', 's3:A2', 's3:A3'].map(Action => ({ ...ALLOW, Action })));
    const all = await codesOf({ policyDocument: document });
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await validated({ policyDocument: document, maxResults: 2, nextToken });
      assert.ok(page.findings!.length <= 2);
      seen.push(...page.findings!.map(({ issueCode }) => issueCode));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    assert.deepEqual(seen, all);
  });

  test('refuses other types, pages and documents longer than any policy', async () => {
    const refusals: Partial<ValidatePolicyCommandInput>[] = [
      { policyType: 'OTHER' as never },
      { policyDocument: undefined },
      { nextToken: 'x' },
      { maxResults: 0 },
      { validatePolicyResourceType: 'AWS::S3::Bucket' },
      { policyDocument: policy({ ...ALLOW, Sid: 'x'.repeat(50_000) }) },
    ];
    for (const input of refusals) {
      const whole = { policyDocument: policy(ALLOW), ...input } as { policyDocument: string };
      await assert.rejects(
        validated(whole),
        { name: 'ValidationException' },
        JSON.stringify(input).slice(0, 60),
      );
    }
  });
});

test('it is an action that must be allowed', async () => {
  const input = new ValidatePolicyCommand({ policyType: 'IDENTITY_POLICY', policyDocument: policy(ALLOW) });
  const may = new AccessAnalyzerClient(config(await userWith('may', ['access-analyzer:ValidatePolicy'])));
  assert.deepEqual((await may.send(input)).findings, []);
  const other = new AccessAnalyzerClient(config(await userWith('other', [])));
  await assert.rejects(other.send(input), {
    name: 'AccessDeniedException',
    message: /:user\/other is not authorized to perform: access-analyzer:ValidatePolicy on resource: \*/,
  });
  const wrong = new AccessAnalyzerClient(config({ ...root, secretAccessKey: 'wrong' }));
  await assert.rejects(wrong.send(input), { name: 'InvalidSignatureException' });
});

test('what Access Analyzer has besides is not there, and says so', async () => {
  const list = new AccessAnalyzerClient(config(root)).send(new ListAnalyzersCommand({}));
  await assert.rejects(list, { name: 'UnknownOperationException' });
});
