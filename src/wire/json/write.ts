/** Schemas compiled to functions that make of a typed value what `JSON.stringify` can write. */

import { kindOf, membersOf, type Schema, setOwn } from '../schema.js';
import { formatDateTime, formatHttpDate } from '../timestamps.js';

type JsonWriter = (value: never) => unknown;

/** Compiles writers for the shapes of one service. */
export class JsonWriters {
  readonly #structures = new Map<unknown, JsonWriter>();

  structure(schema: Schema): (value: never) => unknown {
    const key = schema.getSchema();
    const known = this.#structures.get(key);
    if (known) return known;
    const members: (readonly [name: string, write: JsonWriter])[] = [];
    const write = (value: Readonly<Record<string, unknown>>) => {
      const json: Record<string, unknown> = {};
      for (const [name, writeMember] of members) {
        const member = value[name];
        if (member !== undefined && member !== null) json[name] = writeMember(member as never);
      }
      return json;
    };
    this.#structures.set(key, write);
    for (const [name, member] of membersOf(schema)) members.push([name, this.#value(member)]);
    return write;
  }

  #value(schema: Schema): JsonWriter {
    switch (kindOf(schema)) {
      case 'structure':
        return this.structure(schema);
      case 'list': {
        const item = this.#value(schema.getValueSchema());
        return (value: readonly never[]) => value.map(item);
      }
      case 'map': {
        const item = this.#value(schema.getValueSchema());
        return (value: Readonly<Record<string, never>>) => {
          const json: Record<string, unknown> = {};
          for (const [key, entry] of Object.entries(value)) setOwn(json, key, item(entry));
          return json;
        };
      }
      case 'timestamp':
        return timestamp(schema);
      case 'blob':
        return (value: Uint8Array) => Buffer.from(value).toString('base64');
      default:
        return value => value;
    }
  }
}

/** Seconds since the epoch, unless the shape demands another form. */
function timestamp(schema: Schema): JsonWriter {
  if (schema.getSchema() === 5) return formatDateTime;
  if (schema.getSchema() === 6) return formatHttpDate;
  return (value: Date) => value.getTime() / 1000;
}
