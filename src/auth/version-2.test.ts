import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import { traitsOf } from '../services/traits.test.support.js';
import { authenticate } from './authenticate.js';
import {
  ACCESS_KEY,
  FakeCredentials,
  type RequestParts,
  requestOf,
  SECRET,
} from './requests.test.support.js';

const at = (text: string) => new ManualClock(Date.parse(text));

const authenticated = (request: HttpRequest, time: string, hostBucket?: string) =>
  authenticate(request, {
    service: traitsOf('s3'),
    credentials: new FakeCredentials(),
    clock: at(time),
    hostBucket,
  });

interface Example extends RequestParts {
  readonly name: string;
  readonly hostBucket?: string;
  readonly date: string;
  readonly signature: string;
}

// Amazon S3 API Reference, "Signing and Authenticating REST Requests", "Authentication examples".
const EXAMPLES: readonly Example[] = [
  {
    name: 'object GET',
    path: '/photos/puppy.jpg',
    hostBucket: 'johnsmith',
    date: 'Tue, 27 Mar 2007 19:36:42 +0000',
    signature: 'bWq2s1WEIj+Ydj0vQ697zp+IXMU=',
  },
  {
    name: 'object GET, the newer bucket name',
    path: '/photos/puppy.jpg',
    hostBucket: 'awsexamplebucket1',
    date: 'Tue, 27 Mar 2007 19:36:42 +0000',
    signature: 'qgk2+6Sv9/oM7G3qLEjTH1a1l1g=',
  },
  {
    name: 'object PUT',
    method: 'PUT',
    path: '/photos/puppy.jpg',
    headers: { 'content-type': 'image/jpeg', 'content-length': '0' },
    hostBucket: 'johnsmith',
    date: 'Tue, 27 Mar 2007 21:15:45 +0000',
    signature: 'MyyxeRY7whkBe+bq8fHCL/2kKUg=',
  },
  {
    name: 'list',
    query: 'prefix=photos&max-keys=50&marker=puppy',
    hostBucket: 'johnsmith',
    date: 'Tue, 27 Mar 2007 19:42:41 +0000',
    signature: 'htDYFYduRNen8P9ZfE/s9SuKy0U=',
  },
  {
    name: 'fetch of a subresource',
    query: 'acl',
    hostBucket: 'johnsmith',
    date: 'Tue, 27 Mar 2007 19:44:46 +0000',
    signature: 'c2WLPFtWHVgbEmeEG93a4cG37dM=',
  },
  {
    name: 'DELETE, path-style, dated by x-amz-date',
    method: 'DELETE',
    path: '/johnsmith/photos/puppy.jpg',
    headers: { 'x-amz-date': 'Tue, 27 Mar 2007 21:20:26 +0000' },
    date: 'Tue, 27 Mar 2007 21:20:27 +0000',
    signature: 'R4dJ53KECjStyBO5iTBJZ4XVOaI=',
  },
  {
    name: 'upload with metadata',
    method: 'PUT',
    path: '/db-backup.dat.gz',
    headers: {
      'x-amz-acl': 'public-read',
      'content-type': 'application/x-download',
      'content-md5': '4gJE4saaMU4BqNR0kLY+lw==',
      'x-amz-meta-reviewedby': 'joe@johnsmith.net,jane@johnsmith.net',
      'x-amz-meta-filechecksum': '0x02661779',
      'x-amz-meta-checksumalgorithm': 'crc32',
      'content-disposition': 'attachment; filename=database.dat',
      'content-encoding': 'gzip',
      'content-length': '5913339',
    },
    hostBucket: 'static.johnsmith.net',
    date: 'Tue, 27 Mar 2007 21:06:08 +0000',
    signature: 'ilyl83RwaSoYIEdixDQcA4OnAnc=',
  },
  {
    name: 'list of all buckets',
    date: 'Wed, 28 Mar 2007 01:29:59 +0000',
    signature: 'qGdzdERIC03wnaRNKh6OqZehG9s=',
  },
  {
    name: 'Unicode keys',
    path: '/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re',
    date: 'Wed, 28 Mar 2007 01:49:49 +0000',
    signature: 'DNEZGsoieTZ92F3bUfSPQcbGmlM=',
  },
];

const signedBy = ({ headers = {}, date, signature, ...parts }: Example) =>
  requestOf({ ...parts, headers: { ...headers, date, authorization: `AWS ${ACCESS_KEY}:${signature}` } });

