/** A least-privilege set-up for temporary keys on one prefix of one bucket: a client of IAM, S3, KMS and STS. */
export type { Check, CheckId } from './checks.js';
export { type Connection, connectionOf, isChained } from './connection.js';
export { objectActions } from './documents.js';
export { type Emitted, emit, FORMS, type Form } from './emit.js';
export type { EmitInput } from './emit-input.js';
export { type ProofTarget, prove, withNewKey } from './proof.js';
export { randomHex } from './random.js';
export { nothing, readerOf } from './reader.js';
export { type RemoveReport, removeSetup } from './remove.js';
export { type SetupReport, setUp, type WrongOption, wrongOptions } from './setup.js';
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
