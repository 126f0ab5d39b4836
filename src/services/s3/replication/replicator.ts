/** Copying versions into the buckets that rules name, by the role that they name. */
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../../core/caller.js';
import { ApiError } from '../../../core/errors.js';
import type { Logger } from '../../../core/log.js';
import type { Call, Requirement } from '../../../core/operation.js';
import {
  type Bucket,
  type CopyKeys,
  copyContent,
  type DeleteMarker,
  type ObjectRecord,
  type Pending,
  type Replica,
  type ReplicationRule,
  type VersionRecord,
} from '../../../objects/index.js';
import { aclsEnabled, ownerApart } from '../acl/acl.js';
import {
  dataKeyOf,
  type Encrypting,
  encryptionFor,
  ownEncryption,
  rewrapped,
} from '../encryption/encryption.js';
import { lockAttributes } from '../lock/object-lock.js';
import type { S3Ports } from '../ports.js';
import { bucketArn, existingTagKeys, onBucket, onObject } from '../requirements.js';
import { assumeFor, callIn, type RolePorts } from './role-session.js';

/** Keys that are copied at once, of all destinations together. */
const AT_ONCE = 4;

/**
 * A copy that is not made, whatever is tried: `reason` is the word for it in "Amazon S3 replication failure reasons"
 * (S3 User Guide).
 */
class NotCopied extends Error {
  override readonly name = 'NotCopied';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** What one copy is about. */
interface Copying {
  readonly source: Bucket;
  readonly target: Bucket;
  readonly key: string;
  readonly rule: ReplicationRule;
  /** What the role asks for in each bucket. */
  readonly reading: Call;
  readonly writing: Call;
}

/** A version that is to be copied. */
interface Found {
  readonly source: Bucket;
  readonly version: VersionRecord;
}

type Outcome = 'completed' | 'failed' | 'gone';

/**
 * Makes the copies that wait. What a policy or a setting refuses has failed, and is not tried again, as on AWS; what
 * the server itself cannot do at present is tried again later.
 */
export class Replicator {
  /** How many copies came to what. */
  readonly outcomes = new Map<Outcome, number>();
  readonly #ports: S3Ports & RolePorts;
  readonly #log: Logger;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(ports: S3Ports & RolePorts, log: Logger) {
    this.#ports = ports;
    this.#log = log;
  }

