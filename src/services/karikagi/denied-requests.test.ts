/** Who reads why a request was refused, and with which names. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Denials } from '../../events/denials.js';
import { type DeniedCheck, packChecks } from '../../events/denied-checks.js';
import { MemoryEvents } from '../../events/memory-events.js';
import { compiledPolicy } from '../../identity/index.js';
import type { Explanation } from '../../policy/index.js';
import type { Principal } from '../../policy/types.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { addAccount, addUser, type KeyPair, policy, refusal, run } from '../harness.test.support.js';
import { karikagiService } from './index.js';
import { type KarikagiWorld, openKarikagi } from './karikagi.test.support.js';

const FIRST = '111122223333';
const MEMBER = '444455556666';
const STRANGER = '777788889999';

interface Details {
  readonly Operation?: string;
  readonly Refusal?: Readonly<Record<string, unknown>>;
  readonly AuthorizationDetails: readonly Explanation[];
}

let world: KarikagiWorld;
let denials: Denials;
let member: KeyPair;
let stranger: KeyPair;
let ask: (operation: string, input: object, keys: KeyPair) => Promise<unknown>;

const why = (RequestId: string, keys: KeyPair = world.root) =>
  ask('GetRequestAuthorizationDetails', { RequestId }, keys) as Promise<Details>;
const unknown = refusal('ResourceNotFoundException');
const alice: Principal = {
  type: 'user',
  arn: `arn:aws:iam::${FIRST}:user/alice`,
  account: FIRST,
  uniqueId: 'AIDAALICEALICEALICE1',
};

/** A denied AssumeRole of a role that trusts one principal. */
function denied(requestId: string, trusted: string, accounts: readonly string[], more: object = {}) {
  const statement = { Effect: 'Allow', Principal: { AWS: trusted }, Action: 'sts:AssumeRole' };
  const check: DeniedCheck = {
    request: {
      principal: alice,
      action: 'sts:AssumeRole',
      resource: `arn:aws:iam::${MEMBER}:role/app`,
      resourceAccount: MEMBER,
      context: {},
    },
    policies: {
      identity: [],
      resource: { name: 'trust policy', policy: compiledPolicy(policy(statement), 'trust') },
      resourceKind: 'trust',
    },
    ...more,
  };
  denials.record({
    requestId,
    time: 1000,
    accounts,
    operation: 'sts:AssumeRole',
    checks: packChecks([check]),
  });
}

beforeEach(async () => {
  world = await openKarikagi();
  denials = new Denials(openMemoryKv());
  const service = karikagiService({
    identity: world.identity,
    keys: world.keys,
    firstAccount: FIRST,
    denials,
    events: new MemoryEvents(),
    requirementOn: async () => undefined,
  });
  ask = (operation, input, keys) => run(world, service, keys, operation, input);
  member = (await addAccount(world, MEMBER)).root;
  stranger = (await addAccount(world, STRANGER)).root;
});

