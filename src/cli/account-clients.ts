/** Clients of AWS or of a server of one's own, for the commands that read an account. */
import { S3Client } from '@aws-sdk/client-s3';
import { defaultCredentials } from '../credentials/index.js';
import type { ClientFlags } from './client-options.js';

/** Where there is an endpoint of one's own, buckets have no hosts. */
const ownEndpoint = ({ endpoint }: ClientFlags) => endpoint ?? process.env['AWS_ENDPOINT_URL'];

/** A client for objects, before anyone has been asked who the caller is. */
export function objectsClient(flags: ClientFlags): S3Client {
  const endpoint = ownEndpoint(flags);
  const region =
    flags.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  return new S3Client({
    region,
    credentials: defaultCredentials(flags),
    ...(endpoint !== undefined ? { endpoint, forcePathStyle: true } : { followRegionRedirects: true }),
  });
}
