import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CredentialLookup } from '../core/caller.js';
import { ManualClock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceId } from '../core/operation.js';
import { traitsOf } from '../services/traits.test.support.js';
import { authenticate } from './authenticate.js';
import {
  EXAMPLE_TIME,
  FakeCredentials,
  read,
  requestOf,
  SECRET,
  signedBySecret,
  USER,
} from './requests.test.support.js';

interface Case {
  readonly name: string;
  readonly request: HttpRequest;
  readonly service?: ServiceId;
  /** Seconds after the example's time. */
  readonly later?: number;
  readonly found?: CredentialLookup;
  readonly expect: readonly [code: string, status: number, message: string | RegExp];
  readonly members?: Readonly<Record<string, string>>;
}

const session = (headers: Record<string, string> = {}) =>
  signedBySecret({ headers: { 'x-amz-security-token': 'TOKEN', ...headers } });

const withAuthorization = (authorization: string) =>
  requestOf({
    headers: { host: 'h', 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': 'x', authorization },
  });

const presignedWith = (changes: Record<string, string | undefined>, headers: Record<string, string> = {}) => {
  const parameters: Record<string, string | undefined> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
    'X-Amz-Date': '20130524T000000Z',
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    ...changes,
  };
  return requestOf({
    path: '/test.txt',
    query: Object.entries(parameters)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
      .join('&'),
    headers: { host: 'examplebucket.s3.amazonaws.com', ...headers },
  });
};

const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const MALFORMED = 'The authorization header is malformed; ';
const NOT_SUPPORTED =
  'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.';
const INVALID_TOKEN = 'The security token included in the request is invalid.';

