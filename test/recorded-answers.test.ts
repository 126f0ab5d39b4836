/**
 * Whole answers of S3 as AWS gives them, by LocalStack's recordings of February 2026 where a test names one: what only
 * shows once a request has gone through the server. Details of single operations stand beside them
 * (`src/services/s3/details.test.ts` and its neighbors).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { type RunningServer, startServer } from '../src/index.js';
import { type RawReply, type RawRequest, sendSigned } from './support/raw.js';

const BUCKET = 'recorded';
const VERSIONED = 'recorded-versions';
const ELSEWHERE = 'recorded-elsewhere';

let server: RunningServer;
let s3: S3Client;

before(async () => {
  server = await startServer({ data: 'memory', port: 0, log: 'none', newBuckets: 'open' });
  const { endpoint, root } = server;
  s3 = new S3Client({ endpoint, region: 'us-east-1', credentials: root!, forcePathStyle: true });
  for (const Bucket of [BUCKET, VERSIONED]) await s3.send(new CreateBucketCommand({ Bucket }));
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.send(new CreateBucketCommand({ Bucket: ELSEWHERE, CreateBucketConfiguration }));
  const Enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  assert.equal((await put(`${VERSIONED}?versioning`, Enabled)).status, 200);
});
after(async () => {
  s3.destroy();
  await server.close();
});

type Headers = Record<string, string>;

/** `target`: bucket, key and query. */
function ask(method: string, target: string, more: Partial<RawRequest> = {}): Promise<RawReply> {
  const [path = '', query = ''] = target.split('?');
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...more.headers };
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return sendSigned(server.endpoint, server.root!, {
    service: 's3',
    method,
    path: `/${path}`,
    query: parameters,
    ...more,
    headers,
  });
}

const get = (target: string, headers: Headers = {}) => ask('GET', target, { headers });
const put = (target: string, body = '', headers: Headers = {}) => ask('PUT', target, { headers, body });

const element = ({ body }: RawReply, name: string) => new RegExp(`<${name}>([^<]*)<`).exec(body)?.[1];

/** The error, its status, and the elements that are named. */
function refused(reply: RawReply, status: number, code: string, members: Record<string, string>): void {
  const names = Object.keys(members);
  const found = Object.fromEntries(names.map(name => [name, element(reply, name)]));
  assert.deepEqual([reply.status, reply.code, found], [status, code, members], reply.body);
  assert.equal(element(reply, 'Resource'), undefined, 'none of the recorded errors has one');
}

async function uploadOf(target: string, headers: Headers = {}): Promise<string> {
  return element(await ask('POST', `${target}?uploads=`, { headers }), 'UploadId')!;
}

suite('heads', () => {
  const rawHeaders = (path: string, headers: Headers) =>
    new Promise<string[]>((resolve, reject) => {
      const options = { method: 'GET', path, headers, agent: false };
      httpRequest(server.endpoint, options, reply => resolve(reply.resume().rawHeaders))
        .on('error', reject)
        .end();
    });

  // TestS3Cors: Access-Control-*, Content-Type, ETag and Last-Modified so, x-amz-* in lower case.
  test('the letter case of headers, and Server', async () => {
    const rule = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>';
    const cors = `<CORSConfiguration><CORSRule>${rule}</CORSRule></CORSConfiguration>`;
    const digest = { 'content-md5': createHash('md5').update(cors).digest('base64') };
    assert.equal((await put(`${BUCKET}?cors`, cors, digest)).status, 200);
    await put(`${BUCKET}/shown`, 'x', { 'x-amz-acl': 'public-read' });
    const raw = await rawHeaders(`/${BUCKET}/shown`, { origin: 'https://example.com' });
    for (const name of ['Access-Control-Allow-Origin', 'Content-Type', 'ETag', 'Last-Modified', 'Server']) {
      assert.ok(raw.includes(name), `${name} in ${raw.join()}`);
    }
    assert.equal(raw[raw.indexOf('Server') + 1], 'AmazonS3');
    assert.ok(raw.includes('x-amz-request-id') && raw.includes('x-amz-id-2'));
  });

  // test_cors_http_options_no_config and test_cors_match_origins; test_cors_match_methods for the last.
  test('the question of a page has the ids of its request; a request that brings it is judged by it', async () => {
    const origin = { origin: 'https://example.com', 'access-control-request-method': 'GET' };
    const asked = await ask('OPTIONS', `${BUCKET}/shown`, { headers: origin });
    assert.equal(asked.status, 200);
    assert.ok(asked.headers['x-amz-request-id'] && asked.headers['x-amz-id-2']);
    const allowed = async (headers: Headers) =>
      (await get(`${BUCKET}/shown`, headers)).headers['access-control-allow-origin'];
    assert.equal(await allowed(origin), '*');
    assert.equal(await allowed({ ...origin, 'access-control-request-method': 'PUT' }), undefined);
  });

  // test_region_header_exists_outside_us_east_1.
  test('listings tell the region of the bucket', async () => {
    for (const query of ['', '?list-type=2']) {
      const { status, headers } = await get(`${ELSEWHERE}${query}`);
      assert.deepEqual([status, headers['x-amz-bucket-region']], [200, 'eu-west-1']);
    }
  });

  // test_bucket_tagging_crud and the recordings of inventories: no content. Others have an empty document's status.
  test('statuses of settings that are put', async () => {
    const tags = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
    assert.equal((await put(`${BUCKET}?tagging`, tags)).status, 204);
    assert.equal((await put(`${BUCKET}/shown?tagging`, tags)).status, 200);
    const inventory =
      '<InventoryConfiguration><Id>i</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions>' +
      '<Schedule><Frequency>Daily</Frequency></Schedule><Destination><S3BucketDestination>' +
      `<Bucket>arn:aws:s3:::${VERSIONED}</Bucket><Format>CSV</Format></S3BucketDestination></Destination></InventoryConfiguration>`;
    assert.equal((await put(`${BUCKET}?inventory&id=i`, inventory)).status, 204);
  });

  // test_delete_object_versioned, get-delete-marker.
  test('reading a delete marker tells what may be done with it', async () => {
    await put(`${VERSIONED}/gone`, 'x');
    const { headers } = await ask('DELETE', `${VERSIONED}/gone`);
    const reply = await get(`${VERSIONED}/gone?versionId=${headers['x-amz-version-id']}`);
    refused(reply, 405, 'MethodNotAllowed', { Method: 'GET', ResourceType: 'DeleteMarker' });
    assert.deepEqual([reply.headers['allow'], reply.headers['x-amz-delete-marker']], ['DELETE', 'true']);
  });
});

