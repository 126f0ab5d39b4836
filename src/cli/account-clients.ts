/** Clients of AWS or of a server of one's own, for the commands that read an account. */
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { S3Client } from '@aws-sdk/client-s3';
import { type CallerIdentity, callerIdentity, defaultCredentials, regionFor } from '../credentials/index.js';
import { type AccountClients, controlClient } from '../replay/index.js';
import type { ClientFlags } from './client-options.js';

/** Where there is an endpoint of one's own, buckets have no hosts. */
const ownEndpoint = ({ endpoint }: ClientFlags) => endpoint ?? process.env['AWS_ENDPOINT_URL'];

interface Config {
  readonly region: string;
  readonly credentials: ReturnType<typeof defaultCredentials>;
  readonly endpoint?: string;
}

/** Who the caller is, and clients that sign as the caller. */
export async function clientsOf(
  flags: ClientFlags,
): Promise<{ clients: AccountClients; caller: CallerIdentity; config: Config }> {
  const endpoint = ownEndpoint(flags);
  const credentials = defaultCredentials(flags);
  const caller = await callerIdentity(credentials, { ...flags, ...(endpoint !== undefined && { endpoint }) });
  const region = await regionFor(flags, caller.arn);
  const config = { region, credentials, ...(endpoint !== undefined && { endpoint }) };
  return { clients: clientsWith(config), caller, config };
}

export function clientsWith(config: Config): AccountClients {
  const style = { forcePathStyle: config.endpoint !== undefined };
  return {
    iam: new IAMClient(config),
    kms: region => new KMSClient({ ...config, region }),
    s3: region => new S3Client({ ...config, ...style, region }),
    s3control: controlClient(config),
    organizations: new OrganizationsClient(config),
    region: config.region,
  };
}

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
