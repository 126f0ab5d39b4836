/** The condition keys that statements of policies read. */
import type { PolicyDocument, Statement } from '../../../policy/index.js';

/** `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`; not the escapes `${*}`, `${?}` and `${$}`. */
const VARIABLE = /\$\{\s*([^\s,'}*?$]+)/g;

/** The condition keys that a statement reads, in conditions and as variables. */
export function contextKeysOf({ version }: PolicyDocument, statement: Statement): string[] {
  const keys = statement.conditions.map(({ key }) => key.value);
  if (version !== '2012-10-17') return keys;
  const texts = [
    ...(statement.resource?.values ?? []),
    ...statement.conditions.flatMap(({ values }) => values),
  ];
  for (const { value } of texts) {
    for (const match of value.matchAll(VARIABLE)) keys.push(match[1]!);
  }
  return keys;
}

/** Each key once, in the spelling that comes first: keys are matched without case. */
export function distinctKeys(keys: Iterable<string>): string[] {
  const distinct = new Map<string, string>();
  for (const key of keys) if (!distinct.has(key.toLowerCase())) distinct.set(key.toLowerCase(), key);
  return [...distinct.values()];
}