suite('documents', () => {
  // Every recorded time ends so; Last-Modified has seconds, and tools compare the two.
  test('times have no milliseconds', async () => {
    const key = `${VERSIONED}/timed`;
    await put(key, 'x');
    const upload = await uploadOf(`${VERSIONED}/parts`);
    await put(`${VERSIONED}/parts?partNumber=1&uploadId=${upload}`, 'x');
    const replies = [
      await get(''),
      await get(VERSIONED),
      await get(`${VERSIONED}?list-type=2`),
      await get(`${VERSIONED}?versions`),
      await get(`${VERSIONED}?uploads`),
      await get(`${VERSIONED}/parts?uploadId=${upload}`),
      await put(`${VERSIONED}/copied`, '', { 'x-amz-copy-source': `/${key}` }),
    ];
    for (const { status, body } of replies) {
      const times = body.match(/\d{4}-\d\d-\d\dT[\d:.]*Z/g) ?? [];
      assert.ok(status === 200 && times.length > 0, body);
      for (const time of times) assert.match(time, /T\d\d:\d\d:\d\d\.000Z$/);
    }
    const { headers } = await ask('HEAD', key);
    const listed = element(await get(`${VERSIONED}?prefix=timed`), 'LastModified');
    assert.equal(Date.parse(listed!), Date.parse(String(headers['last-modified'])));
  });

  // test_list_objects_marker_common_prefixes, test_list_objects_versions_markers, test_list_multipart_uploads_marker_*.
  test('a marker within a common prefix is behind that prefix, whatever is listed', async () => {
    for (const key of ['folder/a/1', 'folder/a/2', 'folder/b']) {
      await put(`${BUCKET}/${key}`, 'x');
      await uploadOf(`${BUCKET}/${key}`);
    }
    const page = 'prefix=folder/&delimiter=/';
    for (const query of ['marker', 'versions=&key-marker', 'uploads=&key-marker']) {
      const { body } = await get(`${BUCKET}?${page}&${query}=folder/a/1`);
      assert.match(body, /<Key>folder\/b<\/Key>/, query);
      assert.doesNotMatch(body, /<CommonPrefixes>/, query);
    }
  });

  // test_response_structure, test_list_buckets_*.
  test('the owner comes before the buckets', async () => {
    const { body } = await get('');
    assert.ok(body.indexOf('<Owner>') < body.indexOf('<Buckets>'), body);
    assert.doesNotMatch(body, /DisplayName/);
  });

  // test_s3_object_acl, test_put_bucket_acl.
  test('lists begin with the full control of the owner', async () => {
    for (const target of [`${BUCKET}?acl`, `${BUCKET}/shown?acl`]) {
      assert.equal((await put(target, '', { 'x-amz-acl': 'public-read' })).status, 200);
      const permissions = (await get(target)).body.match(/<Permission>\w+/g);
      assert.deepEqual(permissions, ['<Permission>FULL_CONTROL', '<Permission>READ'], target);
    }
  });
});

