/** The options of pulling a copy of an account, and what its parts share. */
import type { Tags } from '../policy/replay/index.js';

export interface PullOptions {
  /** 12 digits. */
  readonly account: string;
  readonly partition: string;
  /** Where keys are looked for; default: the clients' region. */
  readonly regions?: readonly string[] | undefined;
  /** Called for what could not be read: the rest is copied. */
  readonly failed: (what: string, problem: string) => void;
}

export const tagsOf = (
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Tags => Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
