/** What templates and manuals put where a value belongs: `<account>`, `[bucket]`, `{name}`, but not `${variable}`. */
export const PLACEHOLDER = /<[^<>\s]*>?|\[[^[\]]*\]|(?<!\$)\{[^{}]*\}/;
