/** What to enter into a connection. */
import { CHAINING_LIMIT } from '../../credentials/session-cap.js';
import type { SetupReport } from './setup.js';
import type { Sites } from './sites.js';
import type { SetupOptions, Source } from './types.js';

export interface Connection {
  readonly roleArn: string;
  readonly externalId?: string;
  /** Seconds that a session lasts at most. */
  readonly duration: number;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly kmsKey?: string;
}

/** Whether it is a role that assumes the role: such a session lasts an hour at most, whatever the role allows. */
export function isChained(source: Source): boolean {
  return source.kind === 'instance-profile' || (source.kind === 'principal' && /:role\//.test(source.arn));
}

export function connectionOf(options: SetupOptions, made: SetupReport, sites: Sites): Connection {
  const { source, bucket, prefix, maximum } = options;
  return {
    roleArn: made.names.roleArn,
    ...(made.externalId !== undefined && { externalId: made.externalId }),
    duration: isChained(source) ? CHAINING_LIMIT : maximum,
    bucket,
    prefix,
    region: sites.bucket.place.region,
    ...(made.keyArn !== undefined && { kmsKey: made.keyArn }),
  };
}
