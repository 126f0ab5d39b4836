import type { Finding } from '../policy/index.js';

/** A finding and what has the policy, in a file that holds several. */
export interface PlacedFinding extends Finding {
  readonly resource?: string;
}

export interface FileFindings {
  readonly file: string;
  /** How many policies were checked. */
  readonly policies: number;
  readonly findings: readonly PlacedFinding[];
  /** Attributes of a Terraform plan whose policies only `apply` knows. */
  readonly unknown?: readonly string[];
  /** Why the file could not be checked. */
  readonly fault?: string;
}
