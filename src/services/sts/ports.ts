import type { Identity } from '../../identity/index.js';

/** What STS works on. */
export interface StsPorts {
  readonly identity: Identity;
}
