import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { ApiError } from '../../errors.js';
import type { HttpRequest } from '../../message.js';
import { s3 } from '../../models/s3.js';
import { restXmlService } from './service.js';

const wire = restXmlService({
  id: 's3',
  sdk,
  xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
  constraints: s3,
});

function requestOf(method: string, url: string, headers: Record<string, string> = {}): HttpRequest {
  const [path, query = ''] = url.split('?') as [string, string?];
  return { method, path, query, headers: new Map(Object.entries(headers)), body: undefined as never };
}

function read(method: string, url: string, headers: Record<string, string> = {}, body = '') {
  const request = requestOf(method, url, headers);
  const recognised = wire.recognise(request, undefined);
  const input = recognised.operation.decode(request, recognised, Buffer.from(body)) as Record<
    string,
    unknown
  >;
  return { name: recognised.operation.name, input };
}

const operation = (method: string, url: string, headers?: Record<string, string>) =>
  wire.recognise(requestOf(method, url, headers), undefined).operation;

function refusal(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  return assert.fail('nothing was refused');
}

const copy = { 'x-amz-copy-source': '/b/k' };

// No request here says x-id, which only the SDKs send.
const routes: [method: string, url: string, operation: string, headers?: Record<string, string>][] = [
  ['GET', '/', 'ListBuckets'],
  ['GET', '/?max-buckets=1', 'ListBuckets'],
  ['GET', '/b', 'ListObjects'],
  ['GET', '/b?prefix=p&foo=bar', 'ListObjects'],
  ['GET', '/b?list-type=2', 'ListObjectsV2'],
  ['GET', '/b?list-type=1', 'ListObjects'],
  ['GET', '/b?session', 'ListObjects'],
  ['GET', '/b?Versioning', 'ListObjects'],
  ['GET', '/b?versioning', 'GetBucketVersioning'],
  ['GET', '/b?versioning=', 'GetBucketVersioning'],
  ['GET', '/b?versioning=1', 'GetBucketVersioning'],
  ['GET', '/b?versions', 'ListObjectVersions'],
  ['GET', '/b?uploads', 'ListMultipartUploads'],
  ['GET', '/b?analytics', 'ListBucketAnalyticsConfigurations'],
  ['GET', '/b?analytics&id=x', 'GetBucketAnalyticsConfiguration'],
  ['HEAD', '/b', 'HeadBucket'],
  ['PUT', '/b', 'CreateBucket'],
  ['PUT', '/b?policy', 'PutBucketPolicy'],
  ['DELETE', '/b', 'DeleteBucket'],
  ['POST', '/b?delete', 'DeleteObjects'],
  ['GET', '/b/k', 'GetObject'],
  ['GET', '/b/k?partNumber=1', 'GetObject'],
  ['GET', '/b/k?uploadId=u', 'ListParts'],
  ['GET', '/b/k?attributes', 'GetObjectAttributes'],
  ['GET', '/b/k?versionId=v&tagging', 'GetObjectTagging'],
  ['HEAD', '/b/k', 'HeadObject'],
  ['PUT', '/b/k', 'PutObject'],
  ['PUT', '/b/k', 'CopyObject', copy],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', copy],
  ['PUT', '/b/k?tagging', 'PutObjectTagging'],
  ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
  ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
  ['POST', '/b/k?restore', 'RestoreObject'],
  ['DELETE', '/b/k', 'DeleteObject'],
  ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
  ['DELETE', '/b/k?tagging', 'DeleteObjectTagging'],
  ['PUT', '/b/k?X-Amz-Signature=s&x-amz-copy-source=%2Fb%2Fk', 'CopyObject'],
];

