import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlaceToAllow, isPublic, Reachable, Unreachable } from './reachable.js';

test('public addresses are told from all others', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00::1',
  ]) {
    assert.equal(isPublic(address), true, address);
  }
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.168.0.1',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '239.1.1.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:1.1.1.1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '3fff::1',
    '5f00::1',
    'no address',
    '',
  ]) {
    assert.equal(isPublic(address), false, address);
  }
});

const asks = (url: string, ...allowed: string[]) => new Reachable(allowed).mayAsk(new URL(url));

test('what a URL says by itself', () => {
  assert.equal(asks('https://idp.example.com/x'), true);
  assert.equal(asks('https://1.1.1.1/'), true);
  for (const url of [
    'http://idp.example.com/',
    'http://1.1.1.1/',
    'ftp://idp.example.com/',
    'file:///etc/passwd',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://x.localhost/',
    'https://169.254.169.254/',
    'http://127.0.0.1/',
    'http://localhost/',
  ]) {
    assert.equal(asks(url), false, url);
  }
});

test('the operator opens names, addresses and networks', () => {
  assert.equal(asks('https://10.1.2.3/', '10.1.0.0/16'), true);
  assert.equal(asks('https://10.2.2.3/', '10.1.0.0/16'), false);
  assert.equal(asks('http://127.0.0.1:8080/', '127.0.0.1'), true);
  assert.equal(asks('http://10.1.2.3/', '10.0.0.0/8'), false, 'plain text over a network');
  assert.equal(asks('http://localhost/', 'localhost'), true);
  assert.equal(asks('https://[fd00::1]/', 'fd00::/8'), true);
});

const resolve = (reachable: Reachable, host: string) =>
  new Promise((settle, reject) => {
    reachable.lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : settle(addresses)));
  });

test('a name counts by the addresses that it has', async () => {
  await assert.rejects(resolve(new Reachable(), 'localhost'), Unreachable);
  assert.ok(((await resolve(new Reachable(['localhost']), 'localhost')) as unknown[]).length > 0);
  assert.ok(((await resolve(new Reachable(['127.0.0.0/8', '::1']), 'localhost')) as unknown[]).length > 0);
});

test('what can be opened', () => {
  for (const place of ['idp.internal', 'localhost', '10.0.0.0/8', '10.1.2.3', '::1', 'fd00::/8'])
    assert.ok(isPlaceToAllow(place), place);
  for (const place of [
    '',
    '*',
    'http://x',
    '10.0.0.0/33',
    '10.0.0/8',
    'a/b',
    '-x',
    'a b',
    '::1/129',
    '10.0.0.0/8/9',
  ])
    assert.ok(!isPlaceToAllow(place), place);
});
