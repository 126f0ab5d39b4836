/** Schemas compiled to functions that write an S3 reply: status, headers, body. */

import type { HttpReply } from '../../core/http-message.js';
import { kindOf, membersOf, type OperationSchema, type Schema } from '../schema.js';
import { formatDateTimeZeroMillis, formatHttpDate } from '../timestamps.js';
import {
  type ContentWriter,
  type ElementWriter,
  elementName,
  timestampWriter,
  XmlWriters,
  xmlDocument,
} from '../xml/write.js';
import { encodeWords } from './metadata.js';

type Output = Readonly<Record<string, unknown>>;
type Body = HttpReply['body'];

/** `headers`: those of every reply, to which the writer adds the output's own. */
type OutputWriter = (output: Output, headers: Record<string, string>) => HttpReply;

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * Success as S3 answers it where its model says otherwise (S3 API Reference, the sample replies of PutBucketPolicy and
 * PutBucketTagging; LocalStack's recordings of AWS, test_bucket_tagging_crud, test_s3_inventory_report_crud,
 * test_s3_analytics_configurations and test_s3_intelligent_tier_config). Metrics are of the same kind;
 * S3 Control's DeletePublicAccessBlock is recorded in test_crud_public_access_block.
 */
const answeredStatus: Readonly<Record<string, number>> = {
  PutBucketPolicy: 204,
  PutBucketTagging: 204,
  PutBucketAnalyticsConfiguration: 204,
  PutBucketIntelligentTieringConfiguration: 204,
  PutBucketInventoryConfiguration: 204,
  PutBucketMetricsConfiguration: 204,
  DeletePublicAccessBlock: 204,
};

/** Elements that S3 sends in another order than the model lists them: those that come first (recorded). */
const orders: Readonly<Record<string, readonly string[]>> = {
  ListBucketsOutput: ['Owner'],
  // As in the samples of the S3 API Reference: what the page is of before what is on it (test_response_structure).
  ListObjectsOutput: [
    'Name',
    'Prefix',
    'Marker',
    'NextMarker',
    'MaxKeys',
    'Delimiter',
    'IsTruncated',
    'EncodingType',
  ],
  ListObjectsV2Output: [
    'Name',
    'Prefix',
    'StartAfter',
    'ContinuationToken',
    'NextContinuationToken',
    'KeyCount',
    'MaxKeys',
    'Delimiter',
    'IsTruncated',
    'EncodingType',
  ],
};

/**
 * Replies that tell the bucket's region beside what their model says (recorded; clients find out where to sign for).
 */
const tellsRegion: ReadonlySet<string> = new Set(['ListObjects', 'ListObjectsV2']);

/** Replies without a body that have its type (LocalStack's recordings of AWS, test_create_bucket_head_bucket). */
const typedWithoutBody: ReadonlySet<string> = new Set(['HeadBucket']);

/** Compiles the output writers of one service. */
export class OutputWriters {
  readonly #xml = new XmlWriters(formatDateTimeZeroMillis, orders);

  constructor(private readonly xmlNamespace: string) {}

  operation(schema: OperationSchema): OutputWriter {
    const status = answeredStatus[schema.name] ?? schema.http!.status;
    const writers = headerWriters(schema.output);
    if (tellsRegion.has(schema.name)) {
      writers.set('BucketRegion', (value, headers) => {
        if (value !== undefined) headers['x-amz-bucket-region'] = String(value);
      });
    }
    const body = this.#body(schema);
    const typed = typedWithoutBody.has(schema.name);
    return (output, headers) => {
      if (typed) headers['content-type'] = 'application/xml';
      // Outputs have few of the many members that a shape has: ask for those.
      for (const name in output) writers.get(name)?.(output[name], headers);
      const content = body?.write(output);
      if (content !== undefined && body?.type && !headers['content-type'])
        headers['content-type'] = body.type;
      // The one success that the schemas do not give a status: a part of an object (RFC 9110, section 15.3.7).
      return { status: headers['content-range'] === undefined ? status : 206, headers, body: content };
    };
  }

