/** Real clients fetch keys of an instance's role, assume a role of another account with them, and work in its bucket. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type RunningImds, startImds } from '../../src/imds/index.js';
import { AGENT, BUCKET, EXTERNAL_ID, FIRST, type Fleet, openFleet, PROFILE } from '../support/fleet.js';
import { command, noNamespace, serveInNamespace } from '../support/namespace.js';
import { environment, KARIKAGI, output } from '../support/programs.js';
import { installed, without } from './run.js';

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
const PUT = ['s3api', 'put-object', '--bucket', BUCKET];

/** The AWS SDK for JavaScript, as a program of its own: by its default chain, then through a second role. */
const SDK = `
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
const [endpoint, region, roleArn, externalId, bucket] = process.argv.slice(1);
const sts = new STSClient({ endpoint, region });
const who = await sts.send(new GetCallerIdentityCommand({}));
const input = { RoleArn: roleArn, RoleSessionName: 'js', ExternalId: externalId };
const { Credentials: keys } = await sts.send(new AssumeRoleCommand(input));
const credentials = { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken };
const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'js', Body: 'x' }));
console.log(who.Arn);
`;

/** It takes its keys from where the AWS SDK for Go finds them. */
const rcloneSettings = (endpoint: string, region: string) => ({
  RCLONE_CONFIG: '/dev/null',
  RCLONE_S3_PROVIDER: 'Other',
  RCLONE_S3_ENV_AUTH: 'true',
  RCLONE_S3_ENDPOINT: endpoint,
  RCLONE_S3_REGION: region,
  RCLONE_S3_NO_CHECK_BUCKET: 'true',
  // It names a list with every object; of all, the bucket of another account takes this one.
  RCLONE_S3_ACL: 'bucket-owner-full-control',
});

/** Every client in turn. `env`: where it finds the endpoint. `through`: a command before the client's. */
const clients: Readonly<
  Record<
    string,
    {
      skip: string | false;
      run(fleet: Fleet, env: Record<string, string>, through: string[]): Promise<string>;
    }
  >
> = {
  'AWS CLI 2': {
    skip: without('awscli'),
    async run(fleet, env, through) {
      const { endpoint, region, roleArn } = fleet;
      const aws = (...args: string[]) =>
        output(
          ...command(through, '/usr/bin/aws', '--endpoint-url', endpoint, '--region', region, ...args),
          env,
        );
      const text = ['--output', 'text'];
      const who = await aws('sts', 'get-caller-identity', '--query', 'Arn', ...text);
      const assume = ['--role-arn', roleArn, '--role-session-name', 'cli', '--external-id', EXTERNAL_ID];
      const query = 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]';
      const [id, secret, token] = (
        await aws('sts', 'assume-role', ...assume, '--query', query, ...text)
      ).split('\t');
      const keys = { AWS_ACCESS_KEY_ID: id!, AWS_SECRET_ACCESS_KEY: secret!, AWS_SESSION_TOKEN: token! };
      const args = ['--endpoint-url', endpoint, '--region', region, ...PUT, '--key', 'cli2'];
      await output(...command(through, '/usr/bin/aws', ...args), { ...env, ...keys });
      return who;
    },
  },
  'AWS CLI 1': {
    skip: without('pip'),
    async run(_fleet, env, through) {
      const aws = (...args: string[]) => output(...command(through, installed('aws'), ...args), env);
      await aws('--profile', 'staging', ...PUT, '--key', 'cli1');
      return await aws('sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text');
    },
  },
  boto3: {
    skip: without('pip'),
    run(_fleet, env, through) {
      const script = `import boto3
boto3.Session(profile_name='staging').client('s3').put_object(Bucket='${BUCKET}', Key='boto3', Body=b'x')
print(boto3.client('sts').get_caller_identity()['Arn'])`;
      return output(...command(through, installed('python3'), '-c', script), env);
    },
  },
  'rclone env_auth under karikagi assume': {
    skip: without('rclone'),
    async run({ endpoint, region, roleArn }, env, through) {
      const assume = [process.execPath, KARIKAGI, 'assume', roleArn, '--external-id', EXTERNAL_ID, '--'];
      const rclone = ['rclone', 'copyto', KARIKAGI, `:s3:${BUCKET}/rclone`];
      await output(...command(through, ...assume, ...rclone), {
        ...env,
        ...rcloneSettings(endpoint, region),
      });
      const whoami = command(through, process.execPath, KARIKAGI, 'whoami', '--json');
      return JSON.parse(await output(...whoami, env)).arn;
    },
  },
  'AWS SDK for JavaScript': {
    skip: false,
    run({ endpoint, region, roleArn }, env, through) {
      const args = ['--input-type=module', '-e', SDK, endpoint, region, roleArn, EXTERNAL_ID, BUCKET];
      return output(...command(through, process.execPath, ...args), env);
    },
  },
};

