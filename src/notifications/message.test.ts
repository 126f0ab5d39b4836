/** The shapes are those of "Event message structure" and "EventBridge event message structure" (S3 User Guide). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BRIDGE, type ObjectEvent, type Pending } from '../objects/index.js';
import { messageOf } from './message.js';
import { HOOKS, START } from './testing.test.support.js';

const event: ObjectEvent = {
  event: 'ObjectCreated:Put',
  time: START,
  ruleId: 'rule',
  bucket: { name: 'bucket', owner: '111122223333', partition: 'aws-cn', region: 'cn-north-1' },
  key: "dir/a b+ü'.txt",
  size: 5,
  etag: 'e',
  versionId: 'V',
  origin: {
    requestId: 'REQUEST',
    principalId: 'AWS:AIDA',
    requester: '444455556666',
    sourceIp: '192.0.2.1',
  },
};

const pendingOf = (more: Partial<ObjectEvent> = {}, destination = HOOKS, sequence = 0x1ab): Pending => ({
  destination,
  subject: 's',
  bucketId: 'b',
  sequence,
  event: { ...event, ...more },
  row: ['outbox', destination, 'b', 'k', sequence],
});
const bodyOf = (...of: Parameters<typeof pendingOf>) => JSON.parse(messageOf(pendingOf(...of)).body);

test('a record says what happened as AWS does', () => {
  assert.deepEqual(bodyOf(), {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'cn-north-1',
        eventTime: '2026-01-02T03:04:05.678Z',
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'AWS:AIDA' },
        requestParameters: { sourceIPAddress: '192.0.2.1' },
        responseElements: { 'x-amz-request-id': 'REQUEST', 'x-amz-id-2': 'UkVRVUVTVA==' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'rule',
          bucket: {
            name: 'bucket',
            ownerIdentity: { principalId: '111122223333' },
            arn: 'arn:aws-cn:s3:::bucket',
          },
          object: {
            key: 'dir/a+b%2B%C3%BC%27.txt',
            size: 5,
            eTag: 'e',
            versionId: 'V',
            sequencer: '00000000000001AB',
          },
        },
      },
    ],
  });
  assert.equal(bodyOf({ event: 'ObjectTagging:Put' }).Records[0].eventVersion, '2.3');
  assert.equal(bodyOf({ event: 'LifecycleExpiration:Delete' }).Records[0].eventVersion, '2.3');
});

test('later sequencers sort behind earlier ones', () => {
  const sequencers = [1, 0xff, 0x100, 2 ** 52].map(
    sequence => bodyOf({}, HOOKS, sequence).Records[0].s3.object.sequencer,
  );
  assert.deepEqual(sequencers, [...sequencers].sort());
});

test('a test event is not a record', () => {
  assert.deepEqual(bodyOf({ event: 'TestEvent', key: '' }), {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2026-01-02T03:04:05.678Z',
    Bucket: 'bucket',
    RequestId: 'REQUEST',
    HostId: 'UkVRVUVTVA==',
  });
});

test('EventBridge has a shape of its own', () => {
  const { id, ...said } = bodyOf({}, BRIDGE);
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(said, {
    version: '0',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '111122223333',
    time: '2026-01-02T03:04:05Z',
    region: 'cn-north-1',
    resources: ['arn:aws-cn:s3:::bucket'],
    detail: {
      version: '0',
      bucket: { name: 'bucket' },
      object: { key: event.key, size: 5, etag: 'e', 'version-id': 'V', sequencer: '00000000000001AB' },
      'request-id': 'REQUEST',
      requester: '444455556666',
      'source-ip-address': '192.0.2.1',
      reason: 'PutObject',
    },
  });
});

test('EventBridge is told of each kind of event', () => {
  const service = {
    requestId: 'R',
    principalId: 's3',
    requester: 's3.amazonaws.com',
    sourceIp: 's3.amazonaws.com',
  };
  const kinds: [ObjectEvent['event'], string, object][] = [
    ['ObjectCreated:Post', 'Object Created', { reason: 'POST Object' }],
    ['ObjectCreated:Copy', 'Object Created', { reason: 'CopyObject' }],
    ['ObjectCreated:CompleteMultipartUpload', 'Object Created', { reason: 'CompleteMultipartUpload' }],
    [
      'ObjectRemoved:Delete',
      'Object Deleted',
      { reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted' },
    ],
    [
      'ObjectRemoved:DeleteMarkerCreated',
      'Object Deleted',
      { reason: 'DeleteObject', 'deletion-type': 'Delete Marker Created' },
    ],
    [
      'LifecycleExpiration:Delete',
      'Object Deleted',
      { reason: 'Lifecycle Expiration', 'deletion-type': 'Permanently Deleted' },
    ],
    [
      'LifecycleExpiration:DeleteMarkerCreated',
      'Object Deleted',
      { reason: 'Lifecycle Expiration', 'deletion-type': 'Delete Marker Created' },
    ],
    ['LifecycleTransition', 'Object Storage Class Changed', { 'destination-storage-class': 'STANDARD_IA' }],
    ['ObjectTagging:Put', 'Object Tags Added', {}],
    ['ObjectTagging:Delete', 'Object Tags Deleted', {}],
    ['ObjectAcl:Put', 'Object ACL Updated', {}],
  ];
  for (const [name, type, detail] of kinds) {
    const said = bodyOf({ event: name, storageClass: 'STANDARD_IA', origin: service }, BRIDGE);
    const { version: _, bucket: __, object: ___, 'request-id': ____, requester, ...rest } = said.detail;
    assert.equal(said['detail-type'], type);
    assert.equal(requester, 's3.amazonaws.com');
    assert.deepEqual(rest, detail, name);
  }
});

test('an event has the same id whenever it is sent, and no other has it', () => {
  const id = (...of: Parameters<typeof pendingOf>) => messageOf(pendingOf(...of)).id;
  assert.equal(id(), id());
  assert.notEqual(id(), id({}, HOOKS, 2));
  assert.notEqual(id(), id({}, BRIDGE));
});
