/** The console's listener: its pages, its sign-in endpoint, and the signed API, all of one origin. */
import { randomBytes } from 'node:crypto';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import { defaultKnowledge } from '../../policy/knowledge.js';
import { isFromThisMachine, type Monitor, monitorReply } from '../monitor.js';
import type { Answer, Pipeline } from '../pipeline.js';
import type { Connection } from '../state.js';
import type { ConsoleFiles } from './files.js';
import type { SignInEndpoint } from './sign-in.js';

interface ConsoleDoorOptions {
  readonly monitor: Monitor;
  readonly pipeline: Pipeline;
  readonly files: ConsoleFiles;
  readonly signIn: SignInEndpoint;
  /** Host names without port under which the console answers; every name where absent. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** What the page learns before anyone signs in. */
  readonly about: ConsoleAbout;
}

/** Nothing here is secret. */
interface ConsoleAbout {
  readonly region: string;
  readonly partition: string;
  /** Where clients reach the API: presigned URLs name it. */
  readonly endpoint: string;
  /** OpenID Connect issuers for people: the issuer's URL → the client id of this console. */
  readonly issuers: Readonly<Record<string, string>>;
  readonly transport: Transport;
}

/** How requests reach the server: over TLS, from this machine alone, or over a network that may read along. */
export type Transport = 'tls' | 'loopback' | 'plain';

/** A row of the console's doors: what it takes, it answers. */
interface ConsoleDoor {
  takes(request: HttpRequest): boolean;
  answer(request: HttpRequest, connection: Connection): Answer | Promise<Answer>;
}

/** The doors of the console's listener, in the order in which they are asked; the last takes the rest. */
function doorsOf(options: ConsoleDoorOptions): readonly ConsoleDoor[] {
  const { pipeline, hosts, signIn, monitor } = options;
  const monitored = async (request: HttpRequest, otherwise: HttpReply) =>
    done((await monitorReply(request, monitor)) ?? otherwise);
  return [
    // Probes ask by address, and get to know nothing: whether the server is well.
    {
      takes: request => request.path.startsWith('/-/') && !isForApi(request),
      answer: request => monitored(request, text(404, 'There is no such page.')),
    },
    {
      takes: request => hosts !== undefined && !hosts.has(hostName(request)),
      answer: () => refused(421, 'This server does not go by that name.'),
    },
    { takes: isForApi, answer: (request, connection) => throughApi(request, connection, pipeline) },
    {
      takes: request => request.path === '/federation' && !isLogin(request),
      answer: async (request, connection) => done(await signIn.answer(request, connection)),
    },
    {
      takes: ({ path }) => path === '/metrics',
      answer: (request, connection) =>
        isFromThisMachine(request, connection)
          ? monitored(request, text(405, 'Metrics are read.'))
          : refused(403, 'Metrics are for this machine here: --metrics-listen opens an address for others.'),
    },
    {
      takes: ({ method }) => method !== 'GET' && method !== 'HEAD',
      answer: () => refused(405, 'Sign the request: what is not signed gets pages alone.'),
    },
    // An address in the page is no file.
    { takes: () => true, answer: async request => done(await fileOrPage(request, options)) },
  ];
}

/** A request through the console's listener. */
export function consoleDoor(options: ConsoleDoorOptions): Pipeline {
  const doors = doorsOf(options);
  return async (request, connection) => doors.find(door => door.takes(request))!.answer(request, connection);
}

/** Signed, in headers or in the query; or one of the operations of STS that take a token in place of a signature. */
function isForApi({ method, path, query, headers }: HttpRequest): boolean {
  if (headers.get('authorization')?.startsWith('AWS4-')) return true;
  if (/(?:^|&)X-Amz-(?:Signature|Credential)=/i.test(query)) return true;
  const form = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded');
  return method === 'POST' && path === '/' && form === true && isOwnSite(headers);
}

function isOwnSite(headers: HttpRequest['headers']): boolean {
  return ['same-origin', 'none'].includes(headers.get('sec-fetch-site') ?? 'none');
}

/**
 * Uses that a page has no need of, and that would run or draw what somebody stored: scripts, workers, frames, styles.
 */
