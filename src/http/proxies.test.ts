import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ForwardedHeader, Proxies } from './proxies.js';

const NETWORKS = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'];

function originOf(
  headers: Record<string, string>,
  { peer = '10.0.0.1', secure = false, header = 'x-forwarded-for' as ForwardedHeader } = {},
) {
  const { sourceIp, secure: isSecure } = new Proxies(NETWORKS, header).origin(peer, secure, headers);
  return `${isSecure ? 'https' : 'http'} ${sourceIp}`;
}

test('a proxy that is trusted says where a request comes from, and how', () => {
  const x = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' };
  assert.equal(originOf(x), 'https 192.0.2.7');
  assert.equal(originOf({ 'x-forwarded-for': '192.0.2.7' }), 'http 192.0.2.7');
  assert.equal(originOf({ ...x, 'x-forwarded-proto': 'HTTP' }, { secure: true }), 'http 192.0.2.7');
  assert.equal(originOf({}, { secure: true }), 'https 10.0.0.1');
});

test('nobody else is believed', () => {
  const x = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https', forwarded: 'for=192.0.2.8' };
  for (const peer of ['192.0.2.1', '11.0.0.1', '::1', 'fe80::1'])
    assert.equal(originOf(x, { peer }), `http ${peer}`, peer);
});

test('what a client writes before its proxy does is not believed', () => {
  // The proxy appends the address that it saw; before it stands whatever the client sent.
  assert.equal(originOf({ 'x-forwarded-for': '127.0.0.1, 10.9.9.9, 192.0.2.7' }), 'http 192.0.2.7');
  assert.equal(originOf({ 'x-forwarded-for': '10.0.0.5, 192.0.2.7, 10.0.0.2' }), 'http 192.0.2.7');
  // Of the two headers one counts: a proxy passes on the one that it does not write.
  const both = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=10.1.1.1;proto=https' };
  assert.equal(originOf(both), 'http 192.0.2.7');
  assert.equal(originOf(both, { header: 'forwarded' }), 'https 10.1.1.1');
  const spoofed = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https, http' };
  assert.equal(originOf(spoofed), 'http 192.0.2.7');
});

test('a chain of trusted proxies leads to the first address that is none of them', () => {
  assert.equal(
    originOf({ 'x-forwarded-for': '198.51.100.1, 192.0.2.7, fd00::2, 10.0.0.2' }),
    'http 192.0.2.7',
  );
  assert.equal(originOf({ 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }), 'http 10.0.0.3');
});

test('ports, brackets and addresses of IPv4 within IPv6 are read, and what is no address is not', () => {
  for (const [written, read] of [
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['unknown', '10.0.0.1'],
    ['_hidden', '10.0.0.1'],
    ['192.0.2.700', '10.0.0.1'],
    ['"', '10.0.0.1'],
  ] as const) {
    assert.equal(originOf({ 'x-forwarded-for': written }), `http ${read}`, written);
  }
});

test('Forwarded is read as RFC 7239 has it', () => {
  // Section 4 and 7.1 of the RFC.
  for (const [written, read] of [
    ['for="_gazonk"', 'http 10.0.0.1'],
    ['For="[2001:db8:cafe::17]:4711"', 'http 2001:db8:cafe::17'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', 'http 192.0.2.60'],
    ['for=192.0.2.43, for=198.51.100.17', 'http 198.51.100.17'],
    ['for=192.0.2.43;proto=https, for=10.0.0.2;proto=https', 'https 192.0.2.43'],
    ['for="192.0.2.43";host="a,b;c";proto="https"', 'https 192.0.2.43'],
    ['', 'http 10.0.0.1'],
    ['for=', 'http 10.0.0.1'],
    ['=;,,"', 'http 10.0.0.1'],
  ] as const) {
    assert.equal(originOf({ forwarded: written }, { header: 'forwarded' }), read, written);
  }
});

test('what is no network is refused', () => {
  for (const network of [
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/x',
    '10.0.0.0/',
    'fd00::/129',
    '10.0.0.0/8/8',
    '10.0.0',
  ])
    assert.throws(() => new Proxies([network], 'forwarded'), RangeError, network);
});
