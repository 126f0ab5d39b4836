/**
 * What an operation reads of the store does not grow with what is there: each is counted among few of its kind and
 * among many, on the store in memory.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '../src/core/clock.js';
import { open, READ, sessionOf, TRUST } from '../src/identity/setup.test.support.js';
import { ACCOUNT, newKey, openKmsWorld } from '../src/kms/kms.test.support.js';
import { openObjects } from '../src/objects/index.js';
import { bodyOf } from '../src/objects/testing.test.support.js';
import { addUser } from '../src/services/harness.test.support.js';
import type { Kv } from '../src/store/kv.js';
import { openMemoryKv } from '../src/store/memory/memory.js';
import { openMemoryBlobs } from '../src/store/memory/memory-blobs.js';

const FEW = 10;
const MANY = 150;

/** A store that counts the rows it was asked for and answered. */
class CountingKv implements Kv {
  rows = 0;
  readonly #kv = openMemoryKv();

  async get(key: Parameters<Kv['get']>[0]) {
    this.rows++;
    return await this.#kv.get(key);
  }

  async getMany(keys: Parameters<Kv['getMany']>[0]) {
    this.rows += keys.length;
    return await this.#kv.getMany(keys);
  }

  async list(range: Parameters<Kv['list']>[0]) {
    const found = await this.#kv.list(range);
    this.rows += 1 + found.length;
    return found;
  }

  commit(...change: Parameters<Kv['commit']>) {
    return this.#kv.commit(...change);
  }

  close() {
    return this.#kv.close();
  }
}

type Repeated = (number: number) => Promise<unknown>;

/** Does it again and again; the last of many may read no more rows than one among few. */
async function demandBounded(kv: CountingKv, action: Repeated): Promise<void> {
  const among: number[] = [];
  for (let number = 0; number < MANY; number++) {
    kv.rows = 0;
    await action(number);
    among.push(kv.rows);
  }
  const few = Math.max(...among.slice(FEW, 2 * FEW));
  const many = Math.max(...among.slice(-FEW));
  assert.ok(many <= few, `${few} rows among ${FEW}, ${many} among ${MANY}`);
}

suite('identity reads no more where there is much', () => {
  const actions: Readonly<Record<string, (setup: Awaited<ReturnType<typeof open>>) => Promise<Repeated>>> = {
    CreateUser:
      async ({ identity, account }) =>
      number =>
        identity.users.create(account, { name: `user-${number}` }),
    CreateAccessKey: async ({ identity, account }) => {
      for (let number = 0; number < MANY; number++)
        await identity.users.create(account, { name: `user-${number}` });
      return number => identity.accessKeys.create(account, `user-${number}`);
    },
    CreateGroup:
      async ({ identity, account }) =>
      number =>
        identity.groups.create(account, { name: `group-${number}` }),
    AddUserToGroup: async ({ identity, account }) => {
      await identity.groups.create(account, { name: 'group' });
      for (let number = 0; number < MANY; number++)
        await identity.users.create(account, { name: `user-${number}` });
      return number => identity.groups.addUser(account, 'group', `user-${number}`);
    },
    CreateRole:
      async ({ identity, account }) =>
      number =>
        identity.roles.create(account, { name: `role-${number}`, trust: TRUST(account.id) }),
    PutRolePolicy: async ({ identity, account }) => {
      for (let number = 0; number < MANY; number++)
        await identity.roles.create(account, { name: `role-${number}`, trust: TRUST(account.id) });
      return number =>
        identity.entityPolicies.putInline(account, 'role', `role-${number}`, { name: 'p', document: READ });
    },
    AttachRolePolicy: async ({ identity, account }) => {
      const { arn } = await identity.policies.create(account, { name: 'policy', document: READ });
      for (let number = 0; number < MANY; number++)
        await identity.roles.create(account, { name: `role-${number}`, trust: TRUST(account.id) });
      return number => identity.entityPolicies.attach(account, 'role', `role-${number}`, arn);
    },
    CreatePolicy:
      async ({ identity, account }) =>
      number =>
        identity.policies.create(account, { name: `policy-${number}`, document: READ }),
    CreateInstanceProfile:
      async ({ identity, account }) =>
      number =>
        identity.instanceProfiles.create(account, { name: `profile-${number}` }),
    AssumeRole: async setup => {
      const { identity, account } = setup;
      const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
      return () => sessionOf(setup, role);
    },
  };
  for (const [name, prepare] of Object.entries(actions)) {
    test(name, async () => {
      const kv = new CountingKv();
      await demandBounded(kv, await prepare(await open(kv)));
    });
  }
});

