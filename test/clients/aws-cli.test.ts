import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { asEnvironment, installed, refused, succeeds, without } from './run.js';
import { ACCOUNT, BUCKET, EXTERNAL_ID, openStage, ROLE, ROLE_ARN, type Stage, USER } from './stage.js';

interface Cli {
  readonly name: string;
  readonly program: string;
  readonly skip: string | false;
  /** Whether AWS_ENDPOINT_URL is known, so that a profile's AssumeRole goes to the server too. */
  readonly redirects: boolean;
}

const CLIS: readonly Cli[] = [
  { name: 'AWS CLI 1', program: installed('aws'), skip: without('pip'), redirects: true },
  { name: "Debian's AWS CLI 2", program: '/usr/bin/aws', skip: without('awscli'), redirects: false },
];

for (const cli of CLIS) {
  suite(cli.name, { skip: cli.skip }, () => {
    let stage: Stage;
    let temporary: Record<string, string>;
    const large = randomBytes(20 * 1024 * 1024);

    before(async () => {
      stage = await openStage();
      temporary = asEnvironment(await stage.assume());
      await writeFile(join(stage.home, 'small.txt'), 'small');
      await writeFile(join(stage.home, 'large.bin'), large);
    });
    after(() => stage.close());

    const common = () => (cli.redirects ? [] : ['--endpoint-url', stage.endpoint]);
    const environment = (more: Record<string, string>) =>
      cli.redirects ? { ...more, AWS_ENDPOINT_URL: stage.endpoint } : more;
    const aws = (args: string[], as: Record<string, string>) =>
      succeeds(stage, cli.program, [...args, ...common()], environment(as));
    const awsRefused = (args: string[], as: Record<string, string>) =>
      refused(stage, cli.program, [...args, ...common()], environment(as));
    const asRoot = () => asEnvironment(stage.root);
    const asUser = () => asEnvironment(stage.user);

    test('a user is refused by S3 and assumes the role', async () => {
      const identity = JSON.parse(await aws(['sts', 'get-caller-identity'], asUser()));
      assert.equal(identity.Arn, `arn:aws:iam::${ACCOUNT}:user/${USER}`);
      const denial = await awsRefused(['s3', 'ls', `s3://${BUCKET}`], asUser());
      assert.match(denial, /AccessDenied/);
      assert.match(
        denial,
        /is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::clients-bucket" because no identity-based policy allows /,
      );
      const assume = ['sts', 'assume-role', '--role-arn', ROLE_ARN, '--role-session-name', 'cli'];
      assert.match(await awsRefused(assume, asUser()), /AccessDenied/);
      const { Credentials, AssumedRoleUser } = JSON.parse(
        await aws([...assume, '--external-id', EXTERNAL_ID, '--duration-seconds', '900'], asUser()),
      );
      assert.equal(AssumedRoleUser.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/cli`);
      assert.match(Credentials.AccessKeyId, /^ASIA[A-Z2-7]{16}$/);
    });

    test('checks a policy document with Access Analyzer', async () => {
      const document =
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObjct","Resource":"*"}}';
      const validate = ['accessanalyzer', 'validate-policy', '--policy-type', 'IDENTITY_POLICY'];
      const { findings } = JSON.parse(await aws([...validate, '--policy-document', document], asRoot()));
      assert.deepEqual(
        findings.map(({ findingType, issueCode }: Record<string, string>) => [findingType, issueCode]),
        [['ERROR', 'INVALID_ACTION']],
      );
      assert.equal(findings[0].locations[0].path[1].value, 'Action');
      const denial = await awsRefused([...validate, '--policy-document', document], asUser());
      assert.match(denial, /not authorized to perform: access-analyzer:ValidatePolicy/);
    });

    test('with temporary credentials files go up and come down as they were', async () => {
      await aws(['s3', 'cp', 'small.txt', `s3://${BUCKET}/${cli.redirects}/small.txt`], temporary);
      await aws(['s3', 'cp', '--quiet', 'large.bin', `s3://${BUCKET}/large file+ü.bin`], temporary);
      assert.match(await aws(['s3', 'ls', `s3://${BUCKET}/large`], temporary), /20971520 large file\+ü\.bin/);
      await aws(['s3', 'cp', '--quiet', `s3://${BUCKET}/large file+ü.bin`, 'back.bin'], temporary);
      assert.deepEqual(await readFile(join(stage.home, 'back.bin')), large);
      // Version 2 would read the tags of what it copies in parts, which the role may not.
      const tagless = cli.redirects ? [] : ['--copy-props', 'metadata-directive'];
      const source = `s3://${BUCKET}/large file+ü.bin`;
      await aws(['s3', 'cp', source, `s3://${BUCKET}/copy.bin`, '--quiet', ...tagless], temporary);
    });

    test('a directory is synchronised', async () => {
      const tree = join(stage.home, 'tree', 'deep');
      await mkdir(tree, { recursive: true });
      // S3 tells times in whole seconds: a file of the second in which it was uploaded would seem to be newer.
      const written = Date.now() / 1000 - 60;
      for (const name of ['a b.txt', 'c+d.txt', 'é.txt', '&<>.txt']) {
        await writeFile(join(tree, name), name);
        await utimes(join(tree, name), written, written);
      }
      const sync = ['s3', 'sync', 'tree', `s3://${BUCKET}/tree`];
      assert.equal((await aws(sync, temporary)).match(/^upload:|\rupload:|\n?upload:/gm)?.length, 4);
      assert.doesNotMatch(await aws(sync, temporary), /upload:/, 'nothing is left to do');
      const listed = await aws(['s3', 'ls', '--recursive', `s3://${BUCKET}/tree/`], temporary);
      for (const name of ['a b.txt', 'c+d.txt', 'é.txt', '&<>.txt'])
        assert.ok(listed.includes(`tree/deep/${name}`));
    });

    test('deleting is refused, until the administrator does it', async () => {
      const remove = ['s3', 'rm', `s3://${BUCKET}/${cli.redirects}/small.txt`];
      assert.match(await awsRefused(remove, temporary), /AccessDenied.*s3:DeleteObject/);
      await aws(remove, asRoot());
    });

    test('a presigned URL opens the object', async () => {
      await aws(['s3', 'cp', 'small.txt', `s3://${BUCKET}/for you.txt`], temporary);
      const url = (
        await aws(['s3', 'presign', `s3://${BUCKET}/for you.txt`, '--expires-in', '60'], temporary)
      ).trim();
      const response = await fetch(url);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), 'small');
      assert.equal((await fetch(url.replace('for%20you', 'for%20all'))).status, 403);
    });

    test('s3api tells lengths, metadata and pages', async () => {
      const put = ['s3api', 'put-object', '--bucket', BUCKET, '--key', 'meta', '--body', 'small.txt'];
      await aws([...put, '--metadata', 'colour=red', '--content-type', 'text/plain'], temporary);
      const head = JSON.parse(
        await aws(['s3api', 'head-object', '--bucket', BUCKET, '--key', 'meta'], temporary),
      );
      assert.equal(head.ContentLength, 5);
      assert.equal(head.ContentType, 'text/plain');
      assert.deepEqual(head.Metadata, { colour: 'red' });
      const list = ['s3api', 'list-objects-v2', '--bucket', BUCKET, '--page-size', '2'];
      const { Contents } = JSON.parse(
        await aws([...list, '--query', '{Contents: Contents[].Key}'], temporary),
      );
      assert.ok(Contents.length >= 6, 'all pages are read');
      assert.equal(new Set(Contents).size, Contents.length);
    });

    test('IAM answers the administrator and nobody else', async () => {
      const role = JSON.parse(await aws(['iam', 'get-role', '--role-name', ROLE], asRoot()));
      assert.equal(role.Role.Arn, ROLE_ARN);
      assert.equal(role.Role.AssumeRolePolicyDocument.Statement[0].Action, 'sts:AssumeRole');
      const users = JSON.parse(await aws(['iam', 'list-users'], asRoot()));
      assert.deepEqual(
        users.Users.map((user: { UserName: string }) => user.UserName),
        [USER],
      );
      assert.match(await awsRefused(['iam', 'list-users'], temporary), /AccessDenied/);
    });

    // Versions before 2.13 send a profile's AssumeRole to AWS, whatever the endpoint: nothing to test there.
    if (!cli.redirects) return;
    test('a profile with role_arn, source_profile, external_id and duration_seconds', async () => {
      const profile = (name: string) => ['--profile', name];
      const identity = JSON.parse(await aws(['sts', 'get-caller-identity', ...profile('stager')], {}));
      assert.equal(identity.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/from-profile`);
      assert.match(
        await aws(['s3', 'ls', `s3://${BUCKET}`, ...profile('stager')], {}),
        /small\.txt|meta|copy\.bin/,
      );
      assert.match(
        await awsRefused(['s3', 'ls', `s3://${BUCKET}`, ...profile('impostor')], {}),
        /AccessDenied.*AssumeRole|AssumeRole.*AccessDenied/,
      );
      assert.match(
        await awsRefused(['s3', 'ls', `s3://${BUCKET}`, ...profile('overtime')], {}),
        /DurationSeconds exceeds the MaxSessionDuration/,
      );
    });
  });
}
