import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FileFindings } from './file-findings.js';
import { policyCommand } from './policy.js';

const TEMPLATE = `AWSTemplateFormatVersion: '2010-09-09'
Conditions:
  Prod: !Equals [!Ref Stage, prod]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root'}
            Action: [s3:GetObject, s3:ListBucket]
            Resource: !Sub '\${Bucket.Arn}/*'
          - !If
            - Prod
            - Effect: Deny
              Principal: '*'
              Action: s3:*
              Resource: [!GetAtt Bucket.Arn, !Join ['', [!GetAtt Bucket.Arn, '/*']]]
              Condition: {Bool: {aws:SecureTransport: false}}
            - !Ref AWS::NoValue
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Principal: {Service: !Sub 'ec2.\${AWS::URLSuffix}', AWS: !ImportValue x}
          Action: [sts:AssumeRole, sts:TagSessions]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: dynamodb:GetItem, Resource: !ImportValue table}
              - {Effect: Allow, Action: !Ref Stage, Resource: !Sub 'arn:aws:sqs:\${AWS::Region}:\${Owner}:q'}
              - {Effect: Allow, Action: s3:GetObject, Resource: !Sub 'arn:aws:s3:::\${Bucket}/\${!aws:username}/*'}
              - Effect: Allow
                Action: s3:PutObject
                Resource: '*'
                Condition: {Bool: {aws:MultiFactorAuthPresent: true}}
`;

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
const LISTING = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: 's3:ListBucket',
  Resource: 'arn:aws:s3:::b/*',
};
const TRUST = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };

const PLAN = JSON.stringify({
  format_version: '1.2',
  planned_values: {
    root_module: {
      resources: [
        {
          address: 'aws_iam_role.r',
          mode: 'managed',
          type: 'aws_iam_role',
          values: { assume_role_policy: document(TRUST), name: 'r' },
        },
      ],
      child_modules: [
        {
          resources: [
            {
              address: 'module.m.aws_s3_bucket_policy.p',
              mode: 'managed',
              type: 'aws_s3_bucket_policy',
              values: { policy: document(LISTING) },
            },
          ],
        },
      ],
    },
  },
  resource_changes: [
    {
      address: 'aws_iam_policy.u',
      type: 'aws_iam_policy',
      change: { after_unknown: { policy: true, arn: true } },
    },
    // A key without a policy of its own gets AWS's default (terraform-compliance, issue-260).
    {
      address: 'module.m["a"].aws_kms_key.k[0]',
      type: 'aws_kms_key',
      change: { after_unknown: { policy: true } },
    },
  ],
  configuration: {
    root_module: {
      resources: [{ address: 'aws_iam_policy.u', expressions: { policy: {} } }],
      module_calls: {
        m: { module: { resources: [{ address: 'aws_kms_key.k', expressions: { description: {} } }] } },
      },
    },
  },
});

