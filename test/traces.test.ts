/** Traces for OpenTelemetry: a collector in this process reads what a server sends. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { startServerProcess } from './faults/server-process.js';
import { until } from './support/until.js';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number };
  }[];
}

/** Takes OTLP over HTTP in JSON. */
async function openCollector() {
  const bodies: string[] = [];
  const heads: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const answer = { status: 200 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      heads.push({ url: request.url, headers: request.headers });
      if (answer.status === 200) bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    answer,
    text: () => bodies.join('\n'),
    resources: () => bodies.flatMap(body => JSON.parse(body).resourceSpans),
    spans: (): Span[] =>
      bodies
        .flatMap(body => JSON.parse(body).resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans),
    close: () => new Promise(resolve => server.close(resolve)),
  };
}

const valuesOf = ({ attributes }: Pick<Span, 'attributes'>) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

test('each request has a span with service, operation, status and decision, and nothing secret', async t => {
  const collector = await openCollector();
  t.after(collector.close);
  const data = await mkdtemp(join(tmpdir(), 'karikagi-traces-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const account = '111122223333';
  const server = await startServerProcess(data, ['--account', account], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=for the collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  t.after(() => server.kill());
  const { endpoint, credentials } = server;
  const config = { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sts = new STSClient(config);
  t.after(() => [s3.destroy(), sts.destroy()]);
  await s3.send(new CreateBucketCommand({ Bucket: 'traced' }));
  const put = await s3.send(new PutObjectCommand({ Bucket: 'traced', Key: 'a private name', Body: 'x' }));
  await sts.send(new GetCallerIdentityCommand({}));
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket: 'traced', Key: 'missing' })));
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const refused = await fetch(`${endpoint}/traced/k`, { headers: { traceparent: parent } });
  assert.equal(refused.status, 403);
  await server.stop();

  const spans = collector.spans();
  const of = (name: string) => spans.filter(span => span.name === name);
  assert.deepEqual(spans.map(({ name }) => name).sort(), [
    's3/CreateBucket',
    's3/GetObject',
    's3/GetObject',
    's3/PutObject',
    'sts/GetCallerIdentity',
  ]);
  const [written] = of('s3/PutObject');
  assert.deepEqual(valuesOf(written!), {
    'http.request.method': 'PUT',
    'http.response.status_code': 200,
    'aws.request_id': put.$metadata.requestId,
    'karikagi.decision': 'allowed',
    'rpc.system': 'aws-api',
    'rpc.service': 's3',
    'rpc.method': 'PutObject',
    'cloud.account.id': account,
    'aws.s3.bucket': 'traced',
  });
  assert.equal(written!.kind, 2);
  assert.ok(BigInt(written!.endTimeUnixNano) >= BigInt(written!.startTimeUnixNano));
  const reads = of('s3/GetObject').map(span => ({ span, values: valuesOf(span) }));
  const missing = reads.find(({ span }) => !span.parentSpanId);
  const denied = reads.find(({ span }) => span.parentSpanId);
  assert.equal(missing!.values['error.type'], 'NoSuchKey');
  assert.equal(missing!.values['karikagi.decision'], 'allowed');
  assert.equal(denied!.values['karikagi.decision'], 'denied');
  assert.equal(denied!.values['error.type'], 'AccessDenied');
  assert.equal(denied!.values['cloud.account.id'], undefined);
  assert.equal(denied!.span.traceId, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(denied!.span.parentSpanId, 'b7ad6b7169203331');
  assert.equal(valuesOf(of('sts/GetCallerIdentity')[0]!)['karikagi.decision'], 'none');

  const resource = valuesOf(collector.resources()[0].resource);
  assert.equal(resource['service.name'], 'karikagi');
  assert.equal(resource['deployment.environment.name'], 'test');
  assert.ok(
    collector.heads.every(
      ({ url, headers }) => url === '/v1/traces' && headers['x-collector-key'] === 'for the collector',
    ),
  );
  const secrets = [
    credentials.secretAccessKey,
    credentials.accessKeyId,
    'a private name',
    'Signature',
    'for the',
  ];
  for (const secret of secrets) assert.ok(!collector.text().includes(secret), secret);
});

test('a collector that is away costs no request, and what is sampled out is not sent', async t => {
  const collector = await openCollector();
  t.after(collector.close);
  collector.answer.status = 400;
  const data = await mkdtemp(join(tmpdir(), 'karikagi-traces-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
  const first = await startServerProcess(data, [], environment);
  assert.equal((await fetch(first.endpoint)).status, 403);
  await until(() => collector.heads.length > 0);
  assert.equal((await fetch(first.endpoint)).status, 403);
  await first.stop();
  collector.answer.status = 200;
  const asked = collector.heads.length;
  const second = await startServerProcess(data, [], { ...environment, OTEL_TRACES_SAMPLER: 'always_off' });
  assert.equal((await fetch(second.endpoint)).status, 403);
  await second.stop();
  assert.equal(collector.heads.length, asked);
});
