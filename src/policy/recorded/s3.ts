/**
 * What S3's calls need, by their records: "Required permissions for Amazon S3 API operations" (S3 User Guide) and the
 * Service Authorization Reference. Parameters have the names of the query and of headers.
 */

import { parseArn } from '../evaluate/arn.js';
import { actionOfOperation } from '../operation-names.js';
import type { Context, ContextValue } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { fields, list, present, text, texts } from './fields.js';

/** Calls on an object, by name. Those on a bucket's Object Lock and lists of objects are the bucket's. */
const ON_OBJECT =
  /^(?:(?:Get|Put|Delete|Head|Copy|Post|Select|Restore|Rename|Update)Object(?!s|Lock)|(?:Create|Complete|Abort)MultipartUpload$|UploadPart|ListParts$|ListObjectAnnotations$)/;

/** Calls on a bucket that are actions by name, or nearly; the other names stand in `operation-names.ts`. */
const ON_BUCKET =
  /^(?:(?:Get|Put|Delete|Create|Update)Bucket\w*|(?:Get|Put)(?:Accelerate|Encryption|Inventory|Lifecycle|Replication|Analytics|Metrics|IntelligentTiering)Configuration|List(?:Bucket\w*|Objects(?:V2)?|ObjectVersions|MultipartUploads|AccessPoints)|HeadBucket|(?:Get|Put|Delete)PublicAccessBlock|(?:Get|Put)ObjectLockConfiguration|CreateSession)$/;

/** Spellings of CloudTrail that are neither an operation's nor an action's. */
const SPELLINGS: Readonly<Record<string, string>> = {
  GetBucketVersions: 'ListBucketVersions',
  DeleteBucketCors: 'PutBucketCORS',
  GetBucketCors: 'GetBucketCORS',
  PutBucketCors: 'PutBucketCORS',
  GetBucketAbac: 'GetBucketABAC',
  PutBucketAbac: 'PutBucketABAC',
  GetBucketLogging: 'GetBucketLogging',
  GetBucketPublicAccessBlock: 'GetBucketPublicAccessBlock',
  DeleteBucketPublicAccessBlock: 'PutBucketPublicAccessBlock',
  PostObject: 'PutObject',
  CreateSession: 'CreateSession',
};

/** Calls on the account, which are actions by name. */
const ON_ACCOUNT =
  /^(?:(?:Get|Put)AccountPublicAccessBlock|List(?:AccessPoints|Jobs|StorageLensConfigurations|StorageLensGroups|MultiRegionAccessPoints))$/;

/** The checks of a call of S3 and S3 Control. */
export function s3Checks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name } = parts;
  if (name === 'ListBuckets') return [check(parts, 's3:ListAllMyBuckets', '*')];
  if (/^(?:Tag|Untag|ListTagsFor)Resource$/.test(name)) return tagged(parts);
  if (/StorageLensConfiguration$/.test(name)) return lens(parts);
  if (ON_ACCOUNT.test(name) || /^DeleteAccountPublicAccessBlock$/.test(name))
    return [check(parts, actionFor(name), '*', parts.account)];
  if (name === 'DeleteObjects') return deletions(parts);
  const bucket = bucketOf(parts);
  if (ON_OBJECT.test(name)) return bucket === undefined ? [] : objectChecks(parts, bucket);
  if (!ON_BUCKET.test(name)) return undefined;
  if (bucket === undefined) return [];
  return name === 'CreateBucket' ? creation(parts, bucket) : [onBucket(parts, bucket, actionFor(name))];
}

function actionFor(name: string): string {
  const spelled = SPELLINGS[name];
  return spelled !== undefined ? `s3:${spelled}` : (actionOfOperation(`s3:${name}`) ?? `s3:${name}`);
}

function bucketOf({ parameters, resources }: RecordParts): string | undefined {
  const named = text(parameters['bucketName']) ?? text(parameters['bucket']);
  if (named !== undefined) return named;
  const arn = resources.find(one => one.type === 'AWS::S3::Bucket' || /:s3:::[^/]+$/.test(one.arn))?.arn;
  return (arn ?? resources.find(one => one.arn.includes(':s3:::'))?.arn)?.split(':::')[1]?.split('/')[0];
}

