import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestCounts } from './request-counts.js';

const request = {
  service: 's3',
  operation: 'PutObject',
  status: 200,
  errorCode: undefined,
  turnAround: 7,
  received: 10,
  sent: 20,
};

test('a request counts by status, error, size and time', () => {
  const counts = new RequestCounts();
  counts.answered(request);
  counts.answered({ ...request, status: 403, errorCode: 'AccessDenied', turnAround: 40_000 });
  const put = counts.services.get('s3')!.get('PutObject')!;
  assert.deepEqual(put.statuses, [0, 0, 1, 0, 1, 0]);
  assert.deepEqual([...put.errors], [['AccessDenied', 1]]);
  assert.deepEqual([put.received, put.sent], [20, 40]);
  assert.equal(put.seconds.counts.at(-1), 1);
  assert.equal(put.seconds.sum, 40.007);
  const index = put.seconds.bounds.findIndex(bound => bound >= 0.007);
  assert.equal(put.seconds.counts[index], 1);
});

test('what is not known is counted as such, and the codes of an operation are bounded', () => {
  const counts = new RequestCounts();
  counts.answered({ ...request, service: undefined, operation: undefined });
  assert.equal(counts.services.get('unknown')!.get('unknown')!.statuses[2], 1);
  for (let number = 0; number < 1000; number++)
    counts.answered({ ...request, status: 999, errorCode: `Code${number}` });
  const { errors, statuses } = counts.services.get('s3')!.get('PutObject')!;
  assert.equal(errors.size, 65);
  assert.equal(errors.get('other'), 936);
  assert.equal(statuses[0], 1000);
});