describe('readers', () => {
  test('the caller’s account and the resource’s see each its side, others nothing', async () => {
    denied('R', STRANGER, [FIRST, MEMBER]);
    const layers = async (keys: KeyPair) =>
      (await why('R', keys)).AuthorizationDetails[0]?.layers.map(({ layer }) => layer);
    assert.deepEqual(await layers(world.root), ['identity']);
    assert.deepEqual(await layers(member), ['trust']);
    await assert.rejects(why('R', stranger), unknown);
  });

  test('the management account reads as its members do, a member not as another', async () => {
    const { organizations } = world.identity;
    const organization = await organizations.create(world.account.id, 'root@example.com');
    const { account: id = '' } = await organizations.accounts.create(organization, {
      name: 'member',
      email: 'member@example.com',
      tags: [],
    });
    denied('R', STRANGER, [STRANGER, id]);
    denied('S', STRANGER, [STRANGER, FIRST]);
    assert.equal((await why('R')).AuthorizationDetails.length, 1);
    const account = await world.identity.account(id);
    const ofMember = { accessKeyId: (await world.identity.accessKeys.create(account!, undefined)).id };
    await why('R', ofMember);
    await assert.rejects(why('S', ofMember), unknown);
    const { DeniedRequests } = (await ask('ListDeniedRequests', {}, ofMember)) as {
      DeniedRequests: { RequestId: string }[];
    };
    assert.deepEqual(
      DeniedRequests.map(({ RequestId }) => RequestId),
      ['R'],
    );
  });

  test('what concerns no account is for the first account, which looks after the server', async () => {
    const told = {
      code: 'InvalidAccessKeyId',
      status: 403,
      message: 'No such key.',
      advice: 'Use another.',
      owners: [],
    };
    denials.record({ requestId: 'R', time: 1, accounts: [], refusal: told });
    const { Refusal, AuthorizationDetails } = await why('R');
    assert.deepEqual(Refusal, {
      Code: 'InvalidAccessKeyId',
      Status: 403,
      Message: 'No such key.',
      Advice: 'Use another.',
    });
    assert.deepEqual(AuthorizationDetails, []);
    await assert.rejects(why('R', stranger), unknown);
  });

  test('what the server knows beyond its answer is for the owner of the resource', async () => {
    const told = { code: 'AccessDenied', status: 403, message: 'No.', reason: 'secret', owners: [MEMBER] };
    denials.record({
      requestId: 'R',
      time: 1,
      accounts: [FIRST, MEMBER],
      operation: 's3:GetObject',
      refusal: told,
    });
    assert.equal((await why('R')).Refusal?.['Reason'], undefined);
    assert.equal((await why('R', member)).Refusal?.['Reason'], 'secret');
    const { DeniedRequests } = (await ask('ListDeniedRequests', {}, world.root)) as {
      DeniedRequests: { Summary: string; Action: string }[];
    };
    assert.equal(DeniedRequests[0]?.Summary, 'Refused: s3:GetObject. AccessDenied: No.');
    assert.equal(DeniedRequests[0].Action, 's3:GetObject');
  });
});

describe('names', () => {
  test('a principal that exists is shown by its ARN', async () => {
    await addUser(world, world.account, 'bob');
    const { id } = await world.identity.users.get(world.account.id, 'bob');
    denied('R', id, [MEMBER]);
    const [explanation] = (await why('R', member)).AuthorizationDetails;
    assert.match(explanation?.summary ?? '', /names arn:aws:iam::111122223333:user\/bob; the caller is/);
    assert.doesNotMatch(JSON.stringify(explanation), new RegExp(`${id}|created again`));
    assert.match(explanation?.remedy?.changes[0]?.document ?? '', /user\/bob/);
  });

  test('one whose id belongs to nobody any more was deleted', async () => {
    denied('R', 'AIDAGONEGONEGONEGONE', [MEMBER]);
    const [explanation] = (await why('R', member)).AuthorizationDetails;
    assert.equal(explanation?.nearMisses[0]?.kind, 'recreated');
    assert.match(explanation.nearMisses[0].message, /a user that was deleted/);
  });

  test('a role that is not there is named with its nearest, to its account alone', async () => {
    const account = await world.identity.account(MEMBER);
    const trust = policy({ Effect: 'Allow', Principal: { AWS: MEMBER }, Action: 'sts:AssumeRole' });
    await world.identity.roles.create(account!, { name: 'App', path: '/team/', trust });
    denied('R', MEMBER, [FIRST, MEMBER], { absent: true, policies: { identity: [], resourceKind: 'trust' } });
    assert.match(
      (await why('R', member)).AuthorizationDetails[0]?.summary ?? '',
      /role\/app does not exist; nearest by name: \S+role\/team\/App/,
    );
    const seen = JSON.stringify(await why('R'));
    assert.doesNotMatch(seen, /team|no such role|does not exist/);
  });
});
