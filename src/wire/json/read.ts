/** Schemas compiled to functions that take typed values out of parsed JSON. */

import { ApiError } from '../../core/errors.js';
import { parseBase64 } from '../scalars.js';
import { type Kind, kindOf, membersOf, type Schema, setOwn } from '../schema.js';
import { epochDate } from '../timestamps.js';

/** The value that a piece of JSON stands for. Throws SerializationException where it is of another type. */
type JsonReader = (json: unknown) => unknown;

/** Compiles readers for the shapes of one service. */
export class JsonReaders {
  readonly #structures = new Map<unknown, JsonReader>();

  /** Reads a structure; members that it does not have are ignored, `null` counts as absent. */
  structure(schema: Schema): JsonReader {
    const key = schema.getSchema();
    const known = this.#structures.get(key);
    if (known) return known;
    const members: (readonly [name: string, read: JsonReader])[] = [];
    const read: JsonReader = json => {
      const object = asObject(json, 'a structure');
      const value: Record<string, unknown> = {};
      for (const [name, readMember] of members) {
        const member = Object.hasOwn(object, name) ? object[name] : undefined;
        if (member !== undefined && member !== null) value[name] = readMember(member);
      }
      return value;
    };
    this.#structures.set(key, read);
    for (const [name, member] of membersOf(schema)) members.push([name, this.#value(member)]);
    return read;
  }

  #value(schema: Schema): JsonReader {
    const kind = kindOf(schema);
    if (kind === 'structure') return this.structure(schema);
    if (kind === 'list') return this.#list(schema);
    if (kind === 'map') return this.#map(schema);
    return scalars[kind]!;
  }

  #list(schema: Schema): JsonReader {
    const item = this.#value(schema.getValueSchema());
    return json => {
      if (!Array.isArray(json)) throw mistyped(json, 'a list');
      return json.map(entry => {
        if (entry === null) throw mistyped(entry, 'a member of a list');
        return item(entry);
      });
    };
  }

  #map(schema: Schema): JsonReader {
    const read = this.#value(schema.getValueSchema());
    return json => {
      const map: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(asObject(json, 'a map'))) {
        if (value !== null) setOwn(map, key, read(value));
      }
      return map;
    };
  }
}

const scalars: Partial<Record<Kind, JsonReader>> = {
  string: json => {
    if (typeof json !== 'string') throw mistyped(json, 'a String');
    return json;
  },
  boolean: json => {
    if (typeof json !== 'boolean') throw mistyped(json, 'a Boolean');
    return json;
  },
  number: json => {
    if (!Number.isSafeInteger(json)) throw mistyped(json, 'an Integer');
    return json;
  },
  timestamp: json => {
    const date = typeof json === 'number' ? epochDate(json) : undefined;
    if (!date) throw mistyped(json, 'a Timestamp');
    return date;
  },
  blob: json => {
    const bytes = typeof json === 'string' ? parseBase64(json) : undefined;
    if (!bytes) throw mistyped(json, 'a Blob');
    return bytes;
  },
  document: json => json,
};

function asObject(json: unknown, wanted: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw mistyped(json, wanted);
  return json as Readonly<Record<string, unknown>>;
}

const tokens: Readonly<Record<string, string>> = {
  string: 'STRING_VALUE',
  number: 'NUMBER_VALUE',
  boolean: 'BOOLEAN_VALUE',
};

/** AWS's words for JSON of another type than the shape's. */
function mistyped(json: unknown, wanted: string): ApiError {
  if (Array.isArray(json)) return serializationError('Start of list found where not expected');
  if (typeof json === 'object' && json !== null) {
    return serializationError('Start of structure or map found where not expected');
  }
  return serializationError(`${tokens[typeof json] ?? 'NULL_VALUE'} can not be converted to ${wanted}`);
}

/** What awsJson services answer to a body that is no JSON of the operation's shape. */
export function serializationError(message: string): ApiError {
  return new ApiError('SerializationException', 400, message);
}
