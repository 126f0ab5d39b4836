/** The SDK's own clients, with the wire in place of the network. */
import { Readable } from 'node:stream';
import * as iamSdk from '@aws-sdk/client-iam';
import * as kmsSdk from '@aws-sdk/client-kms';
import * as s3Sdk from '@aws-sdk/client-s3';
import * as stsSdk from '@aws-sdk/client-sts';
import type { HttpReply, HttpRequest, RequestBody } from '../core/http-message.js';
import type { ServiceConstraints } from '../models/types.js';
import { jsonService, queryService, restXmlService, type SdkModule, type WireService } from './index.js';

export type Struct = Record<string, unknown>;

/** As the SDK hands it to its socket. */
interface SentRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

type Answer = { statusCode: number; headers: Record<string, string>; body: Readable };

interface SdkClient {
  send(command: unknown): Promise<Struct>;
}

const common = {
  region: 'eu-west-1',
  endpoint: 'http://localhost:9000',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  maxAttempts: 1,
  requestChecksumCalculation: 'WHEN_REQUIRED' as const,
  responseChecksumValidation: 'WHEN_REQUIRED' as const,
};

/** Random values would break the models' constraints. */
const none: ServiceConstraints = { apiVersion: '', inputs: {}, shapes: {} };

export interface Subject {
  readonly name: string;
  readonly sdk: SdkModule;
  readonly wire: WireService;
  connect(handler: unknown): SdkClient;
}

export const subjects: Subject[] = [
  {
    name: 'sts',
    sdk: stsSdk,
    wire: queryService({
      id: 'sts',
      sdk: stsSdk,
      apiVersion: '2011-06-15',
      xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      constraints: none,
    }),
    connect: handler => new stsSdk.STSClient({ ...common, requestHandler: handler as never }) as never,
  },
  {
    name: 'iam',
    sdk: iamSdk,
    wire: queryService({
      id: 'iam',
      sdk: iamSdk,
      apiVersion: '2010-05-08',
      xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      constraints: none,
    }),
    connect: handler => new iamSdk.IAMClient({ ...common, requestHandler: handler as never }) as never,
  },
  {
    name: 'kms',
    sdk: kmsSdk,
    wire: jsonService({ id: 'kms', sdk: kmsSdk, target: 'TrentService', constraints: none }),
    connect: handler => new kmsSdk.KMSClient({ ...common, requestHandler: handler as never }) as never,
  },
  ...[true, false].map(forcePathStyle => ({
    name: forcePathStyle ? 's3, path-style' : 's3, virtual-hosted',
    sdk: s3Sdk,
    wire: restXmlService({
      id: 's3',
      sdk: s3Sdk,
      xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
      constraints: none,
    }),
    connect: (handler: unknown) =>
      new s3Sdk.S3Client({ ...common, forcePathStyle, requestHandler: handler as never }) as never,
  })),
];

/** What the wire replies to a request, and the bytes of the request's body. */
type Respond = (received: HttpRequest, body: Uint8Array) => HttpReply;

/** Sends an operation with the SDK; resolves or rejects with what the SDK makes of the reply. */
export async function send(subject: Subject, name: string, input: Struct, respond: Respond): Promise<Struct> {
  const handle = async (request: SentRequest): Promise<{ response: Answer }> => {
    const { received, body } = asReceived(request);
    return { response: asAnswer(respond(received, body)) };
  };
  const client = subject.connect({ handle, destroy() {} });
  const Command = subject.sdk[`${name}Command`] as new (input: Struct) => unknown;
  const got = await client.send(new Command(input));
  delete got['$metadata'];
  return got;
}

function asReceived(request: SentRequest): { received: HttpRequest; body: Uint8Array } {
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  headers.set('host', `${request.hostname}:${request.port}`);
  const body = Buffer.from(request.body ?? '');
  const query = Object.entries(request.query ?? {}).map(([name, value]) =>
    value === null
      ? encodeURIComponent(name)
      : `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  const received = {
    method: request.method,
    path: request.path,
    query: query.join('&'),
    headers,
    body: streamOf(body),
  };
  return { received, body };
}

function streamOf(bytes: Uint8Array): RequestBody {
  return {
    length: bytes.byteLength,
    trailers: new Map(),
    async *[Symbol.asyncIterator]() {
      if (bytes.byteLength > 0) yield bytes;
    },
  };
}

function asAnswer(reply: HttpReply): Answer {
  const body =
    reply.body === undefined ? Readable.from([]) : Readable.from([Buffer.from(reply.body as string)]);
  return { statusCode: reply.status, headers: { ...reply.headers }, body };
}
