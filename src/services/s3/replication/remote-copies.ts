/** Copies into buckets that another server holds: where, the operator says. */
import type { Caller } from '../../../core/caller.js';
import type { Requirement } from '../../../core/operation.js';
import {
  type Bucket,
  bytesOf,
  type DeleteMarker,
  type Manifest,
  type ObjectRecord,
  type ReplicationRule,
  readContent,
} from '../../../objects/index.js';
import { compilePolicy } from '../../../policy/index.js';
import type { ReplicaAnswer, ReplicationEndpoint, S3Ports } from '../ports.js';
import { type Keys, present } from '../requirements.js';
import {
  type Copies,
  type Copying,
  demandCopyable,
  demandMarkable,
  isUnderKms,
  NotCopied,
  REASON_HEADER,
} from './copying.js';
import { sourceKey } from './local-copies.js';
import { encodeHead, messageLength, type ReplicaHead, type ReplicaObject } from './replica-message.js';
import { callIn, type RolePorts } from './role-session.js';

/** Bytes from which on the other server is first asked whether it has the copy already. */
const LARGE = 256 * 1024;

interface RemoteCopying extends Copying {
  readonly endpoint: ReplicationEndpoint;
  /** Whether the version is new, so that there can hardly be a copy of it. */
  readonly isNew: boolean;
}

interface RemotePlace {
  readonly endpoint: ReplicationEndpoint;
  readonly isNew: boolean;
}

export class RemoteCopies implements Copies<RemoteCopying> {
  readonly #ports: S3Ports & RolePorts;

  constructor(ports: S3Ports & RolePorts) {
    this.#ports = ports;
  }

  prepare(
    source: Bucket,
    key: string,
    rule: ReplicationRule,
    caller: Caller,
    place: RemotePlace,
  ): RemoteCopying {
    const reading = callIn(source, caller, 'GetObjectVersionForReplication', this.#ports);
    const writing = callIn(source, caller, 'ReplicateObject', this.#ports);
    const onCopy: Copying['onCopy'] = (action, keys) => onOther(source, key, rule, action, keys);
    return { source, key, rule, reading, writing, onCopy, ...place };
  }

  async marker(copying: RemoteCopying, marker: DeleteMarker, signal: AbortSignal): Promise<void> {
    await demandMarkable(copying);
    const { id, isNull, modified } = marker;
    demandMade(await send(copying, { id, isNull, modified }, NOTHING, signal), copying, marker);
  }

  async object(copying: RemoteCopying, record: ObjectRecord, signal: AbortSignal): Promise<void> {
    const { source } = copying;
    const tags = await demandCopyable(copying, record);
    const key = await sourceKey(copying, record, this.#ports);
    const { contents } = this.#ports.objects;
    const { manifest, bytes } = await readContent(contents, { bucket: source.id, record }, key, signal);
    const object = objectOf(copying, record, tags, manifest);
    const { id, isNull, modified } = record;
    const headOf = (hasContent: boolean) => ({ id, isNull, modified, object: { ...object, hasContent } });
    const headers = encryptionHeaders(copying, record);
    if (!copying.isNew || bytesOf(manifest) > LARGE) {
      const answer = await send(copying, headOf(false), NOTHING, signal, headers);
      if (codeOf(answer) !== 'NoSuchVersion') return demandMade(answer, copying, record);
    }
    demandMade(await send(copying, headOf(true), bytes, signal, headers), copying, record);
  }
}

/**
 * What the role must be allowed on this side: its own policies decide, as across accounts. The other server decides by
 * the bucket's policy, and by those of its own principal that makes the copies.
 */
function onOther(
  source: Bucket,
  key: string,
  { destination: { bucket, account } }: ReplicationRule,
  action: string,
  keys: Keys = {},
): Requirement {
  const isForeign = account !== undefined && account !== source.owner;
  return {
    action,
    resource: `arn:${source.partition}:s3:::${bucket}/${key}`,
    resourceAccount: account,
    resourceKind: 'resource',
    ...(isForeign && { resourcePolicy: DECIDED_THERE }),
    context: { ...(account !== undefined && { 's3:ResourceAccount': account }), ...present(keys) },
  };
}

const DECIDED_THERE = {
  name: 'what the other server decides',
  policy: compilePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' },
    }),
    'resource',
  ),
};