for (const partition of ['aws', 'aws-cn'] as const) {
  suite(`an instance in ${partition}`, () => {
    let fleet: Fleet;
    let imds: RunningImds;
    before(async () => {
      fleet = await openFleet({ partition, region: partition === 'aws' ? 'eu-central-1' : 'cn-north-1' });
      const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
      imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0' });
    });
    after(async () => {
      await imds.close();
      await fleet.close();
    });

    for (const [name, { skip, run }] of Object.entries(clients)) {
      test(`${name}: keys, a role of another account, its bucket`, { skip }, async () => {
        const env = environment(fleet, { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/` });
        const arn = await run(fleet, env, []);
        assert.equal(arn, `arn:${partition}:sts::${FIRST}:assumed-role/${AGENT}/${imds.instanceId}`);
      });
    }

    test('a container: further roles by their ARN, to who knows the token', async () => {
      const { endpoint, region, root, agentArn, roleArn } = fleet;
      const iam = new IAMClient({ endpoint, region, credentials: root });
      const arn = agentArn.replace('agent', 'of-containers');
      const trust = { Effect: 'Allow', Principal: { AWS: agentArn }, Action: 'sts:AssumeRole' };
      const assume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: arn };
      const input = { RoleName: 'of-containers', AssumeRolePolicyDocument: document(trust) };
      await iam.send(new CreateRoleCommand(input));
      const policy = { RoleName: AGENT, PolicyName: 'containers', PolicyDocument: document(assume) };
      await iam.send(new PutRolePolicyCommand(policy));
      const ask = async (path: string, authorization = imds.authorizationToken) => {
        const response = await fetch(`${imds.endpoint}${path}`, { headers: { authorization } });
        return { status: response.status, body: (await response.json()) as Record<string, string> };
      };
      const { status, body } = await ask(`/role-arn/${arn}`);
      assert.equal(status, 200, body['message']);
      const credentials = {
        accessKeyId: body['AccessKeyId']!,
        secretAccessKey: body['SecretAccessKey']!,
        sessionToken: body['Token']!,
      };
      const sts = new STSClient({ endpoint, region, credentials });
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      assert.match(Arn!, new RegExp(`^arn:${partition}:sts::${FIRST}:assumed-role/of-containers/`));
      assert.equal((await ask(`/role-arn/${arn}`)).body['AccessKeyId'], body['AccessKeyId'], 'kept');
      assert.equal((await ask(`/role-arn/${encodeURIComponent(arn)}`)).status, 200, 'as clients encode it');
      const guessed = await ask(`/role-arn/${arn}`, 'guessed');
      assert.deepEqual([guessed.status, guessed.body['code']], [401, 'InvalidAuthorizationToken']);
      const demanding = await ask(`/role-arn/${roleArn}`);
      assert.deepEqual([demanding.status, demanding.body['code']], [400, 'AccessDenied']);
    });

    test('a role of the other account without its external ID is refused', async () => {
      const env = environment(fleet, { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${imds.endpoint}/` });
      const { endpoint, region, roleArn } = fleet;
      const args = ['--input-type=module', '-e', SDK, endpoint, region, roleArn, 'guessed', BUCKET];
      await assert.rejects(output(process.execPath, args, env), /not authorized to perform: sts:AssumeRole/);
    });
  });
}

test('in a network namespace with 169.254.169.254:80, clients need no word of where keys are', {
  skip: noNamespace,
}, async t => {
  const { fleet, through } = await serveInNamespace(t);
  for (const [name, { skip, run }] of Object.entries(clients)) {
    await t.test(name, { skip }, async () => {
      assert.match(await run(fleet, environment(fleet), through), /:assumed-role\/agent\/i-0/);
    });
  }
});

/** The machine's own role works in the other account's bucket: these tools cannot assume a role themselves. */
async function openBucketToAgent({ endpoint, region, root, owner, agentArn }: Fleet): Promise<void> {
  const config = (credentials: typeof root) => ({ endpoint, region, credentials, forcePathStyle: true });
  const Resource = [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`];
  const allow = { Effect: 'Allow', Action: 's3:*', Resource };
  const policy = { RoleName: AGENT, PolicyName: 'bucket', PolicyDocument: document(allow) };
  await new IAMClient(config(root)).send(new PutRolePolicyCommand(policy));
  const Policy = document({ ...allow, Principal: { AWS: agentArn } });
  await new S3Client(config(owner)).send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
}

const MOUNTED = `
s3fs "$1" "$2" -o "$3"
for try in $(seq 1200); do mountpoint -q "$2" && break; sleep 0.1; done
echo from s3fs > "$2/s3fs"
fusermount -u "$2"
s3fs "$1" "$2" -o "$3"
for try in $(seq 1200); do mountpoint -q "$2" && break; sleep 0.1; done
cat "$2/s3fs"
fusermount -u "$2"`;

// s3fs before 1.91 asks for the role's name by version 1.
test('tools that know 169.254.169.254 alone: s3fs iam_role=auto, restic, rclone env_auth', {
  skip: noNamespace || without('s3fs') || without('restic') || without('rclone'),
}, async t => {
  const { fleet, through } = await serveInNamespace(t, {
    prepare: openBucketToAgent,
    tokens: 'optional',
  });
  const { endpoint, region, home } = fleet;
  const run = (env: Record<string, string>, ...words: string[]) =>
    output(...command(through, ...words), environment(fleet, env));
  await t.test('s3fs', async () => {
    const place = join(home, 'mounted');
    await mkdir(place);
    const options = ['iam_role=auto', `url=${endpoint}`, 'use_path_request_style', `endpoint=${region}`];
    // Without -f it goes to the background once it is ready; what it mounts is seen in its namespace alone.
    const words = ['sh', '-ec', MOUNTED, 'sh', BUCKET, place, [...options, 'retries=1'].join(',')];
    assert.equal(await run({}, ...words), 'from s3fs');
  });
  await t.test('restic', async () => {
    const env = {
      RESTIC_REPOSITORY: `s3:${endpoint}/${BUCKET}/restic`,
      RESTIC_PASSWORD: 'a password',
      RESTIC_CACHE_DIR: join(home, 'restic-cache'),
    };
    const restic = (...words: string[]) => run(env, 'restic', '-o', `s3.region=${region}`, ...words);
    await restic('init');
    await restic('backup', join(home, 'config'));
    assert.match(await restic('snapshots', '--json'), /config/);
  });
  await t.test('rclone', async () => {
    const settings = rcloneSettings(endpoint, region);
    await run(settings, 'rclone', 'copyto', join(home, 'config'), `:s3:${BUCKET}/rclone`);
    assert.match(await run(settings, 'rclone', 'cat', `:s3:${BUCKET}/rclone`), /external_id/);
  });
});
