/** Policies from recorded calls. Pure: it runs in a browser. */

export { PolicyGenerator } from './generate.js';
export type * from './types.js';