suite('S3 routes', () => {
  for (const [method, url, name, headers] of routes) {
    test(`${method} ${url}${headers ? ' with a source' : ''}`, () => {
      assert.equal(operation(method, url, headers).name, name);
    });
  }

  const refused: [
    method: string,
    url: string,
    code: string,
    status: number,
    members: Record<string, string>,
  ][] = [
    ['POST', '/b', 'MethodNotAllowed', 405, { Method: 'POST', ResourceType: 'BUCKET' }],
    ['PATCH', '/b/k', 'MethodNotAllowed', 405, { Method: 'PATCH', ResourceType: 'OBJECT' }],
    ['DELETE', '/', 'MethodNotAllowed', 405, { Method: 'DELETE', ResourceType: 'SERVICE' }],
    ['POST', '/b?policy', 'MethodNotAllowed', 405, { Method: 'POST', ResourceType: 'BUCKETPOLICY' }],
    ['PUT', '/b?versions', 'MethodNotAllowed', 405, { Method: 'PUT', ResourceType: 'BUCKETVERSIONS' }],
    ['HEAD', '/b?acl', 'MethodNotAllowed', 405, { Method: 'HEAD', ResourceType: 'ACL' }],
    ['PUT', '/b/k?policy', 'MethodNotAllowed', 405, { Method: 'PUT', ResourceType: 'BUCKETPOLICY' }],
    ['PUT', '/b/k?uploadId=u', 'MethodNotAllowed', 405, { Method: 'PUT', ResourceType: 'UPLOAD' }],
    [
      'GET',
      '/b?versioning&acl',
      'InvalidArgument',
      400,
      { ArgumentName: 'ResourceType', ArgumentValue: 'acl' },
    ],
    [
      'GET',
      '/b/k?uploads&uploadId=u',
      'InvalidArgument',
      400,
      { ArgumentName: 'ResourceType', ArgumentValue: 'uploadId' },
    ],
    ['GET', '/b?partNumber=1', 'InvalidRequest', 400, {}],
    ['GET', '/b?uploadId=u', 'InvalidRequest', 400, {}],
    ['GET', '/b?versionId=v', 'InvalidArgument', 400, { ArgumentName: 'versionId', ArgumentValue: 'v' }],
    ['GET', '/b?continuation-token=t', 'InvalidArgument', 400, { ArgumentName: 'continuation-token' }],
    ['GET', '/b?start-after=t', 'InvalidArgument', 400, { ArgumentName: 'start-after' }],
    ['GET', '/b?list-type=2&marker=', 'InvalidArgument', 400, { ArgumentName: 'marker' }],
    ['GET', '/b?prefix=%', 'InvalidURI', 400, { URI: '?prefix=%' }],
    ['GET', '/b?prefix=%ff', 'InvalidURI', 400, { URI: '?prefix=%ff' }],
  ];
  for (const [method, url, code, status, members] of refused) {
    test(`refuses ${method} ${url}`, () => {
      const error = refusal(() => operation(method, url));
      assert.deepEqual([error.code, error.status], [code, status]);
      assert.deepEqual(error.detail.members ?? {}, members);
    });
  }

  test('the methods that there are', () => {
    assert.equal(refusal(() => operation('POST', '/b?policy')).detail.headers?.['allow'], 'GET, PUT, DELETE');
    assert.equal(
      refusal(() => operation('PATCH', '/b/k')).detail.headers?.['allow'],
      'GET, HEAD, PUT, DELETE',
    );
  });

  test('only uploads stream', () => {
    assert.equal(operation('PUT', '/b/k').streamsInput, true);
    assert.equal(operation('PUT', '/b/k?partNumber=1&uploadId=u').streamsInput, true);
    assert.equal(operation('POST', '/b?delete').streamsInput, false);
    assert.equal(operation('PUT', '/b?policy').streamsInput, false);
  });
});

