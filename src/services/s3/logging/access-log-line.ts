/** One line of a server access log ("Amazon S3 server access log format", S3 User Guide). */

import type { Caller } from '../../../core/caller.js';
import { headerText } from '../../../core/http-message.js';
import type { Ending } from '../../../core/operation.js';
import { hostIdOf } from '../../../core/random.js';
import type { Bucket } from '../../../objects/index.js';
import type { Deletion } from '../target.js';

/** What a line says beside how the request ended. */
interface LineFacts {
  readonly bucket: Bucket;
  /** The canonical id of the bucket's owner. */
  readonly owner: string;
  readonly operation: string;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  /** Bytes. */
  readonly objectSize?: number | undefined;
}

const NONE = '-';

/** Characters: what a client says of itself may fill 32 KiB. */
const LONGEST_HEADER = 1024;
const LONGEST_URI = 8192;
/** In the lines of the keys of one request, of which there may be a thousand. */
const LONGEST_URI_OF_MANY = 2048;

/** A line, with its end. */
export function logLine(ending: Ending, facts: LineFacts, longestUri = LONGEST_URI): string {
  const { request, call, requestId, status, errorCode, bytes, total, turnAround } = ending;
  const { headers } = request;
  const signed = signatureOf(ending);
  return `${[
    facts.owner,
    facts.bucket.name,
    `[${timeOf(ending.arrived)}]`,
    ending.sourceIp,
    call ? requesterOf(call.caller) : NONE,
    requestId,
    facts.operation,
    facts.key === undefined ? NONE : encodedKey(facts.key),
    quoted(`${methodOf(ending)} ${uriOf(request).slice(0, longestUri)} HTTP/1.1`),
    status,
    errorCode ?? NONE,
    bytes || NONE,
    facts.objectSize ?? NONE,
    total,
    turnAround,
    quoted(headerText(headers.get('referer')?.slice(0, LONGEST_HEADER) ?? NONE)),
    quoted(headerText(headers.get('user-agent')?.slice(0, LONGEST_HEADER) ?? NONE)),
    facts.versionId ?? NONE,
    hostIdOf(requestId),
    signed ? `SigV${ending.call?.signatureVersion ?? 4}` : NONE,
    // The cipher suite, and further on the version of TLS: the server speaks HTTP.
    NONE,
    signed ?? NONE,
    word(headers.get('host')),
    NONE,
    // The access point, whether a list decided, and the region that the request came from.
    NONE,
    NONE,
    NONE,
  ].join(' ')}\n`;
}

/** A key of DeleteObjects has a line of its own beside the request's. */
export function deletionLine(
  ending: Ending,
  facts: LineFacts,
  { key, versionId, errorCode }: Deletion,
): string {
  const one = { ...ending, errorCode, status: errorCode === undefined ? 204 : 403, bytes: 0 };
  const listed = { ...facts, operation: 'BATCH.DELETE.OBJECT', key, versionId };
  return logLine(one, listed, LONGEST_URI_OF_MANY);
}

/** What the names of the operations do not say by themselves. */
const RESOURCES: Readonly<Record<string, string>> = {
  CreateBucket: 'BUCKET',
  ListObjects: 'BUCKET',
  ListObjectsV2: 'BUCKET',
  ListObjectVersions: 'BUCKETVERSIONS',
  GetBucketPolicy: 'BUCKETPOLICY',
  PutBucketPolicy: 'BUCKETPOLICY',
  DeleteBucketPolicy: 'BUCKETPOLICY',
  GetBucketLogging: 'LOGGING_STATUS',
  PutBucketLogging: 'LOGGING_STATUS',
  CreateMultipartUpload: 'UPLOADS',
  ListMultipartUploads: 'UPLOADS',
  ListParts: 'UPLOAD',
  CompleteMultipartUpload: 'UPLOAD',
  AbortMultipartUpload: 'UPLOAD',
  UploadPart: 'PART',
  UploadPartCopy: 'PART',
  CopyObject: 'OBJECT',
  DeleteObjects: 'MULTI_OBJECT_DELETE',
};

/** `REST.PUT.OBJECT`; `origin`: `REST` or `WEBSITE`. */
export function operationName(ending: Ending, origin: string): string {
  const name = ending.operation ?? '';
  const method = /Copy/.test(name) ? 'COPY' : methodOf(ending);
  return `${origin}.${method}.${resourceOf(name)}`;
}

/** `GetBucketTagging` → `TAGGING`, `PutObjectTagging` → `OBJECT_TAGGING`. */
function resourceOf(operation: string): string {
  const known = RESOURCES[operation];
  if (known !== undefined) return known;
  const noun = operation
    .replace(/^(Get|Put|Head|Delete|List)(Bucket(?=.))?/, '')
    .replace(/Configurations?$/, '');
  return noun.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase() || NONE;
}

function methodOf({ request }: Ending): string {
  return request.posted ? 'POST' : request.method;
}

/** `06/Feb/2019:00:00:38 +0000` */
function timeOf(time: number): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}

/** A root user by the canonical id of the account, others by their ARN. */
function requesterOf({ principal, account }: Caller): string {
  if (principal.type === 'anonymous') return NONE;
  return principal.type === 'root' ? (account?.canonicalId ?? NONE) : principal.arn;
}

/** How the request was signed; undefined where it was not. */
function signatureOf({ request, call }: Ending): 'AuthHeader' | 'QueryString' | undefined {
  if (request.headers.has('authorization')) return 'AuthHeader';
  if (/(^|&)(X-Amz-)?Signature=/i.test(request.query)) return 'QueryString';
  const isForm = request.posted && call?.caller.principal.type !== 'anonymous';
  return isForm ? 'QueryString' : undefined;
}

/** What grants access stays out of the log: its readers could use it. */
function uriOf({ path, query }: Ending['request']): string {
  if (query === '') return path;
  return `${path}?${query.replace(/(^|&)((?:X-Amz-)?Signature|X-Amz-Security-Token)=[^&]*/gi, '$1$2=REDACTED')}`;
}

/** A quotation mark would end the field. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '%22')}"`;
}

/** A space would begin another field. */
function word(text: string | undefined): string {
  return text?.replace(/\s/g, '%20') || NONE;
}

function encodedKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}
