/** A least-privilege set-up for temporary keys on one prefix of one bucket: a client of IAM, S3, KMS and STS. */
export { emit, FORMS, type Form } from './emit.js';
export { type Check, type ProofTarget, prove } from './proof.js';
export { nothing, readerOf } from './reader.js';
export { type RemoveReport, removeSetup } from './remove.js';
export { type SetupReport, setUp } from './setup.js';
export { simulateSetup } from './simulation.js';
export type { Site, Sites, Step } from './sites.js';
export { type Made, NEW_KEY } from './steps.js';
export {
  ACCESSES,
  type Access,
  type Place,
  type SetupClients,
  SetupError,
  type SetupOptions,
  type Source,
} from './types.js';
