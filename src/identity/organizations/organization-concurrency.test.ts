import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import type { Kv } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { Database } from '../../store/tables.js';
import { type Identity, openIdentity } from '../index.js';
import { type OrganizationRecord, organizationTables } from './organization-model.js';

const DENY = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Deny', Action: 's3:*', Resource: '*' },
});

async function open(kv: Kv): Promise<Identity> {
  const clock = new ManualClock(Date.UTC(2026, 10, 22));
  return await openIdentity({ kv, rootKey: new Uint8Array(32), clock });
}

/** A step of some administrator, by the places of what it works on in the lists of all there is. */
type Step =
  | { readonly do: 'make unit' | 'delete unit'; readonly a: number }
  | { readonly do: 'move' | 'attach' | 'detach'; readonly a: number; readonly b: number };

const place = fc.nat({ max: 7 });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('make unit' as const, 'delete unit' as const), a: place }),
  fc.record({
    do: fc.constantFrom('move' as const, 'attach' as const, 'detach' as const),
    a: place,
    b: place,
  }),
);

interface Cast {
  readonly organization: OrganizationRecord;
  readonly accounts: readonly string[];
  readonly policies: readonly string[];
  /** The root, and every unit that was ever made. */
  readonly parents: string[];
}

async function perform(identity: Identity, cast: Cast, action: Step): Promise<void> {
  const { organization, accounts, policies, parents } = cast;
  const { units, accounts: members, policies: controls } = identity.organizations;
  const pick = <T>(list: readonly T[], index: number) => list[index % list.length]!;
  const parent = pick(parents, action.a);
  switch (action.do) {
    case 'make unit':
      parents.push((await units.create(organization, parent, `unit ${parents.length}`, [])).id);
      return;
    case 'delete unit':
      return await units.delete(organization, parent);
    case 'move': {
      const account = pick(accounts, action.b);
      const from = (await identity.account(account))!.organization!.path.at(-1)!;
      return await members.move(organization, account, from, parent);
    }
    case 'attach':
      return await controls.attach(organization, pick(policies, action.b), parent);
    case 'detach':
      return await controls.detach(organization, pick(policies, action.b), parent);
  }
}

/** What must hold whatever was done: everybody is where the lists say, and attachments are known from both sides. */
async function checkConsistent(kv: Kv, identity: Identity, { organization, accounts, policies }: Cast) {
  const db = new Database(kv, { space: 'identity', contended: () => new Error('contended') });
  const { id, rootId } = organization;
  const units = new Map(
    (await db.list(organizationTables.units, [id])).map(({ value }) => [value.id, value]),
  );
  const expected: string[][] = [];
  for (const account of [organization.managementAccount, ...accounts]) {
    const { path } = (await identity.account(account))!.organization!;
    expected.push([path.at(-1)!, 'account', account]);
    const above = path.length === 1 ? [] : units.get(path.at(-1)!)!.above;
    assert.deepEqual(path, path.length === 1 ? [rootId] : [...above, path.at(-1)]);
  }
  for (const unit of units.values()) {
    expected.push([unit.above.at(-1)!, 'unit', unit.id]);
    for (const parent of unit.above)
      assert.ok(parent === rootId || units.has(parent), 'a unit without parent');
  }
  const children = await db.list(organizationTables.children, [id]);
  assert.deepEqual(
    new Set(children.map(({ parts }) => parts.slice(1).join())),
    new Set(expected.map(String)),
  );
  for (const policy of policies) {
    const targets = await identity.organizations.policies.targetsOf(organization, policy);
    for (const target of [rootId, ...units.keys()]) {
      const attached = await identity.organizations.policies.attachedTo(
        organization,
        target,
        'SERVICE_CONTROL_POLICY',
      );
      assert.equal(attached.includes(policy), targets.includes(target));
      assert.ok(attached.length >= 1);
    }
    for (const target of targets) assert.ok(target === rootId || units.has(target), 'attached to nothing');
  }
}

