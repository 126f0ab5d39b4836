import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CloudTrailRecord } from '../core/cloudtrail.js';
import {
  type AdvancedSelector,
  type BasicSelector,
  EVERY_MANAGEMENT_EVENT,
  isSelected,
  type Selection,
} from './selection.js';

const record = (more: Partial<CloudTrailRecord> = {}): CloudTrailRecord => ({
  eventVersion: '1.11',
  eventTime: '2026-01-31T00:00:00Z',
  eventSource: 'kms.amazonaws.com',
  eventName: 'Decrypt',
  eventID: 'E1',
  eventCategory: 'Management',
  readOnly: true,
  awsRegion: 'us-east-1',
  recipientAccountId: '1',
  ...more,
});

const onObject = (key: string, more: Partial<CloudTrailRecord> = {}): CloudTrailRecord =>
  record({
    eventSource: 's3.amazonaws.com',
    eventName: 'PutObject',
    eventCategory: 'Data',
    readOnly: false,
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::data/${key}` },
      { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::data', accountId: '1' },
    ],
    ...more,
  });

const listing = onObject('', {
  eventName: 'ListObjects',
  readOnly: true,
  resources: [
    { type: 'AWS::S3::Object', ARNPrefix: 'arn:aws:s3:::data/raw/' },
    { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::data' },
  ],
});
const head = onObject('', {
  eventName: 'HeadBucket',
  readOnly: true,
  resources: [{ type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::data' }],
});

const everything: Omit<Selection, 'selectors'> = { account: '1', globalServices: true, times: [{ from: 0 }] };

const basic = (more: Partial<BasicSelector>) => (one: CloudTrailRecord) => {
  const [all] = EVERY_MANAGEMENT_EVENT.list as readonly BasicSelector[];
  return isSelected(one, 5, { ...everything, selectors: { kind: 'basic', list: [{ ...all!, ...more }] } });
};
const advanced = (...fields: AdvancedSelector['fields']) => {
  return (one: CloudTrailRecord) =>
    isSelected(one, 5, { ...everything, selectors: { kind: 'advanced', list: [{ fields }] } });
};

describe('basic event selectors', () => {
  test('take management events by what they do and whose they are', () => {
    assert.ok(basic({})(record()));
    assert.ok(!basic({})(onObject('a')));
    assert.ok(!basic({ readWrite: 'WriteOnly' })(record()));
    assert.ok(basic({ readWrite: 'ReadOnly' })(record()));
    assert.ok(!basic({ withoutSources: ['kms.amazonaws.com'] })(record()));
    assert.ok(!basic({ management: false })(record()));
  });

  test('take data events of objects by how their ARNs begin', () => {
    const raw = basic({ objects: ['arn:aws:s3:::data/raw/'] });
    assert.ok(raw(onObject('raw/1')));
    assert.ok(!raw(onObject('cooked/1')));
    assert.ok(raw(listing));
    assert.ok(!raw(head));
    const whole = basic({ objects: ['arn:aws:s3:::data/'] });
    for (const one of [onObject('x'), listing, head]) assert.ok(whole(one));
    assert.ok(basic({ objects: ['arn:aws:s3'] })(onObject('x')));
    assert.ok(!basic({ objects: ['arn:aws:s3:::dat/'] })(onObject('x')));
    assert.ok(!basic({ objects: ['arn:aws:s3'], readWrite: 'ReadOnly' })(onObject('x')));
  });
});

describe('advanced event selectors', () => {
  const data = { field: 'eventCategory', Equals: ['Data'] };
  const type = { field: 'resources.type', Equals: ['AWS::S3::Object'] };

  test('take what fits all fields', () => {
    const puts = advanced(data, type, { field: 'eventName', Equals: ['PutObject', 'DeleteObject'] });
    assert.ok(puts(onObject('x')));
    assert.ok(!puts(listing));
    assert.ok(!puts(record()));
    const reads = advanced(data, type, { field: 'readOnly', Equals: ['true'] });
    assert.ok(reads(head));
    assert.ok(!reads(onObject('x')));
  });

  test('operators that select are alternatives, and those that deselect hold all', () => {
    const chosen = advanced(data, type, {
      field: 'resources.ARN',
      StartsWith: ['arn:aws:s3:::data/a', 'arn:aws:s3:::data/b'],
      Equals: ['arn:aws:s3:::data/c'],
      NotEndsWith: ['.tmp', '.log'],
    });
    const taken = ['a/1', 'b/1', 'c', 'c/1', 'a/1.tmp', 'b/1.log'].filter(key => chosen(onObject(key)));
    assert.deepEqual(taken, ['a/1', 'b/1', 'c']);
  });

  test('a field that an event lacks fits no selecting operator, and every deselecting one', () => {
    const management = { field: 'eventCategory', Equals: ['Management'] };
    assert.ok(!advanced(management, { field: 'userIdentity.arn', StartsWith: ['arn:'] })(record()));
    assert.ok(advanced(management, { field: 'userIdentity.arn', NotStartsWith: ['arn:'] })(record()));
  });
});

test('events of other accounts, regions and times are not taken', () => {
  const all = { ...everything, selectors: EVERY_MANAGEMENT_EVENT };
  assert.ok(isSelected(record(), 5, all));
  assert.ok(!isSelected(record({ recipientAccountId: '2' }), 5, all));
  assert.ok(!isSelected(record(), 5, { ...all, region: 'eu-west-1' }));
  assert.ok(!isSelected(record({ eventSource: 'iam.amazonaws.com' }), 5, { ...all, globalServices: false }));
  const times = [{ from: 0, to: 4 }, { from: 6 }];
  assert.deepEqual(
    [4, 5, 6].map(arrived => isSelected(record(), arrived, { ...all, times })),
    [true, false, true],
  );
});
