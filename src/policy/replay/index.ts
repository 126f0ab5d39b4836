/** Recorded calls against proposed policies. Pure: it runs in a browser. */

export { documentAt, type ProposedPolicy, withChange } from './change.js';
export type * from './copy.js';
export { copiesOfFiles, type Files, filesOfCopies } from './copy-files.js';
export { decideCheck } from './decide.js';
export { type Outcome, Replay, type ReplayGroup, type ReplayReport } from './replay.js';
export { type EntityPolicies, type World, worldOf } from './world.js';
