import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { addUser, allow, callerOf, openWorld, policy, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';
import { grantsService } from '../policies/granted-services.js';

const BOB = 'arn:aws:iam::111122223333:user/Bob';
const OWN = 'arn:aws:iam::111122223333:policy/Own';

async function open() {
  const world = await openWorld();
  const { identity, account } = world;
  const service = iamService({ identity });
  const root = <O>(operation: string, input: object) => run<O>(world, service, world.root, operation, input);
  const bob = await addUser(world, account, 'Bob', allow(['s3:GetObject', 'kms:Decrypt']));
  const alice = await addUser(world, account, 'Alice');
  await identity.policies.create(account, { name: 'Own', document: policy(allow('S3:*')) });
  await identity.groups.create(account, { name: 'Staff' });
  await identity.entityPolicies.attach(account, 'group', 'Staff', OWN);
  for (const name of ['Bob', 'Alice']) await identity.groups.addUser(account, 'Staff', name);
  const use = async (keys: typeof bob, name: string, seconds: number) => {
    identity.used(await callerOf(world, keys), name, 'us-west-2', world.clock.now() + seconds * 1000);
    await identity.close();
  };
  await use(bob, 's3', 0);
  await use(alice, 's3', 60);
  const report = async (Arn: string) => {
    const { JobId } = await root<iam.GenerateServiceLastAccessedDetailsResponse>(
      'GenerateServiceLastAccessedDetails',
      { Arn },
    );
    return {
      JobId,
      ...(await root<iam.GetServiceLastAccessedDetailsResponse>('GetServiceLastAccessedDetails', { JobId })),
    };
  };
  return { world, root, report };
}

test('what an Allow names, or does not leave out, is granted', () => {
  const granted = (statement: object) =>
    ['s3', 'kms'].filter(service => grantsService(policy(statement), service));
  assert.deepEqual(granted(allow('s3:Get*')), ['s3']);
  assert.deepEqual(granted(allow('*')), ['s3', 'kms']);
  assert.deepEqual(granted({ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }), ['kms']);
  assert.deepEqual(granted({ Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }), ['s3', 'kms']);
  assert.deepEqual(granted({ Effect: 'Allow', NotAction: '*', Resource: '*' }), []);
  assert.deepEqual(granted({ Effect: 'Deny', Action: 's3:*', Resource: '*' }), []);
});

test('the policies that grant a service are named with where they hang', async () => {
  const { root } = await open();
  const { PoliciesGrantingServiceAccess } = await root<iam.ListPoliciesGrantingServiceAccessResponse>(
    'ListPoliciesGrantingServiceAccess',
    { Arn: BOB, ServiceNamespaces: ['s3', 'kms', 'sts'] },
  );
  const inline = { PolicyName: 'inline', PolicyType: 'INLINE', EntityType: 'USER', EntityName: 'Bob' };
  assert.deepEqual(PoliciesGrantingServiceAccess, [
    {
      ServiceNamespace: 's3',
      Policies: [inline, { PolicyName: 'Own', PolicyType: 'MANAGED', PolicyArn: OWN }],
    },
    { ServiceNamespace: 'kms', Policies: [inline] },
    { ServiceNamespace: 'sts', Policies: [] },
  ]);
});

test('a report shows the services that are granted and when they were used', async () => {
  const { report } = await open();
  const { JobStatus, ServicesLastAccessed } = await report(BOB);
  assert.equal(JobStatus, 'COMPLETED');
  assert.deepEqual(
    ServicesLastAccessed!.map(({ ServiceName: _, ...service }) => service),
    [
      { ServiceNamespace: 'kms', TotalAuthenticatedEntities: 0 },
      {
        ServiceNamespace: 's3',
        TotalAuthenticatedEntities: 1,
        LastAuthenticated: new Date('2026-11-22T00:00:00Z'),
        LastAuthenticatedEntity: BOB,
        LastAuthenticatedRegion: 'us-west-2',
      },
    ],
  );
});

test('the use of a policy and of a group is the use of those who have it', async () => {
  const { root, report } = await open();
  const ALICE = 'arn:aws:iam::111122223333:user/Alice';
  for (const arn of [OWN, 'arn:aws:iam::111122223333:group/Staff']) {
    const { JobId, ServicesLastAccessed } = await report(arn);
    const [s3] = ServicesLastAccessed!;
    assert.equal(s3?.TotalAuthenticatedEntities, 2);
    assert.equal(s3?.LastAuthenticatedEntity, ALICE);
    const { EntityDetailsList } = await root<iam.GetServiceLastAccessedDetailsWithEntitiesResponse>(
      'GetServiceLastAccessedDetailsWithEntities',
      { JobId, ServiceNamespace: 's3' },
    );
    assert.deepEqual(
      EntityDetailsList!.map(({ EntityInfo, LastAuthenticated }) => [EntityInfo?.Arn, LastAuthenticated]),
      [
        [ALICE, new Date('2026-11-22T00:01:00Z')],
        [BOB, new Date('2026-11-22T00:00:00Z')],
      ],
    );
  }
});

test('a job is forgotten after a week, and unknown ones are told', async () => {
  const { world, root, report } = await open();
  const { JobId } = await report(BOB);
  world.clock.advance(7 * 24 * 60 * 60);
  await assert.rejects(root('GetServiceLastAccessedDetails', { JobId }), refusal('NoSuchEntity'));
  await assert.rejects(
    root('GenerateServiceLastAccessedDetails', { Arn: 'arn:aws:iam::111122223333:user/Nobody' }),
    refusal('NoSuchEntity'),
  );
});
