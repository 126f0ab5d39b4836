import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as sdk from '@aws-sdk/client-s3-control';
import { ApiError } from '../../core/errors.js';
import type { HttpRequest } from '../../core/http-message.js';
import { s3control as constraints } from '../../models/s3control.js';
import type { StepwiseDecoding } from '../types.js';
import { isControl, s3ControlService } from './control.js';

const wire = s3ControlService({
  id: 's3control',
  sdk,
  xmlNamespace: 'http://awss3control.amazonaws.com/doc/2018-08-20/',
  constraints,
});
const ACCOUNT = '111122223333';
const ARN = 'arn:aws:s3:::b';
const TAGS = `/v20180820/tags/${encodeURIComponent(ARN)}`;

function asked(method: string, url: string, headers: Record<string, string> = {}): HttpRequest {
  const [path = '', query = ''] = url.split('?');
  const all = { host: 'localhost:9000', 'x-amz-account-id': ACCOUNT, ...headers };
  return { method, path, query, headers: new Map(Object.entries(all)) } as unknown as HttpRequest;
}

function recognised(...request: Parameters<typeof asked>) {
  const http = asked(...request);
  const found = wire.recognise(http, undefined);
  return {
    name: found.operation.name,
    stepwise: found.operation.stepwise!,
    input: found.operation.stepwise!.head(http, found),
  };
}

function bodyRead(stepwise: StepwiseDecoding, input: object, xml: string): unknown {
  stepwise.body(input, Buffer.from(xml));
  return input;
}

suite('S3 Control', () => {
  test('is told by its path with an account in a header or in the host', () => {
    const with_ = (path: string, headers: Record<string, string>) =>
      isControl({ path, headers: new Map(Object.entries(headers)) } as unknown as HttpRequest);
    assert.ok(with_(TAGS, { 'x-amz-account-id': ACCOUNT }));
    assert.ok(with_(TAGS, { host: `${ACCOUNT}.s3-control.us-east-1.amazonaws.com` }));
    assert.ok(with_(TAGS, { host: 's3-control-fips.us-east-1.amazonaws.com' }));
    // A bucket of that name, a bucket before the endpoint's host, and other paths.
    assert.ok(!with_(TAGS, { host: 'localhost:9000' }));
    assert.ok(!with_(TAGS, { host: 's3-control-logs.localhost' }));
    assert.ok(!with_('/b/k', { 'x-amz-account-id': ACCOUNT }));
  });

  test('names its operations by method and template, with what the path and the query say', () => {
    const { name, input } = recognised('GET', TAGS);
    assert.equal(name, 'ListTagsForResource');
    assert.deepEqual({ ...input }, { ResourceArn: ARN, AccountId: ACCOUNT });
    const untag = recognised('DELETE', `${TAGS}?tagKeys=a%20b&tagKeys=%20c%20`);
    assert.equal(untag.name, 'UntagResource');
    assert.deepEqual({ ...untag.input }, { ResourceArn: ARN, AccountId: ACCOUNT, TagKeys: ['a b', ' c '] });
    // A label may hold slashes where the template says so; more of the template is the better route.
    assert.equal(recognised('GET', '/v20180820/mrap/instances/a/b').name, 'GetMultiRegionAccessPoint');
    assert.equal(
      recognised('GET', '/v20180820/mrap/instances/a/policy').name,
      'GetMultiRegionAccessPointPolicy',
    );
    assert.equal(recognised('GET', '/v20180820/bucket').name, 'ListRegionalBuckets');
  });

  test('calls the settings of accounts otherwise than those of buckets', () => {
    for (const [method, verb] of [
      ['GET', 'Get'],
      ['PUT', 'Put'],
      ['DELETE', 'Delete'],
    ] as const) {
      const { name } = recognised(method, '/v20180820/configuration/publicAccessBlock');
      assert.equal(name, `${verb}AccountPublicAccessBlock`);
    }
  });

  test('takes the account from the host where no header names it', () => {
    for (const host of [`${ACCOUNT}.s3-control.us-east-1.amazonaws.com`, `${ACCOUNT}.localhost:9000`]) {
      const http = asked('GET', TAGS, { host });
      (http.headers as Map<string, string>).delete('x-amz-account-id');
      const found = wire.recognise(http, undefined);
      const { AccountId } = found.operation.stepwise!.head(http, found) as { AccountId: string };
      assert.equal(AccountId, ACCOUNT);
    }
  });

  test('reads members that stand in the body from a document called as the input, and nothing else', () => {
    const { stepwise, input } = recognised('POST', TAGS);
    assert.throws(() => (input as { Tags: unknown }).Tags, /has not been read/);
    const document = (inner: string) => `<TagResourceRequest>${inner}</TagResourceRequest>`;
    const tag = '<Tag><Key>a</Key><Value>b</Value></Tag>';
    const read = bodyRead(stepwise, input, document(`<AccountId>other</AccountId><Tags>${tag}</Tags>`));
    assert.deepEqual(
      { ...(read as object) },
      {
        ResourceArn: ARN,
        AccountId: ACCOUNT,
        Tags: [{ Key: 'a', Value: 'b' }],
      },
    );
    for (const [xml, code] of [
      ['', 'MissingRequestBodyError'],
      [document(''), 'MalformedXML'],
      [document('<Tags><Tag><Key>a</Key></Tag></Tags>'), 'MalformedXML'],
      [`<Tagging><Tags>${tag}</Tags></Tagging>`, 'MalformedXML'],
    ] as const) {
      const again = recognised('POST', TAGS);
      assert.throws(
        () => bodyRead(again.stepwise, again.input, xml),
        (error: ApiError) => error.code === code,
        xml,
      );
    }
  });

  test('refuses paths that no operation has, and labels that are no text', () => {
    for (const [path, code] of [
      ['/v20180820/nothing', 'MethodNotAllowed'],
      ['/v20180820/tags/%ff', 'InvalidURI'],
    ] as const) {
      assert.throws(
        () => recognised('GET', path),
        (error: ApiError) => error.code === code,
      );
    }
  });

  // LocalStack's recordings of AWS, test_crud_public_access_block: the ids stand beside the error.
  test('wraps its errors', () => {
    const { body } = wire.encodeError(new ApiError('NoSuchResource', 404, 'a < b'), {
      requestId: 'R',
      path: '/',
      head: false,
    });
    assert.match(
      String(body),
      /<ErrorResponse><Error><Code>NoSuchResource<\/Code><Message>a &lt; b<\/Message><\/Error><RequestId>R<\/RequestId><HostId>[^<]+<\/HostId><\/ErrorResponse>$/,
    );
  });
});