// Texts: Amazon S3 API Reference, "Error responses"; AWS General Reference, "Troubleshoot Signature Version 4
// signing"; AWS STS and AWS KMS API References, "Common Errors".
const CASES: readonly Case[] = [
  {
    name: 'S3: unknown access key',
    request: signedBySecret({ accessKeyId: 'AKIAUNKNOWN' }),
    expect: ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
    members: { AWSAccessKeyId: 'AKIAUNKNOWN' },
  },
  {
    name: 'S3: wrong secret',
    request: signedBySecret(),
    found: { found: 'valid', secretAccessKey: 'other', caller: USER },
    expect: [
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    ],
  },
  {
    name: 'S3: token that is not ours',
    request: session(),
    found: { found: 'none', why: 'token', reason: 'not sealed here' },
    expect: ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
    members: { 'Token-0': 'TOKEN' },
  },
  {
    name: 'S3: session key without its token',
    request: signedBySecret(),
    found: { found: 'none', why: 'token', reason: 'no token' },
    expect: ['InvalidAccessKeyId', 403, /does not exist in our records/],
  },
  {
    name: 'S3: expired session',
    request: session(),
    found: { found: 'expired', secretAccessKey: SECRET },
    expect: ['ExpiredToken', 400, 'The provided token has expired.'],
    members: { 'Token-0': 'TOKEN' },
  },
  {
    name: 'S3: expired session with a wrong signature says nothing of the session',
    request: session(),
    found: { found: 'expired', secretAccessKey: 'other' },
    expect: ['SignatureDoesNotMatch', 403, /does not match/],
  },
  {
    name: 'S3: revoked session',
    request: session(),
    found: { found: 'none', why: 'revoked', reason: 'ended' },
    expect: ['ExpiredToken', 400, 'The provided token has expired.'],
  },
  {
    name: 'S3: a token with a long-term key',
    request: session(),
    expect: ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  },
  {
    name: 'S3: clock 15 minutes behind is fine, a second more is not',
    request: signedBySecret(),
    later: 901,
    expect: [
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    ],
    members: {
      RequestTime: '20130524T000000Z',
      ServerTime: '2013-05-24T00:15:01Z',
      MaxAllowedSkewMilliseconds: '900000',
    },
  },
  {
    name: 'S3: clock ahead',
    request: signedBySecret(),
    later: -901,
    expect: ['RequestTimeTooSkewed', 403, /too large/],
  },
  {
    name: 'S3: unsigned x-amz- header',
    request: (() => {
      const request = signedBySecret();
      return { ...request, headers: new Map([...request.headers, ['x-amz-acl', 'private']]) };
    })(),
    expect: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
    members: { HeadersNotSigned: 'x-amz-acl' },
  },
  // LocalStack's recordings of AWS, test_put_object_with_md5_and_chunk_signature_bad_headers.
  {
    name: 'S3: the hash of the payload is not named among other unsigned headers',
    request: signedBySecret({ signedHeaders: 'host' }),
    expect: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
    members: { HeadersNotSigned: 'x-amz-date' },
  },
  {
    name: 'S3: host not signed',
    request: signedBySecret({ signedHeaders: 'x-amz-content-sha256;x-amz-date' }),
    expect: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
    members: { HeadersNotSigned: 'host' },
  },
  {
    name: 'S3: scope of another service',
    request: signedBySecret({ service: 'sts' }),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}incorrect service "sts". This endpoint belongs to "s3".`,
    ],
  },
  {
    name: 'S3: scope of another day',
    request: signedBySecret({ date: '20130525' }),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}Invalid credential date. Date is not the same as X-Amz-Date.`,
    ],
  },
  {
    name: 'S3: scope date that is none',
    request: signedBySecret({ date: 'today' }),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}incorrect date format "today". This date in the credential must be in the format "yyyyMMdd".`,
    ],
  },
  {
    name: 'S3: wrong terminator',
    request: signedBySecret({ terminator: 'aws5_request' }),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}incorrect terminal "aws5_request". This endpoint uses "aws4_request".`,
    ],
  },
  {
    name: 'S3: credential with too few parts',
    request: withAuthorization(
      'AWS4-HMAC-SHA256 Credential=AKID/20130524/s3, SignedHeaders=host, Signature=0',
    ),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
    ],
  },
  {
    name: 'S3: component without equals sign',
    request: withAuthorization(`AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders`),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}the authorization component "SignedHeaders" is malformed.`,
    ],
  },
  {
    name: 'S3: one component missing',
    request: withAuthorization(`AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host`),
    expect: ['AuthorizationHeaderMalformed', 400, `${MALFORMED}missing Signature.`],
  },
  {
    name: 'S3: several components missing',
    request: withAuthorization(`AWS4-HMAC-SHA256 Credential=${CREDENTIAL}`),
    expect: [
      'AuthorizationHeaderMalformed',
      400,
      `${MALFORMED}the authorization header requires three components: Credential, SignedHeaders, and Signature.`,
    ],
  },
  {
    name: 'S3: no date',
    request: requestOf({
      headers: {
        host: 'h',
        authorization: `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host, Signature=0`,
      },
    }),
    expect: ['AccessDenied', 403, 'AWS authentication requires a valid Date or x-amz-date header'],
  },
  {
    name: 'S3: a date that is none',
    request: signedBySecret({ timestamp: '20131324T000000Z' }),
    expect: ['AccessDenied', 403, 'AWS authentication requires a valid Date or x-amz-date header'],
  },
  {
    name: 'S3: signature version 4A',
    request: withAuthorization('AWS4-ECDSA-P256-SHA256 Credential=AKIA/20130524/s3/aws4_request'),
    expect: ['InvalidRequest', 400, NOT_SUPPORTED],
  },
  {
    name: 'S3: another scheme',
    request: withAuthorization('Bearer abc'),
    expect: ['InvalidArgument', 400, 'Unsupported Authorization Type'],
    members: { ArgumentName: 'Authorization', ArgumentValue: 'Bearer abc' },
  },
  {
    name: 'S3: signed twice',
    request: presignedWith({}, { authorization: 'AWS4-HMAC-SHA256 x' }),
    expect: ['InvalidArgument', 400, /^Only one auth mechanism allowed/],
  },
  {
    name: 'S3: no x-amz-content-sha256',
    request: (() => {
      const request = signedBySecret({ signedHeaders: 'host;x-amz-date' });
      const headers = new Map(request.headers);
      headers.delete('x-amz-content-sha256');
      return { ...request, headers };
    })(),
    expect: ['InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256'],
  },
  {
    name: 'S3: x-amz-content-sha256 that is none of its values',
    request: signedBySecret({ headers: { 'x-amz-content-sha256': 'abc' } }),
    expect: ['InvalidArgument', 400, /^x-amz-content-sha256 must be UNSIGNED-PAYLOAD, /],
    members: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: 'abc' },
  },
  {
    name: 'S3 presigned: parameter missing',
    request: presignedWith({ 'X-Amz-Expires': undefined }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ],
  },
  {
    name: 'S3 presigned: another algorithm',
    request: presignedWith({ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
    ],
  },
  {
    name: 'S3 presigned: more than a week',
    request: presignedWith({ 'X-Amz-Expires': '604801' }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    ],
  },
  {
    name: 'S3 presigned: negative',
    request: presignedWith({ 'X-Amz-Expires': '-1' }),
    expect: ['AuthorizationQueryParametersError', 400, 'X-Amz-Expires must be non-negative'],
  },
  {
    name: 'S3 presigned: no number',
    request: presignedWith({ 'X-Amz-Expires': '1e3' }),
    expect: ['AuthorizationQueryParametersError', 400, 'X-Amz-Expires should be a number'],
  },
  {
    name: 'S3 presigned: expiry stretched',
    request: presignedWith({ 'X-Amz-Expires': '604800' }),
    expect: ['SignatureDoesNotMatch', 403, /does not match/],
  },
  {
    name: 'S3 presigned: date malformed',
    request: presignedWith({ 'X-Amz-Date': '2013-05-24T00:00:00Z' }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    ],
  },
  {
    name: 'S3 presigned: date of another day',
    request: presignedWith({ 'X-Amz-Date': '20130525T000000Z' }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      'Invalid credential date "20130524". This date is not the same as X-Amz-Date: "20130525".',
    ],
  },
  {
    name: 'S3 presigned: another service',
    request: presignedWith({ 'X-Amz-Credential': CREDENTIAL.replace('/s3/', '/sns/') }),
    expect: [
      'AuthorizationQueryParametersError',
      400,
      'Error parsing the X-Amz-Credential parameter; incorrect service "sns". This endpoint belongs to "s3".',
    ],
  },
  {
    name: 'S3 presigned: an x-amz- header added',
    request: presignedWith({}, { 'x-amz-meta-x': '1' }),
    expect: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
    members: { HeadersNotSigned: 'x-amz-meta-x' },
  },
  {
    // LocalStack's recordings of AWS, test_s3_ignored_special_headers: one header is passed over, its like are not.
    name: 'S3 presigned: x-amz-user-agent and x-amz-content-sha256 added',
    request: presignedWith({}, { 'x-amz-user-agent': 'test', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
    expect: ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
    members: { HeadersNotSigned: 'x-amz-user-agent' },
  },
  {
    name: 'S3 presigned: not valid yet',
    request: presignedWith({}),
    later: -901,
    expect: ['AccessDenied', 403, 'Request is not valid yet'],
  },
  {
    name: 'STS: unknown access key',
    service: 'sts',
    request: signedBySecret({ service: 'sts', accessKeyId: 'AKIAUNKNOWN' }),
    expect: ['InvalidClientTokenId', 403, INVALID_TOKEN],
  },
  {
    name: 'STS: foreign token',
    service: 'sts',
    request: signedBySecret({ service: 'sts', headers: { 'x-amz-security-token': 'T' } }),
    found: { found: 'none', why: 'token', reason: 'foreign' },
    expect: ['InvalidClientTokenId', 403, INVALID_TOKEN],
  },
  {
    name: 'STS: expired session',
    service: 'sts',
    request: signedBySecret({ service: 'sts', headers: { 'x-amz-security-token': 'T' } }),
    found: { found: 'expired', secretAccessKey: SECRET },
    expect: ['ExpiredToken', 403, 'The security token included in the request is expired'],
  },
  {
    name: 'STS: wrong signature',
    service: 'sts',
    request: signedBySecret({ service: 'sts' }),
    found: { found: 'valid', secretAccessKey: 'other', caller: USER },
    expect: [
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    ],
  },
  {
    name: 'IAM: signature expired',
    service: 'iam',
    request: signedBySecret({ service: 'iam' }),
    later: 1000,
    expect: [
      'SignatureDoesNotMatch',
      403,
      'Signature expired: 20130524T000000Z is now earlier than 20130524T000140Z (20130524T001640Z - 15 min.)',
    ],
  },
  {
    name: 'KMS: signature not yet current',
    service: 'kms',
    request: signedBySecret({ service: 'kms' }),
    later: -301,
    expect: [
      'InvalidSignatureException',
      400,
      'Signature not yet current: 20130524T000000Z is still later than 20130523T235959Z (20130523T235459Z + 5 min.)',
    ],
  },
  {
    name: 'KMS: unknown access key',
    service: 'kms',
    request: signedBySecret({ service: 'kms', accessKeyId: 'AKIAUNKNOWN' }),
    expect: ['UnrecognizedClientException', 400, INVALID_TOKEN],
  },
  {
    name: 'KMS: unsigned target',
    service: 'kms',
    request: signedBySecret({
      service: 'kms',
      headers: { 'x-amz-target': 'TrentService.ListKeys' },
      signedHeaders: 'host;x-amz-date',
    }),
    expect: [
      'InvalidSignatureException',
      400,
      "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    ],
  },
  {
    name: 'STS: host not signed',
    service: 'sts',
    request: signedBySecret({ service: 'sts', signedHeaders: 'x-amz-date' }),
    expect: [
      'SignatureDoesNotMatch',
      403,
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ],
  },
  {
    name: 'STS: scope of another service',
    service: 'sts',
    request: signedBySecret({ service: 's3' }),
    expect: ['SignatureDoesNotMatch', 403, "Credential should be scoped to correct service: 'sts'. "],
  },
  {
    name: 'STS: scope of another day',
    service: 'sts',
    request: signedBySecret({ service: 'sts', date: '20130525' }),
    expect: [
      'SignatureDoesNotMatch',
      403,
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20130525' != '20130524', from '20130524T000000Z'.",
    ],
  },
  {
    name: 'STS: wrong terminator',
    service: 'sts',
    request: signedBySecret({ service: 'sts', terminator: 'x' }),
    expect: [
      'SignatureDoesNotMatch',
      403,
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. ",
    ],
  },
  {
    name: 'STS: credential with too many parts',
    service: 'sts',
    request: withAuthorization(
      'AWS4-HMAC-SHA256 Credential=a/b/20130524/r/sts/aws4_request, SignedHeaders=host, Signature=0',
    ),
    expect: [
      'IncompleteSignature',
      400,
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/20130524/r/sts/aws4_request'",
    ],
  },
  {
    name: 'STS: components missing',
    service: 'sts',
    request: requestOf({ headers: { host: 'h', authorization: 'AWS4-HMAC-SHA256 Credential=x' } }),
    expect: [
      'IncompleteSignature',
      400,
      "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=x",
    ],
  },
  {
    name: 'STS: component without equals sign',
    service: 'sts',
    request: withAuthorization('AWS4-HMAC-SHA256 abc'),
    expect: [
      'IncompleteSignature',
      400,
      "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 abc'.",
    ],
  },
  {
    name: 'STS: a date that is none',
    service: 'sts',
    request: signedBySecret({ service: 'sts', timestamp: 'yesterday' }),
    expect: [
      'IncompleteSignature',
      400,
      "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601",
    ],
  },
  {
    name: 'STS presigned: parameters missing',
    service: 'sts',
    request: requestOf({
      query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0',
      headers: { host: 'h' },
    }),
    expect: [
      'IncompleteSignature',
      400,
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
    ],
  },
  {
    name: 'STS: another scheme',
    service: 'sts',
    request: withAuthorization('Bearer abc'),
    expect: ['IncompleteSignature', 400, "Unsupported AWS 'algorithm': 'Bearer'."],
  },
];

for (const { name, request, service = 's3', later = 0, found, expect, members } of CASES) {
  test(`refused: ${name}`, async () => {
    const credentials = new FakeCredentials(undefined, undefined, found);
    const clock = new ManualClock(EXAMPLE_TIME + later * 1000);
    await assert.rejects(
      authenticate(request, { service: traitsOf(service), credentials, clock }),
      (error: ApiError) => {
        const [code, status, message] = expect;
        assert.equal(error.code, code);
        assert.equal(error.status, status);
        if (typeof message === 'string') assert.equal(error.message, message);
        else assert.match(error.message, message);
        for (const [member, value] of Object.entries(members ?? {})) {
          assert.equal(error.detail.members?.[member], value, member);
        }
        return true;
      },
    );
    assert.deepEqual(credentials.usedKeys, [], 'a refused key does not count as used');
  });
}

test('a wrong signature is answered with what was compared', async () => {
  const other = new FakeCredentials(undefined, 'other');
  const clock = new ManualClock(EXAMPLE_TIME);
  await assert.rejects(
    authenticate(signedBySecret(), { service: traitsOf('s3'), credentials: other, clock }),
    ({ detail: { members = {} } }: ApiError) => {
      assert.equal(members['AWSAccessKeyId'], 'AKIAIOSFODNN7EXAMPLE');
      assert.match(members['SignatureProvided'] ?? '', /^[0-9a-f]{64}$/);
      assert.match(
        members['StringToSign'] ?? '',
        /^AWS4-HMAC-SHA256\n20130524T000000Z\n20130524\/us-east-1\/s3\//,
      );
      assert.match(members['StringToSignBytes'] ?? '', /^41 57 53 34 2d 48 4d 41 43 2d .* [0-9a-f]{2}$/);
      assert.match(members['CanonicalRequest'] ?? '', /^GET\n\/bucket\/key\n\nhost:localhost:9000\n/);
      assert.match(members['CanonicalRequestBytes'] ?? '', /^47 45 54 0a 2f /);
      return true;
    },
  );
});

test('a request without a signature is anonymous', async () => {
  const credentials = new FakeCredentials();
  const request = requestOf({
    method: 'POST',
    headers: { host: 'h', 'x-amz-security-token': 'x' },
    body: 'hello',
  });
  const { caller, region, body, context } = await authenticate(request, {
    service: traitsOf('s3'),
    credentials,
    clock: new ManualClock(0),
  });
  assert.equal(caller.principal.type, 'anonymous');
  assert.equal(caller.account, undefined);
  assert.equal(region, undefined);
  assert.deepEqual(context, {});
  assert.equal((await read(body)).toString(), 'hello');
  assert.deepEqual(credentials.tokens, []);
});

test('a key that signed well counts as used', async () => {
  const credentials = new FakeCredentials();
  await authenticate(signedBySecret(), {
    service: traitsOf('s3'),
    credentials,
    clock: new ManualClock(EXAMPLE_TIME),
  });
  assert.deepEqual(credentials.usedKeys, ['AKIAIOSFODNN7EXAMPLE']);
});

test('each service has its words for a missing signature', () => {
  const words = (service: ServiceId) => {
    const { code, status, message } = traitsOf(service).errors.auth.missing();
    return [code, status, message];
  };
  assert.deepEqual(words('s3'), ['AccessDenied', 403, 'Access Denied']);
  assert.deepEqual(words('iam'), [
    'MissingAuthenticationToken',
    403,
    'Request is missing Authentication Token',
  ]);
  assert.deepEqual(words('kms'), [
    'MissingAuthenticationTokenException',
    400,
    'Missing Authentication Token',
  ]);
});
