/** Data directories that earlier versions wrote open, whole, and one of a later version does not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GetRoleCommand, IAMClient, ListAttachedRolePoliciesCommand } from '@aws-sdk/client-iam';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { openServices, scrub, startServer, systemClock } from '../src/index.js';
import { DATA_FORMAT } from '../src/server/data-format.js';
import { openLmdb } from '../src/store/lmdb/lmdb.js';

/** Made by `tools/data-fixture.mjs`, each by the version that its name says. */
const FIXTURES = resolve('test/fixtures/data');

interface Expected {
  readonly objects: { Bucket: string; Key: string; VersionId?: string; sha256: string }[];
  readonly user: { accessKeyId: string; secretAccessKey: string };
  readonly role: string;
  readonly policy: string;
  readonly key: string;
  readonly ciphertext: string;
}

async function unpacked(t: TestContext, fixture: string) {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-earlier-'));
  t.after(() => rm(home, { recursive: true }));
  execFileSync('tar', ['-x', '-z', '-f', join(FIXTURES, fixture), '-C', home]);
  const expected = JSON.parse(await readFile(join(home, 'expected.json'), 'utf8')) as Expected;
  return { data: join(home, 'data'), expected };
}

const fixtures = (await readdir(FIXTURES)).sort();

for (const fixture of fixtures) {
  test(`a data directory of ${fixture} opens, and everything in it is there`, async t => {
    const { data, expected } = await unpacked(t, fixture);
    const server = await startServer({ data, port: 0, log: 'none' });
    try {
      const { endpoint, root } = server;
      const config = { endpoint, credentials: root!, region: 'us-east-1' };
      const s3 = new S3Client({ ...config, forcePathStyle: true });
      for (const { sha256, ...place } of expected.objects) {
        const { Body } = await s3.send(new GetObjectCommand(place));
        const bytes = await Body!.transformToByteArray();
        assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, JSON.stringify(place));
      }
      const tagged = { Bucket: 'plain', Key: 'small/日本' };
      const { TagSet } = await s3.send(new GetObjectTaggingCommand(tagged));
      assert.deepEqual(TagSet, [{ Key: 'k', Value: 'v' }]);
      assert.deepEqual((await s3.send(new GetObjectCommand(tagged))).Metadata, { of: 'small' });
      const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }));
      assert.deepEqual([versions.Versions?.length, versions.DeleteMarkers?.length], [4, 1]);
      const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: 'plain' }));
      assert.equal(uploads.Uploads?.[0]?.Key, 'unfinished');
      const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'plain' }));
      assert.equal(Rules?.[0]?.ID, 'old');

      const iam = new IAMClient(config);
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'staging' }));
      assert.equal(Role?.Arn, expected.role);
      const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'staging' }));
      assert.equal(attached.AttachedPolicies?.[0]?.PolicyArn, expected.policy);
      const sealed = Buffer.from(expected.ciphertext, 'base64');
      const { Plaintext } = await new KMSClient(config).send(new DecryptCommand({ CiphertextBlob: sealed }));
      assert.equal(Buffer.from(Plaintext!).toString(), 'sealed');

      const sts = new STSClient({ ...config, credentials: expected.user });
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({ RoleArn: expected.role, RoleSessionName: 'later' }),
      );
      const session = {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      };
      const temporary = new S3Client({ ...config, forcePathStyle: true, credentials: session });
      await temporary.send(new GetObjectCommand(tagged));
      const put = new PutObjectCommand({ ...tagged, Body: 'x' });
      await assert.rejects(temporary.send(put), { name: 'AccessDenied' });
      await s3.send(put);
    } finally {
      await server.close();
    }
    const report = await scrub({ data, rootKeyFile: undefined }, systemClock);
    assert.deepEqual(report.damaged, []);
  });
}

test('data of a later format is refused, with what to do, and left as it is', async t => {
  const { data } = await unpacked(t, fixtures[0]!);
  const format = async (value?: number) => {
    const kv = await openLmdb(join(data, 'kv'));
    const key = ['server', 'format'];
    if (value !== undefined) await kv.commit([], [{ key, value: Buffer.from(String(value)) }]);
    const entry = await kv.get(key);
    await kv.close();
    return entry && Number(Buffer.from(entry.value).toString());
  };
  assert.equal(await format(), undefined);
  await (await openServices({ data, log: 'none' })).close();
  assert.equal(await format(), DATA_FORMAT, 'a server notes what it writes');
  await format(DATA_FORMAT + 1);
  const refusal = { name: 'SettingsError', message: /a newer Karikagi has written; this one reads up to/ };
  await assert.rejects(startServer({ data, port: 0, log: 'none' }), refusal);
  await assert.rejects(scrub({ data, rootKeyFile: undefined }, systemClock), refusal);
  assert.equal(await format(), DATA_FORMAT + 1);
});
