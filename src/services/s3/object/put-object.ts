import type { PutObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import { bodyOf, type RequestBody } from '../../../core/http-message.js';
import type { Operation } from '../../../core/operation.js';
import { entityTooLarge, LARGEST_BODY, type WriteConditions } from '../../../objects/index.js';
import { aclsEnabled } from '../acl/acl.js';
import { causeOf } from '../causes.js';
import { encryptionFor, encryptionMembers, isKeyAlone } from '../encryption/encryption.js';
import { expirationHeader } from '../lifecycle/lifecycle.js';
import type { S3Ports } from '../ports.js';
import { bucketOf, newKeyOf, type OnKey } from '../target.js';
import { attributesOf, notImplemented, quoted, writtenVersionId } from './attributes.js';
import { checksumMembers, integrityOf } from './checksum-members.js';
import { newObjectAccess } from './new-object-access.js';
import { writeRequirements } from './write-requirements.js';

type PutObjectInput = Omit<PutObjectRequest, 'Body'> & { readonly Body?: RequestBody | undefined };

export const PutObject: Operation<S3Ports, PutObjectInput, PutObjectOutput, OnKey> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = newKeyOf(input);
    const requires = writeRequirements(bucket, call, input, { creates: true });
    return { requires, subject: { bucket, charged, key } };
  },

  async run({ bucket, key }, input, call, ports) {
    if (input.WriteOffsetBytes !== undefined) throw notImplemented('x-amz-write-offset-bytes');
    const attributes = attributesOf(input, bucket, call.clock.now());
    const access = aclsEnabled(bucket) ? await newObjectAccess(bucket, input, call, ports) : undefined;
    const conditions = writeConditions(input);
    const { versions, contents } = ports.objects;
    await versions.demand(bucket, key, conditions);
    const body = input.Body ?? NO_BODY;
    const integrity = integrityOf(input, call);
    const { encryption, dataKey } = await encryptionFor(input, bucket, key, call, ports);
    const how = { dataKey, alone: isKeyAlone(encryption) };
    const received = await contents.receive(body, lengthOf(body), integrity, how);
    const cause = causeOf(call, call.http.posted ? 'ObjectCreated:Post' : 'ObjectCreated:Put');
    const written = access ? { ...attributes, ...access, encryption } : { ...attributes, encryption };
    const record = await versions.put(bucket, key, written, received, conditions, cause);
    return {
      ETag: quoted(record.etag),
      ...encryptionMembers(encryption, input),
      ...checksumMembers(record.checksum),
      VersionId: writtenVersionId(record),
      Expiration: expirationHeader(bucket, key, record),
    };
  },
};

interface ConditionInput {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/**
 * Throws NotImplemented for an If-None-Match other than `*`, the If-Match `*`, and for both together, as S3 does
 * (LocalStack's recordings of AWS, test_put_object_if_*_validation).
 */
export function writeConditions({ IfMatch, IfNoneMatch }: ConditionInput): WriteConditions {
  if (IfMatch !== undefined && IfNoneMatch !== undefined) {
    const why = 'Multiple conditional request headers present in the request';
    throw notImplemented('If-Match,If-None-Match', why);
  }
  const unknown = (name: string) =>
    notImplemented(name, `We don't accept the provided value of ${name} header for this API`);
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*') throw unknown('If-None-Match');
  if (IfMatch === '*') throw unknown('If-Match');
  return { ifMatch: IfMatch?.replace(/^"(.*)"$/, '$1'), ifNoneMatch: IfNoneMatch };
}

/**
 * The length that the client declared: only the file of a browser's form comes without one. Throws EntityTooLarge.
 */
export function lengthOf({ length }: RequestBody): number | undefined {
  if (length !== undefined && length > LARGEST_BODY) throw entityTooLarge(length);
  return length;
}

const NO_BODY = bodyOf(new Uint8Array(0));
