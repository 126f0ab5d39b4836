import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { ApiError } from '../../../core/errors.js';
import type { Pending } from '../../../objects/index.js';
import {
  allow,
  anonymous,
  bodyOf,
  code,
  openTestS3,
  type TestS3,
  testAccount,
  userOf,
} from '../testing.test.support.js';

const Bucket = 'bucket';
const arnOf = (name: string, service = 'sqs') => `arn:aws:${service}:us-east-1:111122223333:${name}`;
const hooks = arnOf('hooks');

let s3: TestS3;

const configure = (NotificationConfiguration: object, more: object = {}) =>
  s3.send('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration, ...more });
const queue = (more: object = {}) => ({
  QueueConfigurations: [{ Id: 'all', QueueArn: hooks, Events: ['s3:ObjectCreated:*'], ...more }],
});
const filter = (...rules: [string, string][]) => ({
  Filter: { Key: { FilterRules: rules.map(([Name, Value]) => ({ Name, Value })) } },
});

beforeEach(async () => {
  s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
});

/** Everything that waits, and takes it out. */
async function waiting(destination = hooks): Promise<Pending[]> {
  const found = await s3.objects.outbox.waiting(destination, undefined, 1000, () => {});
  await s3.objects.outbox.remove(found);
  return found;
}

suite('a notification configuration', () => {
  test('comes back as it was given, and goes when an empty one is put', async () => {
    assert.deepEqual(await s3.send('GetBucketNotificationConfiguration', { Bucket }), {
      QueueConfigurations: [],
      TopicConfigurations: [],
      LambdaFunctionConfigurations: [],
    });
    const given = {
      QueueConfigurations: [
        {
          Id: 'q',
          QueueArn: hooks,
          Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'],
          ...filter(['Prefix', 'in/'], ['Suffix', '.jpg']),
        },
      ],
      TopicConfigurations: [{ Id: 't', TopicArn: arnOf('lines', 'sns'), Events: ['s3:ObjectTagging:*'] }],
      LambdaFunctionConfigurations: [
        {
          Id: 'l',
          LambdaFunctionArn: arnOf('function:lines', 'lambda'),
          Events: ['s3:ObjectCreated:Put'],
          ...filter(['Prefix', 'other/']),
        },
      ],
      EventBridgeConfiguration: {},
    };
    await configure(given);
    assert.deepEqual(await s3.send('GetBucketNotificationConfiguration', { Bucket }), given);
    await configure({});
    const empty = await s3.send('GetBucketNotificationConfiguration', { Bucket });
    assert.deepEqual(empty.QueueConfigurations, []);
    assert.equal(empty.EventBridgeConfiguration, undefined);
  });

  test('tells queues and topics, not functions, that they were configured', async () => {
    const topic = arnOf('lines', 'sns');
    const lambda = arnOf('function:lines', 'lambda');
    await configure({
      QueueConfigurations: [
        { QueueArn: hooks, Events: ['s3:ObjectCreated:Put'] },
        { QueueArn: hooks, Events: ['s3:ObjectCreated:Copy'] },
      ],
      TopicConfigurations: [{ TopicArn: topic, Events: ['s3:ObjectTagging:*'] }],
      LambdaFunctionConfigurations: [{ LambdaFunctionArn: lambda, Events: ['s3:ObjectRemoved:*'] }],
      EventBridgeConfiguration: {},
    });
    assert.deepEqual((await s3.objects.outbox.destinations()).sort(), [topic, hooks]);
    const [told, ...others] = await waiting();
    assert.equal(told?.event.event, 'TestEvent');
    assert.deepEqual(others, []);
  });

  test('is refused where it is not one, in the words of S3', async () => {
    const refused = async (given: object, name: string, message: RegExp) =>
      assert.rejects(configure(given), error => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.code, name);
        assert.match(error.message, message);
        return true;
      });
    await refused(queue({ Events: ['s3:ObjectMade'] }), 'InvalidArgument', /^The event is not supported/);
    await refused(queue({ Events: [] }), 'MalformedXML', /./);
    await refused(queue({ QueueArn: arnOf('hooks', 'sns') }), 'InvalidArgument', /ARN is not well formed/);
    await refused(queue({ QueueArn: 'hooks' }), 'InvalidArgument', /ARN is not well formed/);
    await refused(
      queue({ QueueArn: hooks.replace('us-east-1', 'eu-west-1') }),
      'InvalidArgument',
      /service region is not valid for the bucket location/,
    );
    for (const unknown of [
      arnOf('nobody'),
      arnOf('eventbridge'),
      hooks.replace('111122223333', '999999999999'),
    ]) {
      await refused(
        queue({ QueueArn: unknown }),
        'InvalidArgument',
        /^Unable to validate the following destination configurations$/,
      );
    }
    await refused(queue(filter(['Infix', 'x'])), 'InvalidArgument', /must be either prefix or suffix/);
    await refused(queue(filter(['prefix', 'x'], ['Prefix', 'y'])), 'InvalidArgument', /more than one prefix/);
    await refused(queue(filter(['prefix', 'x'.repeat(1025)])), 'InvalidArgument', /1024 bytes/);
    assert.equal((await s3.objects.buckets.get(Bucket)).notifications, undefined);
    assert.deepEqual(await s3.objects.outbox.destinations(), []);
  });

  test('has at most one rule for an event of a key', async () => {
    const two = (one: object, other: object) => ({
      QueueConfigurations: [
        { QueueArn: hooks, Events: ['s3:ObjectCreated:*'], ...one },
        { QueueArn: arnOf('lines'), Events: ['s3:ObjectCreated:Put'], ...other },
      ],
    });
    await assert.rejects(configure(two({}, {})), /Configurations overlap/);
    await assert.rejects(configure(two({ Id: 'x' }, { Id: 'x' })), /Same ID/);
    await assert.rejects(configure(two(filter(['prefix', 'a']), filter(['prefix', 'ab']))), /ambiguously/);
    await assert.rejects(configure(two(filter(['suffix', 'b']), filter(['suffix', 'ab']))), /ambiguously/);
    await assert.rejects(configure(two(filter(['prefix', 'a']), filter(['suffix', 'z']))), /ambiguously/);
    await configure(two(filter(['prefix', 'a/']), filter(['prefix', 'b/'])));
    await configure(two(filter(['prefix', 'a'], ['suffix', 'x']), filter(['prefix', 'ab'], ['suffix', 'y'])));
    await configure(two({}, { Events: ['s3:ObjectRemoved:*'] }));
  });

  test('may name a destination that is not there yet, if it is told not to look', async () => {
    await configure(queue({ QueueArn: arnOf('later') }), { SkipDestinationValidation: true });
    assert.deepEqual(await s3.objects.outbox.destinations(), []);
    const foreign = hooks.replace('111122223333', '999999999999');
    await assert.rejects(
      configure(queue({ QueueArn: foreign }), { SkipDestinationValidation: true }),
      code('InvalidArgument', 400),
    );
  });

  test('can name EventBridge only where there is a sink for it', async () => {
    const without = await openTestS3({ targets: new Set(['hooks']) });
    await without.send('CreateBucket', { Bucket });
    await assert.rejects(
      without.send('PutBucketNotificationConfiguration', {
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
      code('InvalidArgument', 400),
    );
  });
});

suite('what happens to an object is told', () => {
  const put = (Key = 'k', more: object = {}) =>
    s3.send('PutObject', { Bucket, Key, Body: bodyOf('hello'), ...more });
  const versioning = (Status: string) =>
    s3.send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } });
  const all = {
    Events: [
      's3:ObjectCreated:*',
      's3:ObjectRemoved:*',
      's3:ObjectTagging:*',
      's3:ObjectAcl:Put',
      's3:LifecycleExpiration:*',
      's3:LifecycleTransition',
    ],
  };
  const told = async () => (await waiting()).map(({ event }) => [event.event, event.key, event.versionId]);

  beforeEach(async () => {
    await configure(queue(all));
    await waiting();
  });

  test('with who did it, to what, and by which rule', async () => {
    const { ETag } = await put();
    const [{ event } = assert.fail()] = await waiting();
    assert.deepEqual(event, {
      event: 'ObjectCreated:Put',
      time: s3.clock.now(),
      ruleId: 'all',
      bucket: { name: Bucket, owner: '111122223333', partition: 'aws', region: 'us-east-1' },
      key: 'k',
      size: 5,
      etag: String(ETag).replaceAll('"', ''),
      versionId: undefined,
      origin: {
        requestId: 'TEST',
        principalId: '111122223333',
        requester: '111122223333',
        sourceIp: '127.0.0.1',
      },
    });
    const ann = userOf(testAccount('111122223333'), 'ann', allow('s3:*'));
    await s3.send('DeleteObject', { Bucket, Key: 'k' }, { as: ann });
    const [removed] = await waiting();
    assert.equal(removed?.event.origin.principalId, 'AWS:AIDAANN');
  });

  test('where the bucket has no versioning', async () => {
    await put();
    await s3.send('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
    await s3.send('PutObjectTagging', { Bucket, Key: 'k', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    await s3.send('DeleteObjectTagging', { Bucket, Key: 'k' });
    await s3.send(
      'DeleteObjects',
      { Bucket, Delete: { Objects: [{ Key: 'k' }, { Key: 'not there' }] } },
      { headers: { 'content-md5': 'x' } },
    );
    assert.deepEqual(await told(), [
      ['ObjectCreated:Copy', 'copy', undefined],
      ['ObjectCreated:Put', 'k', undefined],
      ['ObjectTagging:Put', 'k', undefined],
      ['ObjectTagging:Delete', 'k', undefined],
      ['ObjectRemoved:Delete', 'k', undefined],
    ]);
  });

  test('where lists count, of a list that changes', async () => {
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'ObjectWriter' }] };
    await s3.send('PutBucketOwnershipControls', { Bucket, OwnershipControls });
    await put();
    const acl = { Bucket, Key: 'k', GrantRead: `id="${testAccount('444455556666').canonicalId}"` };
    await s3.send('PutObjectAcl', acl);
    await s3.send('PutObjectAcl', acl);
    assert.deepEqual(await told(), [
      ['ObjectCreated:Put', 'k', undefined],
      ['ObjectAcl:Put', 'k', undefined],
    ]);
  });

  test('where the bucket has versioning, by version', async () => {
    await versioning('Enabled');
    const first = (await put()).VersionId;
    const marker = (await s3.send('DeleteObject', { Bucket, Key: 'k' })).VersionId;
    await s3.send('DeleteObject', { Bucket, Key: 'k', VersionId: marker });
    await s3.send('DeleteObject', { Bucket, Key: 'k', VersionId: first });
    assert.deepEqual(await told(), [
      ['ObjectCreated:Put', 'k', first],
      ['ObjectRemoved:DeleteMarkerCreated', 'k', marker],
      ['ObjectRemoved:Delete', 'k', marker],
      ['ObjectRemoved:Delete', 'k', first],
    ]);
    await versioning('Suspended');
    await put();
    await s3.send('DeleteObject', { Bucket, Key: 'k' });
    assert.deepEqual(await told(), [
      ['ObjectCreated:Put', 'k', undefined],
      ['ObjectRemoved:DeleteMarkerCreated', 'k', undefined],
    ]);
  });

  test('of an upload in parts, when it is completed', async () => {
    const { UploadId } = await s3.send('CreateMultipartUpload', { Bucket, Key: 'k' });
    const { ETag } = await s3.send('UploadPart', {
      Bucket,
      Key: 'k',
      UploadId,
      PartNumber: 1,
      Body: bodyOf('p'),
    });
    assert.deepEqual(await waiting(), []);
    const parts = { MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
    await s3.send('CompleteMultipartUpload', { Bucket, Key: 'k', UploadId, ...parts });
    await s3.send('CompleteMultipartUpload', { Bucket, Key: 'k', UploadId, ...parts });
    assert.deepEqual(await told(), [['ObjectCreated:CompleteMultipartUpload', 'k', undefined]]);
  });

  test('what lifecycle rules do', async () => {
    await put('old', { StorageClass: 'STANDARD' });
    await waiting();
    const rule = (ID: string, action: object) => ({ ID, Status: 'Enabled', Filter: {}, ...action });
    const rules = (...Rules: object[]) =>
      s3.send('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules } });
    await rules(rule('move', { Transitions: [{ Days: 1, StorageClass: 'GLACIER_IR' }] }));
    s3.clock.advance(3 * 86_400);
    await s3.objects.applyLifecycle();
    await s3.objects.applyLifecycle();
    const [moved, ...others] = await waiting();
    assert.deepEqual(others, []);
    assert.equal(moved?.event.event, 'LifecycleTransition');
    assert.equal(moved?.event.storageClass, 'GLACIER_IR');
    assert.equal(moved?.event.origin.requester, 's3.amazonaws.com');
    await rules(rule('expire', { Expiration: { Days: 1 } }));
    await s3.objects.applyLifecycle();
    assert.deepEqual(await told(), [['LifecycleExpiration:Delete', 'old', undefined]]);
    await versioning('Enabled');
    await put('new');
    await waiting();
    s3.clock.advance(3 * 86_400);
    await s3.objects.applyLifecycle();
    assert.equal((await told())[0]?.[0], 'LifecycleExpiration:DeleteMarkerCreated');
  });

  test('only for keys and events that a rule names', async () => {
    await configure(
      queue({ Events: ['s3:ObjectCreated:Put'], ...filter(['prefix', 'in/'], ['suffix', '.jpg']) }),
    );
    await waiting();
    for (const key of ['in/a.jpg', 'in/a.png', 'out/a.jpg']) await put(key);
    await s3.send('DeleteObject', { Bucket, Key: 'in/a.jpg' });
    assert.deepEqual(await told(), [['ObjectCreated:Put', 'in/a.jpg', undefined]]);
  });

  test('to EventBridge as well, of whatever kind it is', async () => {
    await configure({ EventBridgeConfiguration: {} });
    await put();
    await s3.send('DeleteObject', { Bucket, Key: 'k' });
    assert.deepEqual(
      (await waiting('eventbridge')).map(({ event }) => event.event),
      ['ObjectCreated:Put', 'ObjectRemoved:Delete'],
    );
  });

  test('not of a change that did not come about', async () => {
    await put();
    await waiting();
    await assert.rejects(put('k', { IfNoneMatch: '*' }), code('PreconditionFailed', 412));
    await assert.rejects(put('k', { IfMatch: '"other"' }), code('PreconditionFailed', 412));
    assert.deepEqual(await waiting(), []);
  });

  test('in the order of the changes, though the clock stands still and many are made at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => put('k', { Body: bodyOf('x'.repeat(n)) })));
    await s3.send('DeleteObject', { Bucket, Key: 'k' });
    await put('k');
    const events = await waiting();
    assert.equal(events.length, 32);
    const sequences = events.map(({ sequence }) => sequence);
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].sort((a, b) => a - b),
    );
    assert.deepEqual(
      events.slice(-2).map(({ event }) => event.event),
      ['ObjectRemoved:Delete', 'ObjectCreated:Put'],
    );
    const { size } = (await s3.objects.versions.find(await s3.objects.buckets.get(Bucket), 'k')) as {
      size: number;
    };
    assert.equal(events.at(-1)?.event.size, size);
  });

  test('of an anonymous caller', async () => {
    await s3.send('DeletePublicAccessBlock', { Bucket });
    await s3.send('PutBucketPolicy', {
      Bucket,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${Bucket}/*`,
        },
      }),
    });
    await s3.send('PutObject', { Bucket, Key: 'k', Body: bodyOf('x') }, { as: anonymous });
    const [pending] = await waiting();
    assert.equal(pending?.event.origin.principalId, 'anonymous');
    assert.equal(pending?.event.origin.requester, undefined);
  });
});
