/** What is known beside request and policies. */
export interface ExplainOptions {
  /** Set where the resource does not exist; `nearest`: ARNs of those that do and are most like it. */
  readonly absent?: { readonly nearest: readonly string[] } | undefined;
  /** Whether a unique id in a policy has no owner: those of existing principals are shown as ARNs. */
  readonly idsAreGone?: boolean | undefined;
}
