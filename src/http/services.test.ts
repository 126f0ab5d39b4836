import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceId } from '../core/operation.js';
import { serviceIds, traitsOf } from '../services/traits.test.support.js';
import { recogniseService, type ServedService, type Services } from './services.js';

const served = (id: ServiceId) => ({ service: { id }, traits: traitsOf(id) }) as unknown as ServedService;
const website = { service: { id: 'website' } } as unknown as ServedService;
const services: Services = {
  doors: [{ takes: ({ headers }) => headers.get('host') === 'www.example.com', served: website }],
  all: (['sts', 'iam', 's3', 'karikagi'] as const).map(served),
};

const told = (request: Partial<HttpRequest> & { head?: Record<string, string> }) => {
  const { head = {}, ...rest } = request;
  const whole = { method: 'GET', path: '/', query: '', headers: new Map(Object.entries(head)), ...rest };
  return recogniseService(whole as unknown as HttpRequest, services).service.id;
};

const scope = (service: string, region = 'us-east-1') =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

test('each service has its own traits', () => {
  assert.deepEqual(
    serviceIds.map(id => traitsOf(id).id),
    serviceIds,
  );
});

test('the credential scope tells the service, from a header or a presigned query, with or without a region', () => {
  assert.equal(told({ head: { authorization: scope('iam') } }), 'iam');
  assert.equal(told({ head: { authorization: scope('sts', '') } }), 'sts');
  assert.equal(told({ query: 'X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fsts%2Faws4_request' }), 'sts');
});

test('an unsigned request is told by its host, then by its form, and is S3 otherwise', () => {
  assert.equal(told({ head: { host: 'sts.localhost:9000' } }), 'sts');
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  assert.equal(told({ method: 'POST', head: form }), 'sts');
  assert.equal(told({ method: 'POST', path: '/bucket', head: form }), 's3');
  assert.equal(told({ path: '/bucket/key' }), 's3');
});

test('a door comes before every service, whatever the request is signed for', () => {
  const head = { host: 'www.example.com', authorization: scope('iam') };
  assert.equal(told({ head }), 'website');
});

test('each service is told by its own host, scope or target; a bucket of such a name is none', () => {
  for (const id of ['sts', 'iam', 'karikagi'] as const) {
    assert.equal(told({ head: { host: `${id}.localhost` } }), id);
    assert.equal(told({ head: { host: `${id}-fips.us-east-1.amazonaws.com` } }), id);
    assert.equal(told({ path: '/key', head: { host: `${id}.localhost` } }), 's3');
    assert.equal(told({ head: { host: `${id}.s3.localhost` } }), 's3');
    assert.equal(told({ head: { host: `${id}-data.s3.localhost` } }), 's3');
  }
  assert.equal(told({ head: { 'x-amz-target': 'Karikagi.ListAccounts' } }), 'karikagi');
  assert.equal(told({ head: { authorization: scope('s3express') } }), 's3');
});

test('a service that is not served is an error of the client', () => {
  assert.throws(
    () => told({ head: { authorization: scope('dynamodb') } }),
    (error: unknown) => {
      return error instanceof ApiError && error.status === 400 && error.code === 'UnknownService';
    },
  );
});
