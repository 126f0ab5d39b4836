import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as sdk from '@aws-sdk/client-organizations';
import { addAccount, refusal } from '../harness.test.support.js';
import { openOrganization } from './world.test.support.js';

interface Reply {
  readonly Handshake: sdk.Handshake;
}

const GUEST = '444455556666';
const INVITATION = { Target: { Id: GUEST, Type: 'ACCOUNT' } };

async function open() {
  const world = await openOrganization();
  const guest = (await addAccount(world, GUEST)).root;
  const invite = async (more: object = {}) =>
    (await world.ask<Reply>('InviteAccountToOrganization', { ...INVITATION, ...more })).Handshake;
  return { ...world, guest, invite };
}

test('an account is invited and joins at the root', async () => {
  const { ask, invite, guest, identity, rootId } = await open();
  const { Id, State } = await invite({ Notes: 'welcome', Tags: [{ Key: 'team', Value: 'a' }] });
  assert.equal(State, 'OPEN');
  const received = await ask<{ Handshakes: sdk.Handshake[] }>('ListHandshakesForAccount', {}, guest);
  assert.deepEqual(
    received.Handshakes.map(handshake => handshake.Id),
    [Id],
  );
  assert.equal(received.Handshakes[0]!.Resources!.at(-1)!.Value, 'welcome');
  const accepted = await ask<Reply>('AcceptHandshake', { HandshakeId: Id }, guest);
  assert.equal(accepted.Handshake.State, 'ACCEPTED');
  assert.deepEqual((await identity.account(GUEST))!.organization!.path, [rootId]);
  const { Account } = await ask<sdk.DescribeAccountResponse>('DescribeAccount', { AccountId: GUEST });
  assert.equal(Account!.JoinedMethod, 'INVITED');
  const tags = await ask<sdk.ListTagsForResourceResponse>('ListTagsForResource', { ResourceId: GUEST });
  assert.deepEqual(tags.Tags, [{ Key: 'team', Value: 'a' }]);
  await assert.rejects(
    ask('AcceptHandshake', { HandshakeId: Id }, guest),
    refusal('HandshakeAlreadyInStateException'),
  );
  await assert.rejects(invite(), refusal('HandshakeConstraintViolationException'));
});

test('an invitation is declined by the guest, cancelled by the host, and by nobody else', async () => {
  const world = await open();
  const { ask, invite, guest } = world;
  const stranger = (await addAccount(world, '777788889999')).root;
  const first = { HandshakeId: (await invite()).Id };
  await assert.rejects(invite(), refusal('DuplicateHandshakeException'));
  await assert.rejects(ask('AcceptHandshake', first), refusal('AccessDeniedException'));
  await assert.rejects(ask('CancelHandshake', first, guest), refusal('AccessDeniedException'));
  for (const operation of ['DescribeHandshake', 'AcceptHandshake', 'CancelHandshake']) {
    await assert.rejects(ask(operation, first, stranger), refusal('HandshakeNotFoundException'));
  }
  await ask('DeclineHandshake', first, guest);
  await assert.rejects(ask('CancelHandshake', first), refusal('InvalidHandshakeTransitionException'));
  const second = { HandshakeId: (await invite()).Id };
  await ask('CancelHandshake', second);
  await assert.rejects(ask('AcceptHandshake', second, guest), refusal('InvalidHandshakeTransitionException'));
  const { Handshakes } = await ask<{ Handshakes: sdk.Handshake[] }>('ListHandshakesForOrganization');
  assert.deepEqual(Handshakes.map(({ State }) => State).sort(), ['CANCELED', 'DECLINED']);
});

test('an invitation stands for fifteen days', async () => {
  const { ask, invite, guest, clock } = await open();
  const HandshakeId = (await invite()).Id;
  clock.advance(15 * 24 * 3600);
  const { Handshake } = await ask<Reply>('DescribeHandshake', { HandshakeId }, guest);
  assert.equal(Handshake.State, 'EXPIRED');
  await assert.rejects(
    ask('AcceptHandshake', { HandshakeId }, guest),
    refusal('InvalidHandshakeTransitionException'),
  );
  await invite();
});

test('partitions do not mix', async () => {
  const world = await open();
  await addAccount(world, '777788889999', 'aws-cn');
  const Target = { Id: '777788889999', Type: 'ACCOUNT' };
  await assert.rejects(
    world.ask('InviteAccountToOrganization', { Target }),
    refusal('AccountNotFoundException'),
  );
  const byEmail = { Target: { Id: 'a@example.com', Type: 'EMAIL' } };
  await assert.rejects(world.ask('InviteAccountToOrganization', byEmail), refusal('InvalidInputException'));
});

test('an organisation that is deleted takes its invitations with it', async () => {
  const { ask, invite, guest } = await open();
  await invite();
  await ask('DeleteOrganization');
  const { Handshakes } = await ask<{ Handshakes: object[] }>('ListHandshakesForAccount', {}, guest);
  assert.deepEqual(Handshakes, []);
});
