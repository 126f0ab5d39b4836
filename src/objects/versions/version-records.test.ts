import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectRecord, VersionRecord } from '../records.js';
import { versionRecords } from './version-records.js';

const plain: ObjectRecord = {
  id: '4NFTN0HTNVV67NLVJAALUIKI9CA7HLFJ',
  isNull: true,
  modified: 1_800_000_000_000,
  size: 2 ** 42,
  etag: '5d41402abc4b2a76b9719d911017c592',
  checksum: { algorithm: 'CRC64NVME', value: 'rosUhgp5mIg=', type: 'FULL_OBJECT' },
  content: { kind: 'inline', crc: 0xffffffff },
  headers: { contentType: 'text/plain' },
  metadata: [],
};

const versions: Readonly<Record<string, VersionRecord>> = {
  'a delete marker': { marker: true, id: plain.id, isNull: false, modified: 5 },
  'a small object': plain,
  'a blob': {
    ...plain,
    content: { kind: 'blob', blob: 'b10b' },
    metadata: [
      ['__proto__', 'x'],
      ['a', 'é'],
    ],
  },
  'an object of parts': { ...plain, content: { kind: 'parts', count: 3 }, upload: 'u' },
  'one that has everything': {
    ...plain,
    headers: {
      contentType: 'x/y',
      cacheControl: 'a',
      contentEncoding: 'b',
      expires: 7,
      websiteRedirectLocation: '/',
    },
    tags: [['a', 'b']],
    storageClass: 'STANDARD_IA',
    retention: { mode: 'COMPLIANCE', until: 9 },
    legalHold: false,
    owner: { account: '444455556666', canonicalId: 'a'.repeat(64) },
    acl: [{ grantee: 'a'.repeat(64), permission: 'READ_ACP' }],
    encryption: {
      kind: 'aws:kms',
      wrapped: Buffer.from('w'),
      keyArn: 'arn',
      context: [['a', 'b']],
      bucketKey: false,
    },
    salt: Buffer.from('salt'),
  },
};

for (const [name, version] of Object.entries(versions)) {
  test(`${name} is read as it was written`, () => {
    assert.deepEqual(versionRecords.decode(versionRecords.encode(version)), version);
  });
}
