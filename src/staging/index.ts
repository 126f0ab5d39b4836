/**
 * Loads and unloads by way of S3 with keys that are renewed: `karikagi/staging`. Works against AWS and Karikagi alike.
 *
 *     const job = await openJob('orders.yaml');
 *     for await (const event of jobEvents(job)) console.log(event);
 */
export { sourceKeys } from './connection.js';
export { StagingError } from './errors.js';
export type { Hear, StagingEvent } from './events.js';
export { type Job, JobFileError, type JobFinding, openJob, readJob } from './job.js';
export {
  type Connection,
  type JobFile,
  jobSchema,
  type Load,
  type LoadFrom,
  type SecretReference,
  type Unload,
  type WarehouseSettings,
} from './job-schema.js';
export { lifecycleRule, setLifecycle } from './lifecycle.js';
export { type Plan, type PlannedStep, planJob } from './plan.js';
export { type PolicyDocument, type StagingPolicies, stagingPolicies } from './policies.js';
export type { Column, StagedPart } from './rows.js';
export {
  cleanJob,
  jobEvents,
  jobStatus,
  type RunOptions,
  type RunResult,
  resumeJob,
  runJob,
} from './run.js';
export type { RunState, RunStep } from './run-state.js';
export { type Check, validateJob } from './validate.js';
