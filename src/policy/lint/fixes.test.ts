import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyFixes, type Finding, type PolicyKind, readPolicy } from '../index.js';
import { ALLOW, fixed, TRIGGERS, text } from './triggers.test.support.js';

describe('fixes', () => {
  const rows: [kind: PolicyKind, before: object, after: object][] = [
    [
      'identity',
      { ...ALLOW, Action: 's3:ListObjectsV2', Resource: '*' },
      { ...ALLOW, Action: 's3:ListBucket', Resource: '*' },
    ],
    ['identity', { ...ALLOW, Resource: 'arn:aws:S3:::b/*' }, ALLOW],
    [
      'identity',
      { ...ALLOW, Resource: 'arn:aws:s3:::b' },
      { ...ALLOW, Resource: ['arn:aws:s3:::b/*', 'arn:aws:s3:::b'] },
    ],
    [
      'identity',
      { ...ALLOW, Action: 's3:ListBucket', Resource: ['arn:aws:s3:::b/*'] },
      { ...ALLOW, Action: 's3:ListBucket', Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'] },
    ],
    ['identity', { ...ALLOW, Action: ['s3:GetObject', 's3:Get*'] }, { ...ALLOW, Action: ['s3:Get*'] }],
    ['identity', { ...ALLOW, Action: ['s3:Get*', 's3:GetObject'] }, { ...ALLOW, Action: ['s3:Get*'] }],
    [
      'identity',
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8:1:2:3::/32' } } },
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } } },
    ],
    [
      'identity',
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '8.8.8.8/20' } } },
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '8.8.0.0/20' } } },
    ],
    [
      'identity',
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8:1:2:3:4:5:6/127' } } },
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8:1:2:3:4:5:6/127' } } },
    ],
    [
      'identity',
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8:1:2:3:4:5:7/127' } } },
      { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '2001:db8:1:2:3:4:5:6/127' } } },
    ],
  ];
  for (const [kind, before, after] of rows) {
    test(`turn ${JSON.stringify(before)}`, async () =>
      assert.deepEqual(JSON.parse(await fixed(text(before), kind)), JSON.parse(text(after))));
  }

  test('add a Version, remove a statement said twice', async () => {
    const policy = JSON.stringify({ Statement: [ALLOW, ALLOW] });
    assert.deepEqual(JSON.parse(await fixed(policy, 'identity')), {
      Version: '2012-10-17',
      Statement: [ALLOW],
    });
  });

  test('leave a readable policy behind, and do not overlap', async () => {
    for (const [, kind, ...statements] of TRIGGERS) {
      const policy = text(...statements);
      const before = readPolicy(policy, kind).problems.length;
      assert.ok(readPolicy(await fixed(policy, kind), kind).problems.length <= before);
    }
    const at = (start: number, end: number, replacement: string) =>
      ({ fix: { description: '', edits: [{ start, end, text: replacement }] } }) as unknown as Finding;
    assert.equal(
      applyFixes('abcdef', [at(1, 3, 'X'), at(2, 4, 'Y'), at(4, 4, 'Z'), at(4, 4, 'W')]),
      'aXdZef',
    );
  });
});