/** The keys of a request that any action on a bucket or object may be asked for. */
function common({ parameters, additional }: RecordParts, owner: string | undefined): Context {
  const version = text(additional['SignatureVersion']);
  const method = text(additional['AuthenticationMethod']);
  return present({
    's3:ResourceAccount': owner,
    's3:signatureversion':
      version === undefined
        ? undefined
        : version === 'SigV2'
          ? 'AWS'
          : `${version.replace('SigV', 'AWS')}-HMAC-SHA256`,
    's3:authType': method === undefined ? undefined : AUTH_TYPES[method],
    's3:x-amz-content-sha256': text(parameters['x-amz-content-sha256']),
  });
}

const AUTH_TYPES: Readonly<Record<string, string>> = {
  AuthHeader: 'REST-HEADER',
  QueryString: 'REST-QUERY-STRING',
  PostForm: 'POST',
};

function ownerOf(parts: RecordParts, bucket: string): string | undefined {
  const own = parts.resources.find(
    ({ type, account }) => type === 'AWS::S3::Bucket' && account !== undefined,
  );
  return own?.account ?? parts.lookups.ownerOf?.(bucket);
}

function check(
  parts: RecordParts,
  action: string,
  resource: string,
  account?: string,
  keys: Context = {},
): RecordedCheck {
  return { action, resource, account, kind: 'resource', context: { ...common(parts, account), ...keys } };
}

function onBucket(parts: RecordParts, bucket: string, action: string, keys: Context = {}): RecordedCheck {
  const owner = ownerOf(parts, bucket);
  const resource = `arn:${parts.partition}:s3:::${bucket}`;
  return check(parts, action, resource, owner, { ...bucketKeys(parts, action), ...keys });
}

function onObject(
  parts: RecordParts,
  bucket: string,
  action: string,
  key: string,
  keys: Context = {},
): RecordedCheck {
  return check(parts, action, `arn:${parts.partition}:s3:::${bucket}/${key}`, ownerOf(parts, bucket), keys);
}

function bucketKeys({ name, parameters }: RecordParts, action: string): Context {
  if (/^s3:ListBucket(?:Versions)?$/.test(action) && name !== 'HeadBucket') {
    return present({
      's3:prefix': text(parameters['prefix']) ?? '',
      's3:delimiter': text(parameters['delimiter']),
      's3:max-keys': text(parameters['max-keys']),
    });
  }
  return /Acl$/.test(action) ? grants(parameters) : {};
}

const GRANTS = [
  'acl',
  'grant-full-control',
  'grant-read',
  'grant-read-acp',
  'grant-write',
  'grant-write-acp',
];

function grants(parameters: RecordParts['parameters']): Context {
  return headers(parameters, GRANTS);
}

/** `s3:x-amz-…` of headers. */
function headers(parameters: RecordParts['parameters'], names: readonly string[]): Context {
  const context: Record<string, string> = {};
  for (const parameter in parameters) {
    if (!parameter.startsWith('x-amz-') || !names.includes(parameter.slice(6))) continue;
    const value = text(parameters[parameter]);
    if (value !== undefined) context[`s3:${parameter}`] = value;
  }
  return context;
}

function tagged(parts: RecordParts): RecordedCheck[] {
  const arn = text(parts.parameters['resourceArn']) ?? parts.resources[0]?.arn;
  if (arn === undefined) return [];
  const action = parts.name === 'ListTagsForResource' ? 's3:ListTagsForResource' : `s3:${parts.name}`;
  return [check(parts, action, arn, parseArn(arn)?.account || parts.account)];
}

function lens(parts: RecordParts): RecordedCheck[] {
  const id = text(parts.parameters['storageLensConfigurationId'] ?? parts.parameters['configId']) ?? '*';
  const { partition, region, account, name } = parts;
  return [check(parts, `s3:${name}`, `arn:${partition}:s3:${region}:${account}:storage-lens/${id}`, account)];
}

/** The keys of a list of deletions stand in the record's resources, if anywhere. */
function deletions(parts: RecordParts): RecordedCheck[] {
  const bucket = bucketOf(parts);
  const objects = parts.resources.filter(({ arn }) => /:s3:::[^/]+\/./.test(arn));
  const named = list(fields(parts.parameters['delete'])['object']).map(fields);
  if (named.length > 0 && bucket !== undefined) {
    return named.flatMap(one => {
      const key = text(one['key']);
      const version = text(one['versionId']);
      const action = version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
      return key === undefined
        ? []
        : [onObject(parts, bucket, action, key, present({ 's3:VersionId': version }))];
    });
  }
  return objects.map(({ arn, account }) =>
    check(parts, 's3:DeleteObject', arn, account ?? ownerOf(parts, bucket ?? '')),
  );
}

