/**
 * Three servers, each on a machine of its own, over PostgreSQL and a store of bodies on two more, whose network comes
 * apart: packets are swallowed between a server and the database, the bodies, the other servers. Each server answers
 * as docs/cluster.md says, what was withdrawn through another one is never allowed from memory, and all go on by
 * themselves.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { encodeKey } from '../../src/store/keys.js';
import { without } from '../clients/run.js';
import { s3Of } from '../support/all-kinds.js';
import { type Machine, type Machines, openMachines } from '../support/machines.js';
import { noNamespace } from '../support/namespace.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { until } from '../support/until.js';
import { assumableRole } from './assumable-role.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

const Bucket = 'shared';
/** Where STS is switched off and on. */
const REGION = 'eu-west-1';
const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';
const LARGE = randomBytes(3_000_000);

interface Node extends ServerProcess {
  readonly machine: Machine;
}

suite('a network that comes apart', { skip: without('postgresql') || noNamespace }, () => {
  let directory: string;
  let machines: Machines;
  let database: Machine;
  let bodies: Machine;
  let postgres: PostgresServer;
  let store: ServerProcess;
  const nodes: Node[] = [];
  let worker: Awaited<ReturnType<typeof assumableRole>>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-machines-'));
    machines = openMachines();
    [database, bodies] = [machines.add('db'), machines.add('bodies')];
    postgres = await startPostgres([], database);
    const kv = postgres.createDatabase('shared');
    store = await serve('bodies', bodies, [], {});
    const keeper = s3Of(store);
    await keeper.send(new CreateBucketCommand({ Bucket: 'bodies' }));
    keeper.destroy();
    const blobs = `s3://bodies/prod?endpoint=${store.endpoint}&region=us-east-1`;
    const keys = {
      AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    };
    for (const name of ['node-1', 'node-2', 'node-3']) {
      await mkdir(join(directory, name), { mode: 0o700 });
      if (nodes.length > 0)
        await copyFile(join(directory, 'node-1', 'root.key'), join(directory, name, 'root.key'));
      const machine = machines.add(name);
      nodes.push({ ...(await serve(name, machine, ['--kv', kv, '--blobs', blobs], keys)), machine });
    }
    const [one] = nodes as [Node];
    const s3 = s3Of(one);
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'small' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'large', Body: LARGE }));
    s3.destroy();
    worker = await assumableRole(one);
    await iamOf(one).send(new AttachRolePolicyCommand({ RoleName: worker.roleName, PolicyArn }));
  });
  after(async () => {
    await Promise.all([...nodes, store].map(server => server?.kill()));
    postgres?.remove();
    machines?.close();
    await rm(directory, { recursive: true });
  });

  function serve(
    name: string,
    { address, through }: Machine,
    more: readonly string[],
    environment: Record<string, string>,
  ): Promise<ServerProcess> {
    const flags = ['--host', address, '--console-port', 'off', ...more];
    return startServerProcess(join(directory, name), flags, environment, through);
  }

  const assumeAt = ({ endpoint }: Node, region: string) =>
    new STSClient({ endpoint, region, credentials: worker.user, maxAttempts: 1 }).send(
      new AssumeRoleCommand({ RoleArn: worker.roleArn, RoleSessionName: 'job' }),
    );

  /** A session of the role, and S3 by it. */
  async function sessionAt(node: Node): Promise<{ accessKeyId: string; s3: S3Client }> {
    const { Credentials } = await assumeAt(node, 'us-east-1');
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials!;
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    return { accessKeyId: AccessKeyId, s3: s3Of({ ...node, credentials }) };
  }

  const readSmall = (s3: S3Client) => s3.send(new GetObjectCommand({ Bucket, Key: 'small' }));

  // At the same time, as each waits for what does not answer: neither changes what the other looks at.
  suite('between a server and what it stands on', { concurrency: true }, () => {
    test('a server without the database says so, and allows nothing from memory', async () => {
      const [one, , three] = nodes as [Node, Node, Node];
      const iam = iamOf(one);
      const ask = (operation: string, input: object) =>
        callKarikagi({ endpoint: one.endpoint, credentials: one.credentials }, operation, input);
      const [detached, revoked, root] = [await sessionAt(three), await sessionAt(three), s3Of(three)];
      const assume = () => assumeAt(three, REGION);
      const deny = {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetBucketVersioning',
        Resource: `arn:aws:s3:::${Bucket}`,
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: deny });
      const asked = [
        new Asked(() => readSmall(detached.s3), 'AccessDenied'),
        new Asked(() => readSmall(revoked.s3), 'ExpiredToken'),
        new Asked(() => root.send(new GetBucketVersioningCommand({ Bucket })), 'AccessDenied'),
        new Asked(assume, 'RegionDisabledException'),
      ];
      // What is looked at again and again is what a server would remember.
      await until(() => asked.every(each => each.count('allowed') > 5));

      machines.cut(three.machine, database);
      await iam.send(new DetachRolePolicyCommand({ RoleName: worker.roleName, PolicyArn }));
      await ask('RevokeSession', { AccessKeyId: revoked.accessKeyId });
      await s3Of(one).send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await ask('DeactivateSTS', { RegionName: REGION });
      for (const each of asked) each.withdrawn();
      await Promise.all([
        demandUnavailable(readSmall(root), 'SlowDown'),
        demandUnavailable(root.send(new PutObjectCommand({ Bucket, Key: 'refused', Body: 'x' })), 'SlowDown'),
        demandUnavailable(iamOf(three).send(new ListUsersCommand({})), 'ServiceUnavailable'),
        demandUnavailable(assume(), 'ServiceUnavailable'),
        demandUnavailable(new KMSClient(configOf(three)).send(new ListKeysCommand({})), 'ServiceUnavailable'),
      ]);
      await until(() => asked.every(each => each.count('unavailable') > 0));

      machines.mend(three.machine, database);
      await until(() => asked.every(each => each.count('refused') > 2));
      for (const each of asked) await each.end();

      await iam.send(new AttachRolePolicyCommand({ RoleName: worker.roleName, PolicyArn }));
      await s3Of(one).send(new DeleteBucketPolicyCommand({ Bucket }));
      await ask('ActivateSTS', { RegionName: REGION });
      await readSmall(detached.s3);
      await root.send(new GetBucketVersioningCommand({ Bucket }));
      await assume();
    });

    test('a server without the bodies does everything else', async () => {
      const [one, two] = nodes as [Node, Node];
      const [s3, elsewhere] = [s3Of(two), s3Of(one)];
      const large = new GetObjectCommand({ Bucket, Key: 'large' });
      // Several at once, so that it has several connections.
      for (const answer of await Promise.all([1, 2, 3].map(() => s3.send(large))))
        await answer.Body!.transformToByteArray();

      machines.cut(two.machine, bodies);
      const writing = new PutObjectCommand({ Bucket, Key: 'new', Body: LARGE });
      await Promise.all([
        demandUnavailable(s3.send(large), 'SlowDown'),
        demandUnavailable(s3.send(writing), 'SlowDown'),
        (async () => {
          await s3.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'during' }));
          assert.equal(await (await readSmall(s3)).Body!.transformToString(), 'during');
          assert.equal(await (await readSmall(elsewhere)).Body!.transformToString(), 'during');
          await sessionAt(two);
          await iamOf(two).send(new ListUsersCommand({}));
          assert.ok(LARGE.equals(await (await elsewhere.send(large)).Body!.transformToByteArray()));
        })(),
      ]);
      await assert.rejects(elsewhere.send(new GetObjectCommand({ Bucket, Key: 'new' })), {
        name: 'NoSuchKey',
      });

      machines.mend(two.machine, bodies);
      await until(() => s3.send(writing).then(() => true, demandBusy));
      const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'new' }));
      assert.ok(LARGE.equals(await answer.Body!.transformToByteArray()));
    });
  });

  test('servers that do not reach one another go on, as one', async () => {
    const [one, two, three] = nodes as [Node, Node, Node];
    const pairs = [
      [one, two],
      [one, three],
      [two, three],
    ] as const;
    for (const [a, b] of pairs) machines.cut(a.machine, b.machine);
    const clients = nodes.map(s3Of);
    for (const [index, writer] of clients.entries()) {
      const Key = `by ${index}`;
      await writer.send(new PutObjectCommand({ Bucket, Key, Body: LARGE }));
      for (const reader of clients) {
        const answer = await reader.send(new GetObjectCommand({ Bucket, Key }));
        assert.ok(LARGE.equals(await answer.Body!.transformToByteArray()));
      }
    }
    const session = await sessionAt(two);
    await readSmall(session.s3);
    const target = { endpoint: three.endpoint, credentials: three.credentials };
    await callKarikagi(target, 'RevokeSession', { AccessKeyId: session.accessKeyId });
    await assert.rejects(readSmall(session.s3), { name: 'ExpiredToken' });
    for (const [a, b] of pairs) machines.mend(a.machine, b.machine);
  });

  test('what only one server does moves to another when its machine is gone', async () => {
    for (const node of nodes) {
      const before = lease();
      machines.plug(node.machine, false);
      const after = await renewed(2);
      machines.plug(node.machine, true);
      const s3 = s3Of(node);
      await until(() => readSmall(s3).then(() => true, demandAway));
      if (after.holder === before.holder) continue;
      // It does not take it back.
      assert.equal((await renewed(2)).holder, after.holder);
      return;
    }
    assert.fail('no server held the lease');
  });

  /** The lease as its row is: who has it, and how often it was written. */
  function lease(): { holder: string; version: string } {
    const key = encodeKey(['lease', 'housekeeping']).toString('hex');
    const row = `SELECT encode(v, 'hex'), ver FROM kv WHERE k = '\\x${key}'`;
    const [holder = '', version = ''] = postgres.run(row, 'shared').trim().split('|');
    return { holder, version };
  }

  /** The lease after it was written so many times. */
  async function renewed(times: number): Promise<ReturnType<typeof lease>> {
    for (let count = 0; count < times; count++) {
      const { version } = lease();
      await until(() => lease().version !== version);
    }
    return lease();
  }
});

