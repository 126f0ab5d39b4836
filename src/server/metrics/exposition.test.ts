import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scrape } from '../../../test/support/metrics.js';
import { Histogram } from '../../core/histogram.js';
import { Totals } from './exposition.js';
import { family, histogram } from './families.js';
import { Survey } from './survey.js';

function counted(puts: number, inFlight: number) {
  const seconds = new Histogram([0.1, 1]);
  for (let number = 0; number < puts; number++) seconds.observe(0.5);
  const labels = { service: 's3', operation: 'PutObject' };
  return [
    family('karikagi_requests_total', [[{ ...labels, status: '2xx' }, puts]]),
    histogram('karikagi_request_duration_seconds', [[labels, seconds]]),
    family('karikagi_requests_in_flight', [[{}, inFlight]]),
  ];
}

test('processes are added up; what ended ones had counted stays, what they were doing does not', async () => {
  const totals = new Totals();
  const both = new Scrape(await totals.text([counted(3, 1), counted(4, 2)]));
  assert.equal(both.sum('karikagi_requests_total'), 7);
  assert.equal(both.sum('karikagi_requests_in_flight'), 3);
  assert.equal(both.sum('karikagi_request_duration_seconds_bucket', { le: '0.1' }), 0);
  assert.equal(both.sum('karikagi_request_duration_seconds_bucket', { le: '1' }), 7);
  assert.equal(both.sum('karikagi_request_duration_seconds_bucket', { le: '+Inf' }), 7);
  assert.equal(both.sum('karikagi_request_duration_seconds_sum'), 3.5);
  for (let round = 0; round < 3; round++) totals.end(counted(4, 2));
  for (let look = 0; look < 2; look++) {
    const after = new Scrape(await totals.text([counted(3, 1)]));
    assert.equal(after.sum('karikagi_requests_total'), 15);
    assert.equal(after.sum('karikagi_request_duration_seconds_count'), 15);
    assert.equal(after.sum('karikagi_requests_in_flight'), 1);
  }
});

test('a figure that takes a while is found once, and not again too soon', async () => {
  let looked = 0;
  const survey = new Survey({ every: 3_600_000, find: async () => ++looked });
  assert.deepEqual(await Promise.all([survey.look(10_000), survey.look(10_000)]), [1, 1]);
  assert.equal(await survey.look(10_000), 1);
  const failing = new Survey({ every: 0, find: () => Promise.reject(new Error('the store is away')) });
  assert.equal(await failing.look(10_000), undefined);
  const endless = new Survey({ every: 0, find: () => new Promise<number>(() => undefined) });
  assert.equal(await endless.look(1), undefined);
});
