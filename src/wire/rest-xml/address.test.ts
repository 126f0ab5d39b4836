import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addressReader } from './address.js';

const read = addressReader(['s3.example.com', 'Objects.Example.net']);

function address(host: string, path: string) {
  const headers = new Map(host === '' ? [] : [['host', host] as const]);
  return read({ method: 'GET', path, query: '', headers, body: undefined as never });
}

const cases: [host: string, path: string, bucket: string | undefined, key: string | undefined][] = [
  ['127.0.0.1:9000', '/', undefined, undefined],
  ['', '', undefined, undefined],
  ['127.0.0.1:9000', '/b', 'b', undefined],
  ['127.0.0.1:9000', '/b/', 'b', undefined],
  ['127.0.0.1:9000', '/b/k', 'b', 'k'],
  ['[::1]:9000', '/b/k', 'b', 'k'],
  ['[::1]', '/b/k', 'b', 'k'],
  ['somewhere.else', '/b/k', 'b', 'k'],
  // Keys stand as they are: no segment is resolved, none is merged, a plus is a plus.
  ['localhost', '/b//k', 'b', '/k'],
  ['localhost', '/b/a//b/', 'b', 'a//b/'],
  ['localhost', '/b/../x/./y', 'b', '../x/./y'],
  ['localhost', '/b/%2e%2E/x', 'b', '../x'],
  ['localhost', '/b/a+b%20c%2Bd', 'b', 'a+b c+d'],
  ['localhost', '/b/a%2Fb%252F', 'b', 'a/b%2F'],
  ['localhost', '/b/%E9%8D%B5%F0%9F%98%80%00', 'b', '鍵😀\u0000'],
  ['localhost', '/%62/k', 'b', 'k'],
  ['localhost', '//k', '', 'k'],
  ['b.localhost:9000', '/k', 'b', 'k'],
  ['b.localhost:9000', '/', 'b', undefined],
  ['b.localhost', '//k', 'b', '/k'],
  ['s3.localhost', '/b/k', 'b', 'k'],
  ['b.s3.localhost', '/k', 'b', 'k'],
  ['my.dotted.b.s3.localhost', '/k', 'my.dotted.b', 'k'],
  ['s3.example.com', '/b/k', 'b', 'k'],
  ['B.S3.example.COM:443', '/k', 'b', 'k'],
  ['b.objects.example.net', '/k', 'b', 'k'],
  ['s3.amazonaws.com', '/b/k', 'b', 'k'],
  ['b.s3.amazonaws.com', '/k', 'b', 'k'],
  ['s3.eu-west-1.amazonaws.com', '/b/k', 'b', 'k'],
  ['s3-eu-west-1.amazonaws.com', '/b/k', 'b', 'k'],
  ['my.b.s3.eu-west-1.amazonaws.com', '/k', 'my.b', 'k'],
  ['b.s3.dualstack.eu-west-1.amazonaws.com', '/k', 'b', 'k'],
  ['b.s3-accelerate.amazonaws.com', '/k', 'b', 'k'],
  ['b.s3.cn-north-1.amazonaws.com.cn', '/k', 'b', 'k'],
  ['s3.cn-north-1.amazonaws.com.cn', '/b/k', 'b', 'k'],
];

suite('addresses', () => {
  for (const [host, path, bucket, key] of cases) {
    test(`${host} ${path}`, () => {
      const hosted = bucket && host.toLowerCase().startsWith(`${bucket}.`) ? { hosted: true } : {};
      assert.deepEqual(address(host, path), { bucket, key, ...hosted });
    });
  }

  for (const path of ['/b/%', '/b/%zz', '/b/%ff', '/%c3/k', '/b/%ED%A0%80', '/b/k k', '/b/\xe9']) {
    test(`refuses ${JSON.stringify(path)}`, () => {
      assert.throws(() => address('localhost', path), { code: 'InvalidURI', status: 400 });
    });
  }

  test('a key of 1,024 bytes is the longest', () => {
    assert.equal(address('localhost', `/b/${'k'.repeat(1024)}`).key?.length, 1024);
    assert.equal(address('localhost', `/b/${'%C3%A9'.repeat(512)}`).key?.length, 512);
    for (const key of ['k'.repeat(1025), '%C3%A9'.repeat(513)]) {
      assert.throws(() => address('localhost', `/b/${key}`), { code: 'KeyTooLongError', status: 400 });
    }
  });
});
