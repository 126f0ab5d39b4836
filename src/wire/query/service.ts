import { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest, RequestBody } from '../../core/http-message.js';
import type { ServiceConstraints } from '../../models/types.js';
import { type Check, ConstraintChecks, type Violation, violationMessage } from '../constraints.js';
import {
  kindOf,
  lazy,
  type OperationSchema,
  operationsOf,
  queryErrorCodes,
  type SdkModule,
} from '../schema.js';
import { formatDateTime } from '../timestamps.js';
import type { ErrorContext, Recognised, WireOperation, WireService } from '../types.js';
import { escapeXml } from '../xml/escape.js';
import { XmlWriters, xmlDocument } from '../xml/write.js';
import { parseForm } from './form.js';
import { ParameterReaders, parameterTree } from './read.js';

export interface QueryServiceOptions {
  readonly id: string;
  readonly sdk: SdkModule;
  /** `2011-06-15` */
  readonly apiVersion: string;
  /** `https://sts.amazonaws.com/doc/2011-06-15/` */
  readonly xmlNamespace: string;
  readonly constraints: ServiceConstraints;
}

/**
 * A service that speaks awsQuery: parameters in a form or in the query, replies in XML (Smithy, "AWS Query
 * protocol"). Its errors: InvalidAction, MissingAction, MalformedQueryString, MalformedInput, ValidationError.
 */
export function queryService(options: QueryServiceOptions): WireService {
  const { id, sdk, apiVersion } = options;
  const operations = new Map<string, WireOperation>();
  const readers = new ParameterReaders();
  const writers = new XmlWriters(formatDateTime);
  const checks = new ConstraintChecks(options.constraints);
  for (const schema of operationsOf(sdk).values()) {
    operations.set(schema.name, queryOperation(schema, readers, writers, checks, options.xmlNamespace));
  }
  const errorCodes = lazy(() => queryErrorCodes(sdk));

  return {
    id,
    recognise(request, body) {
      const parameters = parseForm(request.query);
      if (request.method === 'POST' && body && isForm(request)) parseForm(body, parameters);
      const action = parameters.get('Action');
      if (!action) throw new ApiError('MissingAction', 400, 'The request is missing an action.');
      const version = parameters.get('Version');
      const operation = version === apiVersion ? operations.get(action) : undefined;
      if (!operation) throw invalidAction(action, version);
      return { operation, parameters };
    },
    encodeError: (error, context) =>
      encodeError(error, context, errorCodes().get(error.code) ?? error.code, options.xmlNamespace),
  };
}

/** AWS answers so to an operation that it does not know, and to one of another version. */
function invalidAction(action: string, version = 'NO_VERSION_SPECIFIED'): ApiError {
  return new ApiError('InvalidAction', 400, `Could not find operation ${action} for version ${version}`);
}

function isForm(request: HttpRequest): boolean {
  const type = request.headers.get('content-type');
  return type === undefined || /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
}

function queryOperation(
  schema: OperationSchema,
  readers: ParameterReaders,
  writers: XmlWriters,
  checks: ConstraintChecks,
  xmlNamespace: string,
): WireOperation {
  const { name } = schema;
  const read = lazy(() => readers.structure(schema.input));
  const check = lazy(() => checks.input(name));
  const write = lazy(() => writers.content(schema.output));
  const hasResult = lazy(() => kindOf(schema.output) !== 'unit');
  const open = `<${name}Response xmlns="${escapeXml(xmlNamespace)}">`;

  return {
    name,
    schema,
    streamsInput: false,
    decode(_request: HttpRequest, recognised: Recognised, _body: Uint8Array | RequestBody) {
      const input = read()(parameterTree(recognised.parameters!));
      demand(check(), input);
      return input;
    },
    encode(output, requestId) {
      const body = xmlDocument(xml => {
        xml.ascii(open);
        if (hasResult()) {
          xml.ascii(`<${name}Result>`);
          write()(output as never, xml);
          xml.ascii(`</${name}Result>`);
        }
        xml.ascii(
          `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>\n`,
        );
      });
      return xmlReply(200, requestId, body);
    },
  };
}

function demand(check: Check | undefined, input: unknown): void {
  if (!check) return;
  const violations: Violation[] = [];
  check(input, '', violations);
  if (violations.length > 0) throw new ApiError('ValidationError', 400, violationMessage(violations));
}

function encodeError(error: ApiError, context: ErrorContext, code: string, xmlNamespace: string): HttpReply {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  let members = '';
  for (const [name, value] of Object.entries(error.detail.members ?? {})) {
    members += `<${name}>${escapeXml(value)}</${name}>`;
  }
  const xml =
    `<ErrorResponse xmlns="${escapeXml(xmlNamespace)}"><Error><Type>${type}</Type>` +
    `<Code>${escapeXml(code)}</Code><Message>${escapeXml(error.message)}</Message>${members}</Error>` +
    `<RequestId>${escapeXml(context.requestId)}</RequestId></ErrorResponse>\n`;
  const reply = xmlReply(error.status, context.requestId, xml);
  return { ...reply, headers: { ...reply.headers, ...error.detail.headers } };
}

function xmlReply(status: number, requestId: string, xml: string | Buffer): HttpReply {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body: xml };
}
