import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoutingRule, WebsiteConfiguration } from '@aws-sdk/client-s3';
import type { ApiError } from '../../../core/errors.js';
import { code, openTestS3 } from '../testing.test.support.js';

const Bucket = 'example-bucket';
const IndexDocument = { Suffix: 'index.html' };
const rule = (Redirect: RoutingRule['Redirect'], Condition?: RoutingRule['Condition']) => ({
  IndexDocument,
  RoutingRules: [{ Redirect, ...(Condition && { Condition }) }],
});

type Refused = [configuration: WebsiteConfiguration, code: string, message: string];

const refused: Refused[] = [
  [
    {},
    'InvalidArgument',
    'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty',
  ],
  [
    { RedirectAllRequestsTo: { HostName: 'h' }, IndexDocument },
    'InvalidArgument',
    'RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.',
  ],
  [{ IndexDocument: { Suffix: '' } }, 'InvalidArgument', 'The IndexDocument Suffix is not well formed'],
  [{ IndexDocument: { Suffix: 'a/b' } }, 'InvalidArgument', 'The IndexDocument Suffix is not well formed'],
  [
    { IndexDocument, RoutingRules: Array(51).fill({ Redirect: { HostName: 'h' } }) },
    'InvalidRequest',
    '51 routing rules provided, the number of routing rules in a website configuration is limited to 50.',
  ],
  [
    rule({ ReplaceKeyWith: 'a', ReplaceKeyPrefixWith: 'b' }),
    'InvalidRequest',
    'You can only define ReplaceKeyPrefix or ReplaceKey but not both.',
  ],
  [
    rule({ HostName: 'h' }, {}),
    'InvalidRequest',
    "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
  ],
  [
    rule({ HttpRedirectCode: '300' }),
    'InvalidRequest',
    'The provided HTTP redirect code (300) is not valid. Valid codes are 3XX except 300.',
  ],
  [
    rule({ HostName: 'h' }, { HttpErrorCodeReturnedEquals: '302' }),
    'InvalidRequest',
    'The provided HTTP error code (302) is not valid. Valid codes are 4XX or 5XX.',
  ],
  // LocalStack's recordings of AWS, test_validate_website_configuration; versitygw, PutBucketWebsite.
  ...[
    rule({ Protocol: 'ftp' as 'http' }),
    { RedirectAllRequestsTo: { HostName: 'h', Protocol: 'ftp' as 'http' } },
  ].map(
    (configuration): Refused => [
      configuration,
      'InvalidRequest',
      'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
    ],
  ),
  [
    rule({ HostName: '' }),
    'InvalidRequest',
    'The HostName cannot be blank. To redirect within the same domain, the element should not be present.',
  ],
];

test('websites that cannot be are refused in the words of AWS', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  const put = (WebsiteConfiguration: WebsiteConfiguration | undefined) =>
    s3.send('PutBucketWebsite', { Bucket, WebsiteConfiguration });
  for (const [configuration, name, message] of refused) {
    await assert.rejects(put(configuration), (error: ApiError) => {
      assert.deepEqual([error.code, error.status, error.message], [name, 400, message]);
      return true;
    });
  }
  await assert.rejects(put(undefined), code('MalformedXML'));
  await assert.rejects(put({ IndexDocument, ErrorDocument: { Key: '' } }), code('MalformedXML'));
  await assert.rejects(put({ IndexDocument, RoutingRules: [] }), code('MalformedXML'));
  const large = { IndexDocument, ErrorDocument: { Key: 'k'.repeat(128 * 1024) } };
  await assert.rejects(put(large), code('MaxMessageLengthExceeded'));
  await assert.rejects(s3.send('GetBucketWebsite', { Bucket }), code('NoSuchWebsiteConfiguration', 404));
});

test('a host with a line break never reaches a header', async () => {
  const s3 = await openTestS3();
  await s3.send('CreateBucket', { Bucket });
  for (const HostName of ['a\r\nset-cookie: x', 'a b', 'a/b', '']) {
    const WebsiteConfiguration = { RedirectAllRequestsTo: { HostName } };
    const put = s3.send('PutBucketWebsite', { Bucket, WebsiteConfiguration });
    await assert.rejects(put, code('InvalidRequest', 400), HostName);
  }
});
