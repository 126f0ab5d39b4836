/** S3 Control: the settings of accounts, and of resources by their ARN, at the hosts of S3. */
import type { HttpRequest } from '../../core/http-message.js';
import { s3Errors } from '../../core/s3-errors.js';
import { lazy, operationsOf } from '../schema.js';
import { templateRouter } from '../templates.js';
import type { Recognised, WireOperation, WireService } from '../types.js';
import { InputReaders } from './input.js';
import { OutputWriters } from './output.js';
import { effectiveHeaders, parseQuery } from './parameters.js';
import { errorReply, type RestXmlServiceOptions, restXmlOperation } from './service.js';

const PREFIX = '/v20180820/';
const ACCOUNT = 'x-amz-account-id';
/** `123456789012.s3-control.us-east-1.amazonaws.com`, and what SDKs make of an endpoint: `123456789012.localhost`. */
const CONTROL_HOST = /^(?:(\d{12})\.)?s3-control(?:-fips)?\./;
const ACCOUNT_HOST = /^(\d{12})\./;

/**
 * Whether a request is to S3 Control. Its path says so, with the account in the header that SDKs send or in the host.
 * (A bucket may be called `v20180820`; its requests have neither.)
 */
export function isControl({ path, headers }: HttpRequest): boolean {
  if (!path.startsWith(PREFIX)) return false;
  return headers.has(ACCOUNT) || CONTROL_HOST.test(headers.get('host') ?? '');
}

/**
 * Operations of S3 Control that are called as others of S3 are: they go by the names of their actions, which CloudTrail
 * has as well ("Amazon S3 account-level actions that are tracked by CloudTrail logging", S3 User Guide).
 */
const NAMES: ReadonlyMap<string, string> = new Map(
  ['GetPublicAccessBlock', 'PutPublicAccessBlock', 'DeletePublicAccessBlock'].map(name => [
    name,
    name.replace('Public', 'AccountPublic'),
  ]),
);

/** What an operation of the SDK's is called here. */
export const controlName = (operation: string): string => NAMES.get(operation) ?? operation;

/** Its errors: as S3's, and MethodNotAllowed for a path that no operation has. */
export function s3ControlService(options: Omit<RestXmlServiceOptions, 'hostSuffixes'>): WireService {
  const { id, sdk, constraints, xmlNamespace } = options;
  const schemas = operationsOf(sdk);
  const readers = new InputReaders(constraints);
  const writers = new OutputWriters(xmlNamespace);
  const operations = new Map<string, WireOperation>();
  for (const schema of schemas.values()) {
    const name = controlName(schema.name);
    operations.set(schema.name, restXmlOperation(schema, readers, writers, name));
  }
  const route = lazy(() => templateRouter(schemas.values()));

  return {
    id,
    recognise(request): Recognised {
      const found = routed(route(), request);
      const parameters = parseQuery(request.query, 'joined');
      const headers = withAccount(effectiveHeaders(request.headers, parameters));
      return { operation: operations.get(found.operation)!, labels: found.labels, parameters, headers };
    },
    /** "Error responses" (recorded: LocalStack's test_crud_public_access_block has the ids beside the error). */
    encodeError: (error, context) =>
      errorReply(error, context, (own, ids) => `<ErrorResponse><Error>${own}</Error>${ids}</ErrorResponse>`),
  };
}

function routed(route: ReturnType<typeof templateRouter>, { method, path }: HttpRequest) {
  try {
    const found = route(method, path);
    if (found) return found;
  } catch {
    throw s3Errors.InvalidURI({ members: { URI: path } });
  }
  throw s3Errors.MethodNotAllowed({ members: { Method: method, ResourceType: 'S3_CONTROL' } });
}

/** The account that stands in the host alone counts as the header does. */
function withAccount(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (headers.has(ACCOUNT)) return headers;
  const host = headers.get('host') ?? '';
  const account = CONTROL_HOST.exec(host)?.[1] ?? ACCOUNT_HOST.exec(host)?.[1];
  return account === undefined ? headers : new Map([...headers, [ACCOUNT, account]]);
}