  /**
   * Copies what was announced, the versions of a key in their order. Answers what is done; behind one that failed for
   * now, its key's others wait. `signal` ends it early.
   */
  async deliver<M extends { readonly pending: Pending }>(
    messages: readonly M[],
    signal: AbortSignal,
  ): Promise<{ readonly taken: readonly M[]; readonly failure?: unknown }> {
    const bySubject = new Map<string, M[]>();
    for (const message of messages) {
      const { subject } = message.pending;
      const others = bySubject.get(subject);
      if (others) others.push(message);
      else bySubject.set(subject, [message]);
    }
    const taken: M[] = [];
    let failure: unknown;
    const copyAll = async (ofKey: readonly M[]) => {
      for (const message of ofKey) {
        if (signal.aborted) return;
        await this.#copy(message.pending, signal);
        taken.push(message);
      }
    };
    await Promise.all(
      [...bySubject.values()].map(ofKey =>
        this.#inTurn(() => copyAll(ofKey)).catch(error => {
          failure ??= error;
        }),
      ),
    );
    return { taken, ...(failure !== undefined && { failure }) };
  }

  /** Notes that copies have failed which were tried long enough. */
  async giveUp(all: readonly Pending[]): Promise<void> {
    for (const pending of all) {
      const found = await this.#find(pending);
      if (found) await this.#noteFailure(pending, found, new NotCopied('Other', 'it was tried for a day'));
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#running++;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  async #find({ event, bucketId }: Pending): Promise<Found | undefined> {
    const { buckets, versions } = this.#ports.objects;
    const source = await buckets.find(event.bucket.name);
    if (source?.id !== bucketId || source.deleting) return undefined;
    const version = await versions.find(source, event.key, event.versionId ?? 'null');
    return version && { source, version };
  }

  /** Throws what is to be tried again. */
  async #copy(pending: Pending, signal: AbortSignal): Promise<void> {
    const found = await this.#find(pending);
    if (!found) return this.#count('gone');
    const { source, version } = found;
    const { event, destination: bucket } = pending;
    try {
      const copying = await this.#prepare(pending, source);
      if (version.marker) await this.#copyMarker(copying, version);
      else await this.#copyObject(copying, version, signal);
    } catch (error) {
      if (!(error instanceof NotCopied)) throw error;
      return this.#noteFailure(pending, found, error);
    }
    if (!version.marker && version.replication !== 'REPLICA') {
      const target = { bucket, outcome: 'COMPLETED' } as const;
      await this.#ports.objects.versions.noteCopy(source, event.key, version, target);
    }
    this.#count('completed');
  }

  /** Throws `NotCopied`. */
  async #prepare({ event, destination }: Pending, source: Bucket): Promise<Copying> {
    const { objects } = this.#ports;
    const rule = source.replication?.rules.find(
      ({ id, status, destination: { bucket } }) =>
        id === event.ruleId && status === 'Enabled' && bucket === destination,
    );
    if (!rule) throw new NotCopied('SrcBucketReplicationConfigMissing', 'no rule copies it any more');
    const { role } = source.replication!;
    const caller = await assumeFor(source, role, this.#ports);
    if (!caller) {
      const why = `${role} is no role of account ${source.owner}, or its trust policy does not let s3.amazonaws.com assume it`;
      throw new NotCopied('AssumeRoleNotPermitted', why);
    }
    const found = await objects.buckets.find(destination);
    if (!found || found.deleting || (rule.destination.account ?? found.owner) !== found.owner) {
      throw new NotCopied(
        'DstBucketNotFound',
        `there is no bucket ${destination} of the account that the rule names`,
      );
    }
    const target = await objects.accountBlocks.over(found);
    if (target.versioning !== 'Enabled') {
      throw new NotCopied('DstBucketUnversioned', `the bucket ${destination} has no versioning enabled`);
    }
    return { source, target, key: event.key, rule, ...this.#calls(source, target, caller) };
  }

  #calls(source: Bucket, target: Bucket, caller: Caller): Pick<Copying, 'reading' | 'writing'> {
    return {
      reading: callIn(source, caller, 'GetObjectVersionForReplication', this.#ports),
      writing: callIn(target, caller, 'ReplicateObject', this.#ports),
    };
  }

  async #copyMarker(copying: Copying, marker: DeleteMarker): Promise<void> {
    const { target, key, writing } = copying;
    await demandReadable(copying);
    await demand(writing, onObject(target, writing, 's3:ReplicateDelete', key), 'DstDelObjNotPermitted');
    const place = () => {
      throw new TypeError('a delete marker has no content');
    };
    await this.#put(copying, marker, place);
  }

  async #copyObject(copying: Copying, record: ObjectRecord, signal: AbortSignal): Promise<void> {
    const { source, target, key } = copying;
    const { versions, contents } = this.#ports.objects;
    const tags = await demandCopyable(copying, record);
    const attributes = await this.#attributes(copying, record, tags);
    const there = await versions.find(target, key, record.isNull ? 'null' : record.id);
    if (there?.id === record.id && !there.marker) {
      const { acl, owner, retention, legalHold } = attributes;
      await versions.updateReplica(target, key, there, before => {
        return { ...before, acl, owner, tags, retention, legalHold };
      });
      return;
    }
    const { encryption, keys } = await this.#encrypting(copying, record);
    const content = await copyContent(contents, { bucket: source.id, record }, keys, signal);
    try {
      const replica = { ...attributes, encryption };
      const made = await this.#put(copying, replica, (...to) => content.place(...to));
      if (!made) content.abandon(undefined);
    } catch (error) {
      content.abandon(error);
      throw error;
    }
  }

  async #put(
    { target, key, writing }: Copying,
    version: Replica | DeleteMarker,
    place: Parameters<S3Ports['objects']['versions']['putReplica']>[3],
  ): Promise<boolean> {
    const made = await lasting(
      this.#ports.objects.versions.putReplica(target, key, version, place),
      'DstBucketUnversioned',
    );
    writing.note({
      service: 's3',
      operation: version.marker ? 'DeleteObject' : 'PutObject',
      resource: `${bucketArn(target)}/${key}`,
      owner: target.owner,
      parameters: { bucketName: target.name, key },
    });
    return made;
  }

  /** What of the record the copy has. */
  async #attributes(
    { source, target, rule }: Copying,
    record: ObjectRecord,
    tags: ObjectRecord['tags'],
  ): Promise<Replica> {
    const { content: _, salt: __, upload: ___, ...own } = record;
    const { ownerOverride, storageClass = record.storageClass } = rule.destination;
    const account = (await this.#ports.ownerOf(source.owner))?.account;
    const owner =
      ownerApart(source, record) ?? (account && { account: account.id, canonicalId: account.canonicalId });
    const isTargets = ownerOverride || owner === undefined || owner.account === target.owner;
    // Without a lock of its own, the copy has the default of its bucket ("Object Lock considerations", S3 User Guide).
    const lock = record.retention ? {} : lockAttributes({}, target, this.#ports.objects.clock.now());
    return {
      ...own,
      ...lock,
      tags,
      storageClass: storageClass === 'STANDARD' ? undefined : storageClass,
      acl: ownerOverride ? undefined : record.acl,
      owner: isTargets ? undefined : owner,
      replication: 'REPLICA',
    };
  }

  /**
   * The copy of an object that is encrypted is encrypted in the same way, under the key that the rule names; that of
   * another by the default of its bucket ("Using default encryption", S3 User Guide).
   */
  async #encrypting(
    copying: Copying,
    record: ObjectRecord,
  ): Promise<{ readonly encryption: ObjectRecord['encryption']; readonly keys: CopyKeys | 'asStored' }> {
    const { source, key, reading } = copying;
    if (record.encryption?.kind === 'customer') return { encryption: record.encryption, keys: 'asStored' };
    const from = await lasting(
      dataKeyOf(record, source, key, reading, this.#ports, {}),
      'SrcKmsKeyNotPermitted',
      'SrcKmsKeyInvalidState',
    );
    const { encryption, dataKey: to } = await this.#encryptingNew(copying, record);
    return { encryption, keys: { from, to } };
  }

  async #encryptingNew({ target, key, rule, writing }: Copying, record: ObjectRecord): Promise<Encrypting> {
    const { encryption } = record;
    if (encryption?.kind === 'AES256') return ownEncryption(this.#ports);
    if (encryption?.kind !== 'aws:kms' && encryption?.kind !== 'aws:kms:dsse') {
      return lasting(encryptionFor({}, target, key, writing, this.#ports), ...TARGET_KEY);
    }
    const bucketKey = encryption.kind === 'aws:kms' && encryption.bucketKey;
    const wrap = async (dataKey: Uint8Array) => {
      const under = { keyArn: rule.destination.keyId!, bucketKey };
      const wrapped = await lasting(
        rewrapped(dataKey, under, target, key, writing, this.#ports),
        ...TARGET_KEY,
      );
      if (wrapped.kind !== 'aws:kms') throw new TypeError('a key of KMS wraps for SSE-KMS');
      return wrapped;
    };
    const inner = randomBytes(32);
    const first = await wrap(inner);
    if (encryption.kind === 'aws:kms') return { encryption: first, dataKey: inner };
    const outer = randomBytes(32);
    const { keyArn, context } = first;
    const wrapped = [first.wrapped, (await wrap(outer)).wrapped];
    return {
      encryption: { kind: 'aws:kms:dsse', wrapped, keyArn, context },
      dataKey: Buffer.concat([inner, outer]),
    };
  }

  async #noteFailure(
    { event, destination }: Pending,
    { source, version }: Found,
    { reason, message }: NotCopied,
  ): Promise<void> {
    this.#count('failed');
    const shown = { bucket: source.name, key: event.key, version: version.id, destination };
    this.#log.warn('an object was not copied', { ...shown, reason, error: message });
    if (version.marker) return;
    const rule = source.replication?.rules.find(({ id }) => id === event.ruleId);
    // Without metrics there are no events ("Receiving replication failure events", S3 User Guide).
    const tells = rule?.destination.metrics?.status === 'Enabled';
    const failed = {
      ruleId: event.ruleId ?? '',
      destination: bucketArn({ ...source, name: destination }),
      asked: event.time,
      reason,
    };
    const target = { bucket: destination, outcome: 'FAILED' } as const;
    const { versions } = this.#ports.objects;
    await versions.noteCopy(source, event.key, version, target, tells ? { replication: failed } : undefined);
  }

  #count(outcome: Outcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

const TARGET_KEY = ['DstKmsKeyNotPermitted', 'DstKmsKeyInvalidState'] as const;

/** The permissions on the bucket that copies are made of. Throws `NotCopied`. */
async function demandReadable({ source, key, reading }: Copying): Promise<void> {
  const why = 'InitiateReplicationNotPermitted';
  await demand(reading, onBucket(source, reading, 's3:GetReplicationConfiguration'), why);
  await demand(reading, onBucket(source, reading, 's3:ListBucket', { 's3:prefix': key }), why);
}

/**
 * The permissions on the object and its copy ("Setting up permissions for live replication", S3 User Guide). Answers
 * the tags of the copy: none where the role may not read or put them. Throws `NotCopied`.
 */
async function demandCopyable(copying: Copying, record: ObjectRecord): Promise<ObjectRecord['tags']> {
  const { source, target, key, rule, reading, writing } = copying;
  await demandReadable(copying);
  const version = { 's3:VersionId': record.isNull ? 'null' : record.id };
  const keys = { ...version, ...existingTagKeys(record) };
  const read = (action: string, reason: string, known = {}) =>
    demand(reading, onObject(source, reading, action, key, known), reason);
  await read('s3:GetObjectVersionForReplication', 'SrcGetObjectNotPermitted');
  await read('s3:GetObjectVersionAcl', 'SrcGetAclNotPermitted', keys);
  if (record.retention) await read('s3:GetObjectRetention', 'SrcGetRetentionNotPermitted');
  if (record.legalHold !== undefined) await read('s3:GetObjectLegalHold', 'SrcGetLegalHoldNotPermitted');
  if (source.objectLock && !target.objectLock) {
    throw new NotCopied('DstBucketObjectLockConfigMissing', `the bucket ${target.name} has no Object Lock`);
  }
  const { encryption } = record;
  const underKms = encryption?.kind === 'aws:kms' || encryption?.kind === 'aws:kms:dsse';
  const write = (action: string) => onObject(target, writing, action, key, encryptionKeys());
  function encryptionKeys() {
    if (!underKms) return {};
    return {
      's3:x-amz-server-side-encryption': encryption?.kind,
      's3:x-amz-server-side-encryption-aws-kms-key-id': rule.destination.keyId,
    };
  }
  await demand(writing, write('s3:ReplicateObject'), 'DstPutObjNotPermitted');
  // Where lists are disabled, all is the bucket owner's anyway.
  if (rule.destination.ownerOverride && source.owner !== target.owner && aclsEnabled(target)) {
    const override = onObject(target, writing, 's3:ObjectOwnerOverrideToBucketOwner', key);
    await demand(writing, override, 'DstPutAclNotPermitted');
  }
  if (!record.tags?.length) return record.tags;
  const may =
    (await reading.permits(onObject(source, reading, 's3:GetObjectVersionTagging', key, keys))) &&
    (await writing.permits(onObject(target, writing, 's3:ReplicateTags', key)));
  return may ? record.tags : undefined;
}

function demand(call: Call, requirement: Requirement, reason: string): Promise<void> {
  return lasting(call.demand(requirement), reason);
}

/** Turns an answer that would be the same tomorrow into `NotCopied`: refusals into `denied`, others into `reason`. */
async function lasting<T>(work: Promise<T>, denied: string, reason = denied): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isLasting = error instanceof ApiError && error.status < 500 && error.code !== 'OperationAborted';
    if (!isLasting) throw error;
    throw new NotCopied(
      error.status === 403 || /AccessDenied/.test(error.code) ? denied : reason,
      error.message,
    );
  }
}
