import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openIdentity } from '../index.js';
import { editDistance, similarRoles } from './similar-roles.js';

const ACCOUNT = '111122223333';
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' },
});

async function open(...roles: readonly [path: string, name: string][]) {
  const identity = await openIdentity({
    kv: openMemoryKv(),
    rootKey: new Uint8Array(32).fill(7),
    clock: new ManualClock(0),
  });
  const { account } = await identity.createAccount({ id: ACCOUNT, name: 'a', partition: 'aws' });
  for (const [path, name] of roles) await identity.roles.create(account, { path, name, trust });
  return (arn: string) => similarRoles(identity, arn);
}

test('a role is found whose path, case, partition or spelling is another', async () => {
  const similar = await open(['/team/', 'Stage'], ['/', 'Production'], ['/', 'db']);
  const stage = [`arn:aws:iam::${ACCOUNT}:role/team/Stage`];
  for (const wrong of ['Stage', 'team/stage', 'team/Stagee', 'team/Satge', 'other/Stag', 'STAGE'])
    assert.deepEqual(await similar(`arn:aws:iam::${ACCOUNT}:role/${wrong}`), stage, wrong);
  assert.deepEqual(await similar(`arn:aws-cn:iam::${ACCOUNT}:role/team/Stage`), stage);
});

test('the likeliest comes first, and few are named', async () => {
  const similar = await open(['/', 'deploy-a'], ['/', 'deploy-b'], ['/', 'deploy-c'], ['/x/', 'deploy']);
  assert.deepEqual(await similar(`arn:aws:iam::${ACCOUNT}:role/deploy`), [
    `arn:aws:iam::${ACCOUNT}:role/x/deploy`,
    `arn:aws:iam::${ACCOUNT}:role/deploy-a`,
    `arn:aws:iam::${ACCOUNT}:role/deploy-b`,
  ]);
});

test('nothing is alike by chance, nor where there is no such account or no role is meant', async () => {
  const similar = await open(['/', 'db'], ['/', 'reports']);
  assert.deepEqual(await similar(`arn:aws:iam::${ACCOUNT}:role/ci`), []);
  assert.deepEqual(await similar(`arn:aws:iam::${ACCOUNT}:role/uploads`), []);
  assert.deepEqual(await similar('arn:aws:iam::999999999999:role/db'), []);
  assert.deepEqual(await similar(`arn:aws:iam::${ACCOUNT}:user/db`), []);
  assert.deepEqual(await similar('nonsense'), []);
});

test('the distance counts what is put in, taken out, changed and swapped', () => {
  const rows: [string, string, number][] = [
    ['', '', 0],
    ['a', '', 1],
    ['stage', 'stagee', 1],
    ['stage', 'satge', 1],
    ['stage', 'stake', 1],
    ['kitten', 'sitting', 3],
  ];
  for (const [one, other, distance] of rows) {
    assert.equal(editDistance(one, other), distance, `${one} ${other}`);
    assert.equal(editDistance(other, one), distance, `${other} ${one}`);
  }
});
