/** Documents in bodies are held to the digests that come with them, as the bodies of objects are. */
import type { HttpRequest } from '../../core/http-message.js';
import { type ChecksumAlgorithm, Digesting } from '../../objects/index.js';
import { type ChecksumMembers, checksumMember, integrityIn } from './object/checksum-members.js';

const PREFIX = 'x-amz-checksum-';
/** Headers of that form that are no digest. */
const OTHERS = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-mode', 'x-amz-checksum-type']);
/** Operations whose checksum is of the object, not of the document ("CompleteMultipartUpload", S3 API Reference). */
const OF_THE_OBJECT = new Set(['CompleteMultipartUpload']);

/**
 * Throws BadDigest where a body is not what its Content-MD5, its `x-amz-checksum-…` or its trailer says, InvalidDigest
 * and InvalidRequest for digests that cannot be any ("Checking object integrity", S3 User Guide).
 */
export async function checkBody(
  operation: string,
  { headers }: HttpRequest,
  body: Uint8Array,
  trailers: ReadonlyMap<string, string>,
): Promise<void> {
  const input: ChecksumMembers & { ContentMD5?: string | undefined } = {
    ContentMD5: headers.get('content-md5'),
  };
  if (!OF_THE_OBJECT.has(operation)) {
    for (const name of headers.keys()) {
      if (!name.startsWith(PREFIX) || OTHERS.has(name)) continue;
      const algorithm = name.slice(PREFIX.length).toUpperCase() as ChecksumAlgorithm;
      Object.assign(input, checksumMember(algorithm, headers.get(name)!));
    }
  }
  const integrity = integrityIn(input, headers);
  if (integrity.contentMd5 === undefined && integrity.algorithm === undefined) return;
  const digesting = await Digesting.of(integrity);
  digesting.whole(body, trailers);
}