test('administrators on two servers of one store leave an organisation whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 30 }), async steps => {
      const kv = openMemoryKv();
      const servers = [await open(kv), await open(kv)] as const;
      const [first] = servers;
      const { account } = await first.createAccount({ name: 'management', partition: 'aws' });
      const organization = await first.organizations.policies.enableType(
        await first.organizations.create(account.id, 'root@example.com'),
        'SERVICE_CONTROL_POLICY',
      );
      const accounts: string[] = [];
      const policies: string[] = [];
      for (const name of ['one', 'two']) {
        const input = { name, email: `${name}@example.com`, tags: [] };
        accounts.push((await first.organizations.accounts.create(organization, input)).account!);
        const policy = {
          type: 'SERVICE_CONTROL_POLICY',
          name,
          description: '',
          content: DENY,
          tags: [],
        } as const;
        policies.push((await first.organizations.policies.create(organization, policy)).id);
      }
      const cast: Cast = { organization, accounts, policies, parents: [organization.rootId] };
      await Promise.all(
        steps.map(async ([action, second]) => {
          try {
            await perform(servers[second ? 1 : 0], cast, action);
          } catch (error) {
            // To be refused is fine; to leave something half done is not.
            if (!(error instanceof ApiError) || error.code === 'InternalError') throw error;
          }
        }),
      );
      await checkConsistent(kv, first, cast);
    }),
    { numRuns: 60 },
  );
});

test('what one server changes counts on the other at the next request', async () => {
  const kv = openMemoryKv();
  const [one, other] = [await open(kv), await open(kv)];
  const { account } = await one.createAccount({ name: 'management', partition: 'aws' });
  const organization = await one.organizations.policies.enableType(
    await one.organizations.create(account.id, 'root@example.com'),
    'SERVICE_CONTROL_POLICY',
  );
  const input = { name: 'dev', email: 'dev@example.com', tags: [] };
  const dev = (await one.organizations.accounts.create(organization, input)).account!;
  const controls = async () => (await other.owner(dev))!.controls!.serviceControl!.map(level => level.length);
  assert.deepEqual(await controls(), [1, 1]);
  const policy = {
    type: 'SERVICE_CONTROL_POLICY',
    name: 'p',
    description: '',
    content: DENY,
    tags: [],
  } as const;
  const { id } = await one.organizations.policies.create(organization, policy);
  await one.organizations.policies.attach(organization, id, dev);
  assert.deepEqual(await controls(), [1, 2]);
  const { id: unit } = await one.organizations.units.create(organization, organization.rootId, 'u', []);
  await one.organizations.accounts.move(organization, dev, organization.rootId, unit);
  assert.deepEqual(await controls(), [1, 1, 2]);
  await one.organizations.policies.disableType(organization, 'SERVICE_CONTROL_POLICY');
  assert.equal((await other.owner(dev))!.controls, undefined);
});

test('a session that one server revokes is refused by the other at the next request', async () => {
  const kv = openMemoryKv();
  const [one, other] = [await open(kv), await open(kv)];
  const { account } = await one.createAccount({ name: 'a', partition: 'aws' });
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:AssumeRole' },
  });
  const role = await one.roles.create(account, { name: 'App', trust });
  const issue = async () => {
    const { credentials } = await one.sessions.issue({
      claims: {
        kind: 'assume-role',
        account: account.id,
        entityId: role.id,
        entity: 'app',
        name: 'work',
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa: false,
        chained: false,
      },
      arn: `arn:aws:sts::${account.id}:assumed-role/App/work`,
      duration: 900,
      issuer: { arn: 'arn', accessKeyId: 'AKIA', sourceIp: '192.0.2.1', region: 'us-east-1' },
    });
    return credentials;
  };
  const now = Date.UTC(2026, 10, 22);
  const session = await issue();
  const state = async () => (await other.lookup(session.accessKeyId, session.sessionToken, now)).found;
  assert.equal(await state(), 'valid');
  await one.sessions.revoke(session.accessKeyId);
  assert.equal(await state(), 'none');
});
