/** Copies of two accounts of an organization, with keys, in another server: every decision there is the same. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import { type RunningServer, startServer } from '../src/index.js';
import { type AccountCopy, copiesOfFiles, filesOfCopies } from '../src/policy/replay/index.js';
import {
  type AccountClients,
  checkCopies,
  controlClient,
  diffCopies,
  loadAccounts,
  pullAccount,
  writeFiles,
} from '../src/replay/index.js';
import {
  ACCOUNTS,
  BUCKETS,
  bindOrganization,
  bucketOf,
  HOME,
  MEMBER,
  makeNames,
  makeOrganization,
  makeOtherThings,
  makePolicies,
  OTHER_REGION,
  REGION,
  ROLES,
  randomOf,
  roleArn,
  USERS,
  userArn,
} from './mirror/accounts.js';
import { openAccount } from './support/accounts.js';
import type { Keys } from './support/raw.js';
import { runText } from './support/run-cli.js';

function clientsOf({ endpoint }: RunningServer, credentials: Keys): AccountClients {
  const config = { endpoint, region: REGION, credentials, maxAttempts: 1 };
  return {
    iam: new iam.IAMClient(config),
    kms: region => new kms.KMSClient({ ...config, region }),
    s3: region => new s3.S3Client({ ...config, region, forcePathStyle: true }),
    s3control: controlClient(config),
    organizations: new OrganizationsClient(config),
    region: REGION,
  };
}

/** A server with both accounts, and who may do everything in them. */
interface Side {
  readonly server: RunningServer;
  readonly roots: Readonly<Record<string, Keys>>;
  readonly clients: Readonly<Record<string, AccountClients>>;
}

async function openSide(): Promise<Side> {
  const server = await startServer({ data: 'memory', port: 0, log: 'none', account: HOME });
  const roots = { [HOME]: server.root as Keys, [MEMBER]: await openAccount(server, MEMBER) };
  const clients = Object.fromEntries(ACCOUNTS.map(id => [id, clientsOf(server, roots[id]!)]));
  return { server, roots, clients };
}

async function pullBoth(
  { clients }: Side,
  failed: (what: string, problem: string) => void,
): Promise<AccountCopy[]> {
  const options = { partition: 'aws', regions: [REGION, OTHER_REGION], failed };
  const copies: AccountCopy[] = [];
  for (const account of ACCOUNTS) copies.push(await pullAccount(clients[account]!, { ...options, account }));
  return copies;
}

