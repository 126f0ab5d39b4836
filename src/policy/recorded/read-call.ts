/**
 * Reads a record of CloudTrail ("CloudTrail record contents", CloudTrail user guide): who called, what had to be
 * allowed, which condition keys the record proves.
 */

import { parseArn } from '../evaluate/arn.js';
import type { Context } from '../request.js';
import type {
  Lookups,
  RecordedCall,
  RecordedCheck,
  RecordedResource,
  RecordParts,
  ServiceReader,
  Unread,
} from './call.js';
import { cloudTrailChecks } from './cloudtrail.js';
import { type Fields, fields, list, present, text } from './fields.js';
import { iamChecks } from './iam.js';
import { callerOf, type Recorded } from './identity.js';
import { kmsChecks } from './kms.js';
import { organizationsChecks } from './organizations.js';
import { rolesAnywhereChecks } from './roles-anywhere.js';
import { s3Checks } from './s3.js';
import { stsChecks } from './sts.js';

const READERS: ReadonlyMap<string, ServiceReader> = new Map<string, ServiceReader>([
  ['s3', s3Checks],
  ['s3express', s3Checks],
  ['sts', stsChecks],
  ['iam', iamChecks],
  ['kms', kmsChecks],
  ['organizations', organizationsChecks],
  ['cloudtrail', cloudTrailChecks],
  ['rolesanywhere', rolesAnywhereChecks],
  ['access-analyzer', ({ name }) => [plain(`access-analyzer:${name}`)]],
  ['karikagi', ({ name }) => [plain(`karikagi:${name}`)]],
]);

const plain = (action: string): RecordedCheck => ({ action, resource: '*', kind: 'resource', context: {} });

/** Errors of policies. */
const DENIED = /(?:^|\.)(?:AccessDenied(?:Exception)?|UnauthorizedOperation|NotAuthorized(?:Exception)?)$/;

/** Errors that come before policies are asked: of credentials, of form, of load, of what is not there. */
const UNDECIDED =
  /^(?:InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken|ExpiredToken(?:Exception)?|RequestExpired|RequestTimeTooSkewed|InvalidToken|TokenRefreshRequired|Throttling(?:Exception)?|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalError|InternalFailure|ValidationError|ValidationException|MalformedXML|InvalidRequest|InvalidURI|NoSuchBucket|PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|MethodNotAllowed|NotImplemented|RegionDisabledException|OptInRequired|KMSInvalidStateException|NotFoundException|InvalidIdentityToken|ExpiredTokenException|IDPRejectedClaim|IDPCommunicationError)$/;

/** What a call of ours was, or why no policy is held against the record. */
export function readCall(record: object, lookups: Lookups = {}): RecordedCall | Unread {
  const raw = fields(record);
  const service = text(raw['eventSource'])?.split('.')[0] ?? '';
  const name = nameOf(text(raw['eventName']) ?? '');
  const reader = READERS.get(service);
  if (!reader) return { operation: service, reason: 'a service whose actions are not read' };
  const operation = `${service}:${name}`;
  const type = text(raw['eventType']);
  if (name === '' || (type !== undefined && type !== 'AwsApiCall'))
    return { operation, reason: 'not a call: an event of a service' };
  const caller = knownCaller(fields(raw['userIdentity']));
  if (!caller) return { operation, reason: 'the caller is not in the record' };
  const errorCode = text(raw['errorCode']);
  const denied = errorCode !== undefined && DENIED.test(errorCode);
  if (!denied && errorCode !== undefined && UNDECIDED.test(errorCode))
    return { operation, reason: 'refused before policies were asked' };
  const parts = partsOf(raw, name, caller, errorCode, lookups);
  const all = reader(parts);
  if (all === undefined) return { operation, reason: 'no action is known for this call' };
  const checks = denied ? deniedChecks(raw, all) : all;
  if (checks.length === 0) return { operation, reason: 'the resource is not in the record' };
  return {
    operation,
    time: text(raw['eventTime']) ?? '',
    principal: caller.principal,
    context: Object.assign(sharedContext(raw, parts, service), caller.context),
    outcome: denied ? 'denied' : 'allowed',
    checks,
    hasParameters: raw['requestParameters'] !== null && raw['requestParameters'] !== undefined,
    account: parts.account || undefined,
    requestId: text(raw['requestID']),
  };
}

/** Some services add the version of their API. */
function nameOf(name: string): string {
  if (!/\d$/.test(name)) return name;
  return name.replace(/(?<=[a-z])\d{8}(?:_\d+)?$|(?<=[a-z])\d{4}_\d{2}_\d{2}$/, '');
}

/** Callers by their access keys: one key makes many calls. */
const callers = new Map<string, Recorded | undefined>();
const REMEMBERED_CALLERS = 5000;

