import { invalidArgument, s3Errors } from '../../core/s3-errors.js';
import { membersOf, type OperationSchema, requiredOf } from '../schema.js';
import type { Address } from './address.js';
import { refuseMisplaced } from './arguments.js';

interface Marker {
  readonly name: string;
  readonly value: string | undefined;
}

/** What distinguishes an operation from the others of the same method and level. */
interface Route {
  readonly operation: string;
  /** Query parameters that must be there, with the value they must have where it matters (`list-type=2`). */
  readonly markers: readonly Marker[];
  /** Query parameters and headers that its input requires: what tells UploadPart from PutObject. */
  readonly parameters: readonly string[];
  readonly headers: readonly string[];
}

type Level = 'service' | 'bucket' | 'object';

/** What the routes look at. */
interface Routed {
  readonly method: string;
  readonly address: Address;
  readonly parameters: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Operations of other endpoints (S3 Object Lambda, S3 Express), whose routes hide those of S3's own: `?session`
 * on a general purpose bucket is a listing.
 */
const elsewhere = new Set(['WriteGetObjectResponse', 'ListDirectoryBuckets', 'CreateSession']);

/**
 * Makes the function that names the operation of a request from the HTTP traits of the schemas. It throws
 * MethodNotAllowed where there is none, InvalidArgument where a request asks for two subresources or mixes the
 * parameters of two operations, InvalidRequest where a parameter of objects comes without a key.
 */
export function router(operations: Iterable<OperationSchema>): (request: Routed) => string {
  const table = new Map<string, Route[]>();
  /** Parameters that name a subresource: on a request whose operation has none of them, they are a mistake. */
  const subresources = new Set(['uploadId']);
  for (const schema of operations) {
    if (!schema.http || elsewhere.has(schema.name)) continue;
    const { place, route } = compileRoute(schema);
    for (const { name, value } of route.markers) if (value === undefined) subresources.add(name);
    const routes = table.get(place);
    if (routes) routes.push(route);
    else table.set(place, [route]);
  }
  for (const routes of table.values()) routes.sort((a, b) => weight(b) - weight(a));

  return request => {
    const level = levelOf(request.address);
    const { method, parameters } = request;
    const asked: string[] = [];
    for (const name of parameters.keys()) if (subresources.has(name)) asked.push(name);
    if (asked.length > 1) throw conflicting(asked.sort());
    if (level === 'bucket') refuseKeyless(parameters);
    const route = table.get(`${method} ${level}`)?.find(candidate => matches(candidate, request));
    if (route?.operation === 'PutObject' || route?.operation === 'CopyObject') refusePart(parameters);
    if (level === 'bucket' && method === 'POST' && !route && asked[0] === undefined) throw noForm();
    if (!route || (asked[0] !== undefined && !names(route, asked[0]))) {
      const allowed = methods.filter(other =>
        table.get(`${other} ${level}`)?.some(candidate => names(candidate, asked[0])),
      );
      throw notAllowed(method, asked[0] ?? level, allowed);
    }
    refuseMisplaced(route.operation, parameters);
    return route.operation;
  };
}

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];

function levelOf({ bucket, key }: Address): Level {
  return key !== undefined ? 'object' : bucket !== undefined ? 'bucket' : 'service';
}

/** Whether a route is of that subresource; of none, where there is none. */
function names(route: Route, subresource: string | undefined): boolean {
  if (subresource === undefined) return route.markers.length === 0 && route.parameters.length === 0;
  return route.markers.some(({ name }) => name === subresource) || route.parameters.includes(subresource);
}

/** What S3 answers to parameters of objects where the path names none. */
function refuseKeyless(parameters: ReadonlyMap<string, string>): void {
  if (parameters.size === 0) return;
  if (parameters.has('partNumber')) throw s3Errors.InvalidRequest('Object must have a valid key name.');
  if (parameters.has('uploadId')) throw s3Errors.InvalidRequest('A key must be specified');
  const version = parameters.get('versionId');
  if (version !== undefined) {
    throw invalidArgument('This operation does not accept a version-id.', 'versionId', version);
  }
}

/**
 * What is posted to a bucket without naming a subresource can only be a form (recorded,
 * test_post_object_with_wrong_content_type).
 */
function noForm(): Error {
  const Condition = 'Bucket POST must be of the enclosure-type multipart/form-data';
  return s3Errors.PreconditionFailed({ members: { Condition } });
}

/** A part without its upload would replace the whole object (versitygw, RouterPutPartNumberWithoutUploadId). */
function refusePart(parameters: ReadonlyMap<string, string>): void {
  const part = parameters.get('partNumber');
  if (part === undefined) return;
  throw invalidArgument('This operation does not accept partNumber without uploadId', 'partNumber', part);
}

function compileRoute(schema: OperationSchema): { place: string; route: Route } {
  const { method, uri } = schema.http!;
  const [path, query = ''] = uri.split('?') as [string, string?];
  const markers: Marker[] = [];
  for (const pair of query.split('&')) {
    const [name, value] = pair.split('=') as [string, string?];
    // No client but the SDKs sends x-id.
    if (name && name !== 'x-id') markers.push({ name, value });
  }
  const required = requiredOf(schema.input);
  const level: Level = path.includes('{Key+}') ? 'object' : required.has('Bucket') ? 'bucket' : 'service';
  const parameters: string[] = [];
  const headers: string[] = [];
  for (const [name, member] of membersOf(schema.input)) {
    if (!required.has(name)) continue;
    const { httpQuery, httpHeader } = member.getMergedTraits() as { httpQuery?: string; httpHeader?: string };
    if (httpQuery) parameters.push(httpQuery);
    // Only what is copied tells operations apart; other required headers are for the operation to miss.
    if (httpHeader === 'x-amz-copy-source') headers.push(httpHeader);
  }
  return { place: `${method} ${level}`, route: { operation: schema.name, markers, parameters, headers } };
}

/** The more a route asks for, the earlier it is tried. */
function weight(route: Route): number {
  return 10 * route.markers.length + route.parameters.length + route.headers.length;
}

function matches(route: Route, { parameters, headers }: Routed): boolean {
  for (const { name, value } of route.markers) {
    const given = parameters.get(name);
    if (given === undefined || (value !== undefined && given !== value)) return false;
  }
  return (
    route.parameters.every(name => parameters.has(name)) && route.headers.every(name => headers.has(name))
  );
}

/** What S3 calls a subresource where that is not just its name. */
const resourceTypes: ReadonlyMap<string, string> = new Map([
  ['delete', 'MULTI_OBJECT_DELETE'],
  ['logging', 'LOGGING_STATUS'],
  ['policy', 'BUCKETPOLICY'],
  ['uploadId', 'UPLOAD'],
  ['versions', 'BUCKETVERSIONS'],
]);

function notAllowed(method: string, subject: string, allowed: readonly string[]) {
  const name = subject.replaceAll('-', '_').replace(/[A-Z]/g, '_$&').toUpperCase();
  return s3Errors.MethodNotAllowed({
    members: { Method: method, ResourceType: resourceTypes.get(subject) ?? name },
    headers: { allow: allowed.join(', ') },
  });
}

function conflicting(subresources: readonly string[]) {
  const message = `Conflicting query string parameters: ${subresources.join(', ')}`;
  return invalidArgument(message, 'ResourceType', subresources[0]!);
}
