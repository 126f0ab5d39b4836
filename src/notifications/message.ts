/** Events in the forms that their receivers know from AWS. */
import { createHash } from 'node:crypto';
import { hostIdOf } from '../core/random.js';
import { BRIDGE, type FailedReplication, type ObjectEvent, type Pending } from '../objects/index.js';

/** An event as it goes out. */
export interface Message {
  readonly pending: Pending;
  /** The same whenever it is sent again: 32 hexadecimal digits. */
  readonly id: string;
  /** JSON, without line breaks. */
  readonly body: string;
}

export function messageOf(pending: Pending): Message {
  const { destination, event } = pending;
  const id = createHash('sha256').update(JSON.stringify(pending.row)).digest('hex').slice(0, 32);
  if (destination === BRIDGE) return { pending, id, body: JSON.stringify(bridgeEvent(pending, id)) };
  const body = event.event === 'TestEvent' ? testEvent(event) : { Records: [notificationRecord(pending)] };
  return { pending, id, body: JSON.stringify(body) };
}

/** "Notification message when event notifications are configured" (S3 User Guide, "Event message structure"). */
function testEvent({ time, bucket, origin }: ObjectEvent): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: isoTime(time),
    Bucket: bucket.name,
    RequestId: origin.requestId,
    HostId: hostIdOf(origin.requestId),
  };
}

/**
 * One record ("Event message structure", S3 User Guide). Where AWS has customer ids, the owner and a root user are
 * shown by the ids of their accounts.
 */
function notificationRecord({ event, sequence }: Pending): object {
  const { bucket, origin } = event;
  return {
    eventVersion: eventVersion(event.event),
    eventSource: 'aws:s3',
    awsRegion: bucket.region,
    eventTime: isoTime(event.time),
    eventName: event.event,
    userIdentity: { principalId: origin.principalId },
    requestParameters: { sourceIPAddress: origin.sourceIp },
    responseElements: {
      'x-amz-request-id': origin.requestId,
      'x-amz-id-2': hostIdOf(origin.requestId),
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: event.ruleId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: bucket.owner },
        arn: bucketArn(bucket),
      },
      object: {
        key: urlEncoded(event.key),
        size: event.size,
        eTag: event.etag,
        versionId: event.versionId,
        sequencer: sequencerOf(sequence),
      },
    },
    ...(event.replication && { replicationEventData: failedCopy(event.replication) }),
  };
}

/** The example in "Receiving replication failure events" (S3 User Guide). */
function failedCopy({ ruleId, destination, asked, reason }: FailedReplication): object {
  return {
    replicationRuleId: ruleId,
    destinationBucket: destination,
    s3Operation: 'OBJECT_PUT',
    requestTime: isoTime(asked),
    failureReason: reason,
  };
}

/**
 * "Amazon S3 uses … 2.2 for cross-Region replication, 2.3 for S3 Lifecycle, … object ACL, object tagging …, 2.1 for all
 * other" (the same page).
 */
function eventVersion(event: ObjectEvent['event']): string {
  if (event.startsWith('Replication:')) return '2.2';
  return /^Object(Created|Removed):/.test(event) ? '2.1' : '2.3';
}

/** "EventBridge event message structure" (S3 User Guide). */
function bridgeEvent({ event, sequence }: Pending, id: string): object {
  const { bucket, origin } = event;
  const { type, ...detail } = bridgeKind(event);
  return {
    version: '0',
    id: id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    'detail-type': type,
    source: 'aws.s3',
    account: bucket.owner,
    time: `${isoTime(event.time).slice(0, 19)}Z`,
    region: bucket.region,
    resources: [bucketArn(bucket)],
    detail: {
      version: '0',
      bucket: { name: bucket.name },
      object: {
        key: event.key,
        size: event.size,
        etag: event.etag,
        'version-id': event.versionId,
        sequencer: sequencerOf(sequence),
      },
      'request-id': origin.requestId,
      requester: origin.requester,
      'source-ip-address': origin.sourceIp.endsWith('.amazonaws.com') ? undefined : origin.sourceIp,
      ...detail,
    },
  };
}

/** The detail type, and the members that only it has ("Using EventBridge", S3 User Guide). */
function bridgeKind({ event, storageClass }: ObjectEvent): { readonly type: string } {
  const deleted = (reason: string) => ({
    type: 'Object Deleted',
    reason,
    'deletion-type': event.endsWith(':Delete') ? 'Permanently Deleted' : 'Delete Marker Created',
  });
  switch (event) {
    case 'ObjectCreated:Put':
      return created('PutObject');
    case 'ObjectCreated:Post':
      return created('POST Object');
    case 'ObjectCreated:Copy':
      return created('CopyObject');
    case 'ObjectCreated:CompleteMultipartUpload':
      return created('CompleteMultipartUpload');
    case 'ObjectRemoved:Delete':
    case 'ObjectRemoved:DeleteMarkerCreated':
      return deleted('DeleteObject');
    case 'LifecycleExpiration:Delete':
    case 'LifecycleExpiration:DeleteMarkerCreated':
      return deleted('Lifecycle Expiration');
    case 'LifecycleTransition':
      return { type: 'Object Storage Class Changed', ...{ 'destination-storage-class': storageClass } };
    case 'ObjectTagging:Put':
      return { type: 'Object Tags Added' };
    case 'ObjectTagging:Delete':
      return { type: 'Object Tags Deleted' };
    case 'ObjectAcl:Put':
      return { type: 'Object ACL Updated' };
    case 'Replication:OperationFailedReplication':
    case 'TestEvent':
      throw new TypeError('EventBridge gets no such events');
  }
}

function created(reason: string): { readonly type: string; readonly reason: string } {
  return { type: 'Object Created', reason };
}

/** Hexadecimal and of one length: of two, the later sorts behind the earlier. */
function sequencerOf(sequence: number): string {
  return sequence.toString(16).toUpperCase().padStart(16, '0');
}

/** "The key is URL encoded", a space as `+` ("Event message structure"). Slashes stay, as in AWS's messages. */
function urlEncoded(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2F/g, '/')
    .replace(/%20/g, '+');
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

function bucketArn({ partition, name }: ObjectEvent['bucket']): string {
  return `arn:${partition}:s3:::${name}`;
}
