import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { operation, refusal } from './wire.test.support.js';

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
    [
      'POST',
      '/b',
      'PreconditionFailed',
      412,
      { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
    ],
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
    ['PUT', '/b/k?partNumber=1', 'InvalidArgument', 400, { ArgumentName: 'partNumber', ArgumentValue: '1' }],
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
