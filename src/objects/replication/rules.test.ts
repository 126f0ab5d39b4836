import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReplicationRule, replicationStatus, rulesFor, withOutcome } from './rules.js';

const rule = (id: string, more: Partial<ReplicationRule> = {}): ReplicationRule => ({
  id,
  status: 'Enabled',
  priority: 1,
  deleteMarkers: 'Disabled',
  destination: { bucket: 'copies' },
  ...more,
});
const chosen = (rules: readonly ReplicationRule[], key: string, happened: Parameters<typeof rulesFor>[2]) =>
  rulesFor({ role: '', rules }, key, happened).map(({ id }) => id);
const created = { what: 'created', record: {} } as const;
const marked = { what: 'marked' } as const;

test('of the rules to one bucket, the greatest priority counts, whatever it says', () => {
  const rules = [
    rule('low', { deleteMarkers: 'Enabled' }),
    rule('high', { priority: 5, prefix: 'a/' }),
    rule('elsewhere', { priority: 3, destination: { bucket: 'other' } }),
    rule('off', { priority: 9, status: 'Disabled' }),
  ];
  assert.deepEqual(chosen(rules, 'a/b', created), ['high', 'elsewhere']);
  assert.deepEqual(chosen(rules, 'b', created), ['low', 'elsewhere']);
  assert.deepEqual(chosen(rules, 'b', marked), ['low']);
  assert.deepEqual(chosen(rules, 'a/b', marked), []);
});

test('rules of the first schema copy delete markers', () => {
  assert.deepEqual(chosen([rule('first', { first: true, deleteMarkers: undefined })], 'k', marked), [
    'first',
  ]);
});

test('every tag of a rule is wanted of what is created', () => {
  const rules = [
    rule('tagged', {
      tags: [
        ['a', '1'],
        ['b', '2'],
      ],
    }),
  ];
  const withTags = (...tags: (readonly [string, string])[]) =>
    ({ what: 'created', record: { tags } }) as const;
  assert.deepEqual(chosen(rules, 'k', withTags(['b', '2'], ['a', '1'], ['c', '3'])), ['tagged']);
  assert.deepEqual(chosen(rules, 'k', withTags(['a', '1'])), []);
  assert.deepEqual(chosen(rules, 'k', withTags(['a', '1'], ['b', '3'])), []);
});

test('objects under KMS and changes of copies are copied where a rule says so', () => {
  const kms = (kind: string) => ({ what: 'created', record: { encryption: { kind } } }) as const;
  for (const kind of ['aws:kms', 'aws:kms:dsse']) {
    assert.deepEqual(chosen([rule('plain')], 'k', kms(kind)), []);
    assert.deepEqual(chosen([rule('kms', { kmsObjects: 'Enabled' })], 'k', kms(kind)), ['kms']);
  }
  for (const kind of ['AES256', 'customer'])
    assert.deepEqual(chosen([rule('plain')], 'k', kms(kind)), ['plain']);
  const changedCopy = { what: 'changed', record: { replication: 'REPLICA' } } as const;
  assert.deepEqual(chosen([rule('plain')], 'k', changedCopy), []);
  assert.deepEqual(chosen([rule('back', { replicaChanges: 'Enabled' })], 'k', changedCopy), ['back']);
});

test('changes follow to the buckets that have a copy', () => {
  const changed = (bucket: string) =>
    ({ what: 'changed', record: { replication: [[bucket, 'COMPLETED']] } }) as const;
  assert.deepEqual(chosen([rule('plain')], 'k', changed('copies')), ['plain']);
  assert.deepEqual(chosen([rule('plain')], 'k', changed('other')), []);
  assert.deepEqual(chosen([rule('plain')], 'k', { what: 'changed', record: {} }), []);
});

test('the status is that of all copies together', () => {
  assert.equal(replicationStatus(undefined), undefined);
  assert.equal(replicationStatus('REPLICA'), 'REPLICA');
  const one = withOutcome(undefined, 'a', 'PENDING');
  const two = withOutcome(one, 'b', 'COMPLETED');
  assert.equal(replicationStatus(two), 'PENDING');
  assert.equal(replicationStatus(withOutcome(two, 'a', 'COMPLETED')), 'COMPLETED');
  assert.equal(replicationStatus(withOutcome(two, 'b', 'FAILED')), 'FAILED');
  assert.equal(withOutcome('REPLICA', 'a', 'FAILED'), 'REPLICA');
});
