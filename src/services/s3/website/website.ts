/**
 * Buckets as websites: what a browser is answered at a website endpoint ("Hosting a static website using Amazon S3",
 * S3 User Guide). Requests there are anonymous; what may be read is what anyone may read.
 */
import type { GetObjectRequest, HeadObjectOutput } from '@aws-sdk/client-s3';
import { ApiError } from '../../../core/errors.js';
import { type Call, type Operation, type Service, service } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, RoutingRule, VersionRecord, Website } from '../../../objects/index.js';
import type { AccessLog } from '../logging/access-log.js';
import { GetObject, type GetObjectResult, HeadObject } from '../object/get-object.js';
import type { S3Ports } from '../ports.js';
import { demandKey, findBucket } from '../target.js';
import { noWebsite } from './bucket-website.js';

interface WebsiteInput extends GetObjectRequest {
  /** The region that the endpoint's name says, where it says one. */
  readonly EndpointRegion?: string | undefined;
}

/** What is answered: an object, or where to go instead. */
type WebsiteAnswer =
  | { readonly object: GetObjectResult | HeadObjectOutput; readonly error?: ApiError | undefined }
  /** `location` is safe to stand in a header. */
  | { readonly status: number; readonly location: string };

type Read = typeof GetObject | typeof HeadObject;
type Site = Exclude<Website, { readonly redirectAll: object }>;

/** The website's bucket, and the version that was read last, for the access log. */
interface Visited {
  readonly bucket: Bucket;
  version?: VersionRecord | undefined;
}

/** One request to a bucket that is served as a website. */
interface Visit {
  readonly visited: Visited;
  readonly site: Site;
  /** As the path names it: empty, or ending in a slash, for a folder. */
  readonly key: string;
  readonly input: WebsiteInput;
  readonly call: Call;
  readonly ports: S3Ports;
  readonly read: Read;
}

const operations = { GetObject: serving(GetObject), HeadObject: serving(HeadObject) };

/** The websites' operations: they go by the names of those of S3 that they come to. */
export function websiteService(ports: S3Ports, log?: AccessLog): Service {
  return service('s3', ports, operations, (ending, subject) => log?.note(ending, subject, 'WEBSITE'));
}

function serving(read: Read): Operation<S3Ports, WebsiteInput, WebsiteAnswer, Visited> {
  return {
    /** Asks `call.demand` itself: which objects are read shows on the way, and a refusal has its page too. */
    async resolve(input, call, ports) {
      return { requires: [], subject: { bucket: await findBucket({ Bucket: input.Bucket }, call, ports) } };
    },

    async run(visited, input, call, ports) {
      const { bucket } = visited;
      demandEndpoint(bucket, input, call);
      const site = bucket.website ?? noWebsite(bucket.name);
      if (site.redirectAll) return redirectAll(site.redirectAll, call);
      return visit({ visited, site, key: demandKey(input.Key ?? ''), input, call, ports, read });
    },
  };
}

/** Throws IncorrectEndpoint. */
function demandEndpoint(bucket: Bucket, { EndpointRegion: region }: WebsiteInput, call: Call): void {
  if (region === undefined || region === bucket.region) return;
  const host = call.http.headers.get('host') ?? '';
  throw s3Errors.IncorrectEndpoint({ members: { Endpoint: host.replace(region, bucket.region) } });
}

function redirectAll(to: { readonly host: string; readonly protocol?: string | undefined }, call: Call) {
  const { path, query } = call.http;
  const location = `${to.protocol ?? 'http'}://${to.host}${path}${query === '' ? '' : `?${query}`}`;
  return { status: 301, location: inHeader(location) };
}

async function visit(request: Visit): Promise<WebsiteAnswer> {
  const { site, key, input, call } = request;
  const rule = ruleFor(site, key, undefined);
  if (rule) return redirect(rule, key, call);
  try {
    const page = key === '' || key.endsWith('/') ? key + site.index : key;
    return answerWith(await readObject({ ...input, Key: page }, request));
  } catch (error) {
    // Not modified is an answer; what is not S3's own error has no page.
    if (!(error instanceof ApiError) || error.status < 400) throw error;
    if (await isFolder(request)) return { status: 302, location: `${call.http.path}/` };
    const after = ruleFor(site, key, error.status);
    if (after) return redirect(after, key, call);
    return errorDocument(request, error);
  }
}

/** Throws what GetObject throws, AccessDenied among it. */
async function readObject(
  input: WebsiteInput,
  { visited, call, ports, read }: Pick<Visit, 'visited' | 'call' | 'ports' | 'read'>,
): Promise<GetObjectResult | HeadObjectOutput> {
  const asked = { ...input, Key: demandKey(input.Key ?? '') };
  const { requires, subject } = await read.resolve(asked, call, ports);
  visited.version = subject.version;
  for (const requirement of requires) await call.demand(requirement);
  return read.run(subject, asked, call, ports);
}

/** An object may say that it has moved ("(Optional) Configuring a webpage redirect"). */
function answerWith(object: GetObjectResult | HeadObjectOutput, error?: ApiError): WebsiteAnswer {
  const location = object.WebsiteRedirectLocation;
  return location === undefined ? { object, error } : { status: 301, location: inHeader(location) };
}

/** Whether there is no such object, but an index document that may be read in a folder of that name. */
async function isFolder(request: Visit): Promise<boolean> {
  const { visited, site, key, input, call, ports } = request;
  if (key === '' || key.endsWith('/')) return false;
  const there = async (name: string) => {
    const version = await ports.objects.versions.find(visited.bucket, name, undefined);
    return version !== undefined && !version.marker;
  };
  const index = `${key}/${site.index}`;
  if ((await there(key)) || !(await there(index))) return false;
  const { requires } = await GetObject.resolve({ ...input, Key: index }, call, ports);
  return call.permits(requires[0]!);
}

/** The bucket's own page for the error. Throws the error, and with it why there is no such page. */
async function errorDocument(request: Visit, error: ApiError): Promise<WebsiteAnswer> {
  const { site, input } = request;
  if (site.error === undefined) throw error;
  try {
    return answerWith(await readObject({ Bucket: input.Bucket, Key: site.error }, request), error);
  } catch (cause) {
    const { code, status, message, detail } = error;
    throw new ApiError(code, status, message, { ...detail, cause });
  }
}

/** `status`: of the error that stands in for the object; a rule that names none is for requests not yet answered. */
function ruleFor(site: Site, key: string, status: number | undefined): RoutingRule | undefined {
  return site.rules?.find(({ prefix = '', errorCode }) => errorCode === status && key.startsWith(prefix));
}

function redirect({ prefix = '', redirect: to }: RoutingRule, key: string, call: Call): WebsiteAnswer {
  const host = to.host ?? call.http.headers.get('host') ?? '';
  const location = `${to.protocol ?? call.http.scheme ?? 'http'}://${host}/`;
  return { status: to.code ?? 301, location: inHeader(location + newKey()) };

  /** What the rule puts in place is taken as it stands: it may go on to a query or a fragment. */
  function newKey(): string {
    if (to.replaceKey !== undefined) return to.replaceKey;
    if (to.replacePrefix === undefined) return encoded(key);
    return to.replacePrefix + encoded(key.slice(prefix.length));
  }
}

function encoded(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** Nothing that would end a header or be no URL: all but visible ASCII is percent-encoded. */
function inHeader(location: string): string {
  const percent = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return location.replace(/[^\x21-\x7e]+/g, text => [...Buffer.from(text)].map(percent).join(''));
}
