import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { JobFileError, readJob } from './job.js';
import { stagingPolicies } from './policies.js';

const GOOD = `job: orders
connection:
  accessKey: {env: KEY}
  secretKey: {env: SECRET}
  s3IamRoleArn: arn:aws:iam::111122223333:role/staging
  externalId: partner-4711
  bucket: my-bucket
  region: eu-central-1
warehouse:
  type: postgres
  url: {env: WAREHOUSE_URL}
load:
  files: [orders.csv]
  table: public.orders
`;

/** The findings of the good file after a change of one text in it. */
function findings(before: string, after: string): readonly string[] {
  assert.ok(GOOD.includes(before), before);
  try {
    readJob(GOOD.replace(before, after), { file: 'job.yaml' });
    return [];
  } catch (error) {
    assert.ok(error instanceof JobFileError, String(error));
    return error.message.split('\n');
  }
}

suite('job files', () => {
  test('a good one, with its defaults', () => {
    const job = readJob(GOOD);
    assert.equal(job.duration, 900);
    assert.equal(job.prefix, 'staging/orders/');
    assert.equal(job.partition, 'aws');
    assert.equal(job.partSize, 8 * 2 ** 20);
    assert.deepEqual(job.dialect, { delimiter: ',', header: true, nullText: '' });
  });

  const cases: readonly [what: string, before: string, after: string, found: RegExp][] = [
    [
      'a secret as text',
      '{env: SECRET}',
      'wJalrXUtnFEMI',
      /^job.yaml:4:3: connection.secretKey: a secret is a/,
    ],
    ['a secret of two places', '{env: SECRET}', '{env: A, file: b}', /^job.yaml:4:3: connection.secretKey: /],
    [
      'an unknown property',
      'externalId:',
      'externalID:',
      /^job.yaml:6:3: connection.externalID: there is no/,
    ],
    ['a missing property', '  bucket: my-bucket\n', '', /^job.yaml:2:1: connection: bucket is missing/],
    [
      'a wrong choice',
      'type: postgres',
      'type: mysql',
      /^job.yaml:10:3: warehouse.type: must be one of duckdb, postgres, redshift/,
    ],
    ['broken YAML', 'bucket: my-bucket', 'bucket: [my', /^job.yaml:\d+:\d+: /],
    ['half a key', '  secretKey: {env: SECRET}\n', '', /^job.yaml:3:3: .*secretKey is missing/],
    [
      'an EC2 role and a key',
      '  bucket:',
      '  useEc2Role: true\n  bucket:',
      /^job.yaml:3:3: .*no permanent key/,
    ],
    ['a role of another partition', 'eu-central-1', 'cn-north-1', /^job.yaml:5:3: .*partitions do not mix/],
    [
      'the manual’s slip: no role/',
      'role/staging',
      '<staging',
      /^job.yaml:5:3: connection.s3IamRoleArn: must match/,
    ],
    [
      'upsert without keys',
      '  files:',
      '  mode: upsert\n  files:',
      /^job.yaml:12:1: load: upsert needs keys/,
    ],
    ['neither load nor unload', GOOD.slice(GOOD.indexOf('load:')), '', /^job.yaml:1:1: a job has either/],
    [
      'too short a session',
      '  bucket:',
      '  temporaryCredentialDuration: 899\n  bucket:',
      /^job.yaml:7:3: .*>= 900/,
    ],
    [
      'a key of another region',
      '  bucket:',
      '  encryption: {type: sse-kms, key: "arn:aws:kms:us-east-1:111122223333:key/k"}\n  bucket:',
      /^job.yaml:7:31: .*bucket's own region/,
    ],
  ];
  for (const [what, before, after, found] of cases) {
    test(`${what} is found at its place`, () => assert.match(findings(before, after).join('\n'), found));
  }

  test('a chain of roles is capped at an hour, which is said in advance', () => {
    const keys = '  accessKey: {env: KEY}\n  secretKey: {env: SECRET}\n';
    const [found] = findings(keys, '  useEc2Role: true\n  temporaryCredentialDuration: 7200\n');
    assert.match(found!, /^job.yaml:4:3: .*3600 seconds at most/);
  });

  test('no message holds a secret that was written as text', () => {
    assert.doesNotMatch(findings('{env: SECRET}', 'wJalrXUtnFEMI').join('\n'), /wJalr/);
  });
});

test('policies: an EC2 role and a user get no right on S3, the role no more than its prefix', () => {
  const { caller, trust, permissions, key } = stagingPolicies(
    readJob(GOOD),
    'arn:aws:iam::111122223333:user/loader',
  );
  assert.equal(key, undefined);
  assert.deepEqual(caller?.Statement, [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::111122223333:role/staging' },
  ]);
  assert.match(JSON.stringify(trust), /"sts:ExternalId":"partner-4711"/);
  assert.doesNotMatch(JSON.stringify(permissions), /s3:\*|"Resource":"\*"/);
});
