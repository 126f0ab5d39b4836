import type { PolicyKind } from '../policy/index.js';
import type { PlacedText } from './source-tree.js';

/** A policy within a file. */
export interface FoundPolicy {
  /** The template's or plan's name for what has it. */
  readonly resource: string;
  readonly placed: PlacedText;
  readonly kind?: PolicyKind;
  /** What an identity policy is attached to. */
  readonly attachedTo?: 'user' | 'group' | 'role';
  /** A managed policy: its Version must be 2012-10-17. */
  readonly managed?: boolean;
  /** An S3 bucket's. */
  readonly bucket?: boolean;
}
