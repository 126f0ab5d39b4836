import type { StagingBucket } from './connection.js';
import type { Hear } from './events.js';
import type { Job } from './job.js';
import type { OwnedState } from './state.js';

/** What a step of a run works with. */
export interface Work {
  readonly job: Job;
  readonly bucket: StagingBucket;
  readonly state: OwnedState;
  readonly hear: Hear;
}
