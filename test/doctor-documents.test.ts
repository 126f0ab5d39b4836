/** `karikagi doctor` reads policies before they are in force: each mistake of the source documents, with its line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentFindings } from '../src/clients/doctor/documents.js';
import type { PolicyText } from '../src/clients/doctor/index.js';

/** The trust policy of the manual, as it stands there. */
const MANUAL_TRUST = `{
"Version":"2012-10-17",
"Statement":[
{
"Effect":"Allow",
"Principal":{ "AWS":"arn:aws:iam::AWS-account-ID:<ROLE-NAME" },
"Action":"sts:AssumeRole"
}
]
}
}`;

/** Its sample of an external ID. */
const FRAGMENT = `"Statement": [
{
"Effect": "Allow",
"Principal": {
"AWS": "arn:aws:iam::AWS_Account_ID : user/user_name"
},
"Action": "sts:AssumeRole",
"Condition": {
"StringEquals": {
"sts:ExternalId": "dummy_external_id"
}
}
}
]`;

/** The mistakes of the two documents that the set-up is taken from, as they stand there. */
const DOCUMENTS: readonly (readonly [string, PolicyText['kind'], string, string, string, RegExp])[] = [
  [
    'the walk-through lists on objects',
    'identity',
    `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "VisualEditor0",
      "Effect": "Allow",
      "Action": [
        "s3:PutObject",
        "s3:ListBucket"
      ],
      "Resource": "arn:aws:s3:::s3-fs-example-bucket/*"
    }
  ]
}`,
    'resource',
    'file.json, line 11',
    /s3:ListBucket/,
  ],
  [
    'the manual names a role without role/',
    'trust',
    MANUAL_TRUST,
    'policy',
    'file.json, line 6',
    /account id|placeholder/,
  ],
  ['the manual closes a brace too many', 'trust', MANUAL_TRUST, 'policy', 'file.json, line 11', /too many/],
  ['the manual has a fragment', 'trust', FRAGMENT, 'policy', 'file.json, line 1', /fragment/],
  ['the manual has spaces in an ARN', 'trust', FRAGMENT, 'policy', 'file.json, line 5', /white space/],
  [
    'the manual has a single statement, which is right',
    'identity',
    `{"Version":"2012-10-17",
"Statement":
{ "Effect":"Allow", "Action":"sts:AssumeRole", "Resource":"arn:aws:iam::111122223333:role/good" } }`,
    'none',
    '',
    /./,
  ],
  [
    'the sample for China in an account that is elsewhere',
    'identity',
    `{"Version":"2012-10-17",
"Statement":
{ "Effect":"Allow", "Action":"sts:AssumeRole", "Resource":"arn:aws-cn:iam::111122223333:role/good" } }`,
    'partition',
    'file.json, line 3',
    /aws-cn/,
  ],
  [
    'the sample for KMS with what was to be filled in',
    'identity',
    `{"Version":"2012-10-17",
"Statement":[
{ "Effect":"Allow",
"Action": [ "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*" ],
"Resource": ["arn:aws:kms:region:account:key/<KMS_key>"] } ] }`,
    'policy',
    'file.json, line 5',
    /placeholder/,
  ],
];

for (const [mistake, kind, text, code, where, what] of DOCUMENTS) {
  test(mistake, async () => {
    const document = { kind, name: 'file.json', text, attachedTo: 'role' as const };
    const found = await documentFindings(document, { partition: 'aws' });
    const seen = found.map(one => `${one.code} ${one.where}: ${one.what}`);
    const expected = found.find(one => one.code === code && one.where === where && what.test(one.what));
    assert.ok(code === 'none' ? found.length === 0 : expected, `${code} ${where} in\n${seen.join('\n')}`);
  });
}

test("a chain's hour in a trust policy that names a role", async () => {
  const Principal = { AWS: 'arn:aws:iam::111122223333:role/hub' };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
  const text = JSON.stringify({ Version: '2012-10-17', Statement });
  const asked = { partition: 'aws', duration: 7200 };
  const [found] = await documentFindings({ kind: 'trust', name: 'trust.json', text }, asked);
  assert.deepEqual([found?.code, found?.where], ['chaining', 'trust.json, line 1']);
});
