/** Operations of our own, and those of a service's model, in the form of the SDK's schemas. */

import { NormalizedSchema } from '@smithy/core/schema';
import type { ModelShape, ServiceModel } from '../models/types.js';
import { JsonReaders } from './json/read.js';
import type { SdkModule } from './schema.js';

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
  /** `2026-05-24T00:00:00Z` */
  dateTime: 5,
  /** Any JSON. */
  document: 15,
  blob: 21,
  list: (name: string, member: MemberSchema): MemberSchema => [1, namespace, name, 0, () => member],
  map: (name: string, value: MemberSchema): MemberSchema => [2, namespace, name, 0, 0, () => value],
  structure,
} as const;

/**
 * Makes the function that takes a structure out of parsed JSON. It throws SerializationException for members of other
 * types, passes over those that the structure has not, and takes `null` for absent.
 */
export function jsonReader(name: string, members: Members): (json: unknown) => unknown {
  return new JsonReaders().structure(NormalizedSchema.of(structure(name, members) as never));
}

/** Method, path and status of success, of a REST service's operation. */
type Http = readonly [method: string, uri: string, status: number];

/**
 * An operation for the `sdk` of a service: `{ ListDenials$: defineOperation('ListDenials', …) }`. `http`: of a REST
 * service.
 */
export function defineOperation(
  name: string,
  input: Members,
  output: Members,
  http?: Http,
): readonly unknown[] {
  const inputSchema = structure(`${name}Request`, input);
  const outputSchema = structure(`${name}Response`, output);
  return [9, namespace, name, http ? { http } : 0, () => inputSchema, () => outputSchema];
}

/** The operations of a model that was generated, for the `sdk` of a `restJsonService`. */
export function operationsOfModel({ operations, shapes }: ServiceModel): SdkModule {
  const made = new Map<string, MemberSchema>();
  const schemaOf = (name: string): MemberSchema => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const schema = modelSchema(name, shapes[name]!, schemaOf);
    made.set(name, schema);
    return schema;
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, { method, uri, status, input, output }]) => {
      const traits = { http: [method, uri, status] };
      return [`${name}$`, [9, namespace, name, traits, () => schemaOf(input), () => schemaOf(output)]];
    }),
  );
}

/** A shape of a model. Shapes refer to one another, but not in rings. */
function modelSchema(
  name: string,
  shape: ModelShape,
  schemaOf: (name: string) => MemberSchema,
): MemberSchema {
  if (shape.type === 'list') return types.list(name, schemaOf(shape.member));
  if (shape.type === 'map') return types.map(name, schemaOf(shape.value));
  if (shape.type !== 'structure') return shape.type === 'date-time' ? 5 : types[shape.type];
  const members = Object.values(shape.members).map(({ shape: member, label, query }) => {
    const schema = schemaOf(member);
    const reference = typeof schema === 'number' ? schema : () => schema;
    if (label !== undefined) return [reference, { httpLabel: 1 }];
    return query === undefined ? reference : [reference, { httpQuery: query }];
  });
  return [3, namespace, name, 0, Object.keys(shape.members), members];
}

function structure(name: string, members: Members): readonly unknown[] {
  // Behind functions, as the SDK has them: a bare array of two would be taken for a member with traits.
  const schemas = Object.values(members).map(member => (typeof member === 'number' ? member : () => member));
  return [3, namespace, name, 0, Object.keys(members), schemas];
}