suite('the examples of the API reference', () => {
  for (const example of EXAMPLES) {
    test(example.name, async () => {
      const { hostBucket, date, signature } = example;
      const found = await authenticated(signedBy(example), date, hostBucket);
      assert.equal(found.caller.accessKeyId, ACCESS_KEY);
      assert.deepEqual([found.signatureVersion, found.region], [2, undefined]);
      const wrong = signedBy({
        ...example,
        signature: signature.replace(/^./, c => (c === 'A' ? 'B' : 'A')),
      });
      await assert.rejects(authenticated(wrong, date, hostBucket), { code: 'SignatureDoesNotMatch' });
      await assert.rejects(authenticated(signedBy({ ...example, method: 'HEAD' }), date, hostBucket), {
        code: 'SignatureDoesNotMatch',
      });
    });
  }

  const URL_QUERY = `AWSAccessKeyId=${ACCESS_KEY}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`;

  test('query string request', async () => {
    const request = requestOf({ path: '/photos/puppy.jpg', query: URL_QUERY });
    const until = new Date(1175139620_000).toISOString();
    const { context, signatureVersion } = await authenticated(request, until, 'johnsmith');
    assert.equal(signatureVersion, 2);
    assert.deepEqual(context, {
      's3:authType': 'REST-QUERY-STRING',
      's3:signatureversion': 'AWS',
      's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    const late = new Date(1175139621_000).toISOString();
    await assert.rejects(authenticated(request, late, 'johnsmith'), (error: ApiError) => {
      assert.deepEqual([error.code, error.message], ['AccessDenied', 'Request has expired']);
      const members = { Expires: '2007-03-29T03:40:20Z', ServerTime: '2007-03-29T03:40:21Z' };
      assert.deepEqual(error.detail.members, members);
      return true;
    });
  });
});

/** A query signed apart from the code that verifies it. */
function presigned(parameters: string, text: string, expires = 1175139620): string {
  const signature = createHmac('sha1', SECRET).update(text).digest('base64');
  const own = `AWSAccessKeyId=${ACCESS_KEY}&Expires=${expires}&Signature=${encodeURIComponent(signature)}`;
  return parameters === '' ? own : `${parameters}&${own}`;
}

const NOW = '2007-03-29T03:00:00Z';
const take = (query: string, more: RequestParts = {}, time = NOW) =>
  authenticated(requestOf({ path: '/b/k', query, ...more }), time);

suite('what a query signs', () => {
  test('overrides of the answer by their decoded values, subresources in order', async () => {
    const text = 'GET\n\n\n1175139620\n/b/k?response-content-type=text/html; x=1&versionId=v1';
    const query = presigned('versionId=v1&response-content-type=text%2Fhtml%3B%20x%3D1', text);
    await take(query);
    await assert.rejects(take(query.replace('v1', 'v2')), { code: 'SignatureDoesNotMatch' });
    await assert.rejects(take(query.replace('html', 'plain')), { code: 'SignatureDoesNotMatch' });
  });

  test('headers that botocore moves into it, the session token among them', async () => {
    const text = 'PUT\nMD5\ntext/plain\n1175139620\nx-amz-meta-a:1\nx-amz-security-token:TOKEN\n/b/k';
    const query = presigned(
      'x-amz-security-token=TOKEN&x-amz-meta-a=1&content-type=text%2Fplain&content-md5=MD5',
      text,
    );
    const put = { method: 'PUT', headers: { 'content-length': '0' } };
    const credentials = new FakeCredentials(ACCESS_KEY, SECRET);
    const options = { service: traitsOf('s3'), credentials, clock: at(NOW) } as const;
    // The key is a long-term one here, which goes with no token: what matters is that the token was looked at.
    await assert.rejects(authenticate(requestOf({ path: '/b/k', query, ...put }), options), {
      code: 'InvalidToken',
    });
    assert.deepEqual(credentials.tokens, ['TOKEN']);
    await assert.rejects(take(query.replace('meta-a=1', 'meta-a=2'), put), { code: 'SignatureDoesNotMatch' });
    await assert.rejects(take(`${query}&x-amz-acl=public-read`, put), { code: 'SignatureDoesNotMatch' });
  });

  // botocore's handlers: "the auth_path must be terminated with a '/' character to generate a signature that s3 will
  // accept".
  test('a bucket alone with a slash behind it', async () => {
    const query = presigned('list-type=2', 'GET\n\n\n1175139620\n/b/');
    for (const path of ['/b', '/b/']) await take(query, { path });
  });

  test('a URL for one operation does not do for another', async () => {
    const query = presigned('', 'GET\n\n\n1175139620\n/b/k');
    await take(query);
    for (const name of [
      'acl',
      'attributes',
      'encryption',
      'legal-hold',
      'retention',
      'tagging',
      'uploadId=1',
    ]) {
      await assert.rejects(take(`${name}&${query}`), { code: 'SignatureDoesNotMatch' }, name);
    }
    await assert.rejects(take(query, { headers: { 'x-amz-acl': 'private' } }), {
      code: 'SignatureDoesNotMatch',
    });
  });
});

suite('refused', () => {
  const OWN = presigned('', 'GET\n\n\n1175139620\n/b/k');
  const signature = 'Signature=x';
  const header = (authorization: string, headers: Record<string, string> = {}) =>
    authenticated(
      requestOf({ headers: { date: 'Thu, 29 Mar 2007 03:00:00 GMT', ...headers, authorization } }),
      NOW,
    );

  test('a query that lacks something', async () => {
    for (const query of [
      `AWSAccessKeyId=${ACCESS_KEY}&${signature}`,
      signature,
      'AWSAccessKeyId=A&Expires=1',
    ]) {
      await assert.rejects(take(query), {
        code: 'AccessDenied',
        message: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
      });
    }
    await assert.rejects(take(`AWSAccessKeyId=A&Expires=soon&${signature}`), {
      code: 'AccessDenied',
      message: 'Invalid date (should be seconds since epoch): soon',
    });
  });

  test('a header that is none', async () => {
    for (const authorization of ['AWS', 'AWS AKIA', 'AWS AKIA:', 'AWS :x', 'AWS A B:c']) {
      await assert.rejects(header(authorization), {
        code: 'InvalidArgument',
        message: 'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature',
      });
    }
  });

  test('no date, and clocks that are far off', async () => {
    // The second as ceph/s3-tests has it, test_object_create_bad_date_before_epoch_aws2.
    for (const date of ['today', 'Tue, 07 Jul 1950 21:53:04 GMT'])
      await assert.rejects(header('AWS AKIA:x', { date }), {
        code: 'AccessDenied',
        message: 'AWS authentication requires a valid Date or x-amz-date header',
      });
    for (const [date, code] of [
      ['Thu, 29 Mar 2007 02:44:59 GMT', 'RequestTimeTooSkewed'],
      ['Thu, 29 Mar 2007 03:15:01 GMT', 'RequestTimeTooSkewed'],
      ['Thu, 29 Mar 2007 02:45:01 GMT', 'SignatureDoesNotMatch'],
    ] as const) {
      await assert.rejects(header(`AWS ${ACCESS_KEY}:x`, { date }), { code });
    }
    // x-amz-date goes before Date.
    const past = { 'x-amz-date': 'Wed, 28 Mar 2007 03:00:00 GMT' };
    await assert.rejects(header(`AWS ${ACCESS_KEY}:x`, past), { code: 'RequestTimeTooSkewed' });
  });

  test('two signatures at once', async () => {
    const four = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0';
    const authorization = `AWS ${ACCESS_KEY}:x`;
    for (const [query, headers] of [
      [`${OWN}&${four}`, {}],
      [OWN, { authorization }],
      [OWN, { authorization: 'AWS4-HMAC-SHA256 Credential=a' }],
      [four, { authorization, date: 'Thu, 29 Mar 2007 03:00:00 GMT' }],
    ] as const) {
      await assert.rejects(take(query, { headers }), { code: 'InvalidArgument' });
    }
  });

  test('an unknown key, and chunks that would be signed', async () => {
    await assert.rejects(take(OWN.replace(ACCESS_KEY, 'AKIANOBODY')), { code: 'InvalidAccessKeyId' });
    const headers = {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '1',
    };
    await assert.rejects(take(OWN, { method: 'PUT', headers }), { code: 'InvalidRequest' });
  });

  test('every other service', async () => {
    for (const service of ['sts', 'iam', 'kms', 'organizations', 'karikagi'] as const) {
      for (const request of [
        requestOf({ query: OWN }),
        requestOf({
          headers: { date: 'Thu, 29 Mar 2007 03:00:00 GMT', authorization: `AWS ${ACCESS_KEY}:x` },
        }),
      ]) {
        const options = { service: traitsOf(service), credentials: new FakeCredentials(), clock: at(NOW) };
        await assert.rejects(authenticate(request, options), { code: /^IncompleteSignature/ });
      }
    }
  });
});