function knownCaller(identity: Fields): Recorded | undefined {
  const { type, accessKeyId, arn, invokedBy } = identity;
  if (typeof accessKeyId !== 'string') return callerOf(identity);
  const key = `${type}\n${accessKeyId}\n${arn}\n${invokedBy}`;
  const known = callers.get(key);
  if (known) return known;
  if (callers.size >= REMEMBERED_CALLERS) callers.clear();
  const caller = callerOf(identity);
  callers.set(key, caller);
  return caller;
}

/** Whether the record was read. */
export function isCall(read: RecordedCall | Unread): read is RecordedCall {
  return 'checks' in read;
}

function partsOf(
  raw: Fields,
  name: string,
  { principal, context }: Recorded,
  errorCode: string | undefined,
  lookups: Lookups,
): RecordParts {
  const identity = fields(raw['userIdentity']);
  const response = fields(raw['responseElements']);
  const region = text(raw['awsRegion']) ?? 'us-east-1';
  const inherited = context['aws:SourceIdentity'];
  return {
    name,
    partition: parseArn(principal.arn)?.partition ?? partitionOf(region),
    account: principal.account ?? text(raw['recipientAccountId']) ?? '',
    region,
    parameters: fields(raw['requestParameters']),
    response,
    additional: fields(raw['additionalEventData']),
    resources: resourcesOf(raw),
    principal,
    errorCode,
    invokedBy: text(identity['invokedBy']),
    sourceIdentity: typeof inherited === 'string' ? inherited : undefined,
    lookups,
  };
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Also in the form of a list of ARNs. */
function resourcesOf(raw: Fields): RecordedResource[] {
  return list(raw['resources']).flatMap(one => {
    const { ARN, type, accountId } = typeof one === 'string' ? { ARN: one } : (fields(one) as Fields);
    const arn = text(ARN);
    return arn === undefined ? [] : [{ arn, type: text(type), account: text(accountId) }];
  });
}

const REFUSAL = /not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^\s"]+)"?)?/;

/**
 * What was denied. AWS leaves the parameters out of refused calls, and names action and resource in the message. Of
 * several checks it is the one that the message names.
 */
function deniedChecks(raw: Fields, checks: RecordedCheck[]): RecordedCheck[] {
  const match = REFUSAL.exec(text(raw['errorMessage']) ?? '');
  if (!match) return checks;
  const [, action = '', resource] = match;
  const same = checks.filter(check => check.action.toLowerCase() === action.toLowerCase());
  const exact = same.filter(check => check.resource === resource);
  if (exact.length > 0) return exact;
  if (resource?.startsWith('arn:') || resource === '*') {
    const kind = resource.includes(':key/')
      ? 'key'
      : /^sts:(?:AssumeRole|TagS|SetS)/.test(action)
        ? 'trust'
        : 'resource';
    const account = parseArn(resource)?.account || undefined;
    return [{ action, resource, account, kind, context: same[0]?.context ?? {} }];
  }
  return same.length > 0 ? same : checks.filter(({ implied }) => !implied);
}

/** The condition keys of the request as a whole ("AWS global condition context keys", IAM User Guide). */
function sharedContext(raw: Fields, parts: RecordParts, service: string): Context {
  const time = text(raw['eventTime']);
  const tls = text(fields(raw['tlsDetails'])['tlsVersion']);
  const secure = tls !== undefined || parts.additional['CipherSuite'] !== undefined;
  const address = text(raw['sourceIPAddress']);
  const byService = parts.invokedBy?.endsWith('.amazonaws.com') && parts.principal.type !== 'service';
  const epoch = time === undefined ? Number.NaN : Date.parse(time);
  return present({
    'aws:CurrentTime': time,
    'aws:EpochTime': Number.isNaN(epoch) ? undefined : String(Math.floor(epoch / 1000)),
    'aws:SourceIp': address !== undefined && /^[\d.]+$|:/.test(address) ? address : undefined,
    // Some services write it in brackets.
    'aws:UserAgent': text(raw['userAgent'])?.replace(/^\[(.*)\]$/, '$1'),
    'aws:SecureTransport': secure ? 'true' : undefined,
    [`${service}:TlsVersion`]: service === 's3' ? tls?.replace(/^TLSv/, '') : undefined,
    'aws:RequestedRegion': text(raw['awsRegion']),
    'aws:SourceVpce': text(raw['vpcEndpointId']),
    'aws:VpceAccount': text(raw['vpcEndpointAccountId']),
    // `AWS Internal` names no service.
    'aws:ViaAWSService': byService ? 'true' : parts.invokedBy === undefined ? 'false' : undefined,
    'aws:CalledViaLast': byService ? parts.invokedBy : undefined,
  });
}