describe('policy lint', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'karikagi-lint-'));
    const put = async (name: string, text: string) => await writeFile(join(dir, name), text);
    await mkdir(join(dir, 'sub', '.hidden'), { recursive: true });
    await mkdir(join(dir, 'node_modules'));
    await put('stack.yaml', TEMPLATE);
    await put('plan.json', PLAN);
    await put('sub/broken.json', `${document({ ...TRUST })},`);
    await put('sub/other.json', '{"name":"x"}');
    await put('sub/chart.yaml', 'a: {{ .Values.x }}\n');
    await put('sub/.hidden/p.json', document(LISTING));
    await put('node_modules/p.json', document(LISTING));
    await put(
      'good.json',
      document({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }),
    );
  });
  after(async () => await rm(dir, { recursive: true }));

  async function run(...args: string[]) {
    let text = '';
    let status = 0;
    const output = { write: (more: string) => (text += more), status: (code: number) => (status = code) };
    await policyCommand(output).parseAsync(['lint', ...args], { from: 'user' });
    return { text, status };
  }
  async function found(...args: string[]) {
    const { text, status } = await run('--json', ...args);
    return { results: JSON.parse(text) as FileFindings[], status };
  }
  const of = (result: FileFindings | undefined) =>
    result?.findings.map(({ resource, line, severity, code }) => [resource, line, severity, code]);

  test('reads CloudFormation templates and names the resource and its line; what a deployment knows is no fault', async () => {
    const { results, status } = await found(join(dir, 'stack.yaml'));
    assert.equal(status, 2);
    assert.equal(results[0]?.policies, 3);
    assert.deepEqual(of(results[0]), [
      ['BucketPolicy', 17, 'ERROR', 'ACTION_WITHOUT_MATCHING_RESOURCE'],
      ['Role', 34, 'ERROR', 'UNSUPPORTED_ACTION_IN_POLICY'],
      ['Role', 34, 'ERROR', 'INVALID_ACTION'],
      ['Role', 46, 'WARNING', 'MFA_IN_ROLE_POLICY'],
    ]);
  });

  test('reads the same template as JSON', async () => {
    const file = join(dir, 'stack.template');
    const Resources = {
      B: { Type: 'AWS::S3::Bucket' },
      P: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              { ...LISTING, Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['B', 'Arn'] }, '/*']] } },
            ],
          },
        },
      },
    };
    await writeFile(file, JSON.stringify({ Resources }, null, 2));
    const { results } = await found(file);
    assert.deepEqual(of(results[0]), [['P', 18, 'ERROR', 'ACTION_WITHOUT_MATCHING_RESOURCE']]);
    await rm(file);
  });

  test('reads policies with functions in them, as they are kept beside templates', async () => {
    const file = join(dir, 'fragment.json');
    const Principal = { AWS: [{ Ref: 'Admins' }, { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' }] };
    await writeFile(file, document({ Effect: 'Allow', Principal, Action: 'kms:Frob', Resource: '*' }));
    const { results } = await found(file);
    assert.deepEqual(
      results[0]?.findings.map(({ code }) => code),
      ['INVALID_ACTION'],
    );
    await rm(file);
  });

  test('takes what services mean without a Resource, numbers that become text, and Statements that are none', async () => {
    const file = join(dir, 'others.yaml');
    const statement = '{Sid: 1, Effect: Allow, Principal: {AWS: !Ref Who}, Action: ecr:BatchGetImage}';
    await writeFile(
      file,
      `Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties: {RepositoryPolicyText: {Version: '2012-10-17', Statement: [${statement}]}}
  Bus:
    Type: AWS::Events::EventBusPolicy
    Properties: {EventBusName: b, StatementId: s, Statement: {Effect: Allow, Principal: '*', Action: events:PutEvents}}
`,
    );
    const { results } = await found(file);
    assert.deepEqual([results[0]?.policies, results[0]?.findings], [1, []]);
    await rm(file);
  });

  test('reads plans of Terraform, modules too, and tells what only apply will know', async () => {
    const { results, status } = await found(join(dir, 'plan.json'));
    assert.equal(status, 2);
    assert.deepEqual(
      results[0]?.findings.map(({ resource, code }) => [resource, code]),
      [['module.m.aws_s3_bucket_policy.p', 'ACTION_WITHOUT_MATCHING_RESOURCE']],
    );
    assert.deepEqual(results[0]?.unknown, ['aws_iam_policy.u.policy']);
    assert.match(
      (await run(join(dir, 'plan.json'))).text,
      /aws_iam_policy\.u\.policy is known after apply only: not checked/,
    );
  });

  test('reads a directory and what is in it, and leaves out what is about something else', async () => {
    const { results, status } = await found(dir);
    assert.equal(status, 2);
    assert.deepEqual(
      results.map(({ file }) => file.slice(dir.length + 1)),
      ['good.json', 'plan.json', 'stack.yaml', join('sub', 'broken.json')],
    );
    assert.match(
      (await run(dir)).text,
      /\n7 policies in 4 files: 5 errors, \d+ warnings, \d+ suggestions\n$/,
    );
  });

  test("one file's fault never hides the others', and is no warning: it has an exit status of its own", async () => {
    const { results, status } = await found(
      join(dir, 'none.json'),
      join(dir, 'plan.json'),
      join(dir, 'good.json'),
    );
    assert.equal(status, 3);
    assert.match(results[0]?.fault ?? '', /ENOENT/);
    assert.deepEqual(
      results.map(({ policies, findings }) => [policies, findings.length]),
      [
        [0, 0],
        [2, 1],
        [1, 0],
      ],
    );
    const { text } = await run('--sarif', join(dir, 'none.json'), join(dir, 'plan.json'));
    const [sarif] = JSON.parse(text).runs;
    assert.equal(sarif.invocations[0].executionSuccessful, false);
    assert.equal(
      sarif.results[0].locations[0].logicalLocations[0].fullyQualifiedName,
      'module.m.aws_s3_bucket_policy.p',
    );
  });

  // Root may read every file whatever its mode; a link to itself it cannot read either.
  test('a file that cannot be read is a fault too', async () => {
    const file = join(dir, 'closed.json');
    await symlink(file, file);
    assert.equal((await found(file)).status, 3);
    await rm(file, { force: true });
  });

  test('the reference data may have gaps: keys without a name crash nothing', async () => {
    const file = join(dir, 'gap.json');
    const Condition = { StringEquals: { 'glue:LakeFormationPermissions': 'Enabled' } };
    await writeFile(
      file,
      document({
        Effect: 'Allow',
        Action: ['glue:GetTableOptimizer', 'redshift-data:GetStagingBucketLocation'],
        Resource: '*',
        Condition,
      }),
    );
    assert.ok((await found(file)).status < 3);
    await rm(file);
  });
});
