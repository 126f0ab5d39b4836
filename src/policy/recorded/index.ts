/** Recorded calls, and what they needed: reads records of CloudTrail. Pure: it runs in a browser. */

export type * from './call.js';
export { isProvenAbsent } from './proven.js';
export { isCall, readCall } from './read-call.js';
export { needsNothing } from './sts.js';