function creation(parts: RecordParts, bucket: string): RecordedCheck[] {
  const { parameters } = parts;
  const configuration = fields(parameters['CreateBucketConfiguration']);
  const ownership = text(parameters['x-amz-object-ownership']);
  const acl = grants(parameters);
  const on = (action: string, keys: Context = {}): RecordedCheck => ({
    ...onBucket(parts, bucket, action, keys),
    account: parts.account,
  });
  const keys = present({
    's3:LocationConstraint': text(configuration['LocationConstraint']),
    's3:x-amz-object-ownership': ownership,
  });
  const found = [on('s3:CreateBucket', { ...acl, ...keys })];
  const { 's3:x-amz-acl': canned, ...explicit } = acl;
  if (Object.keys(explicit).length > 0 || (canned !== undefined && canned !== 'private'))
    found.push(on('s3:PutBucketAcl', acl));
  if (text(parameters['x-amz-bucket-object-lock-enabled']) === 'true')
    found.push(on('s3:PutBucketObjectLockConfiguration'), on('s3:PutBucketVersioning'));
  if (ownership !== undefined) found.push(on('s3:PutBucketOwnershipControls'));
  return found;
}

/** Actions with a sister for a version asked for by its id. */
const VERSIONED = /^s3:(?:Get|Put|Delete)Object(?:Acl|Tagging|Attributes)?$/;

function versioned(action: string, version: string | undefined): string {
  if (version === undefined || action === 's3:PutObject' || !VERSIONED.test(action)) return action;
  return action.replace(/^(s3:[A-Z][a-z]+Object)/, '$1Version');
}

function objectChecks(parts: RecordParts, bucket: string): RecordedCheck[] {
  const { name, parameters, errorCode } = parts;
  const key = text(parameters['key']) ?? keyOfResources(parts);
  if (key === undefined) return [];
  const version = text(parameters['versionId']);
  const action = versioned(actionFor(name), version);
  if (action === 's3:PutObject') return writing(parts, bucket, key);
  const keys = present({ 's3:VersionId': version });
  const on = (which: string, own: Context = keys) => onObject(parts, bucket, which, key, own);
  if (name === 'GetObjectAttributes') {
    return [on(versioned('s3:GetObject', version)), on(action)];
  }
  const found = [on(action, { ...keys, ...settings(name, parameters) })];
  if (text(parameters['x-amz-bypass-governance-retention']) === 'true')
    found.push(on('s3:BypassGovernanceRetention'));
  // That a key is not there is said only to who may list it; others are answered AccessDenied ("GetObject").
  if (action.startsWith('s3:GetObject') && (errorCode === 'NoSuchKey' || errorCode === 'NoSuchVersion'))
    found.push({ ...onBucket(parts, bucket, 's3:ListBucket', { 's3:prefix': key }) });
  return [...found, ...keyUse(parts, bucket, key, ['kms:Decrypt'])];
}

function keyOfResources({ resources }: RecordParts): string | undefined {
  const arn = resources.find(({ arn }) => /:s3:::[^/]+\/./.test(arn))?.arn;
  return arn?.slice(arn.indexOf('/') + 1);
}

function settings(name: string, parameters: RecordParts['parameters']): Context {
  if (name === 'PutObjectAcl') return grants(parameters);
  const retention = fields(parameters['Retention']);
  return present({
    's3:object-lock-mode': text(retention['Mode']),
    's3:object-lock-retain-until-date': text(retention['RetainUntilDate']),
    's3:object-lock-legal-hold': text(fields(parameters['LegalHold'])['Status']),
    's3:if-match': text(parameters['if-match']),
  });
}

/** Headers of a write that have a condition key of the same name. */
const WRITTEN = [
  'storage-class',
  'website-redirect-location',
  'server-side-encryption',
  'server-side-encryption-aws-kms-key-id',
  'server-side-encryption-customer-algorithm',
  'metadata-directive',
];