suite('conditions', () => {
  const future = { 'x-amz-copy-source-if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' };

  // test_s3_copy_object_preconditions: as of reads, a time in the future is passed over.
  test('a copy since a time that is still to come', async () => {
    await put(`${BUCKET}/source`, 'x');
    const copy = { 'x-amz-copy-source': `/${BUCKET}/source`, ...future };
    assert.equal((await put(`${BUCKET}/target`, '', copy)).status, 200);
    const upload = await uploadOf(`${BUCKET}/target`);
    assert.equal((await put(`${BUCKET}/target?partNumber=1&uploadId=${upload}`, '', copy)).status, 200);
  });

  // test_put_object_if_match_validation, …_if_none_match_validation, test_copy_object_precondition_write_validation.
  test('those that writes do not take are named', async () => {
    const value = (name: string) => `We don't accept the provided value of ${name} header for this API`;
    const several = 'Multiple conditional request headers present in the request';
    for (const [headers, Header, additionalMessage] of [
      [{ 'if-match': '*' }, 'If-Match', value('If-Match')],
      [{ 'if-none-match': '"etag"' }, 'If-None-Match', value('If-None-Match')],
      [{ 'if-match': '"etag"', 'if-none-match': '*' }, 'If-Match,If-None-Match', several],
    ] as const) {
      const copy = { ...headers, 'x-amz-copy-source': `/${BUCKET}/source` };
      for (const sent of [headers, copy]) {
        const reply = await put(`${BUCKET}/shown`, sent === headers ? 'x' : '', sent);
        refused(reply, 501, 'NotImplemented', {
          Header,
          additionalMessage,
        });
      }
    }
    const missing = await put(`${BUCKET}/missing`, 'x', { 'if-match': '"etag"' });
    refused(missing, 404, 'NoSuchKey', { Key: 'missing' });
  });
});

