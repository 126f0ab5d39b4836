/** Buckets as websites: set up with the SDK, visited as a browser does. */
import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { after, before, beforeEach, suite, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteBucketWebsiteCommand,
  DeletePublicAccessBlockCommand,
  GetBucketWebsiteCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type WebsiteConfiguration,
} from '@aws-sdk/client-s3';
import { type RunningServer, startServer } from '../../src/index.js';

const REGION = 'eu-west-1';
const Bucket = 'my.site';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

suite('websites', () => {
  let server: RunningServer;
  let s3: S3Client;

  before(async () => {
    server = await startServer({
      data: 'memory',
      port: 0,
      region: REGION,
      log: 'none',
      domains: ['s3.example.com'],
    });
    const { accessKeyId, secretAccessKey } = server.root!;
    s3 = new S3Client({
      endpoint: server.endpoint,
      region: REGION,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    for (const name of [Bucket, 'plain']) {
      const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
      await s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket: name }));
    }
    await policy('s3:GetObject', 's3:ListBucket');
    await put('index.html', 'home');
    await put('docs/index.html', 'docs');
    await put('error.html', 'oh no');
    await put('moved', '', { WebsiteRedirectLocation: '/docs/' });
    await put('away', '', { WebsiteRedirectLocation: 'https://example.org/x?y#z' });
    await put('private/index.html', 'secret');
    await put('ü & <b>', 'odd');
  });
  after(async () => {
    s3.destroy();
    await server.close();
  });
  beforeEach(() =>
    website({ IndexDocument: { Suffix: 'index.html' }, ErrorDocument: { Key: 'error.html' } }),
  );

  /** Anyone may do this, except on what is private. */
  const policy = (...actions: string[]) =>
    s3.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: '*',
              Action: actions,
              Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
            },
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:GetObject',
              Resource: `arn:aws:s3:::${Bucket}/private/*`,
            },
          ],
        }),
      }),
    );
  const put = (Key: string, Body: string, more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html', ...more }));
  const website = (WebsiteConfiguration: WebsiteConfiguration) =>
    s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));

  function visit(
    path: string,
    { method = 'GET', host = `${Bucket}.s3-website-${REGION}.localhost:9000`, ...headers } = {} as Record<
      string,
      string
    >,
  ): Promise<Answer> {
    const { port } = new URL(server.endpoint);
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path, method, headers: { host, ...headers } },
        reply => {
          let body = '';
          reply.setEncoding('utf8').on('data', chunk => (body += chunk));
          reply.on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, body }));
        },
      );
      sent.on('error', reject).end();
    });
  }

  test('a setting comes back as it went', async () => {
    const WebsiteConfiguration: WebsiteConfiguration = {
      IndexDocument: { Suffix: 'index.html' },
      ErrorDocument: { Key: 'error.html' },
      RoutingRules: [
        {
          Condition: { KeyPrefixEquals: 'a/', HttpErrorCodeReturnedEquals: '404' },
          Redirect: {
            HostName: 'example.org',
            Protocol: 'https',
            HttpRedirectCode: '307',
            ReplaceKeyPrefixWith: '',
          },
        },
        { Redirect: { ReplaceKeyWith: 'b' } },
      ],
    };
    await website(WebsiteConfiguration);
    const { $metadata: _, ...shown } = await s3.send(new GetBucketWebsiteCommand({ Bucket }));
    assert.deepEqual(shown, WebsiteConfiguration);
    await website({ RedirectAllRequestsTo: { HostName: 'example.org' } });
    const all = await s3.send(new GetBucketWebsiteCommand({ Bucket }));
    assert.deepEqual(all.RedirectAllRequestsTo, { HostName: 'example.org' });
    await s3.send(new DeleteBucketWebsiteCommand({ Bucket }));
    await assert.rejects(s3.send(new GetBucketWebsiteCommand({ Bucket })), {
      name: 'NoSuchWebsiteConfiguration',
    });
    const { status, headers, body } = await visit('/');
    assert.deepEqual([status, headers['x-amz-error-code']], [404, 'NoSuchWebsiteConfiguration']);
    assert.match(body, /<li>BucketName: my\.site<\/li>/);
  });

  test('objects, index documents and folders', async () => {
    for (const [path, body] of [
      ['/', 'home'],
      ['/index.html?v=1&uploads', 'home'],
      ['/docs/', 'docs'],
      ['/%C3%BC%20%26%20%3Cb%3E', 'odd'],
    ] as const) {
      const answer = await visit(path);
      assert.deepEqual(
        [answer.status, answer.body, answer.headers['content-type']],
        [200, body, 'text/html'],
        path,
      );
    }
    const folder = await visit('/docs');
    assert.deepEqual([folder.status, folder.headers.location], [302, '/docs/']);
    const head = await visit('/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '4', '']);
    const range = await visit('/', { range: 'bytes=1-2' });
    assert.deepEqual([range.status, range.body], [206, 'om']);
    const same = await visit('/', { 'if-none-match': head.headers.etag! });
    assert.deepEqual([same.status, same.body], [304, '']);
  });

  test('every name of the endpoint', async () => {
    for (const domain of ['localhost', 's3.localhost:1', 's3.example.com', 'example.com', 'amazonaws.com']) {
      for (const endpoint of ['s3-website', `s3-website-${REGION}`, `s3-website.${REGION}`]) {
        const host = `${Bucket}.${endpoint}.${domain}`;
        assert.equal((await visit('/', { host })).body, 'home', host);
      }
    }
    const elsewhere = await visit('/', { host: `${Bucket}.s3-website-us-east-1.localhost` });
    assert.deepEqual([elsewhere.status, elsewhere.headers['x-amz-error-code']], [400, 'IncorrectEndpoint']);
    assert.match(elsewhere.body, new RegExp(`<li>Endpoint: ${Bucket}.s3-website-${REGION}.localhost</li>`));
    const none = await visit('/', { host: 'none.s3-website.localhost' });
    assert.deepEqual([none.status, none.headers['x-amz-error-code']], [404, 'NoSuchBucket']);
  });

  test("errors have a page: the bucket's own, or S3's", async () => {
    const own = await visit('/missing');
    assert.deepEqual([own.status, own.headers['x-amz-error-code'], own.body], [404, 'NoSuchKey', 'oh no']);
    const denied = await visit('/private/');
    assert.deepEqual(
      [denied.status, denied.headers['x-amz-error-code'], denied.body],
      [403, 'AccessDenied', 'oh no'],
    );
    await website({ IndexDocument: { Suffix: 'index.html' } });
    const page = await visit('/miss%C3%ABd%3Cscript%3E%0d%0ax');
    const id = page.headers['x-amz-request-id'];
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(
      page.body,
      '<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul>\n' +
        '<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n' +
        `<li>Key: missëd&lt;script&gt;&#xD;&#xA;x</li>\n<li>RequestId: ${id}</li>\n` +
        `<li>HostId: ${page.headers['x-amz-id-2']}</li>\n</ul>\n<hr/>\n</body>\n</html>\n`,
    );
    await website({ IndexDocument: { Suffix: 'index.html' }, ErrorDocument: { Key: 'gone.html' } });
    const both = await visit('/missing');
    assert.match(
      both.body,
      /<\/ul>\n<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document<\/h3>\n<ul>\n<li>Code: NoSuchKey<\/li>\n<li>Message: .*<\/li>\n<li>Key: gone.html<\/li>\n<\/ul>\n<hr\/>/,
    );
    const head = await visit('/missing', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['x-amz-error-code'], head.body], [404, 'NoSuchKey', '']);
    assert.equal((await visit('/%ff')).headers['x-amz-error-code'], 'InvalidURI');
  });

  test('nothing but reading, by nobody', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
      const answer = await visit('/index.html', {
        method,
        'content-type': 'multipart/form-data; boundary=x',
      });
      assert.deepEqual(
        [answer.status, answer.headers['x-amz-error-code']],
        [405, 'MethodNotAllowed'],
        method,
      );
      assert.match(answer.body, new RegExp(`<li>Method: ${method}</li>\n<li>ResourceType: OBJECT</li>`));
    }
    // Who says to be somebody is nobody all the same.
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0';
    assert.equal((await visit('/private/index.html', { authorization })).status, 403);
    assert.equal((await visit('/?X-Amz-Signature=0', { authorization })).body, 'home');
  });

  test('the bucket policy decides, and Block Public Access', async () => {
    try {
      await policy('s3:GetObject');
      // Who may not list learns nothing of what there is; a folder is still found.
      assert.equal((await visit('/missing')).status, 403);
      assert.equal((await visit('/docs')).status, 302);
      assert.equal((await visit('/private')).status, 403);
      const PublicAccessBlockConfiguration = { RestrictPublicBuckets: true };
      await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
      const { status, body } = await visit('/');
      assert.equal(status, 403);
      assert.match(body, /<li>Code: AccessDenied<\/li>\n<li>Message: Access Denied<\/li>\n<li>RequestId/);
    } finally {
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
      await policy('s3:GetObject', 's3:ListBucket');
    }
  });

  test('an object is shown whose list lets anyone read it, and none where requesters pay', async () => {
    const Lists = { Bucket: 'lists' };
    const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
    await s3.send(
      new CreateBucketCommand({ ...Lists, CreateBucketConfiguration, ObjectOwnership: 'ObjectWriter' }),
    );
    await s3.send(new DeletePublicAccessBlockCommand(Lists));
    const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' } };
    await s3.send(new PutBucketWebsiteCommand({ ...Lists, WebsiteConfiguration }));
    const ACL = 'public-read';
    await s3.send(new PutObjectCommand({ ...Lists, Key: 'index.html', Body: 'open', ACL }));
    await s3.send(new PutObjectCommand({ ...Lists, Key: 'closed/index.html', Body: 'closed' }));
    const host = 'lists.s3-website.localhost';
    assert.equal((await visit('/', { host })).body, 'open');
    assert.equal((await visit('/closed/', { host })).status, 403);
    assert.equal((await visit('/closed', { host })).status, 403);
    const RequestPaymentConfiguration = { Payer: 'Requester' } as const;
    await s3.send(new PutBucketRequestPaymentCommand({ ...Lists, RequestPaymentConfiguration }));
    assert.equal((await visit('/', { host, 'x-amz-request-payer': 'requester' })).status, 403);
  });

  test('objects that have moved', async () => {
    const near = await visit('/moved');
    assert.deepEqual([near.status, near.headers.location, near.body], [301, '/docs/', '']);
    const far = await visit('/away', { method: 'HEAD' });
    assert.deepEqual([far.status, far.headers.location], [301, 'https://example.org/x?y#z']);
  });

  test('sites that have moved', async () => {
    await website({ RedirectAllRequestsTo: { HostName: 'example.org', Protocol: 'https' } });
    const { status, headers } = await visit('/a%20b/?c=d');
    assert.deepEqual([status, headers.location], [301, 'https://example.org/a%20b/?c=d']);
    await website({ RedirectAllRequestsTo: { HostName: 'example.org:8080' } });
    assert.equal((await visit('/private/x')).headers.location, 'http://example.org:8080/private/x');
  });

  test('routing rules', async () => {
    await website({
      IndexDocument: { Suffix: 'index.html' },
      ErrorDocument: { Key: 'error.html' },
      RoutingRules: [
        { Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'new/' } },
        {
          Condition: { KeyPrefixEquals: 'gone/' },
          Redirect: { ReplaceKeyWith: 'gone.html', HttpRedirectCode: '302' },
        },
        {
          Condition: { KeyPrefixEquals: 'app/', HttpErrorCodeReturnedEquals: '404' },
          Redirect: { HostName: 'example.org', Protocol: 'https', ReplaceKeyPrefixWith: 'resize?key=' },
        },
        { Condition: { HttpErrorCodeReturnedEquals: '403' }, Redirect: { ReplaceKeyPrefixWith: '#/ü' } },
      ],
    });
    const host = `${Bucket}.s3-website-${REGION}.localhost:9000`;
    for (const [path, status, location] of [
      ['/old/a%20b/%C3%BC', 301, `http://${host}/new/a%20b/%C3%BC`],
      ['/gone/x', 302, `http://${host}/gone.html`],
      ['/app/x/y%0d%0az', 301, 'https://example.org/resize?key=x/y%0D%0Az'],
      ['/private/x', 301, `http://${host}/#/%C3%BCprivate/x`],
      ['/other', 404, undefined],
      ['/docs', 302, '/docs/'],
    ] as const) {
      const answer = await visit(path);
      assert.deepEqual([answer.status, answer.headers.location], [status, location], path);
    }
  });

  test('pages of other origins, as the CORS rules say', async () => {
    const rule = { AllowedOrigins: ['https://example.org'], AllowedMethods: ['GET'] };
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
    const origin = 'https://example.org';
    const page = await visit('/', { origin });
    assert.equal(page.headers['access-control-allow-origin'], origin);
    const asked = await visit('/', { method: 'OPTIONS', origin, 'access-control-request-method': 'GET' });
    assert.deepEqual([asked.status, asked.headers['access-control-allow-origin']], [200, origin]);
  });
});