/** An object, or part of one, that is written: an action for each thing that is set with it. */
function writing(parts: RecordParts, bucket: string, key: string): RecordedCheck[] {
  const { name, parameters } = parts;
  const header = (what: string) => text(parameters[`x-amz-${what}`]);
  const source = copySource(header('copy-source'));
  const acl = grants(parameters);
  const tags = tagKeys(header('tagging'));
  const lock = present({
    's3:object-lock-mode': header('object-lock-mode'),
    's3:object-lock-retain-until-date': header('object-lock-retain-until-date'),
  });
  const hold = present({ 's3:object-lock-legal-hold': header('object-lock-legal-hold') });
  const creates = !/^(?:CreateMultipartUpload|UploadPart)/.test(name);
  const keys: Record<string, ContextValue> = {
    ...acl,
    ...tags,
    ...lock,
    ...hold,
    ...headers(parameters, WRITTEN),
    ...present({
      's3:ObjectCreationOperation': String(creates),
      's3:if-match': text(parameters['if-match']),
      's3:if-none-match': text(parameters['if-none-match']),
      's3:x-amz-copy-source': source && `${source.bucket}/${source.key}`,
    }),
  };
  const on = (action: string, own: Context) => onObject(parts, bucket, action, key, own);
  const found = [...(source ? reading(parts, source) : []), on('s3:PutObject', keys)];
  if (header('tagging') !== undefined) found.push(on('s3:PutObjectTagging', tags));
  if (Object.keys(acl).length > 0) found.push(on('s3:PutObjectAcl', acl));
  if (Object.keys(lock).length > 0) found.push(on('s3:PutObjectRetention', lock));
  if (Object.keys(hold).length > 0) found.push(on('s3:PutObjectLegalHold', hold));
  // Parts are put together from what was encrypted ("Multipart upload API and permissions", S3 User Guide).
  const uses = /Multipart|UploadPart/.test(name)
    ? ['kms:GenerateDataKey', 'kms:Decrypt']
    : ['kms:GenerateDataKey'];
  return [...found, ...keyUse(parts, bucket, key, uses)];
}

interface Source {
  readonly bucket: string;
  readonly key: string;
  readonly version: string | undefined;
}

/** Of the header `x-amz-copy-source`: `/bucket/key?versionId=…`, URL-encoded. */
function copySource(header: string | undefined): Source | undefined {
  const match = /^\/?([^/]+)\/(.+?)(?:\?versionId=(.+))?$/.exec(header ?? '');
  if (!match) return undefined;
  return { bucket: match[1]!, key: decoded(match[2]!), version: match[3] };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function reading(parts: RecordParts, { bucket, key, version }: Source): RecordedCheck[] {
  const action = version === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  const resource = `arn:${parts.partition}:s3:::${bucket}/${key}`;
  const owner = parts.lookups.ownerOf?.(bucket);
  return [check(parts, action, resource, owner, present({ 's3:VersionId': version }))];
}

function tagKeys(header: string | undefined): Context {
  if (header === undefined) return {};
  const pairs = [...new URLSearchParams(header)];
  return {
    ...Object.fromEntries(pairs.map(([key, value]) => [`s3:RequestObjectTag/${key}`, value])),
    's3:RequestObjectTagKeys': pairs.map(([key]) => key),
  };
}

/** The key behind an object under SSE-KMS, where the record names it, used in the caller's name. */
function keyUse(
  parts: RecordParts,
  bucket: string,
  key: string,
  actions: readonly string[],
): RecordedCheck[] {
  const { parameters, response, additional, partition, region, account } = parts;
  const header = 'x-amz-server-side-encryption';
  const kind = text(response[header]) ?? text(parameters[header]);
  const applied = texts(additional['SSEApplied']).some(value => /KMS/.test(value));
  const id = text(response[`${header}-aws-kms-key-id`]) ?? text(parameters[`${header}-aws-kms-key-id`]);
  if (id === undefined || !(applied || kind?.startsWith('aws:kms'))) return [];
  const arn = keyArn(id, parts);
  if (arn === undefined) return [];
  const context = present({
    'kms:ViaService': `s3.${region}.amazonaws.com`,
    'kms:CallerAccount': account || undefined,
    'kms:EncryptionContext:aws:s3:arn': `arn:${partition}:s3:::${bucket}/${key}`,
    'aws:ViaAWSService': 'true',
    'aws:CalledViaFirst': 's3.amazonaws.com',
    'aws:CalledViaLast': 's3.amazonaws.com',
  });
  return actions.map(action => ({
    ...{ action, resource: arn, account: parseArn(arn)?.account, kind: 'key' as const, context },
    implied: true,
  }));
}

function keyArn(id: string, { partition, region, account, lookups }: RecordParts): string | undefined {
  if (id.startsWith('arn:')) return id.includes(':alias/') ? undefined : id;
  if (id.startsWith('alias/')) return lookups.keyOf?.(id, account, region);
  return `arn:${partition}:kms:${region}:${account}:key/${id}`;
}