suite('S3 arguments', () => {
  test('of the query', () => {
    const { input } = read(
      'GET',
      '/b?list-type=2&prefix=a+b%2F%2B&max-keys=007&fetch-owner=TRUE&encoding-type=URL',
    );
    assert.deepEqual(input, {
      Bucket: 'b',
      Prefix: 'a b/+',
      MaxKeys: 7,
      FetchOwner: true,
      EncodingType: 'URL',
    });
  });

  test('of the query, empty or twice', () => {
    const { input } = read('GET', '/b?max-keys=&prefix=a&prefix=b&delimiter');
    assert.deepEqual(input, { Bucket: 'b', Prefix: 'a', Delimiter: '' });
  });

  test('of the headers', () => {
    const { input } = read('GET', '/b/k', {
      range: 'bytes=0-9',
      'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT',
      'if-unmodified-since': 'yesterday',
      'x-amz-checksum-mode': 'ENABLED',
    });
    assert.deepEqual(input, {
      Bucket: 'b',
      Key: 'k',
      Range: 'bytes=0-9',
      IfModifiedSince: new Date('1994-11-06T08:49:37Z'),
      ChecksumMode: 'ENABLED',
    });
  });

  test('lists of the headers', () => {
    const { input } = read('GET', '/b/k?attributes', { 'x-amz-object-attributes': 'ETag, ObjectSize' });
    assert.deepEqual(input['ObjectAttributes'], ['ETag', 'ObjectSize']);
  });

  test('headers that a presigned URL carries as parameters', () => {
    const url = '/b/k?X-Amz-Signature=s&X-Amz-Acl=private&x-amz-meta-a=1&x-amz-storage-class=STANDARD';
    const { input } = read('PUT', url, { 'x-amz-storage-class': 'GLACIER' });
    assert.equal(input['ACL'], 'private');
    assert.equal(input['StorageClass'], 'GLACIER');
    assert.deepEqual(input['Metadata'], { a: '1' });
    assert.equal(read('PUT', '/b/k?x-amz-acl=private').input['ACL'], undefined);
  });

  test('metadata: RFC 2047 is decoded, Latin-1 stands, any name is a name', () => {
    const { input } = read('PUT', '/b/k', {
      'x-amz-meta-q': '=?UTF-8?Q?caf=C3=A9_1?=',
      'x-amz-meta-b': '=?utf-8?b?6Y21?= =?UTF-8?B?4pyT?= x',
      'x-amz-meta-broken': '=?UTF-8?B?/w==?=',
      'x-amz-meta-latin': 'caf\xe9',
      'x-amz-meta-__proto__': 'p',
      'x-amz-meta-': 'nameless',
    });
    assert.deepEqual(Object.entries(input['Metadata'] as object), [
      ['q', 'café 1'],
      ['b', '鍵✓ x'],
      ['broken', '=?UTF-8?B?/w==?='],
      ['latin', 'caf\xe9'],
      ['__proto__', 'p'],
    ]);
  });

  test('aws-chunked is no encoding of the object', () => {
    const encoding = (value: string) =>
      read('PUT', '/b/k', { 'content-encoding': value }).input['ContentEncoding'];
    assert.equal(encoding('aws-chunked'), undefined);
    assert.equal(encoding('gzip, AWS-chunked'), 'gzip');
    assert.equal(encoding('gzip'), 'gzip');
  });

  test('Expires is kept as it was sent', () => {
    const { input } = read('PUT', '/b/k', { expires: '0' });
    assert.equal(input['ExpiresString'], '0');
    assert.equal('Expires' in input, false);
  });

  test('the length of an upload is that of its body, not that of its chunks', () => {
    const request = requestOf('PUT', '/b/k', { 'content-length': '999' });
    const recognised = wire.recognise(request, undefined);
    const body = { length: 5, trailers: new Map(), async *[Symbol.asyncIterator]() {} };
    const input = recognised.operation.decode(request, recognised, body) as Record<string, unknown>;
    assert.equal(input['Body'], body);
    assert.equal(input['ContentLength'], 5);
  });

  type Refused = [
    url: string,
    headers: Record<string, string>,
    code: string,
    message: string | RegExp,
    name?: string,
  ];
  const refused: Refused[] = [
    [
      '/b?max-keys=x',
      {},
      'InvalidArgument',
      'Provided max-keys not an integer or within integer range',
      'max-keys',
    ],
    [
      '/b?max-keys=+1',
      {},
      'InvalidArgument',
      'Provided max-keys not an integer or within integer range',
      'max-keys',
    ],
    [
      '/b?max-keys=2147483648',
      {},
      'InvalidArgument',
      'Provided max-keys not an integer or within integer range',
      'max-keys',
    ],
    [
      '/b?max-keys=-01',
      {},
      'InvalidArgument',
      'Argument maxKeys must be an integer between 0 and 2147483647',
      'maxKeys',
    ],
    [
      '/?max-buckets=0',
      {},
      'InvalidArgument',
      'Argument max-buckets must be an integer between 1 and 10000',
      'max-buckets',
    ],
    [
      '/b/k?partNumber=0',
      {},
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
    ],
    [
      '/b/k?partNumber=10001',
      {},
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
    ],
    [
      '/b?encoding-type=xml',
      {},
      'InvalidArgument',
      'Invalid Encoding Method specified in Request',
      'encoding-type',
    ],
    [
      '/b/k?response-content-type=%E9%8D%B5',
      {},
      'InvalidArgument',
      'Header value cannot be represented using ISO-8859-1.',
      'response-content-type',
    ],
    [
      '/b/k?response-content-type=a%0D%0Ab:c',
      {},
      'InvalidArgument',
      'Header value cannot be represented using ISO-8859-1.',
      'response-content-type',
    ],
    [
      '/b/k?attributes',
      { 'x-amz-object-attributes': 'ETag,Foo' },
      'InvalidArgument',
      'Invalid attribute name specified.',
      'x-amz-object-attributes',
    ],
  ];
  for (const [url, headers, code, message, name] of refused) {
    test(`refuses ${url}`, () => {
      const error = refusal(() => read('GET', url, headers));
      assert.deepEqual([error.code, error.status, error.message], [code, 400, message]);
      assert.equal(error.detail.members?.['ArgumentName'], name);
    });
  }

  const refusedHeaders: [header: string, value: string, code: string][] = [
    ['x-amz-acl', 'mine', 'InvalidArgument'],
    ['x-amz-storage-class', 'COLD', 'InvalidStorageClass'],
    ['x-amz-server-side-encryption', 'ROT13', 'InvalidArgument'],
    ['x-amz-sdk-checksum-algorithm', 'CRC8', 'InvalidRequest'],
    ['x-amz-object-lock-mode', 'SOFT', 'InvalidArgument'],
    ['x-amz-object-lock-retain-until-date', 'tomorrow', 'InvalidArgument'],
    ['x-amz-server-side-encryption-bucket-key-enabled', 'maybe', 'InvalidArgument'],
    ['x-amz-write-offset-bytes', '1e3', 'InvalidArgument'],
  ];
  for (const [header, value, code] of refusedHeaders) {
    test(`refuses ${header}: ${value}`, () => {
      assert.equal(refusal(() => read('PUT', '/b/k', { [header]: value })).code, code);
    });
  }
});

