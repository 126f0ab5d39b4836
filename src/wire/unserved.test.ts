import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import { errorFormOf } from './unserved.js';

const ERROR = new ApiError('UnknownService', 400, 'The service "x" is <not> served here.');

function answer(head: Record<string, string>, service?: string, more: Partial<HttpRequest> = {}) {
  const request = { method: 'POST', path: '/', query: '', headers: new Map(Object.entries(head)), ...more };
  const encode = errorFormOf(request as unknown as HttpRequest, service);
  return encode?.(ERROR, { requestId: 'REQ', path: '/', head: false });
}

test('each protocol has its own form of an error', () => {
  const sqs = answer({ 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.X' }, 'sqs');
  assert.equal(sqs?.headers['content-type'], 'application/x-amz-json-1.0');
  assert.deepEqual(JSON.parse(sqs.body as string), { __type: 'UnknownService', message: ERROR.message });
  const ssm = answer({ 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.X' }, 'ssm');
  assert.equal(ssm?.headers['content-type'], 'application/x-amz-json-1.1');
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  assert.match(
    answer(form, 'sns')?.body as string,
    /^<ErrorResponse><Error><Type>Sender<\/Type><Code>UnknownService<\/Code><Message>The service &quot;x&quot; is &lt;not&gt; served/,
  );
  assert.match(answer(form, 'ec2')?.body as string, /^<Response><Errors><Error><Code>UnknownService<\/Code>/);
  const lambda = answer({}, 'lambda', { method: 'GET', path: '/2015-03-31/functions' });
  assert.equal(lambda?.headers['x-amzn-errortype'], 'UnknownService');
  assert.deepEqual(JSON.parse(lambda.body as string), { message: ERROR.message });
  assert.match(answer({}, 'route53', { path: '/2013-04-01/hostedzone' })?.body as string, /^<ErrorResponse>/);
});

test('that of S3 is for its family, and for whoever says nothing', () => {
  for (const service of ['s3', 's3express', 's3-outposts']) assert.equal(answer({}, service), undefined);
  assert.equal(answer({}), undefined);
});

test('a map of texts in CBOR, of short ones and long (RFC 8949, appendix A)', () => {
  const reply = answer({ 'smithy-protocol': 'rpc-v2-cbor' }, 'cloudwatch');
  assert.equal(reply?.headers['smithy-protocol'], 'rpc-v2-cbor');
  const bytes = reply.body as Buffer;
  assert.equal(bytes.subarray(0, 8).toString('hex'), `a266${Buffer.from('__type').toString('hex')}`);
  assert.equal(bytes[8], 0x60 | 'UnknownService'.length);
  assert.equal(bytes[bytes.indexOf('message') + 7], 0x78);
});

test('a question about the head alone has no body', () => {
  const request = { method: 'HEAD', path: '/x', query: '', headers: new Map() } as unknown as HttpRequest;
  const reply = errorFormOf(request, 'lambda')!(ERROR, { requestId: 'REQ', path: '/x', head: true });
  assert.equal(reply.body, undefined);
});
