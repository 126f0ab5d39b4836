/** Operations of our own, in the form of the SDK's schemas. */

/** A schema as the SDKs write it: a number for a simple type, an array for the others. */
export type MemberSchema = number | readonly unknown[];

export type Members = Readonly<Record<string, MemberSchema>>;

const namespace = 'karikagi';

/** The types of members; the numbers are Smithy's sentinels. */
export const types = {
  string: 0,
  /** A whole number. */
  number: 1,
  boolean: 2,
  timestamp: 4,
  /** Any JSON. */
  document: 15,
  blob: 21,
  list: (name: string, member: MemberSchema): MemberSchema => [1, namespace, name, 0, () => member],
  map: (name: string, value: MemberSchema): MemberSchema => [2, namespace, name, 0, 0, () => value],
  structure,
} as const;

/** An operation for the `sdk` of a `jsonService`: `{ ListDenials$: defineOperation('ListDenials', …) }`. */
export function defineOperation(name: string, input: Members, output: Members): readonly unknown[] {
  const inputSchema = structure(`${name}Request`, input);
  const outputSchema = structure(`${name}Response`, output);
  return [9, namespace, name, 0, () => inputSchema, () => outputSchema];
}

function structure(name: string, members: Members): readonly unknown[] {
  // Behind functions, as the SDK has them: a bare array of two would be taken for a member with traits.
  const schemas = Object.values(members).map(member => (typeof member === 'number' ? member : () => member));
  return [3, namespace, name, 0, Object.keys(members), schemas];
}