suite('refusals in the words of AWS', () => {
  const answers: [recording: string, () => Promise<RawReply>, status: number, code: string, words: string][] =
    [
      [
        'test_put_bucket_policy_invalid_account_id',
        () => get(`${BUCKET}?policy`, { 'x-amz-expected-bucket-owner': '0000' }),
        400,
        'InvalidBucketOwnerAWSAccountID',
        'The value of the expected bucket owner parameter must be an AWS Account ID... [0000]',
      ],
      [
        'test_s3_transition_default_minimum_object_size',
        () =>
          put(
            `${BUCKET}?lifecycle`,
            '<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix/></Filter><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>',
            { 'x-amz-transition-default-minimum-object-size': 'value' },
          ),
        400,
        'InvalidRequest',
        'Invalid TransitionDefaultMinimumObjectSize found: value',
      ],
      [
        'test_s3_copy_object_wrong_format',
        () => put(`${BUCKET}/k`, '', { 'x-amz-copy-source': `${BUCKET}-key` }),
        400,
        'InvalidArgument',
        'Invalid copy source object key',
      ],
      [
        'test_bucket_ownership_controls_exc',
        () => put('recorded-owners', '', { 'x-amz-object-ownership': 'RandomValue' }),
        400,
        'InvalidArgument',
        'Invalid x-amz-object-ownership header: RandomValue',
      ],
      [
        'test_multipart_complete_multipart_too_small',
        async () =>
          ask('POST', `${BUCKET}/k?uploadId=${await uploadOf(`${BUCKET}/k`)}`, {
            body: '<CompleteMultipartUpload/>',
          }),
        400,
        'InvalidRequest',
        'You must specify at least one part',
      ],
      [
        'test_upload_part_copy_range',
        async () =>
          put(`${BUCKET}/k?partNumber=1&uploadId=${await uploadOf(`${BUCKET}/k`)}`, '', {
            'x-amz-copy-source': `${BUCKET}/source`,
            'x-amz-copy-source-range': 'bytes=100-200',
          }),
        400,
        'InvalidRequest',
        'The specified copy range is invalid for the source object size',
      ],
      [
        'test_multipart_no_such_upload: before the document is read',
        () => ask('POST', `${BUCKET}/k?uploadId=made-up`, { body: '<CompleteMultipartUpload/>' }),
        404,
        'NoSuchUpload',
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      ],
      [
        'test_tagging_validation',
        () =>
          put(
            `${BUCKET}?tagging`,
            '<Tagging><TagSet><Tag><Key>Key1</Key><Value>Val1,Val2</Value></Tag></TagSet></Tagging>',
          ),
        400,
        'InvalidTag',
        'The TagValue you have provided is invalid',
      ],
      [
        'test_put_object_validation_sse_c',
        () =>
          put(`${BUCKET}/k`, 'x', {
            'x-amz-server-side-encryption-customer-algorithm': 'KMS',
            'x-amz-server-side-encryption-customer-key': Buffer.alloc(32).toString('base64'),
            'x-amz-server-side-encryption-customer-key-md5': createHash('md5')
              .update(Buffer.alloc(32))
              .digest('base64'),
          }),
        400,
        'InvalidEncryptionAlgorithmError',
        'The Encryption request you specified is not valid. Supported value: AES256.',
      ],
      [
        'versity/versitygw#1141',
        () => put(`${BUCKET}/k`, 'x', { 'x-amz-object-lock-legal-hold': 'wrong' }),
        400,
        'InvalidArgument',
        "Legal Hold must be either of 'ON' or 'OFF'",
      ],
      [
        'versitygw, PutObject_invalid_retain_until_date',
        () => put(`${BUCKET}/k`, 'x', { 'x-amz-object-lock-retain-until-date': 'tomorrow' }),
        400,
        'InvalidArgument',
        'The retain until date must be provided in ISO 8601 format',
      ],
      [
        'versitygw, PutObject_missing_object_lock_retention_config: before the bucket is looked at',
        () => put(`${BUCKET}/k`, 'x', { 'x-amz-object-lock-mode': 'COMPLIANCE' }),
        400,
        'InvalidArgument',
        'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      ],
      [
        'versitygw, CreateMultipartUpload_invalid_checksum_type',
        () => ask('POST', `${BUCKET}/k?uploads=`, { headers: { 'x-amz-checksum-type': 'WHOLE' } }),
        400,
        'InvalidRequest',
        'Value for x-amz-checksum-type header is invalid.',
      ],
      [
        'versitygw, GetObjectAttributes_empty_attrs',
        () => get(`${BUCKET}/shown?attributes`, { 'x-amz-object-attributes': '' }),
        400,
        'InvalidRequest',
        'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
      ],
      [
        'test_put_bucket_logging_cross_locations',
        () =>
          put(
            `${BUCKET}?logging`,
            `<BucketLoggingStatus><LoggingEnabled><TargetBucket>${ELSEWHERE}</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>`,
          ),
        403,
        'CrossLocationLoggingProhibitted',
        'Cross S3 location logging not allowed. ',
      ],
    ];
  for (const [recording, asked, status, code, words] of answers) {
    test(recording, async () => {
      const reply = await asked();
      assert.deepEqual([reply.status, reply.code, reply.message], [status, code, words], reply.body);
      refused(reply, status, code, {});
    });
  }

  // test_s3_invalid_content_md5: the one in hexadecimal, the other in base64.
  test('a digest that does not fit is answered beside the right one', async () => {
    const wrong = createHash('md5').update('other').digest();
    const right = createHash('md5').update('x').digest('base64');
    const reply = await put(`${BUCKET}/k`, 'x', { 'content-md5': wrong.toString('base64') });
    const members = { ExpectedDigest: wrong.toString('hex'), CalculatedDigest: right };
    refused(reply, 400, 'BadDigest', members);
  });
});

suite('forms', () => {
  const post = async (Key: string, change: (fields: Headers) => Headers, file: string | Blob = 'text') => {
    const { url, fields } = await createPresignedPost(s3, { Bucket: BUCKET, Key, Expires: 60 });
    const form = new FormData();
    for (const [name, value] of Object.entries(change(fields))) form.append(name, value);
    form.append('file', file);
    const reply = await fetch(url, { method: 'POST', body: form });
    const body = await reply.text();
    return { status: reply.status, code: /<Code>(\w+)/.exec(body)?.[1], body };
  };
  const without = (fields: Headers, ...names: string[]) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

  // test_post_object_with_file_as_string.
  test('a file that is a plain field has no name', async () => {
    assert.equal((await post('field-${filename}', fields => fields)).status, 204);
    assert.match((await get(`${BUCKET}?prefix=field-`)).body, /<Key>field-\$\{filename\}<\/Key>/);
  });

  // test_post_request_missing_signature, test_post_request_missing_fields.
  test('a field that lacks is named as it is spelled; without any, nobody signed', async () => {
    for (const name of ['X-Amz-Signature', 'X-Amz-Algorithm']) {
      const { status, code, body } = await post('k', fields => without(fields, name));
      assert.deepEqual([status, code], [400, 'InvalidArgument'], body);
      assert.match(body, new RegExp(`<ArgumentName>${name}</ArgumentName>`));
    }
    const signature = ['X-Amz-Signature', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'Policy'];
    const { status, code } = await post('k', fields => without(fields, ...signature));
    assert.deepEqual([status, code], [403, 'AccessDenied']);
  });
});
