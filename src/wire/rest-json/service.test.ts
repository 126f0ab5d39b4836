import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../core/errors.js';
import type { HttpRequest } from '../../core/http-message.js';
import type { ServiceConstraints } from '../../models/types.js';
import { operationsOfModel } from '../define.js';
import { restJsonService } from './service.js';

/** A model with what the protocol can bind: the path, the query, lists of it, the body. */
const sdk = operationsOfModel({
  operations: {
    GetThing: { method: 'GET', uri: '/thing/{id}', status: 200, input: 'In', output: 'Out' },
    SwitchThing: { method: 'POST', uri: '/thing/{id}/switch', status: 201, input: 'In', output: 'Out' },
    ListThings: { method: 'GET', uri: '/things', status: 200, input: 'Query', output: 'Out' },
  },
  shapes: {
    Text: { type: 'string' },
    Count: { type: 'number' },
    When: { type: 'date-time' },
    Texts: { type: 'list', member: 'Text' },
    In: { type: 'structure', members: { id: { shape: 'Text', label: 'id' }, note: { shape: 'Text' } } },
    Query: {
      type: 'structure',
      members: { count: { shape: 'Count', query: 'n' }, names: { shape: 'Texts', query: 'name' } },
    },
    Out: { type: 'structure', members: { when: { shape: 'When' }, texts: { shape: 'Texts' } } },
  },
});
const constraints: ServiceConstraints = {
  apiVersion: '1',
  inputs: { SwitchThing: 'In' },
  shapes: {
    In: { type: 'structure', members: { note: 'Note' }, required: ['note'] },
    Note: { type: 'string', max: 3 },
  },
};
const service = restJsonService({ id: 'things', sdk, constraints });

function read(method: string, path: string, query = '', body = '') {
  const request = { method, path, query, headers: new Map() } as unknown as HttpRequest;
  const recognised = service.recognise(request, Buffer.from(body));
  const { operation } = recognised;
  return { name: operation.name, input: operation.decode(request, recognised, Buffer.from(body)) };
}

function refused(code: string, status: number, message: RegExp) {
  return (error: unknown) =>
    error instanceof ApiError &&
    error.code === code &&
    error.status === status &&
    message.test(error.message);
}

test('members stand in the path, the query and the body', () => {
  assert.deepEqual(read('GET', '/thing/a%2Fb/'), { name: 'GetThing', input: { id: 'a/b' } });
  assert.deepEqual(read('POST', '/thing/a/switch', '', '{"note":"n"}'), {
    name: 'SwitchThing',
    input: { note: 'n', id: 'a' },
  });
  assert.deepEqual(read('GET', '/things', 'n=7&name=a&name=b%20c').input, { count: 7, names: ['a', 'b c'] });
  assert.deepEqual(read('GET', '/things').input, {});
});

test('what stands in the path or the query is not taken from the body', () => {
  assert.deepEqual(read('GET', '/thing/a', '', '{"id":"b"}').input, { id: 'a' });
  assert.deepEqual(read('GET', '/things', '', '{"count":1}').input, {});
});

test('a path of no operation is refused, and one that is not percent-encoded', () => {
  for (const path of ['/thing', '/thing/a/b', '/', '/thing/%zz']) {
    assert.throws(() => read('GET', path), refused('UnknownOperationException', 404, /no operation/), path);
  }
  assert.throws(() => read('PUT', '/thing/a'), refused('UnknownOperationException', 404, /no operation/));
});

test('inputs are held to the constraints of the model', () => {
  const invalid = (message: RegExp) => refused('ValidationException', 400, message);
  assert.throws(() => read('POST', '/thing/a/switch', '', '{"note":"long"}'), invalid(/'note'.*equal to 3/));
  assert.throws(() => read('POST', '/thing/a/switch', '', '{}'), invalid(/'note'.*must not be null/));
  assert.throws(() => read('GET', '/things', 'n=x'), invalid(/whole number/));
});

test('an output has the status of its operation, and times as its model has them', () => {
  const request = {
    method: 'POST',
    path: '/thing/a/switch',
    query: '',
    headers: new Map(),
  } as unknown as HttpRequest;
  const { operation } = service.recognise(request, undefined);
  const { status, body } = operation.encode({ when: new Date(1_795_000_000_000), texts: ['a'] }, 'id');
  assert.equal(status, 201);
  assert.deepEqual(JSON.parse(body as string), { when: '2026-11-18T11:06:40Z', texts: ['a'] });
});
