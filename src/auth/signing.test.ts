import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveKey, SigningKeys, sameSignature } from './signing.js';
import { formatTimestamp, parseDateHeader, parseTimestamp } from './timestamp.js';

const scope = (date: string) => ({ date, region: 'us-east-1', service: 'iam' });

// AWS General Reference, "Examples of how to derive a signing key for Signature Version 4"
test('the documented signing key is derived', () => {
  assert.equal(
    deriveKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scope('20120215')).toString('hex'),
    'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d',
  );
});

test('signing keys are kept as long as they are in use, at most so many', () => {
  const keys = new SigningKeys(4);
  const first = keys.get('secret', scope('20130101'));
  const second = keys.get('secret', scope('20130102'));
  for (const date of ['20130103', '20130104', '20130105']) {
    assert.equal(keys.get('secret', scope('20130101')), first);
    keys.get('secret', scope(date));
  }
  const again = keys.get('secret', scope('20130102'));
  assert.notEqual(again, second);
  assert.deepEqual(again, second);
});

test('keys of different secrets, regions and services differ', () => {
  const keys = new SigningKeys();
  const all = [
    keys.get('a', scope('20130101')),
    keys.get('b', scope('20130101')),
    keys.get('a', { ...scope('20130101'), region: '' }),
    keys.get('a', { ...scope('20130101'), service: 's3' }),
  ].map(key => key.toString('hex'));
  assert.equal(new Set(all).size, 4);
});

test('signatures of any length compare', () => {
  assert.equal(sameSignature('abc', 'abc'), true);
  assert.equal(sameSignature('abc', 'abd'), false);
  assert.equal(sameSignature('abc', ''), false);
  assert.equal(sameSignature('abc', 'abcd'), false);
});

test('times are read strictly', () => {
  assert.equal(parseTimestamp('20130524T000000Z'), Date.UTC(2013, 4, 24));
  assert.equal(parseDateHeader('Fri, 24 May 2013 00:00:00 GMT'), Date.UTC(2013, 4, 24));
  assert.equal(parseDateHeader('Fri, 24 May 2013 00:00:00 -0000'), Date.UTC(2013, 4, 24));
  assert.equal(parseDateHeader('Fri, 24 May 2013 00:00:00 -0900'), undefined);
  assert.equal(parseDateHeader('20130524T000000Z'), Date.UTC(2013, 4, 24));
  assert.equal(formatTimestamp(Date.UTC(2013, 4, 24) + 999), '20130524T000000Z');
  for (const text of [
    '',
    '2013-05-24T00:00:00Z',
    '20130230T000000Z',
    '20130524T240000Z',
    '20130524T000000',
  ]) {
    assert.equal(parseTimestamp(text), undefined, text);
  }
  assert.equal(parseDateHeader('Fri, 99 May 2013 00:00:00 GMT'), undefined);
});
