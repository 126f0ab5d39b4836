/**
 * What templates and manuals put where a value belongs: `<account>`, `[bucket]`, `{name}`, `*** bucket ***`, but not
 * `${variable}`.
 */
export const PLACEHOLDER = /<[^<>\s]*>?|\[[^[\]]*\]|(?<!\$)\{[^{}]*\}|\*{3,} ?[^*]+\*{3,}/;
