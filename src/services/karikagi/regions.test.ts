import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsCredentials } from '../../identity/accounts/regions.js';
import { addAccount, addUser, allow, callerOf, refusal, requirementsOf } from '../harness.test.support.js';
import { openKarikagi } from './karikagi.test.support.js';

interface Region {
  readonly RegionName: string;
  readonly RegionOptStatus: string;
  readonly STSStatus: string;
  readonly STSSwitchable: boolean;
}

async function regionOf(world: Awaited<ReturnType<typeof openKarikagi>>, name: string, keys = world.root) {
  const { Regions } = await world.ask<{ Regions: Region[] }>('ListRegions', {}, keys);
  const found = Regions.find(({ RegionName }) => RegionName === name);
  return found && [found.RegionOptStatus, found.STSStatus, found.STSSwitchable];
}

test('regions as an account has them at first', async () => {
  const world = await openKarikagi();
  assert.deepEqual(await regionOf(world, 'us-east-1'), ['ENABLED_BY_DEFAULT', 'Active', false]);
  assert.deepEqual(await regionOf(world, 'eu-west-1'), ['ENABLED_BY_DEFAULT', 'Active', true]);
  assert.deepEqual(await regionOf(world, 'me-south-1'), ['DISABLED', 'Inactive', false]);
  assert.equal(await regionOf(world, 'cn-north-1'), undefined);
  const china = await addAccount(world, '444455556666', 'aws-cn');
  const { Regions } = await world.ask<{ Regions: Region[] }>('ListRegions', {}, china.root);
  assert.deepEqual(
    Regions.map(({ RegionName }) => RegionName),
    ['cn-north-1', 'cn-northwest-1'],
  );
});

test('STS is switched off and on, in regions that are enabled by default alone', async () => {
  const world = await openKarikagi();
  await world.ask('DeactivateSTS', { RegionName: 'eu-west-1' });
  assert.deepEqual(await regionOf(world, 'eu-west-1'), ['ENABLED_BY_DEFAULT', 'Inactive', true]);
  await world.ask('DeactivateSTS', { RegionName: 'eu-west-1' });
  await world.ask('ActivateSTS', { RegionName: 'eu-west-1' });
  assert.deepEqual(await regionOf(world, 'eu-west-1'), ['ENABLED_BY_DEFAULT', 'Active', true]);
  const invalid = refusal('ValidationException');
  await assert.rejects(world.ask('DeactivateSTS', { RegionName: 'us-east-1' }), invalid);
  await assert.rejects(world.ask('DeactivateSTS', { RegionName: 'me-south-1' }), invalid);
  await assert.rejects(world.ask('DeactivateSTS', { RegionName: 'cn-north-1' }), invalid);
  await assert.rejects(world.ask('DeactivateSTS', { RegionName: 'mars-1' }), invalid);
  await assert.rejects(world.ask('EnableRegion', { RegionName: 'eu-west-1' }), invalid);
  await assert.rejects(world.ask('DisableRegion', { RegionName: 'eu-west-1' }), invalid);
});

test('an opt-in region accepts credentials, and has STS, once it is enabled', async () => {
  const world = await openKarikagi();
  const accepts = async (name: string) =>
    acceptsCredentials((await callerOf(world, world.root)).account!, name);
  assert.equal(await accepts('me-south-1'), false);
  await world.ask('EnableRegion', { RegionName: 'me-south-1' });
  assert.equal(await accepts('me-south-1'), true);
  assert.deepEqual(await regionOf(world, 'me-south-1'), ['ENABLED', 'Active', false]);
  await world.ask('DisableRegion', { RegionName: 'me-south-1' });
  assert.equal(await accepts('me-south-1'), false);
  // Another partition's regions never do; of regions that AWS does not have nothing is known.
  assert.equal(await accepts('cn-north-1'), false);
  assert.equal(await accepts('garage'), true);
});

test("sessions are issued where STS is active for the session's account", async () => {
  const world = await openKarikagi();
  const { identity, account } = world;
  const issueIn = (region: string) =>
    identity.sessions.issue({
      claims: {
        kind: 'session-token',
        account: account.id,
        entity: '',
        entityId: account.id,
        name: '',
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa: false,
        chained: false,
      },
      arn: `arn:aws:iam::${account.id}:root`,
      duration: 900,
      issuer: { arn: 'arn', accessKeyId: 'AKIA', sourceIp: '192.0.2.1', region },
    });
  await world.ask('DeactivateSTS', { RegionName: 'ap-northeast-1' });
  const disabled = refusal(
    'RegionDisabledException',
    `STS is not activated in this region for account:${account.id}. Your account administrator can activate STS in this region using the IAM Console.`,
  );
  await assert.rejects(issueIn('ap-northeast-1'), disabled);
  await assert.rejects(issueIn('me-south-1'), disabled);
  await assert.rejects(issueIn('cn-north-1'), disabled);
  await issueIn('us-east-1');
  await issueIn('garage');
  await world.ask('ActivateSTS', { RegionName: 'ap-northeast-1' });
  await issueIn('ap-northeast-1');
  assert.equal((await identity.sessions.list(account.id, 10)).length, 3);
});

test('who may switch regions is for policies to say, region by region', async () => {
  const world = await openKarikagi();
  const [requirement] = await requirementsOf(world, world.service, world.root, 'DeactivateSTS', {
    RegionName: 'eu-west-1',
  });
  assert.equal(requirement!.action, 'karikagi:DeactivateSTS');
  const some = await addUser(
    world,
    world.account,
    'some',
    allow('karikagi:*STS', '*', { Condition: { StringLike: { 'karikagi:TargetRegion': 'eu-*' } } }),
  );
  await world.ask('DeactivateSTS', { RegionName: 'eu-west-1' }, some);
  await assert.rejects(
    world.ask('DeactivateSTS', { RegionName: 'sa-east-1' }, some),
    refusal('AccessDenied'),
  );
  await assert.rejects(world.ask('ListRegions', {}, some), refusal('AccessDenied'));
});
