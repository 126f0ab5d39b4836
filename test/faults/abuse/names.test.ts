/** Names that are longer than any that can be stored are errors of the client, wherever they stand. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Victim } from './victim.js';

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  await victim.openBucket('pub', { k: 'v' });
});
after(() => victim.stop());

const long = 'a'.repeat(2000);
const longer = 'é'.repeat(2000);

const paths = [
  `/${long}`,
  `/${long}/key`,
  `/pub?prefix=${long}`,
  `/pub?prefix=${encodeURIComponent(longer)}`,
  `/pub?marker=${long}`,
  `/pub?list-type=2&start-after=${long}`,
  `/pub?list-type=2&prefix=${long}&delimiter=${long}`,
  `/pub?versions&key-marker=${long}`,
  `/pub?versions&key-marker=a&version-id-marker=${long}`,
  `/pub?uploads&key-marker=${long}&upload-id-marker=${long}`,
  `/pub/k?uploadId=${long}`,
  `/pub/k?versionId=${long}`,
  `/pub?inventory&id=${long}`,
  `/pub/${long}`,
];

for (const path of paths) {
  for (const method of ['GET', 'DELETE', 'PUT']) {
    test(`${method} ${path.slice(0, 60)}…`, async () => {
      const answer = await victim.ask(`${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n`);
      assert.match(answer, /^HTTP\/1.1 (2|4)\d\d/);
    });
  }
}

test('a host label', async () => {
  const answer = await victim.ask(`GET / HTTP/1.1\r\nhost: ${long}.localhost\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 400.*InvalidBucketName/s);
});

test('the bucket of a copy source', async () => {
  const answer = await victim.ask(
    `PUT /pub/copy HTTP/1.1\r\nhost: a\r\nx-amz-copy-source: /${long}/key\r\ncontent-length: 0\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1.1 4\d\d/);
});

test('a prefix says so in the words of S3', async () => {
  assert.match(await victim.ask(`GET /pub?prefix=${long} HTTP/1.1\r\nhost: a\r\n\r\n`), /KeyTooLongError/);
});
