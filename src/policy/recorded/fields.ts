/** Reads records of which nothing is certain: they come from files that others wrote. */

import type { Context, ContextValue } from '../request.js';

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

const NONE: Fields = {};

/** The object there, an empty one where there is none. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : NONE;
}

/** The text there, numbers and booleans as text; `undefined` where there is none, or an empty one. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The list there; one value counts as a list of one. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The texts of a list. */
export function texts(value: unknown): string[] {
  return list(value).flatMap(one => text(one) ?? []);
}

/** Condition keys with those left out that have no value. */
export function present(
  keys: Readonly<Record<string, ContextValue | undefined>>,
): Record<string, ContextValue> {
  const context: Record<string, ContextValue> = {};
  for (const name in keys) {
    const value = keys[name];
    if (value !== undefined) context[name] = value;
  }
  return context;
}

/**
 * `aws:RequestTag/k` and `aws:TagKeys` of the tags in a request: lists of `key` and `value`, of `tagKey` and
 * `tagValue` (KMS) in either case, or tags by name.
 */
export function requestTags(value: unknown): Context {
  const pairs = Array.isArray(value)
    ? value.map(one => {
        const { key, Key, tagKey, value, Value, tagValue } = fields(one);
        return [text(key ?? Key ?? tagKey), text(value ?? Value ?? tagValue) ?? ''] as const;
      })
    : Object.entries(fields(value)).map(([key, one]) => [key, text(one) ?? ''] as const);
  const named = pairs.filter((pair): pair is readonly [string, string] => pair[0] !== undefined);
  if (named.length === 0) return {};
  return {
    ...Object.fromEntries(named.map(([key, one]) => [`aws:RequestTag/${key}`, one])),
    'aws:TagKeys': named.map(([key]) => key),
  };
}
