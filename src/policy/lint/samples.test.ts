import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lint } from '../index.js';
import { codes, fixed, TRUST, text } from './triggers.test.support.js';

describe('the samples of the walk-through and of the manual', () => {
  test('listing granted on the objects of a bucket: named, and mended by the fix', async () => {
    const policy = `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "VisualEditor0",
            "Effect": "Allow",
            "Action": [
                "s3:PutObject",
                "s3:ListBucket"
            ],
            "Resource": "arn:aws:s3:::[バケット名]/*"
        }
    ]
}`;
    const found = await lint(policy, 'identity');
    assert.deepEqual(found.map(({ code }) => code).sort(), [
      'ACTION_WITHOUT_MATCHING_RESOURCE',
      'INVALID_CHARACTER',
      'PLACEHOLDER',
    ]);
    const mismatch = found.find(({ code }) => code === 'ACTION_WITHOUT_MATCHING_RESOURCE');
    assert.match(
      mismatch?.message ?? '',
      /^s3:ListBucket works on .*arn:<Partition>:s3:::<BucketName>; none of the statement's resources is one \(arn:aws:s3:::\[バケット名\]\/\*\), so it never matches\.$/,
    );
    assert.deepEqual([mismatch?.line, mismatch?.column], [11, 25]);
    const mended = await fixed(policy.replace('[バケット名]', 's3-fs-example-bucket'), 'identity');
    assert.match(
      mended,
      /"Resource": \["arn:aws:s3:::s3-fs-example-bucket", "arn:aws:s3:::s3-fs-example-bucket\/\*"\]/,
    );
    assert.deepEqual(await codes(mended, 'identity'), []);
  });

  test("the walk-through's trust policy", async () => {
    const policy = (arn: string) => text({ ...TRUST, Principal: { AWS: arn } });
    const found = await codes(
      policy('arn:aws:iam::[AWSアカウントID]:user/[③で作成したIAMユーザー名]'),
      'trust',
    );
    assert.ok(found.includes('INVALID_ARN_ACCOUNT') && found.includes('PLACEHOLDER'), found.join());
    assert.deepEqual(await codes(policy('arn:aws:iam::111122223333:user/sts-s3-upload-user'), 'trust'), []);
  });

  test('a role without "role/", a stray "<" and one brace too many', async () => {
    const policy = `{
"Version":"2012-10-17",
"Statement":[
{
"Effect":"Allow",
"Principal":{ "AWS":"arn:aws:iam::111122223333:<ROLE-NAME" },
"Action":"sts:AssumeRole"
}
]
}
}`;
    const found = await lint(policy, 'trust');
    assert.deepEqual(
      found.map(({ code, line }) => [code, line]),
      [
        ['INVALID_PRINCIPAL_FORMAT', 6],
        ['PLACEHOLDER', 6],
        ['JSON_SYNTAX_ERROR', 11],
      ],
    );
    assert.match(
      found[0]?.message ?? '',
      /"<ROLE-NAME" is no principal; it needs "root", "user\/…" or "role\/…"/,
    );
    assert.match(found[2]?.message ?? '', /One closing "}" too many/);
    const mended = policy.slice(0, -2).replace('<ROLE-NAME', 'role/app');
    assert.deepEqual(await codes(mended, 'trust'), []);
  });

  test('a fragment with spaces inside the ARN', async () => {
    const policy = `"Statement": [
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
    const found = await lint(policy, 'trust');
    assert.deepEqual(
      found.map(({ code, line, column }) => [code, line, column]),
      [
        ['JSON_SYNTAX_ERROR', 1, 1],
        ['MISSING_VERSION', 1, 1],
        ['INVALID_PRINCIPAL_FORMAT', 5, 8],
      ],
    );
    assert.match(found[0]?.message ?? '', /fragment/);
    assert.match(found[2]?.message ?? '', /white space inside an ARN/);
    const mended = `{"Version": "2012-10-17", ${policy.replace('AWS_Account_ID : user', '111122223333:user')}}`;
    assert.deepEqual(await codes(mended, 'trust'), []);
  });

  test('a single object as Statement is legal, placeholders are not', async () => {
    const policy = `{
"Version":"2012-10-17",
"Statement":
{ "Effect":"Allow", "Action":"sts:AssumeRole",
"Resource":"arn:aws:iam::<ACCOUNT-HYPHENS>:role/<ROLE-NAME>" }
}`;
    assert.deepEqual(await codes(policy, 'identity'), ['INVALID_ARN_ACCOUNT', 'PLACEHOLDER']);
    assert.deepEqual(
      await codes(
        policy.replace('<ACCOUNT-HYPHENS>', '111122223333').replace('<ROLE-NAME>', 'app'),
        'identity',
      ),
      [],
    );
  });

  test("the manual's key policies", async () => {
    const actions = [
      'kms:GenerateDataKey',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:Decrypt',
      'kms:ReEncrypt*',
    ];
    const policy = (arn: string) => text({ Effect: 'Allow', Action: actions, Resource: [arn] });
    const found = await codes(policy('arn:aws:kms:region:account:key/<KMS_key>'), 'identity');
    assert.deepEqual(found, ['PLACEHOLDER', 'INVALID_ARN_REGION', 'INVALID_ARN_ACCOUNT']);
    assert.deepEqual(await codes(policy('arn:aws:kms:us-east-1:111122223333:key/1234'), 'identity'), []);
    assert.deepEqual(
      await codes(policy('arn:aws-cn:kms:cn-north-1:111122223333:key/1234'), 'identity', {
        partition: 'aws-cn',
      }),
      [],
    );
    assert.deepEqual(
      await codes(policy('arn:aws-cn:kms:cn-north-1:111122223333:key/1234'), 'identity', {
        partition: 'aws',
      }),
      ['INVALID_PARTITION'],
    );
  });

  test('one duration for users and for roles: chained sessions end after an hour', async () => {
    const policy = (arn: string) => text({ ...TRUST, Principal: { AWS: arn } });
    const role = policy('arn:aws:iam::111122223333:role/ec2');
    const user = policy('arn:aws:iam::111122223333:user/alice');
    const asked = (sessionDuration: number) => ({ sessionDuration });
    assert.deepEqual(await codes(role, 'trust', asked(7200)), [
      'SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT',
    ]);
    assert.deepEqual(await codes(role, 'trust', asked(3600)), []);
    assert.deepEqual(await codes(user, 'trust', asked(43_200)), []);
    assert.deepEqual(await codes(user, 'trust', asked(60)), ['INVALID_SESSION_DURATION']);
    assert.deepEqual(await codes(user, 'trust', asked(86_400)), ['INVALID_SESSION_DURATION']);
  });
});
