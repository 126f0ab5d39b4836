/** What the forms of a set-up are written from. */
import type { Sites, Step } from './sites.js';
import type { Made } from './steps.js';
import type { SetupOptions } from './types.js';

export interface EmitInput extends Made {
  readonly options: SetupOptions;
  readonly sites: Sites;
  /** Every call, as where nothing is there yet. */
  readonly steps: readonly Step[];
}
