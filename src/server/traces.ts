/**
 * Traces of requests for OpenTelemetry, where the environment says where they go (OTLP over HTTP in JSON). One span for
 * each request, under that of its client where `traceparent` names one. Without an endpoint nothing of it is loaded.
 */
import type { Logger } from '../core/log.js';
import type { TracedRequest } from '../http/records.js';
import { VERSION } from './version.js';

interface Traces {
  readonly ended: (request: TracedRequest) => void;
  /** Sends what waits, for as long as an export may take. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds between exports (`OTEL_BSP_SCHEDULE_DELAY`, "Batch Span Processor"). */
const DELAY = 5000;
/** Spans that wait at once; what comes then is dropped ("Batching processor", the specification's default). */
const MOST_WAITING = 2048;

/**
 * Undefined without `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, and where
 * `OTEL_SDK_DISABLED` says so.
 */
export async function openTraces(environment: Environment, log: Logger): Promise<Traces | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = environment;
  if (!(own || all) || environment['OTEL_SDK_DISABLED'] === 'true') return undefined;
  const [api, core, sdk, resources, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { detectResources, envDetector, resourceFromAttributes } = resources;
  // It reads address, headers and certificates from the environment by itself.
  const exporter = saying(new OTLPTraceExporter(), log);
  const named = resourceFromAttributes({ 'service.name': 'karikagi', 'service.version': VERSION });
  const provider = new sdk.TracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(environment, sdk),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: Number(environment['OTEL_BSP_SCHEDULE_DELAY']) || DELAY,
      }),
    ],
  });
  const tracer = provider.getTracer('karikagi', VERSION);
  return {
    ended(request) {
      const { parent, arrived, total, service, operation, status } = request;
      const above = parent === undefined ? null : core.parseTraceParent(parent);
      const context = above ? api.trace.setSpanContext(api.ROOT_CONTEXT, above) : api.ROOT_CONTEXT;
      const name = operation === undefined ? request.method : `${service}/${operation}`;
      const options = { kind: api.SpanKind.SERVER, startTime: arrived, attributes: attributesOf(request) };
      const span = tracer.startSpan(name, options, context);
      // An error of the client is none of the server's ("Semantic conventions for HTTP spans").
      if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.end(arrived + total);
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** By the names of OpenTelemetry's semantic conventions, where they have one. */
function attributesOf(request: TracedRequest) {
  const { service, operation, method, status, errorCode, decision, account, bucket, requestId } = request;
  return {
    'http.request.method': method,
    'http.response.status_code': status,
    'aws.request_id': requestId,
    'karikagi.decision': decision,
    ...(service !== undefined && { 'rpc.system': 'aws-api', 'rpc.service': service }),
    ...(operation !== undefined && { 'rpc.method': operation }),
    ...(errorCode !== undefined && { 'error.type': errorCode }),
    ...(account !== undefined && { 'cloud.account.id': account }),
    ...(bucket !== undefined && { 'aws.s3.bucket': bucket }),
  };
}

/** `OTEL_TRACES_SAMPLER` ("Environment variable specification"); what is not known is as the default. */
function samplerOf(environment: Environment, sdk: typeof import('@opentelemetry/sdk-trace')) {
  const { OTEL_TRACES_SAMPLER: name = 'parentbased_always_on', OTEL_TRACES_SAMPLER_ARG: argument = '1' } =
    environment;
  const root = name.endsWith('traceidratio')
    ? new sdk.TraceIdRatioBasedSampler(Number(argument))
    : name.endsWith('always_off')
      ? new sdk.AlwaysOffSampler()
      : new sdk.AlwaysOnSampler();
  return name.startsWith('parentbased') ? new sdk.ParentBasedSampler({ root }) : root;
}

type Exporter = import('@opentelemetry/sdk-trace').SpanExporter;

/** Says in the log that spans are not taken, once until they are again. */
function saying(exporter: Exporter, log: Logger): Exporter {
  let failing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, result => {
        const { error } = result;
        if (error && !failing) log.warn('traces could not be sent', { error: error.message });
        if (!error && failing) log.info('traces are sent again');
        failing = error !== undefined;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
