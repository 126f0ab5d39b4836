import type {
  DeletedObject,
  _Error as DeleteError,
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  ObjectIdentifier,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../../core/errors.js';
import type { Call, Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import { Slices } from '../../../core/slices.js';
import type { Bucket } from '../../../objects/index.js';
import { demandMfa } from '../lock/mfa-delete.js';
import type { S3Ports } from '../ports.js';
import { bucketOf, type Deletion, keyOf, type OnBucket } from '../target.js';
import { notImplemented, shownVersionId } from './attributes.js';
import { deleteOne, deleteRequirements } from './delete-object.js';

const MOST_OBJECTS = 1000;
/** Deletions under way at once. */
const CONCURRENCY = 64;

/** `run` notes what came of each key, for the access log. */
interface Deleting extends OnBucket {
  readonly deletions: Deletion[];
}

export const DeleteObjects: Operation<S3Ports, DeleteObjectsRequest, DeleteObjectsOutput, Deleting> = {
  /** Nothing for the whole: each key is authorised on its own, and its denial is answered beside the others. */
  async resolve(input, call, ports) {
    return { requires: [], subject: { ...(await bucketOf(input, call, ports)), deletions: [] } };
  },

  async run({ bucket, deletions }, input, call, ports) {
    demandIntegrity(call);
    const objects = input.Delete?.Objects ?? [];
    if (objects.length === 0 || objects.length > MOST_OBJECTS) throw s3Errors.MalformedXML();
    if (bucket.mfaDelete === 'Enabled') await demandMfaForAll(bucket, objects, input, call, ports);
    const results: Result[] = new Array(objects.length);
    let next = 0;
    const slices = new Slices(bucket.id);
    const worker = async () => {
      for (let index = next++; index < objects.length; index = next++) {
        results[index] = await deleteListed(bucket, objects[index]!, input, call, ports);
        await slices.pause();
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, objects.length) }, worker));
    if (bucket.logging) deletions.push(...objects.map(deletionOf(results)));
    const deleted = results.flatMap(result => result.deleted ?? []);
    const errors = results.flatMap(result => result.error ?? []);
    return {
      ...(!input.Delete?.Quiet && deleted.length > 0 && { Deleted: deleted }),
      ...(errors.length > 0 && { Errors: errors }),
    };
  },
};

interface Result {
  readonly deleted?: DeletedObject;
  readonly error?: DeleteError;
}

/** What came of each key, for the log. */
function deletionOf(results: readonly Result[]): (object: ObjectIdentifier, index: number) => Deletion {
  return ({ Key = '', VersionId }, index) => ({
    key: Key,
    versionId: VersionId,
    errorCode: results[index]?.error?.Code,
  });
}

/** The body says what is to be deleted: S3 takes no such body without a digest ("DeleteObjects", S3 API Reference). */
function demandIntegrity(call: Call): void {
  for (const name of call.http.headers.keys()) {
    if (name === 'content-md5' || name === 'x-amz-trailer') return;
    if (name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-algorithm') return;
  }
  throw s3Errors.InvalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
}

/**
 * One version among them takes a second factor for the whole, and one that does not hold refuses the whole, versions
 * or not ("DeleteObjects", S3 API Reference). Throws AccessDenied.
 */
async function demandMfaForAll(
  bucket: Bucket,
  objects: readonly ObjectIdentifier[],
  input: DeleteObjectsRequest,
  call: Call,
  ports: S3Ports,
): Promise<void> {
  const needed = objects.some(({ VersionId }) => VersionId !== undefined);
  if (needed || input.MFA !== undefined) await demandMfa(bucket, input, call, ports);
}

async function deleteListed(
  bucket: Bucket,
  object: ObjectIdentifier,
  request: DeleteObjectsRequest,
  call: Call,
  ports: S3Ports,
): Promise<Result> {
  const { Key, VersionId, ETag } = object;
  try {
    if (object.LastModifiedTime !== undefined || object.Size !== undefined) throw notImplemented('Object');
    const { BypassGovernanceRetention } = request;
    const input = { Key, VersionId, BypassGovernanceRetention, IfMatch: ETag };
    // Nothing is asked, nor written down, of a key that is longer than any.
    keyOf(object);
    for (const requirement of await deleteRequirements(bucket, call, input, ports))
      await call.demand(requirement);
    const { version, madeMarker } = await deleteOne(bucket, input, call, ports);
    return { deleted: deletedMembers(bucket, object, version, madeMarker) };
  } catch (error) {
    if (!(error instanceof ApiError)) ports.failed?.(error, call);
    return { error: { Key, VersionId, ...errorMembers(unknownVersion(error, object)) } };
  }
}

function deletedMembers(
  bucket: Bucket,
  { Key, VersionId }: ObjectIdentifier,
  version: Awaited<ReturnType<typeof deleteOne>>['version'],
  madeMarker: boolean,
): DeletedObject {
  if (madeMarker) return { Key, DeleteMarker: true, DeleteMarkerVersionId: shownVersionId(bucket, version!) };
  if (version?.marker) return { Key, VersionId, DeleteMarker: true, DeleteMarkerVersionId: VersionId };
  return { Key, VersionId };
}

/**
 * Among many, an id of no version here is one that is not there (LocalStack's recordings of AWS, test_delete_object).
 */
function unknownVersion(error: unknown, { VersionId }: ObjectIdentifier): unknown {
  const isUnknown =
    error instanceof ApiError &&
    error.detail.members?.['ArgumentName'] === 'versionId' &&
    VersionId !== undefined;
  return isUnknown ? s3Errors.NoSuchVersion() : error;
}

function errorMembers(error: unknown): DeleteError {
  if (error instanceof ApiError) return { Code: error.code, Message: error.message };
  return { Code: 'InternalError', Message: 'We encountered an internal error. Please try again.' };
}