suite('objects read no more where there is much', () => {
  const account = { owner: '111122223333', partition: 'aws', region: 'us-east-1' };
  const attributes = { headers: {}, metadata: [] };
  const upload = { ...attributes, initiator: 'AIDAEXAMPLE' };

  async function opened() {
    const kv = new CountingKv();
    const clock = new ManualClock(1_700_000_000_000);
    const objects = await openObjects({ kv, blobs: openMemoryBlobs(() => clock.now()), clock });
    await objects.buckets.create({ name: 'bucket', ...account });
    const put = async (key: string) => {
      const received = await objects.contents.receive(bodyOf('x'), 1, {});
      return await objects.versions.put(await objects.buckets.get('bucket'), key, attributes, received);
    };
    return { kv, objects, put };
  }
  type Opened = Awaited<ReturnType<typeof opened>>;
  const versioned = ({ objects }: Opened) =>
    objects.buckets.get('bucket').then(bucket => objects.buckets.update(bucket, { versioning: 'Enabled' }));

  const actions: Readonly<Record<string, (opened: Opened) => Promise<Repeated>>> = {
    CreateBucket:
      async ({ objects }) =>
      number =>
        objects.buckets.create({ name: `bucket-${number}`, ...account }),
    'PutObject under new keys':
      async ({ put }) =>
      number =>
        put(`key-${number}`),
    'PutObject over one key':
      async ({ put }) =>
      () =>
        put('key'),
    'PutObject of one key with versions': async all => {
      await versioned(all);
      return () => all.put('key');
    },
    'DeleteObject of one key with versions': async all => {
      await versioned(all);
      await all.put('key');
      return async () => all.objects.versions.delete(await all.objects.buckets.get('bucket'), 'key');
    },
    'DeleteObject of the newest of many versions': async all => {
      await versioned(all);
      for (let number = 0; number < MANY; number++) await all.put('other');
      return async () => {
        const { id } = await all.put('other');
        await all.objects.versions.deleteVersion(await all.objects.buckets.get('bucket'), 'other', id);
        await all.put('other');
      };
    },
    CreateMultipartUpload:
      async ({ objects }) =>
      async () =>
        objects.uploads.create(await objects.buckets.get('bucket'), 'key', upload),
    UploadPart: async ({ objects }) => {
      const bucket = await objects.buckets.get('bucket');
      const { id } = await objects.uploads.create(bucket, 'key', upload);
      return number => objects.uploads.putPart(bucket, 'key', id, number + 1, bodyOf('x'), 1, {});
    },
    DeleteBucket: async ({ objects }) => {
      for (let number = 0; number < MANY; number++)
        await objects.buckets.create({ name: `bucket-${number}`, ...account });
      return async number => objects.buckets.delete(await objects.buckets.get(`bucket-${MANY - 1 - number}`));
    },
  };
  for (const [name, prepare] of Object.entries(actions)) {
    test(name, async () => {
      const all = await opened();
      await demandBounded(all.kv, await prepare(all));
    });
  }
});

suite('KMS reads no more where there is much', () => {
  const actions: Readonly<
    Record<string, (world: Awaited<ReturnType<typeof openKmsWorld>>) => Promise<Repeated>>
  > = {
    CreateKey: async world => () => newKey(world),
    CreateAlias: async world => {
      const { KeyId } = await newKey(world);
      const more = await Promise.all(Array.from({ length: MANY }, () => newKey(world)));
      return number =>
        world.call(world.root, 'CreateAlias', {
          AliasName: `alias/a${number}`,
          TargetKeyId: more[number]?.KeyId ?? KeyId,
        });
    },
    // Of the caller's own grants, each must be looked at: any may be what allows it.
    'CreateGrant for another': async world => {
      const { KeyId } = await newKey(world);
      await addUser(world.world, world.world.account, 'Alice');
      return number =>
        world.call(world.root, 'CreateGrant', {
          KeyId,
          Name: `grant-${number}`,
          GranteePrincipal: `arn:aws:iam::${ACCOUNT}:user/Alice`,
          Operations: ['Encrypt'],
        });
    },
  };
  for (const [name, prepare] of Object.entries(actions)) {
    test(name, async () => {
      const kv = new CountingKv();
      await demandBounded(kv, await prepare(await openKmsWorld('aws', kv)));
    });
  }
});
