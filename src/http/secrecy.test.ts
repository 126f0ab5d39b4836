import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceId } from '../core/operation.js';
import { traitsOf } from '../services/traits.test.support.js';
import { demandSecrecy } from './secrecy.js';
import { isLoopback } from './sources.js';

const far = { sourceIp: '192.0.2.7', secure: false };

function codeOf(
  service: ServiceId,
  operation: string,
  headers: Record<string, string>,
  connection: { sourceIp: string; secure: boolean },
): string | undefined {
  try {
    const request = { headers: new Map(Object.entries(headers)) } as unknown as HttpRequest;
    demandSecrecy(traitsOf(service), operation, request, connection);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error.code;
  }
}

test("customers' keys and passwords cross no network in the clear", () => {
  for (const header of [
    'x-amz-server-side-encryption-customer-key',
    'x-amz-copy-source-server-side-encryption-customer-key',
  ]) {
    assert.equal(codeOf('s3', 'CopyObject', { [header]: 'secret' }, far), 'InvalidRequest', header);
    assert.equal(codeOf('s3', 'CopyObject', { [header]: 'secret' }, { ...far, secure: true }), undefined);
    for (const sourceIp of ['127.0.0.1', '::1']) {
      assert.equal(codeOf('s3', 'CopyObject', { [header]: 'x' }, { sourceIp, secure: false }), undefined);
    }
  }
  for (const operation of ['ChangePassword', 'CreateLoginProfile', 'UpdateLoginProfile']) {
    assert.equal(codeOf('iam', operation, {}, far), 'AccessDenied', operation);
    assert.equal(codeOf('iam', operation, {}, { ...far, secure: true }), undefined, operation);
  }
  assert.equal(codeOf('iam', 'GetUser', {}, far), undefined);
  assert.equal(codeOf('s3', 'PutObject', {}, far), undefined);
});

test('names that only look like loopback are none', () => {
  for (const host of ['127.0.0.1', '127.9.8.7', '::1', 'localhost']) assert.ok(isLoopback(host), host);
  for (const host of ['127.evil.example', '0.0.0.0', '::', '', '1127.0.0.1', '128.0.0.1'])
    assert.ok(!isLoopback(host), host);
});