const configOf = ({ endpoint, credentials }: ServerProcess) => ({
  endpoint,
  credentials,
  region: 'us-east-1',
  maxAttempts: 1,
});
const iamOf = (server: ServerProcess) => new IAMClient(configOf(server));

interface ServiceError {
  readonly name: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers: Readonly<Record<string, string>> };
}

/** It is answered that it may be tried again soon, in the service's own words. */
async function demandUnavailable(answer: Promise<unknown>, code: string): Promise<void> {
  const error = await answer.then(
    () => assert.fail(`answered, not ${code}`),
    (thrown: ServiceError) => thrown,
  );
  const { name, $metadata, $response } = error;
  assert.deepEqual([name, $metadata?.httpStatusCode, $response?.headers['retry-after']], [code, 503, '2']);
}

/** For what is asked until it is answered. */
function demandBusy(error: ServiceError): boolean {
  assert.equal(error.$metadata?.httpStatusCode, 503, String(error));
  return false;
}

/** As `demandBusy`, and for who may not be reached. */
function demandAway(error: ServiceError): boolean {
  return error.$metadata?.httpStatusCode === undefined ? false : demandBusy(error);
}

/** Asks for the same thing again and again, which is allowed until that is withdrawn. */
class Asked {
  readonly #counts = { allowed: 0, unavailable: 0, refused: 0 };
  readonly #ask: () => Promise<unknown>;
  readonly #refusal: string;
  readonly #asking: Promise<void>;
  #isWithdrawn = false;
  #isOver = false;
  #failure: unknown;

  /** `refusal`: how it is refused afterwards. */
  constructor(ask: () => Promise<unknown>, refusal: string) {
    this.#ask = ask;
    this.#refusal = refusal;
    this.#asking = this.#run().catch(error => {
      this.#failure = error;
    });
  }

  /** From now on, what is asked may not be allowed. */
  withdrawn(): void {
    this.#isWithdrawn = true;
  }

  /** How often it was answered so. Throws where it was answered otherwise. */
  count(how: 'allowed' | 'unavailable' | 'refused'): number {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#counts[how];
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#asking;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const beganAfter = this.#isWithdrawn;
      try {
        await this.#ask();
        assert.ok(!beganAfter, `what is ${this.#refusal} was allowed`);
        this.#counts.allowed++;
      } catch (error) {
        const { name, $metadata } = error as ServiceError;
        if ($metadata?.httpStatusCode === 503) this.#counts.unavailable++;
        else if (name === this.#refusal) this.#counts.refused++;
        else throw error;
      }
    }
  }
}