suite('copies of the accounts of an organization in another server', () => {
  let original: Side;
  let other: Side;
  let copies: AccountCopy[];
  let again: AccountCopy[];
  const problems: string[] = [];
  const failed = (what: string, problem: string) => problems.push(`${what}: ${problem}`);
  const load = () => {
    const targets = copies.map(copy => ({ copy, clients: other.clients[copy.account]! }));
    const { endpoint } = other.server;
    return loadAccounts(targets, { server: { endpoint, credentials: other.roots[HOME]! }, failed });
  };

  before(async () => {
    original = await openSide();
    other = await openSide();
    const { clients } = original;
    const organization = await makeOrganization(clients[HOME]!, clients[MEMBER]!);
    const random = randomOf(20);
    const keys: Record<string, string[]> = {};
    for (const account of ACCOUNTS) keys[account] = await makeNames(account, clients[account]!);
    for (const account of ACCOUNTS)
      await makePolicies(account, clients[account]!, keys[account]!, {
        random,
        organization: organization.id,
      });
    await makeOtherThings(clients[HOME]!);
    await bindOrganization(clients[HOME]!, organization);
    copies = copiesOfFiles(filesOfCopies(await pullBoth(original, failed)));
    await load();
    again = await pullBoth(other, failed);
  });
  after(async () => {
    await original.server.close();
    await other.server.close();
  });

  test('have everything that the originals have, under the same ids', async () => {
    assert.deepEqual(problems, []);
    assert.deepEqual(await diffCopies(filesOfCopies(copies), filesOfCopies(again)), []);
    const [home] = copies.filter(({ account }) => account === HOME);
    assert.equal(home!.keys.length, 10);
    const states = home!.keys.map(({ state }) => state).sort();
    assert.deepEqual([...new Set(states)], ['Disabled', 'Enabled', 'PendingDeletion', 'PendingImport']);
    assert.ok(copies.flatMap(copy => copy.keys.flatMap(({ grants }) => grants)).length >= 4);
    assert.equal(home!.organization?.nodes.length, 6);
  });

  test('are not changed by loading them once more', async () => {
    await load();
    assert.deepEqual(problems, []);
    assert.deepEqual(
      await diffCopies(filesOfCopies(again), filesOfCopies(await pullBoth(other, failed))),
      [],
    );
  });

  test('are loaded by the command line, which keeps the keys of accounts that it makes', async t => {
    const home = await mkdtemp(join(tmpdir(), 'mirror-'));
    const server = await startServer({ data: 'memory', port: 0, log: 'none', account: HOME });
    t.after(async () => {
      await server.close();
      await rm(home, { recursive: true, force: true });
    });
    const directory = join(home, 'copy');
    await writeFiles(directory, filesOfCopies(copies));
    const credentials = join(home, 'accounts.credentials');
    const target = { endpoint: server.endpoint, credentials: server.root as Keys };
    const load = ['mirror', 'load', directory, '--credentials', credentials];
    const { status, stdout, stderr } = await runText(target, home, ...load);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`Loaded account ${MEMBER}, account ${HOME}`));
    assert.match(stdout, /12 keys came with new material/);
    const file = await readFile(credentials, 'utf8');
    const [, accessKeyId = '', secretAccessKey = ''] =
      new RegExp(`\\[${MEMBER}\\]\naws_access_key_id = (.+)\naws_secret_access_key = (.+)`).exec(file) ?? [];
    const { iam: member } = clientsOf(server, { accessKeyId, secretAccessKey });
    const { Users = [] } = await member.send(new iam.ListUsersCommand({}));
    const copied = copies.find(({ account }) => account === MEMBER)!.users;
    assert.deepEqual(Users.map(({ UserId }) => UserId).sort(), copied.map(({ id }) => id).sort());
  });

  test('have keys with material of their own', async () => {
    const key = copies
      .find(({ account }) => account === HOME)!
      .keys.find(({ description }) => description === 'rotates')!;
    const use = (side: Side) => side.clients[HOME]!.kms(REGION);
    const Plaintext = new TextEncoder().encode('text');
    const { CiphertextBlob } = await use(original).send(
      new kms.EncryptCommand({ KeyId: key.arn, Plaintext }),
    );
    await use(original).send(new kms.DecryptCommand({ CiphertextBlob }));
    await assert.rejects(use(other).send(new kms.DecryptCommand({ CiphertextBlob })));
    const own = await use(other).send(new kms.EncryptCommand({ KeyId: key.arn, Plaintext }));
    const opened = await use(other).send(new kms.DecryptCommand({ CiphertextBlob: own.CiphertextBlob }));
    assert.deepEqual(opened.Plaintext, Plaintext);
  });

  suite('decide as the originals', () => {
    /** By ARN: credentials on either server. */
    const callers = new Map<string, readonly [Keys, Keys]>();

    before(async () => {
      for (const account of ACCOUNTS) {
        for (const name of USERS) {
          const both = await Promise.all([original, other].map(side => keysOf(side, account, name)));
          callers.set(userArn(account, name), both as unknown as [Keys, Keys]);
        }
        for (const name of ROLES) {
          const [one, two] = callers.get(userArn(account, 'ann'))!;
          const both = await Promise.all([
            sessionOf(original, roleArn(account, name), one),
            sessionOf(other, roleArn(account, name), two),
          ]);
          assert.equal(both[0] === undefined, both[1] === undefined, name);
          if (both[0] && both[1]) callers.set(roleArn(account, name), [both[0], both[1]]);
        }
      }
      assert.ok(callers.size > 6, `${callers.size}`);
    });

    test('about what is asked for, and the engine agrees', async () => {
      let decided = 0;
      let allowed = 0;
      for (const [arn, keys] of callers) {
        const account = arn.split(':')[4]!;
        const Requests = questionsOn(account, copies);
        const [one, two] = await Promise.all(
          [original, other].map((side, index) => ownDecisions(side, keys[index]!, Requests)),
        );
        assert.deepEqual(two, one, arn);
        for (const [index, { Action: action, Resource: resource }] of Requests.entries()) {
          const context = { 'aws:SecureTransport': 'false' };
          const [checked] = checkCopies(copies, { principal: arn, action, resource, context });
          decided++;
          if (one![index]) allowed++;
          if (checked!.effect !== 'unknown')
            assert.equal(checked!.effect === 'allowed', one![index], `${arn} ${action} ${resource}`);
        }
      }
      assert.ok(decided > 500 && allowed > 50 && allowed < decided - 50, `${allowed} of ${decided}`);
    });

    test('about real calls, from account to account, with grants and control policies', async () => {
      const random = randomOf(21);
      const all = [...callers];
      const outcomes = new Map<string, number>();
      for (let count = 0; count < 400; count++) {
        const [arn, [one, two]] = random.one(all);
        const call = randomCall(random, copies);
        const first = await call.run(clientsOf(original.server, one));
        const second = await call.run(clientsOf(other.server, two));
        assert.equal(second, first, `${arn}: ${call.name}`);
        const kind = `${call.name.split(' ')[0]} ${/^AccessDenied/.test(first) ? 'denied' : 'allowed'}`;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      }
      for (const name of ['get', 'put', 'list', 'describe', 'data-key'])
        for (const outcome of ['allowed', 'denied'])
          assert.ok((outcomes.get(`${name} ${outcome}`) ?? 0) > 0, JSON.stringify([...outcomes]));
    });
  });
});

