/** The flags of `karikagi mirror`. */
import type { ClientFlags } from './client-options.js';

export interface PullFlags extends ClientFlags {
  readonly regions?: string[];
  readonly json?: boolean;
}

export interface LoadFlags extends ClientFlags {
  readonly accountProfile?: string;
  readonly credentials?: string;
}

export interface CheckFlags {
  readonly principal?: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: string[];
  readonly json?: boolean;
}
