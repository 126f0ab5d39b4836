/** The operations that an SDK module carries, and the few questions the codecs ask of a schema. */

import { NormalizedSchema } from '@smithy/core/schema';

export type Schema = NormalizedSchema;

/** The namespace of an SDK client (`import * as sts from '@aws-sdk/client-sts'`), or operations made here. */
export type SdkModule = Readonly<Record<string, unknown>>;

/** HTTP binding of an operation: method, URI template, success status. */
interface HttpTrait {
  readonly method: string;
  /** `/{Key+}?uploads` */
  readonly uri: string;
  readonly status: number;
}

export interface OperationSchema {
  readonly name: string;
  readonly http: HttpTrait | undefined;
  /** Resolved on use: start-up walks no schemas. */
  readonly input: Schema;
  readonly output: Schema;
}

export type Kind =
  | 'string'
  | 'boolean'
  | 'number'
  | 'timestamp'
  | 'blob'
  | 'document'
  | 'list'
  | 'map'
  | 'structure'
  | 'unit';

type Ref = Parameters<typeof NormalizedSchema.of>[0];
type StaticOperation = readonly [9, string, string, number | OperationTraits, Ref, Ref];
type OperationTraits = { readonly http?: readonly [method: string, uri: string, status: number] };
type StaticError = readonly [-3, string, string, number | ErrorTraits, string[], Ref[]];
type ErrorTraits = { readonly awsQueryError?: readonly [code: string, status: number] };

/** All operations of an SDK module, by name. */
export function operationsOf(sdk: SdkModule): Map<string, OperationSchema> {
  const operations = new Map<string, OperationSchema>();
  for (const exported of Object.values(sdk)) {
    if (!isStatic<StaticOperation>(exported, 9)) continue;
    const [, , name, traits, input, output] = exported;
    const http = typeof traits === 'object' ? traits.http : undefined;
    operations.set(name, {
      name,
      http: http && { method: http[0], uri: http[1], status: http[2] },
      get input() {
        return NormalizedSchema.of(input);
      },
      get output() {
        return NormalizedSchema.of(output);
      },
    });
  }
  return operations;
}

/** Code on the wire by the name of the error's shape, where the awsQueryError trait makes them differ. */
export function queryErrorCodes(sdk: SdkModule): Map<string, string> {
  const codes = new Map<string, string>();
  for (const exported of Object.values(sdk)) {
    if (!isStatic<StaticError>(exported, -3)) continue;
    const [, , name, traits] = exported;
    const code = typeof traits === 'object' ? traits.awsQueryError?.[0] : undefined;
    if (code && code !== name) codes.set(name, code);
  }
  return codes;
}

function isStatic<T extends readonly unknown[]>(value: unknown, id: T[0]): value is T {
  return Array.isArray(value) && value[0] === id;
}

/** What a schema is; unions count as structures, media types as what carries them. */
export function kindOf(schema: Schema): Kind {
  if (schema.isUnitSchema()) return 'unit';
  if (schema.isStructSchema()) return 'structure';
  if (schema.isListSchema()) return 'list';
  if (schema.isMapSchema()) return 'map';
  if (schema.isBlobSchema()) return 'blob';
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isNumericSchema() || schema.isBigIntegerSchema()) return 'number';
  if (schema.isDocumentSchema()) return 'document';
  return 'string';
}

/** Name and schema of each member; none for the unit shape. */
export function membersOf(schema: Schema): [string, Schema][] {
  return kindOf(schema) === 'structure' ? [...schema.structIterator()] : [];
}

/** The members that must be there: a static schema lists them first, and counts them in its last place. */
export function requiredOf(schema: Schema): ReadonlySet<string> {
  const [, , , , names, , count] = schema.getSchema() as unknown as readonly [
    0,
    0,
    0,
    0,
    string[]?,
    0?,
    number?,
  ];
  return new Set(count === undefined ? [] : names?.slice(0, count));
}

/** Makes `make` run once, on first use. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Sets `key` as an own property, `__proto__` included: keys of maps are the client's. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[key] = value;
  }
}
