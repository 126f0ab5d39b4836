/** Copies into buckets of the same server. */
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../../core/caller.js';
import {
  type Bucket,
  type CopyKeys,
  copyContent,
  type DeleteMarker,
  type ObjectRecord,
  type Replica,
  type ReplicationRule,
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
import { bucketArn, onObject } from '../requirements.js';
import {
  type Copies,
  type Copying,
  demand,
  demandCopyable,
  demandMarkable,
  lasting,
  NotCopied,
  TARGET_KEY,
} from './copying.js';
import { callIn, type RolePorts } from './role-session.js';

interface LocalCopying extends Copying {
  readonly target: Bucket;
}

export class LocalCopies implements Copies<LocalCopying> {
  readonly #ports: S3Ports & RolePorts;

  constructor(ports: S3Ports & RolePorts) {
    this.#ports = ports;
  }

  /** Throws `NotCopied` where the rule's bucket takes no copies. */
  async prepare(source: Bucket, key: string, rule: ReplicationRule, caller: Caller): Promise<LocalCopying> {
    const { bucket, account } = rule.destination;
    const found = await this.#ports.objects.buckets.find(bucket);
    if (!found || found.deleting || (account ?? found.owner) !== found.owner) {
      throw new NotCopied(
        'DstBucketNotFound',
        `there is no bucket ${bucket} of the account that the rule names`,
      );
    }
    const target = await this.#ports.objects.accountBlocks.over(found);
    if (target.versioning !== 'Enabled') {
      throw new NotCopied('DstBucketUnversioned', `the bucket ${bucket} has no versioning enabled`);
    }
    const reading = callIn(source, caller, 'GetObjectVersionForReplication', this.#ports);
    const writing = callIn(target, caller, 'ReplicateObject', this.#ports);
    const onCopy: Copying['onCopy'] = (action, keys) => onObject(target, writing, action, key, keys);
    return { source, target, key, rule, reading, writing, onCopy };
  }

  async marker(copying: LocalCopying, marker: DeleteMarker): Promise<void> {
    await demandMarkable(copying);
    await this.#put(copying, marker, () => {
      throw new TypeError('a delete marker has no content');
    });
  }

  async object(copying: LocalCopying, record: ObjectRecord, signal: AbortSignal): Promise<void> {
    const { source, target, key } = copying;
    const { versions, contents } = this.#ports.objects;
    const tags = await demandCopyable(copying, record);
    await demandTarget(copying);
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
    { target, key, writing }: LocalCopying,
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
    { source, target, rule }: LocalCopying,
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
    copying: LocalCopying,
    record: ObjectRecord,
  ): Promise<{ readonly encryption: ObjectRecord['encryption']; readonly keys: CopyKeys | 'asStored' }> {
    const from = await sourceKey(copying, record, this.#ports);
    if (from === 'asStored') return { encryption: record.encryption, keys: from };
    const { encryption, dataKey: to } = await this.#encryptingNew(copying, record);
    return { encryption, keys: { from, to } };
  }

  async #encryptingNew(
    { target, key, rule, writing }: LocalCopying,
    record: ObjectRecord,
  ): Promise<Encrypting> {
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
}

/** Throws `NotCopied` where the bucket cannot hold the copy as it is to be. */
async function demandTarget({ source, target, rule, writing, onCopy }: LocalCopying): Promise<void> {
  if (source.objectLock && !target.objectLock) {
    throw new NotCopied('DstBucketObjectLockConfigMissing', `the bucket ${target.name} has no Object Lock`);
  }
  // Where lists are disabled, all is the bucket owner's anyway.
  if (rule.destination.ownerOverride && source.owner !== target.owner && aclsEnabled(target)) {
    await demand(writing, onCopy('s3:ObjectOwnerOverrideToBucketOwner'), 'DstPutAclNotPermitted');
  }
}

/** The data key of the original. What its customer alone has the key of is copied as it is. Throws `NotCopied`. */
export async function sourceKey(
  { source, key, reading }: Copying,
  record: ObjectRecord,
  ports: S3Ports,
): Promise<Uint8Array | undefined | 'asStored'> {
  if (record.encryption?.kind === 'customer') return 'asStored';
  return lasting(
    dataKeyOf(record, source, key, reading, ports, {}),
    'SrcKmsKeyNotPermitted',
    'SrcKmsKeyInvalidState',
  );
}
