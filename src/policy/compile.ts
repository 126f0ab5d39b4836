/** A parsed policy ready for decisions. */
export interface CompiledPolicy {
  readonly text: string;
}
