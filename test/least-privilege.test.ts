/** From what was called to the least policy, and an account's copy in another server, with the clients that do it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import { PutPublicAccessBlockCommand } from '@aws-sdk/client-s3-control';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type RunningServer, startServer } from '../src/index.js';
import { PolicyGenerator } from '../src/policy/generate/index.js';
import { isCall, type RecordedCall, readCall } from '../src/policy/recorded/index.js';
import { type AccountCopy, filesOfCopies, Replay, withChange, worldOf } from '../src/policy/replay/index.js';
import {
  type AccountClients,
  checkCopies,
  controlClient,
  diffCopies,
  loadAccounts,
  pullAccount,
  readEvents,
} from '../src/replay/index.js';
import type { Keys } from './support/raw.js';
import { runCli, runText } from './support/run-cli.js';
import { until } from './support/until.js';

const HOME = '111122223333';
const REGION = 'us-east-1';

const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

function configOf({ endpoint }: RunningServer, credentials: Keys) {
  return { endpoint, region: REGION, credentials, maxAttempts: 1 };
}

function clientsOf(server: RunningServer, credentials: Keys): AccountClients {
  const config = configOf(server, credentials);
  return {
    iam: new iam.IAMClient(config),
    kms: region => new KMSClient({ ...config, region }),
    s3: region => new s3.S3Client({ ...config, region, forcePathStyle: true }),
    s3control: controlClient(config),
    organizations: new OrganizationsClient(config),
    region: REGION,
  };
}

const rootOf = ({ root }: RunningServer): Keys => root as Keys;

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'least-privilege-'));
});
after(() => rm(directory, { recursive: true, force: true }));

suite('a copy of an account, loaded into another server', () => {
  let original: RunningServer;
  let copyServer: RunningServer;
  let copy: AccountCopy;
  let again: AccountCopy;
  const problems: string[] = [];
  const failed = (what: string, problem: string) => problems.push(`${what}: ${problem}`);

  before(async () => {
    original = await startServer({ data: 'memory', port: 0, log: 'none', account: HOME });
    copyServer = await startServer({ data: 'memory', port: 0, log: 'none', account: HOME });
    await populate(clientsOf(original, rootOf(original)));
    copy = await pullAccount(clientsOf(original, rootOf(original)), {
      account: HOME,
      partition: 'aws',
      failed,
    });
    const server = { endpoint: copyServer.endpoint, credentials: rootOf(copyServer) };
    const clients = clientsOf(copyServer, rootOf(copyServer));
    await loadAccounts([{ copy, clients }], { server, failed });
    again = await pullAccount(clients, { account: HOME, partition: 'aws', failed });
  });
  after(async () => {
    await original.close();
    await copyServer.close();
  });

  test('has the same entities, ids, policies and keys', async () => {
    assert.deepEqual(await diffCopies(filesOfCopies([copy]), filesOfCopies([again])), []);
    assert.deepEqual(problems, []);
    assert.equal(copy.keys.length, 1);
    const { description, maxSessionDuration } = again.roles.find(({ name }) => name === 'app')!;
    assert.deepEqual([description, maxSessionDuration], ['what the application may do', 7200]);
    const { tags } = again.policies.find(({ name }) => name === 'Read')!;
    assert.deepEqual(tags, { team: 'data' });
    assert.equal(copy.publicAccessBlock?.RestrictPublicBuckets, true);
  });

  test('has no secrets', async () => {
    const whole = [...filesOfCopies([copy]).values()].join('');
    assert.doesNotMatch(whole, /AKIA|SecretAccessKey|BEGIN/);
  });

  test('decides as the original does, and so does the engine on the copy itself', async () => {
    const clients = [original, copyServer].map(server => clientsOf(server, rootOf(server)).iam);
    const principals = [...copy.users, ...copy.roles].map(({ arn }) => arn);
    const actions = [
      's3:GetObject',
      's3:PutObject',
      's3:ListBucket',
      'iam:GetUser',
      'iam:PassRole',
      's3:DeleteObject',
      'sts:AssumeRole',
    ];
    const resources = [
      ...['in/1', 'in/bob/1', 'private/x', 'out/1'].map(key => `arn:aws:s3:::data-of-home/${key}`),
      'arn:aws:s3:::data-of-home',
      ...principals,
    ];
    let allowed = 0;
    for (const PolicySourceArn of principals) {
      const decisions = await Promise.all(
        clients.map(async client => {
          const found = new Map<string, string>();
          const input = { PolicySourceArn, ActionNames: actions, ResourceArns: resources };
          const pages = iam.paginateSimulatePrincipalPolicy({ client }, input);
          for await (const { EvaluationResults = [] } of pages) {
            for (const {
              EvalActionName,
              EvalResourceName,
              EvalDecision,
              ResourceSpecificResults = [],
            } of EvaluationResults)
              for (const one of ResourceSpecificResults.length > 0
                ? ResourceSpecificResults
                : [{ EvalResourceName, EvalResourceDecision: EvalDecision }])
                found.set(`${EvalActionName} ${one.EvalResourceName}`, String(one.EvalResourceDecision));
          }
          return found;
        }),
      );
      const [one, other] = decisions;
      assert.ok(one!.size >= actions.length * resources.length, `${one!.size}`);
      assert.deepEqual([...other!].sort(), [...one!].sort(), PolicySourceArn);
      for (const [key, decision] of one!) {
        const [action = '', resource = ''] = key.split(' ');
        // The simulator looks at no policy of a resource, unless it is given one; other services' ARNs are not asked for.
        if (!action.startsWith('iam:') || !resource.startsWith('arn:aws:iam')) continue;
        const [checked] = checkCopies([copy], { principal: PolicySourceArn, action, resource, context: {} });
        if (checked?.effect !== 'unknown')
          assert.equal(checked?.effect === 'allowed', decision === 'allowed', key);
        if (decision === 'allowed') allowed++;
      }
    }
    assert.ok(allowed > 0);
  });

  test('who can do it is found in the copy', () => {
    const who = (action: string, resource: string) =>
      checkCopies([copy], { action, resource, context: { 'aws:SecureTransport': 'true' } })
        .filter(({ effect }) => effect === 'allowed')
        .map(({ principal }) => principal.slice(principal.lastIndexOf('/') + 1))
        .sort();
    assert.deepEqual(who('s3:GetObject', 'arn:aws:s3:::data-of-home/in/bob/1'), ['app', 'bob']);
    assert.deepEqual(who('s3:GetObject', 'arn:aws:s3:::data-of-home/private/x'), []);
    assert.deepEqual(who('sts:AssumeRole', `arn:aws:iam::${HOME}:role/team/app`), ['bob']);
  });
});

async function populate(clients: AccountClients): Promise<void> {
  const { iam: client } = clients;
  const managed = await client.send(
    new iam.CreatePolicyCommand({
      PolicyName: 'Read',
      Path: '/limits/',
      Description: 'reads',
      Tags: [{ Key: 'team', Value: 'data' }],
      PolicyDocument: text({
        Effect: 'Allow',
        Action: ['s3:Get*', 's3:List*', 'iam:Get*', 'sts:*'],
        Resource: '*',
      }),
    }),
  );
  const PolicyArn = managed.Policy!.Arn!;
  await client.send(new iam.CreateGroupCommand({ GroupName: 'Dev', Path: '/staff/' }));
  await client.send(new iam.AttachGroupPolicyCommand({ GroupName: 'Dev', PolicyArn }));
  await client.send(new iam.CreateUserCommand({ UserName: 'bob', Tags: [{ Key: 'team', Value: 'red' }] }));
  await client.send(new iam.CreateAccessKeyCommand({ UserName: 'bob' }));
  await client.send(new iam.AddUserToGroupCommand({ GroupName: 'Dev', UserName: 'bob' }));
  const eve = { UserName: 'eve', Path: '/x/', PermissionsBoundary: PolicyArn };
  await client.send(new iam.CreateUserCommand(eve));
  const own = text({ Effect: 'Allow', Action: ['iam:*', 's3:Put*'], Resource: '*' });
  await client.send(
    new iam.PutUserPolicyCommand({ UserName: 'eve', PolicyName: 'a+b=c,d@e', PolicyDocument: own }),
  );
  const { User } = await client.send(new iam.GetUserCommand({ UserName: 'bob' }));
  const trust = text({ Effect: 'Allow', Principal: { AWS: User!.Arn }, Action: 'sts:AssumeRole' });
  await client.send(
    new iam.CreateRoleCommand({
      RoleName: 'app',
      Path: '/team/',
      AssumeRolePolicyDocument: trust,
      Description: 'what the application may do',
      MaxSessionDuration: 7200,
    }),
  );
  const { Role } = await client.send(new iam.GetRoleCommand({ RoleName: 'app' }));
  const byId = { StringLike: { 'aws:userid': `${Role!.RoleId}:*` } };
  const reading = text({ Effect: 'Allow', Action: 's3:Get*', Resource: '*', Condition: byId });
  await client.send(
    new iam.PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'p', PolicyDocument: reading }),
  );
  await client.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName: 'machine' }));
  await client.send(
    new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'machine', RoleName: 'app' }),
  );
  const client3 = clients.s3(REGION);
  const Bucket = 'data-of-home';
  await client3.send(new s3.CreateBucketCommand({ Bucket }));
  const deny = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: `arn:aws:s3:::${Bucket}/private/*`,
  };
  await client3.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: text(deny) }));
  const blocks = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: true,
  };
  const block = { AccountId: HOME, PublicAccessBlockConfiguration: blocks };
  await clients.s3control.send(new PutPublicAccessBlockCommand(block));
  await clients.kms(REGION).send(new CreateKeyCommand({}));
}

suite('from events to the least policy and back', () => {
  let server: RunningServer;
  let data = '';
  const ROLE = `arn:aws:iam::${HOME}:role/worker`;
  let admin: iam.IAMClient;
  let bob: Keys;

  before(async () => {
    data = join(directory, 'data');
    server = await startServer({ data, port: 0, log: 'none', account: HOME });
    admin = new iam.IAMClient(configOf(server, rootOf(server)));
    await admin.send(new iam.CreateUserCommand({ UserName: 'bob' }));
    const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName: 'bob' }));
    bob = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const trust = text({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${HOME}:user/bob` },
      Action: 'sts:AssumeRole',
    });
    await admin.send(new iam.CreateRoleCommand({ RoleName: 'worker', AssumeRolePolicyDocument: trust }));
    await put(text({ Effect: 'Allow', Action: '*', Resource: '*' }));
  });
  after(() => server.close());

  const put = (PolicyDocument: string) =>
    admin.send(new iam.PutRolePolicyCommand({ RoleName: 'worker', PolicyName: 'p', PolicyDocument }));

  /** What the role does: every call must succeed, or fail as it did. */
  async function work(): Promise<string[]> {
    const sts = new STSClient(configOf(server, bob));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'work' }));
    const keys = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    const { s3: make, iam: own } = clientsOf(server, keys);
    const client = make(REGION);
    const Bucket = 'work-of-home';
    const outcomes: string[] = [];
    const step = async (name: string, run: () => Promise<unknown>) => {
      const outcome = await run().then(
        () => 'done',
        (error: Error) => error.name,
      );
      outcomes.push(`${name} ${outcome}`);
    };
    await step('create', () => client.send(new s3.CreateBucketCommand({ Bucket })));
    for (const number of [1, 2, 3, 4, 5, 6])
      await step('put', () =>
        client.send(new s3.PutObjectCommand({ Bucket, Key: `in/${number}`, Body: 'x' })),
      );
    await step('tags', () =>
      client.send(new s3.PutObjectCommand({ Bucket, Key: 'tagged', Body: 'x', Tagging: 'a=b' })),
    );
    await step('copy', () =>
      client.send(new s3.CopyObjectCommand({ Bucket, Key: 'out/1', CopySource: `${Bucket}/in/1` })),
    );
    await step('get', () => client.send(new s3.GetObjectCommand({ Bucket, Key: 'in/1' })));
    await step('missing', () => client.send(new s3.GetObjectCommand({ Bucket, Key: 'none' })));
    await step('list', () => client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'in/' })));
    await step('delete', async () => {
      const input = { Bucket, Delete: { Objects: [{ Key: 'in/6' }] } };
      const { Errors = [] } = await client.send(new s3.DeleteObjectsCommand(input));
      // Of single objects the reply says so.
      if (Errors.length > 0) throw Object.assign(new Error(Errors[0]!.Message), { name: Errors[0]!.Code });
    });
    await step('role', () => own.send(new iam.GetRoleCommand({ RoleName: 'worker' })));
    await step('settings', () => client.send(new s3.GetBucketLocationCommand({ Bucket })));
    return outcomes;
  }

  async function calls(): Promise<RecordedCall[]> {
    const found: RecordedCall[] = [];
    for await (const records of readEvents({ sources: [join(data, 'events')] })) {
      found.push(...records.map(record => readCall(record)).filter(isCall));
    }
    return found;
  }

  test('the policy made of the events alone lets everything happen again; without any action of it a replay says what breaks', async () => {
    const first = await work();
    assert.ok(first.includes('get done') && first.includes('missing NoSuchKey'), first.join(', '));
    await until(async () => (await calls()).some(({ operation }) => operation === 's3:GetBucketLocation'));
    const recorded = await calls();
    const generator = new PolicyGenerator({ principal: ROLE });
    for (const call of recorded) generator.add(call);
    const { policy, trust } = await generator.finish();
    assert.match(trust as string, new RegExp(`arn:aws:iam::${HOME}:user/bob`));
    await admin.send(
      new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'worker', PolicyDocument: trust as string }),
    );
    await put(policy as string);
    // The bucket is the caller's already, and is answered so in us-east-1.
    assert.deepEqual(await work(), first, policy);

    const { Statement } = JSON.parse(policy as string) as { Statement: { Action: string[] }[] };
    const actions = Statement.flatMap(({ Action }) => Action);
    assert.ok(actions.length >= 8 && actions.every(action => !/[*?]/.test(action)), actions.join());
    for (const action of actions) {
      const document = text(
        ...Statement.map(one => ({ ...one, Action: one.Action.filter(name => name !== action) })).filter(
          one => one.Action.length > 0,
        ),
      );
      const replay = new Replay(worldOf(withChange([], { name: 'less', document, place: ROLE })));
      for (const call of recorded) replay.add(call);
      const broken = replay.report().groups.filter(({ outcome }) => outcome === 'newly-denied');
      assert.ok(
        broken.length > 0 && broken.every(group => group.action === action),
        `${action}: ${JSON.stringify(broken)}`,
      );
      // What the replay said comes true.
      await put(document);
      assert.notDeepEqual(await work(), first, action);
    }
    await put(policy as string);
  });

  test('the command line says so with its exit status, for people, code hosts and test runners', async () => {
    const file = join(directory, 'less.json');
    await writeFile(file, text({ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }));
    const events = join(data, 'events');
    const run = (...args: string[]) =>
      runCli({ endpoint: server.endpoint, credentials: rootOf(server) }, directory, ...args);
    const { status, report } = await run('replay', '--events', events, '--change', `${ROLE}=${file}`);
    assert.equal(status, 1);
    const { counts } = report as { counts: Record<string, number> };
    assert.ok(counts['newly-denied']! > 0);
    const mirror = join(directory, 'copy');
    const pulled = await runCliText('mirror', 'pull', mirror);
    assert.match(pulled.stdout, /Copied account 111122223333: 1 user, 0 groups, 1 role/);
    const page = await runCliText(
      'rehearse',
      '--mirror',
      mirror,
      '--events',
      events,
      '--change',
      `${ROLE}=${file}`,
    );
    assert.equal(page.status, 1);
    assert.match(page.stdout, /^## This change breaks \d+ recorded calls/);
    const policy = await runCliText(
      'policy',
      'generate',
      '--principal',
      ROLE,
      '--events',
      events,
      '--policies',
      mirror,
    );
    assert.equal(policy.status, 0, policy.stderr);
    assert.match(policy.stderr, /Verified: of \d+ recorded calls 0 would be denied/);
    assert.match(policy.stdout, /"s3:GetObject"/);
    const junit = await runCliText('replay', '--events', events, '--change', `${ROLE}=${file}`, '--junit');
    assert.match(junit.stdout, /<failure type="newly-denied"/);
    const sarif = await runCliText('replay', '--events', events, '--change', `${ROLE}=${file}`, '--sarif');
    assert.equal((JSON.parse(sarif.stdout) as { version: string }).version, '2.1.0');
    const same = await runCliText('mirror', 'diff', mirror, mirror);
    assert.deepEqual([same.status, same.stdout.trim()], [0, 'The copies are the same.']);
    const who = await runCliText(
      'mirror',
      'check',
      mirror,
      '--action',
      's3:GetObject',
      '--resource',
      'arn:aws:s3:::work-of-home/in/1',
    );
    assert.match(who.stdout, /^allowed {2}arn:aws:iam::111122223333:role\/worker/);
  });

  function runCliText(...args: string[]) {
    return runText({ endpoint: server.endpoint, credentials: rootOf(server) }, directory, ...args);
  }
});