suite('S3 documents', () => {
  test('in the namespace, without it, and in another with a prefix', () => {
    for (const xmlns of [' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', '', ' xmlns="urn:x"']) {
      const { input } = read(
        'PUT',
        '/b?versioning',
        {},
        `<VersioningConfiguration${xmlns}><Status>Enabled</Status></VersioningConfiguration>`,
      );
      assert.deepEqual(input['VersioningConfiguration'], { Status: 'Enabled' });
    }
    const prefixed =
      '<s:VersioningConfiguration xmlns:s="urn:x"><s:Status>Enabled</s:Status></s:VersioningConfiguration>';
    assert.deepEqual(read('PUT', '/b?versioning', {}, prefixed).input['VersioningConfiguration'], {
      Status: 'Enabled',
    });
  });

  test('keys keep their white space and their control characters', () => {
    const xml =
      '<Delete>\n <Object>\n  <Key> a&#x1;&amp;b\n</Key></Object>\n <Quiet> true </Quiet>\n</Delete>';
    assert.deepEqual(read('POST', '/b?delete', {}, xml).input['Delete'], {
      Objects: [{ Key: ' a\u0001&b\n' }],
      Quiet: true,
    });
  });

  test('a grantee with its type in an attribute, under any prefix', () => {
    const acl = (attributes: string) =>
      read(
        'PUT',
        '/b?acl',
        {},
        `<AccessControlPolicy><AccessControlList><Grant><Grantee ${attributes}><ID>i</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`,
      ).input['AccessControlPolicy'];
    const expected = { Grants: [{ Grantee: { Type: 'CanonicalUser', ID: 'i' }, Permission: 'READ' }] };
    const xsi = 'http://www.w3.org/2001/XMLSchema-instance';
    assert.deepEqual(acl(`xmlns:xsi="${xsi}" xsi:type="CanonicalUser"`), expected);
    assert.deepEqual(acl(`xmlns:q="${xsi}" q:type="CanonicalUser"`), expected);
  });

  test('unknown elements are ignored, but not in Delete', () => {
    const lifecycle =
      '<LifecycleConfiguration><New/><Rule><Status>Enabled</Status><New>1</New></Rule></LifecycleConfiguration>';
    assert.deepEqual(read('PUT', '/b?lifecycle', {}, lifecycle).input['LifecycleConfiguration'], {
      Rules: [{ Status: 'Enabled' }],
    });
  });

  test('a policy is text', () => {
    assert.equal(read('PUT', '/b?policy', {}, '{"鍵": 1}').input['Policy'], '{"鍵": 1}');
  });

  test('no document where none is needed', () => {
    assert.deepEqual(read('PUT', '/b').input, { Bucket: 'b' });
    assert.deepEqual(read('PUT', '/b?acl', { 'x-amz-acl': 'private' }).input, {
      Bucket: 'b',
      ACL: 'private',
    });
  });

  const malformed: [url: string, xml: string][] = [
    ['PUT /b?versioning', '<VersioningConfiguration>'],
    ['PUT /b?versioning', '<Versioning/>'],
    ['PUT /b?versioning', '{}'],
    ['PUT /b?versioning', '<VersioningConfiguration><Status>On</Status></VersioningConfiguration>'],
    ['PUT /b?versioning', '<VersioningConfiguration><Status><x/></Status></VersioningConfiguration>'],
    [
      'PUT /b?versioning',
      '<VersioningConfiguration><Status>Enabled</Status><Status>Enabled</Status></VersioningConfiguration>',
    ],
    ['PUT /b?tagging', '<Tagging/>'],
    ['PUT /b?tagging', '<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>'],
    ['POST /b?delete', '<Delete/>'],
    ['POST /b?delete', '<Delete><Object/></Delete>'],
    ['POST /b?delete', '<Delete><Object><Key>k</Key></Object><Force>true</Force></Delete>'],
    ['POST /b?delete', '<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>'],
    [
      'POST /b?delete',
      '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    ],
    [
      'POST /b/k?uploadId=u',
      '<CompleteMultipartUpload><Part><PartNumber>one</PartNumber></Part></CompleteMultipartUpload>',
    ],
    [
      'PUT /b?lifecycle',
      '<LifecycleConfiguration><Rule><Status>Enabled</Status><Transition><Date>soon</Date></Transition></Rule></LifecycleConfiguration>',
    ],
    [
      'PUT /b?publicAccessBlock',
      '<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>',
    ],
  ];
  for (const [line, xml] of malformed) {
    test(`refuses ${line} ${xml.slice(0, 90)}`, () => {
      const [method, url] = line.split(' ') as [string, string];
      const error = refusal(() => read(method, url, {}, xml));
      assert.deepEqual([error.code, error.status], ['MalformedXML', 400]);
      assert.equal(
        error.message,
        'The XML you provided was not well-formed or did not validate against our published schema',
      );
    });
  }

  test('refuses an empty body where a document is needed', () => {
    assert.equal(refusal(() => read('POST', '/b?delete')).code, 'MissingRequestBodyError');
    assert.equal(refusal(() => read('PUT', '/b?policy')).code, 'MissingRequestBodyError');
  });
});

suite('S3 replies', () => {
  const ids = { 'x-amz-request-id': 'REQ', 'x-amz-id-2': 'UkVR' };
  const xml = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

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
      `${xml}<ListBucketResult ${xmlns}><IsTruncated>false</IsTruncated>` +
        '<Contents><Key>a&#x1;&#xD;&lt;</Key><LastModified>2001-09-09T01:46:40.000Z</LastModified>' +
        '<ETag>&quot;e&quot;</ETag><Size>0</Size></Contents><Name>b</Name><Prefix></Prefix>' +
        '<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>' +
        '<KeyCount>1</KeyCount></ListBucketResult>',
    );
  });

  test("a bucket's location is the content of its root", () => {
    const location = operation('GET', '/b?location');
    assert.equal(
      location.encode({ LocationConstraint: 'eu-west-1' }, 'REQ').body,
      `${xml}<LocationConstraint ${xmlns}>eu-west-1</LocationConstraint>`,
    );
    assert.equal(location.encode({}, 'REQ').body, `${xml}<LocationConstraint ${xmlns}></LocationConstraint>`);
  });

  test("a bucket's policy is JSON as it stands", () => {
    const reply = operation('GET', '/b?policy').encode({ Policy: '{"Statement": []}' }, 'REQ');
    assert.deepEqual(reply, {
      status: 200,
      headers: { ...ids, 'content-type': 'application/json' },
      body: '{"Statement": []}',
    });
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
      'x-amz-meta-kana': '=?UTF-8?B?6Y21?=',
      'x-amz-meta-words': '=?UTF-8?B?PT94?=',
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
        '<Resource>/b/a%26b</Resource><RequestId>REQ</RequestId><HostId>UkVR</HostId></Error>',
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