function objectOf(
  { source, rule }: RemoteCopying,
  record: ObjectRecord,
  tags: ObjectRecord['tags'],
  manifest: Manifest,
): Omit<ReplicaObject, 'hasContent'> {
  const { etag, headers, metadata, retention, legalHold, encryption } = record;
  const { ownerOverride = false, storageClass = record.storageClass } = rule.destination;
  return {
    etag,
    headers,
    metadata,
    tags,
    storageClass,
    retention,
    legalHold,
    manifest,
    customer:
      encryption?.kind === 'customer' ? { salt: encryption.salt, check: encryption.check } : undefined,
    ownerOverride,
    isLocked: source.objectLock !== undefined,
  };
}

/** How the copy is encrypted: as the original, under the key that the rule names; else as its bucket has it. */
function encryptionHeaders({ rule }: RemoteCopying, record: ObjectRecord): Record<string, string> {
  const { encryption } = record;
  if (encryption?.kind === 'AES256') return { 'x-amz-server-side-encryption': 'AES256' };
  if (!encryption || !isUnderKms(record)) return {};
  return {
    'x-amz-server-side-encryption': encryption.kind,
    'x-amz-server-side-encryption-aws-kms-key-id': rule.destination.keyId!,
    ...(encryption.kind === 'aws:kms' &&
      encryption.bucketKey && { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' }),
  };
}

async function* NOTHING_AT_ALL(): AsyncGenerator<Uint8Array> {}
const NOTHING: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: NOTHING_AT_ALL };

function send(
  { endpoint, key, rule }: RemoteCopying,
  version: ReplicaHead,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<ReplicaAnswer> {
  const { bucket, account } = rule.destination;
  const head = encodeHead(version);
  async function* body(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* content;
  }
  const message = {
    bucket,
    key,
    kind: version.object ? ('object' as const) : ('delete-marker' as const),
    headers: { ...headers, ...(account !== undefined && { 'x-amz-expected-bucket-owner': account }) },
    length: messageLength(head, version),
    body: body(),
  };
  return endpoint.send(message, signal);
}

/** A word of "Amazon S3 replication failure reasons". */
const REASON = /^[A-Za-z]{3,64}$/;

/**
 * Throws `NotCopied` for a refusal that will be the same tomorrow; what is to be tried again where the keys that the
 * operator has for the other server are not taken, or it is no Karikagi.
 */
function demandMade(
  answer: ReplicaAnswer,
  { endpoint, rule }: RemoteCopying,
  {
    id,
    isNull,
    marker,
  }: { readonly id: string; readonly isNull: boolean; readonly marker?: true | undefined },
): void {
  const { status, headers } = answer;
  if (status === 200 && headers['x-amz-version-id'] === (isNull ? 'null' : id)) return;
  const code = codeOf(answer) ?? '';
  const message = `${endpoint.name} answered ${status} ${code}: ${messageOf(answer)}`;
  const reason = headers[REASON_HEADER];
  if (reason !== undefined && REASON.test(reason)) throw new NotCopied(reason, message);
  if (code === 'NoSuchBucket') throw new NotCopied('DstBucketNotFound', message);
  if (code === 'AccessDenied') {
    const refused = marker ? 'DstDelObjNotPermitted' : 'DstPutObjNotPermitted';
    throw new NotCopied(refused, message);
  }
  if (status === 405 || status < 300) {
    throw new Error(`${message}. It takes no copies of ${rule.destination.bucket}: is it Karikagi?`);
  }
  throw new Error(message);
}

function codeOf({ text }: ReplicaAnswer): string | undefined {
  return /<Code>([A-Za-z.]{1,100})<\/Code>/.exec(text)?.[1];
}

function messageOf({ text }: ReplicaAnswer): string {
  return /<Message>([^<]{0,1000})<\/Message>/.exec(text)?.[1] ?? '';
}