async function keysOf({ clients }: Side, account: string, UserName: string): Promise<Keys> {
  const { AccessKey } = await clients[account]!.iam.send(new iam.CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

/** `undefined` where the trust policy does not let it. */
async function sessionOf({ server }: Side, RoleArn: string, credentials: Keys): Promise<Keys | undefined> {
  const sts = new STSClient({ endpoint: server.endpoint, region: REGION, credentials, maxAttempts: 1 });
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' }));
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  } catch (error) {
    assert.match((error as Error).name, /^AccessDenied/);
    return undefined;
  }
}

interface Question {
  readonly Action: string;
  readonly Resource: string;
}

function questionsOn(account: string, copies: readonly AccountCopy[]): Question[] {
  const keys = copies.find(copy => copy.account === account)!.keys.filter(({ region }) => region === REGION);
  const on = (resources: readonly string[], actions: readonly string[]) =>
    resources.flatMap(Resource => actions.map(Action => ({ Action, Resource })));
  const buckets = BUCKETS.map(number => `arn:aws:s3:::${bucketOf(account, number)}`);
  const keyOperations = [
    'DescribeKey',
    'Encrypt',
    'Decrypt',
    'GenerateDataKey',
    'ScheduleKeyDeletion',
    'GetKeyPolicy',
  ];
  return [
    ...on(buckets, ['s3:ListBucket', 's3:GetBucketPolicy', 's3:DeleteBucket']),
    ...on(
      buckets.flatMap(bucket => ['in/ann', 'in/bob/1', 'in/2', 'out/1', ''].map(key => `${bucket}/${key}`)),
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectTagging'],
    ),
    ...on(
      keys.slice(0, 6).map(({ arn }) => arn),
      keyOperations.map(name => `kms:${name}`),
    ),
  ];
}

async function ownDecisions(
  { server }: Side,
  credentials: Keys,
  Requests: readonly Question[],
): Promise<boolean[]> {
  const target = { endpoint: server.endpoint, region: REGION, credentials };
  const { Results } = (await callKarikagi(target, 'SimulateOwnRequests', { Requests })) as {
    readonly Results: readonly { readonly Allowed: boolean }[];
  };
  return Results.map(({ Allowed }) => Allowed);
}

interface RandomCall {
  readonly name: string;
  /** Answers `done`, or the error's name. */
  run(clients: AccountClients): Promise<string>;
}

function randomCall(random: ReturnType<typeof randomOf>, copies: readonly AccountCopy[]): RandomCall {
  const account = random.one(ACCOUNTS);
  const Bucket = bucketOf(account, random.one(BUCKETS));
  const Key = random.one(['in/1', 'in/ann', 'in/bob', 'out/1']);
  const keys = copies
    .find(copy => copy.account === account)!
    .keys.filter(({ description }) => /one|two/.test(description ?? ''));
  const KeyId = random.one(keys).arn;
  const app = random.one([undefined, 'x', 'y']);
  const EncryptionContext = app === undefined ? undefined : { app };
  const Plaintext = new TextEncoder().encode('text');
  const [name, send] = random.one<readonly [string, (clients: AccountClients) => Promise<unknown>]>([
    ['get', ({ s3: make }) => make(REGION).send(new s3.GetObjectCommand({ Bucket, Key }))],
    ['put', ({ s3: make }) => make(REGION).send(new s3.PutObjectCommand({ Bucket, Key, Body: 'x' }))],
    ['list', ({ s3: make }) => make(REGION).send(new s3.ListObjectsV2Command({ Bucket }))],
    ['describe', ({ kms: make }) => make(REGION).send(new kms.DescribeKeyCommand({ KeyId }))],
    [
      'encrypt',
      ({ kms: make }) => make(REGION).send(new kms.EncryptCommand({ KeyId, Plaintext, EncryptionContext })),
    ],
    [
      'data-key',
      ({ kms: make }) =>
        make(REGION).send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext })),
    ],
  ]);
  const run = (clients: AccountClients) =>
    send(clients).then(
      () => 'done',
      (error: Error) => error.name,
    );
  return { name: `${name} ${Bucket}/${Key} ${KeyId} ${app}`, run };
}
