import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenPairs } from '../../../test/support/rsa-keys.js';
import { defaultPolicy } from '../../kms/key-policies.js';
import { Keys } from '../../kms/keys.js';
import { ACCOUNT, openKmsWorld } from '../../kms/kms.test.support.js';
import { refusal } from '../harness.test.support.js';

// "Resource quotas", KMS Developer Guide: customer managed keys, by account and Region, whatever their state.
test('an account has its keys in a Region and no more; another Region and account have their own', async () => {
  const { kms } = await openKmsWorld();
  const { store, keyring, clock } = kms.keys;
  const keys = new Keys(store, keyring, clock, givenPairs, 40);
  const made = (account: string, region: string, manager: 'CUSTOMER' | 'AWS' = 'CUSTOMER') =>
    keys.create({
      partition: 'aws',
      account,
      region,
      spec: 'SYMMETRIC_DEFAULT',
      usage: 'ENCRYPT_DECRYPT',
      origin: 'EXTERNAL',
      manager,
      description: '',
      policy: defaultPolicy('aws', account),
      tags: [],
      multiRegion: false,
    });
  for (let i = 0; i < 40; i++) await made(ACCOUNT, 'us-east-1');
  const tooMany = refusal('LimitExceededException');
  await assert.rejects(made(ACCOUNT, 'us-east-1'), tooMany);
  await assert.rejects(
    keys.withinQuota(ACCOUNT, 'us-east-1', async () => undefined),
    tooMany,
  );
  await made(ACCOUNT, 'us-east-1', 'AWS');
  await made(ACCOUNT, 'eu-west-1');
  await made('444455556666', 'us-east-1');
});
