/** The part of the bucket that belongs to this process of a run. */

import type { Place } from './warehouses/index.js';
import type { Work } from './work.js';

/** Throws nothing; its members throw what S3 and STS answer. */
export function placeOf({ job, bucket, state }: Pick<Work, 'job' | 'bucket' | 'state'>): Place {
  const { run, owner } = state.current;
  return placeAt({ job, bucket }, `${run}/${owner}/`);
}

/** A place of another name under the job's prefix. */
export function placeAt({ job, bucket }: Pick<Work, 'job' | 'bucket'>, name: string): Place {
  return {
    url: `s3://${job.connection.bucket}/${job.prefix}${name}`,
    name,
    async put(object, body) {
      await bucket.put(`${name}${object}`, body);
    },
    async get(object) {
      return (await bucket.get(`${name}${object}`))?.body;
    },
    async keys(atLeast) {
      const keys = await bucket.keys.get({ atLeast });
      return { keys, secondsLeft: bucket.keys.secondsLeft };
    },
  };
}
