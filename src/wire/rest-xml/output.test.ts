import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../../core/errors.js';
import { operation, wire } from './wire.test.support.js';

suite('S3 replies', () => {
  const ids = { 'x-amz-request-id': 'REQ', 'x-amz-id-2': 'UkVR', server: 'AmazonS3' };
  const xml = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

  // LocalStack's test_response_structure: what clients read in order comes before what it is about.
  test('a listing', () => {
    const reply = operation('GET', '/b?list-type=2').encode(
      {
        Name: 'b',
        Prefix: '',
        IsTruncated: false,
        KeyCount: 1,
        Contents: [{ Key: 'a\u0001\r<', LastModified: new Date(1e12), ETag: '"e"', Size: 0 }],
        CommonPrefixes: [{ Prefix: 'p/' }, { Prefix: 'q/' }],
        RequestCharged: 'requester',
      },
      'REQ',
    );
    assert.deepEqual(reply.headers, {
      ...ids,
      'x-amz-request-charged': 'requester',
      'content-type': 'application/xml',
    });
    assert.equal(
      reply.body,
      `${xml}<ListBucketResult ${xmlns}><Name>b</Name><Prefix></Prefix><KeyCount>1</KeyCount>` +
        '<IsTruncated>false</IsTruncated>' +
        '<Contents><Key>a&#x1;&#xD;&lt;</Key><LastModified>2001-09-09T01:46:40.000Z</LastModified>' +
        '<ETag>&quot;e&quot;</ETag><Size>0</Size></Contents>' +
        '<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>' +
        '</ListBucketResult>',
    );
  });

  test("a bucket's location is the content of its root", () => {
    const location = operation('GET', '/b?location');
    assert.equal(
      location.encode({ LocationConstraint: 'eu-west-1' }, 'REQ').body,
      `${xml}<LocationConstraint ${xmlns}>eu-west-1</LocationConstraint>`,
    );
    assert.equal(location.encode({}, 'REQ').body, `${xml}<LocationConstraint ${xmlns}/>`);
  });

  test("a bucket's policy is JSON as it stands", () => {
    const reply = operation('GET', '/b?policy').encode({ Policy: '{"Statement": []}' }, 'REQ');
    assert.deepEqual(reply, {
      status: 200,
      headers: { ...ids, 'content-type': 'application/json' },
      body: '{"Statement": []}',
    });
  });

  // LocalStack's recordings of AWS, test_create_bucket_head_bucket.
  test('a bucket that is there has the type of a document', () => {
    const { headers, body } = operation('HEAD', '/b').encode({ BucketRegion: 'eu-west-1' }, 'REQ');
    assert.deepEqual(headers, {
      ...ids,
      'x-amz-bucket-region': 'eu-west-1',
      'content-type': 'application/xml',
    });
    assert.equal(body, undefined);
  });

  test('nothing to tell', () => {
    const reply = operation('DELETE', '/b').encode(undefined, 'REQ');
    assert.deepEqual(reply, { status: 204, headers: ids, body: undefined });
  });

  test('an object: its headers, its stream', () => {
    const body = { async *[Symbol.asyncIterator]() {} };
    const reply = operation('GET', '/b/k').encode(
      {
        Body: body,
        ContentLength: 3,
        ContentType: 'text/plain',
        ETag: '"e"',
        LastModified: new Date(1e12),
        ExpiresString: 'never',
        Expires: new Date(0),
        ContentDisposition: 'attachment; filename="鍵\n"',
        Metadata: { Plain: 'x', kana: '鍵', words: '=?x' },
        DeleteMarker: undefined,
        TagCount: 0,
      },
      'REQ',
    );
    assert.equal(reply.status, 200);
    assert.equal(reply.body, body);
    assert.deepEqual(reply.headers, {
      ...ids,
      'content-length': '3',
      'content-type': 'text/plain',
      etag: '"e"',
      'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT',
      expires: 'never',
      'content-disposition': 'attachment; filename="\xe9\x8d\xb5 "',
      'x-amz-meta-plain': 'x',
      'x-amz-meta-kana': '=?UTF-8?Q?=E9=8D=B5?=',
      'x-amz-meta-words': '=?x',
      'x-amz-tagging-count': '0',
    });
  });

  test('a part of an object', () => {
    const reply = operation('HEAD', '/b/k').encode({ ContentRange: 'bytes 0-0/3', ContentLength: 1 }, 'REQ');
    assert.equal(reply.status, 206);
  });

  test('an error', () => {
    const error = new ApiError('NoSuchKey', 404, 'The specified key does not exist.', {
      members: { Key: 'a&b' },
      headers: { 'x-amz-delete-marker': 'true' },
      reason: 'for the log alone',
    });
    assert.deepEqual(wire.encodeError(error, { requestId: 'REQ', path: '/b/a%26b', head: false }), {
      status: 404,
      headers: { ...ids, 'x-amz-delete-marker': 'true', 'content-type': 'application/xml' },
      body:
        `${xml}<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key>` +
        '<RequestId>REQ</RequestId><HostId>UkVR</HostId></Error>',
    });
  });

  test('an error without a body: HEAD, Not Modified', () => {
    const gone = wire.encodeError(new ApiError('NoSuchKey', 404, 'm'), {
      requestId: 'REQ',
      path: '/',
      head: true,
    });
    assert.deepEqual(gone, { status: 404, headers: ids });
    const same = wire.encodeError(new ApiError('NotModified', 304, 'm', { headers: { etag: '"e"' } }), {
      requestId: 'REQ',
      path: '/',
      head: false,
    });
    assert.deepEqual(same, { status: 304, headers: { ...ids, etag: '"e"' } });
  });
});