const FETCHED_BY_PAGE: readonly (string | undefined)[] = [undefined, 'empty', 'document'];

async function throughApi(request: HttpRequest, connection: Connection, pipeline: Pipeline): Promise<Answer> {
  if (!FETCHED_BY_PAGE.includes(request.headers.get('sec-fetch-dest'))) {
    return refused(403, 'Objects are not part of pages here.');
  }
  const { reply, ...answer } = await pipeline(request, connection);
  return { ...answer, reply: harmless(reply, request) };
}

/** What somebody stored never runs with the console's origin: neither opened as a page nor in one. */
function harmless(reply: HttpReply, { method }: HttpRequest): HttpReply {
  const disposition = reply.headers['content-disposition'] ?? '';
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      // HEAD is asked for what stands in the object's record; nothing is drawn from it.
      ...(method !== 'HEAD' &&
        !/^attachment\b/i.test(disposition) && { 'content-disposition': 'attachment' }),
    },
  };
}

async function fileOrPage(request: HttpRequest, options: ConsoleDoorOptions): Promise<HttpReply> {
  const { files, about } = options;
  const { path } = request;
  if (path === '/console.json') return json({ ...about, host: request.headers.get('host') ?? '' });
  if (path.startsWith('/knowledge/')) return await knowledge(path.slice('/knowledge/'.length));
  const file = await files.reply(path.slice(1), request);
  if (file !== undefined) return file;
  if (path.startsWith('/assets/')) return text(404, 'There is no such file.');
  return await page(request, options);
}

async function page(request: HttpRequest, { files, about }: ConsoleDoorOptions): Promise<HttpReply> {
  const nonce = randomBytes(18).toString('base64');
  const site = request.headers.get('sec-fetch-site') ?? 'none';
  // The page asks before it takes over credentials from a link that another site has.
  const asks = site === 'same-origin' || site === 'none' ? 'no' : 'yes';
  const html = (await files.page()).replaceAll('__NONCE__', nonce).replace('__FOREIGN__', asks);
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policyOf(nonce, Object.keys(about.issuers)),
      'content-length': String(Buffer.byteLength(html)),
    },
    ...(request.method !== 'HEAD' && { body: html }),
  };
}

function policyOf(nonce: string, issuers: readonly string[]): string {
  const reachable = [...new Set(issuers.map(issuer => new URL(issuer).origin))];
  return [
    "default-src 'none'",
    // Scripts come from the page's own script alone: an object of a bucket is of this origin, too.
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src ${["'self'", ...reachable].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * For the linter in the page: what is known of an AWS service (`s3.json`) or a condition key
 * (`key/aws%3ASourceIp.json`); `services.json` has the prefixes of all services.
 */
async function knowledge(name: string): Promise<HttpReply> {
  const known = await defaultKnowledge();
  if (name.startsWith('key/')) {
    const key = await known.conditionKey(decoded(name.slice('key/'.length).replace(/\.json$/, '')));
    return key ? json(key, 'public, max-age=86400') : text(404, 'There is no such key.');
  }
  const prefix = /^([a-z0-9-]+)\.json$/.exec(name)?.[1];
  if (prefix === 'services') return json(await known.services(), 'public, max-age=86400');
  const service = prefix && (await known.service(prefix));
  if (!service) return text(404, 'There is no such service.');
  const { actions, arns, conditionKeys } = service;
  return json({ actions: [...actions.values()], arns, conditionKeys }, 'public, max-age=86400');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isLogin({ method, query }: HttpRequest): boolean {
  return method === 'GET' && new URLSearchParams(query).get('Action') === 'login';
}

function hostName({ headers }: HttpRequest): string {
  return (headers.get('host') ?? '').toLowerCase().replace(/:\d+$/, '');
}

function json(content: unknown, caching = 'no-store'): HttpReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': caching },
    body: JSON.stringify(content),
  };
}

function text(status: number, content: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${content}\n` };
}

function refused(status: number, why: string): Answer {
  return done(text(status, why));
}

function done(reply: HttpReply): Answer {
  const headers = {
    ...reply.headers,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  };
  return { reply: { ...reply, headers }, finish: () => undefined, gone: () => undefined };
}
