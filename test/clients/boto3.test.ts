import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { installed, succeeds, without } from './run.js';
import { ACCOUNT, BUCKET, EXTERNAL_ID, openStage, ROLE, ROLE_ARN, type Stage, USER } from './stage.js';

const PYTHONS = [
  { name: "Debian's boto3", python: '/usr/bin/python3', skip: without('boto3'), redirects: false },
  { name: 'a recent boto3', python: installed('python'), skip: without('pip'), redirects: true },
];

for (const { name, python, skip, redirects } of PYTHONS) {
  suite(name, { skip }, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage.close());

    test('reads the refusals of services that are not served, whatever their protocol', async () => {
      const script = [resolve('test/clients/boto3_unserved.py')];
      const output = await succeeds(stage, python, script, { ENDPOINT: stage.endpoint });
      const read = JSON.parse(output) as Record<string, [code: string, message: string]>;
      for (const [service, said] of Object.entries(read)) {
        const signed = service === 'cloudwatch' ? 'monitoring' : service;
        assert.deepEqual(said, ['UnknownService', `The service "${signed}" is not served here.`], service);
      }
      assert.equal(Object.keys(read).length, 9);
    });

    test('assumes the role, transfers, lists, is refused, presigns', async () => {
      const output = await succeeds(stage, python, [resolve('test/clients/boto3_session.py')], {
        ENDPOINT: stage.endpoint,
        BUCKET,
        ROLE_ARN,
        EXTERNAL_ID,
        ...(redirects && { AWS_ENDPOINT_URL: stage.endpoint }),
      });
      const result = JSON.parse(output);
      assert.equal(result.denied.code, 'AccessDenied');
      assert.match(
        result.denied.message,
        /^User: .*:user\/uploader is not authorized to perform: sts:AssumeRole on resource: /,
      );
      assert.equal(result.identity, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/boto3`);
      assert.equal(result.environment, result.identity);
      assert.equal(result.transferred, true);
      assert.deepEqual(result.head, { length: 17 * 1024 * 1024, metadata: { 'made-by': 'boto3' } });
      assert.equal(result.range, 10);
      assert.deepEqual(
        result.listed,
        [0, 1, 2, 3, 4].map(number => `boto3/page/${number}`),
      );
      assert.equal(result.delete.code, 'AccessDenied');
      assert.match(
        result.delete.message,
        /s3:DeleteObject on resource: "arn:aws:s3:::clients-bucket\/boto3\/page\/0" because no /,
      );
      assert.equal(result.missing.code, 'NoSuchKey');
      assert.equal(result['no bucket'].code, 'NoSuchBucket');
      assert.deepEqual(result.users, [USER]);
      assert.deepEqual(result.exists, {
        code: 'EntityAlreadyExists',
        message: `User with name ${USER} already exists.`,
      });
      assert.equal(await (await fetch(result.url)).text(), 'x');
      if (redirects) {
        assert.equal(result.profile, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/from-profile`);
        assert.equal(result.impostor.code, 'AccessDenied');
        assert.deepEqual(result.overtime, {
          code: 'ValidationError',
          message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
        });
      }
    });
  });
}
