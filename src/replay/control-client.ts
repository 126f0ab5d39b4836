import { lookup } from 'node:dns';
import { Agent } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { S3ControlClient, type S3ControlClientConfig } from '@aws-sdk/client-s3-control';

/**
 * A client of S3 Control. The SDK puts the account's id before the host, and a server of one's own has no such hosts:
 * all of them are where the server is. With TLS the certificate must have them.
 */
export function controlClient(
  config: S3ControlClientConfig & { readonly endpoint?: string },
): S3ControlClient {
  if (config.endpoint === undefined) return new S3ControlClient(config);
  const url = new URL(config.endpoint);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) url.hostname = 'localhost';
  const toServer: LookupFunction = (_host, options, found) => lookup(host, options, found);
  return new S3ControlClient({
    ...config,
    endpoint: url.origin,
    requestHandler: { httpAgent: new Agent({ lookup: toServer }) },
  });
}