  #body(schema: OperationSchema): { type?: string; write: (output: Output) => Body } | undefined {
    if (schema.name === 'GetBucketLocation') return this.#location(schema.output);
    if (schema.name === 'ListObjectVersions') return this.#versions(schema.output);
    const members = membersOf(schema.output);
    const payload = members.find(([, member]) => member.getMergedTraits().httpPayload);
    if (payload) return this.#payload(payload[0], payload[1]);
    if (members.every(([, member]) => isHeader(member))) return undefined;
    return this.#document(schema.output, this.#xml.content(schema.output, isHeader));
  }

  #document(schema: Schema, content: ContentWriter) {
    const { xmlName } = schema.getMergedTraits() as { readonly xmlName?: string };
    const root = xmlName ?? schema.getName()!;
    const open = `${xmlDeclaration}<${root} xmlns="${this.xmlNamespace}">`;
    const write = (output: Output) =>
      xmlDocument(xml => {
        xml.ascii(open);
        content(output, xml);
        xml.ascii(`</${root}>`);
      });
    return { type: 'application/xml', write };
  }

  /**
   * The one reply whose two lists are one in its document: versions and delete markers of a key together, the newest
   * first (ListObjectVersions, S3 API Reference, example 1). `Entries` has them so, each under its element's name.
   */
  #versions(output: Schema) {
    const entries = new Map<string, ElementWriter>();
    for (const [, member] of membersOf(output)) {
      const name = elementName(member, '');
      if (name === 'Version' || name === 'DeleteMarker')
        entries.set(name, this.#xml.element(member.getValueSchema(), name));
    }
    const content = this.#xml.content(
      output,
      member => isHeader(member) || entries.has(elementName(member, '')),
    );
    return this.#document(output, (members, xml) => {
      content(members, xml);
      for (const entry of members['Entries'] as readonly object[]) {
        for (const [name, value] of Object.entries(entry)) entries.get(name)!(value, xml);
      }
    });
  }

  #payload(name: string, schema: Schema): { type?: string; write: (output: Output) => Body } {
    if (kindOf(schema) !== 'structure' || schema.isStreaming()) {
      // Bytes or a stream as they come; the one text is GetBucketPolicy's.
      const type = kindOf(schema) === 'string' ? { type: 'application/json' } : {};
      return { ...type, write: output => output[name] as Body };
    }
    const element = this.#xml.element(schema, elementName(schema, schema.getName()!), this.xmlNamespace);
    return {
      type: 'application/xml',
      // A reply without its document is an aborted one to clients: it is never left out.
      write: output =>
        xmlDocument(xml => {
          xml.ascii(xmlDeclaration);
          element(output[name] ?? {}, xml);
        }),
    };
  }

  /** The one reply whose member is the content of its root element. */
  #location(output: Schema): { type: string; write: (output: Output) => Body } {
    const member = output.getMemberSchema('LocationConstraint');
    const element = this.#xml.element(member, 'LocationConstraint', this.xmlNamespace);
    // Recorded, test_response_structure_get_bucket_location.
    const none = `<LocationConstraint xmlns="${this.xmlNamespace}"/>`;
    return {
      type: 'application/xml',
      write: ({ LocationConstraint }) =>
        xmlDocument(xml => {
          xml.ascii(xmlDeclaration);
          if (LocationConstraint) element(LocationConstraint, xml);
          else xml.ascii(none);
        }),
    };
  }
}

function isHeader(member: Schema): boolean {
  const traits = member.getMergedTraits();
  return !!(traits.httpHeader || traits.httpPrefixHeaders || traits.httpResponseCode);
}

type HeaderWriter = (value: unknown, headers: Record<string, string>) => void;

function headerWriters(output: Schema): Map<string, HeaderWriter> {
  const writers = new Map<string, HeaderWriter>();
  for (const [name, member] of membersOf(output)) {
    const { httpHeader, httpPrefixHeaders } = member.getMergedTraits() as {
      readonly httpHeader?: string;
      readonly httpPrefixHeaders?: string;
    };
    if (httpPrefixHeaders) writers.set(name, prefixedWriter(httpPrefixHeaders));
    else if (httpHeader) writers.set(name, headerWriter(httpHeader, member));
  }
  return writers;
}

function prefixedWriter(prefix: string): HeaderWriter {
  return (values, headers) => {
    for (const [key, value] of Object.entries((values as Record<string, string> | undefined) ?? {})) {
      headers[prefix + key.toLowerCase()] = encodeWords(value);
    }
  };
}

function headerWriter(header: string, member: Schema): HeaderWriter {
  // The SDK's name for an `Expires` that is kept as it was sent.
  const label = header === 'ExpiresString' ? 'expires' : header.toLowerCase();
  const text = headerText(member);
  // ExpiresString says it exactly, whichever comes first.
  const yields = header === 'Expires';
  return (value, headers) => {
    if (value === undefined || value === null || (yields && headers[label] !== undefined)) return;
    headers[label] = text(value);
  };
}

function headerText(member: Schema): (value: unknown) => string {
  switch (kindOf(member)) {
    case 'timestamp': {
      const format = timestampWriter(member, formatHttpDate);
      return value => format(value as Date);
    }
    case 'list':
      return value => (value as readonly unknown[]).join(', ');
    case 'string':
      return value => printable(String(value));
    default:
      return String;
  }
}

/** Node refuses other characters in headers; what is no Latin-1 goes out as the bytes of its UTF-8. */
function printable(value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  return Buffer.from(value)
    .toString('latin1')
    .replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ');
}
