/** Schemas compiled to functions that read awsQuery parameters (`Tags.member.1.Key=team`). */

import { ApiError } from '../../core/errors.js';
import { parseBase64, parseBoolean, parseInteger } from '../scalars.js';
import { type Kind, kindOf, membersOf, type Schema, setOwn } from '../schema.js';
import { parseDateTime, parseEpochSeconds } from '../timestamps.js';
import { elementName } from '../xml/write.js';

/** Parameters as a tree: `Tags.member.1.Key` is found under `Tags`, `member`, `1`, `Key`. */
interface Parameter {
  value: string | undefined;
  children: Map<string, Parameter> | undefined;
}

/** The value that a parameter and those under it make. Throws MalformedInput. */
type ParameterReader = (parameter: Parameter) => unknown;

/** `ContextEntries.member.1.ContextKeyValues.member.1` is among the deepest. */
const DEEPEST = 10;

/** Throws MalformedInput for names that are deeper than those of any shape. */
export function parameterTree(parameters: ReadonlyMap<string, string>): Parameter {
  const root: Parameter = { value: undefined, children: undefined };
  for (const [name, value] of parameters) {
    let node = root;
    const parts = name.split('.', DEEPEST + 1);
    if (parts.length > DEEPEST) throw malformed('Parameters nest too deep');
    for (const part of parts) {
      node.children ??= new Map();
      let child = node.children.get(part);
      if (!child) node.children.set(part, (child = { value: undefined, children: undefined }));
      node = child;
    }
    node.value = value;
  }
  return root;
}

/** Compiles readers for the shapes of one service. */
export class ParameterReaders {
  readonly #structures = new Map<unknown, ParameterReader>();

  /** Reads a structure; parameters that it does not have are ignored, as AWS ignores them. */
  structure(schema: Schema): ParameterReader {
    const key = schema.getSchema();
    const known = this.#structures.get(key);
    if (known) return known;
    const members: (readonly [member: string, parameter: string, read: ParameterReader])[] = [];
    const read: ParameterReader = parameter => {
      if (parameter.value) throw malformed('Unexpected value where a structure is expected');
      const value: Record<string, unknown> = {};
      for (const [member, name, readMember] of members) {
        const child = parameter.children?.get(name);
        if (!child) continue;
        const memberValue = readMember(child);
        if (memberValue !== undefined) value[member] = memberValue;
      }
      return value;
    };
    this.#structures.set(key, read);
    for (const [name, member] of membersOf(schema)) {
      members.push([name, elementName(member, name), this.#value(member)]);
    }
    return read;
  }

  #value(schema: Schema): ParameterReader {
    const kind = kindOf(schema);
    if (kind === 'structure') return this.structure(schema);
    if (kind === 'list') return this.#list(schema);
    if (kind === 'map') return this.#map(schema);
    return scalar(kind);
  }

  #list(schema: Schema): ParameterReader {
    const member = schema.getValueSchema();
    const read = this.#value(member);
    const infix = schema.getMergedTraits().xmlFlattened ? undefined : elementName(member, 'member');
    return parameter => {
      const items = infix === undefined ? parameter : parameter.children?.get(infix);
      if (!items?.children) return emptyOr(parameter, []);
      return ordered(items.children).map(read);
    };
  }

  #map(schema: Schema): ParameterReader {
    const keyName = elementName(schema.getKeySchema(), 'key');
    const valueName = elementName(schema.getValueSchema(), 'value');
    const readKey = this.#value(schema.getKeySchema());
    const readValue = this.#value(schema.getValueSchema());
    const flattened = !!schema.getMergedTraits().xmlFlattened;
    return parameter => {
      const entries = flattened ? parameter : parameter.children?.get('entry');
      if (!entries?.children) return emptyOr(parameter, {});
      const map: Record<string, unknown> = {};
      for (const entry of ordered(entries.children)) {
        const key = entry.children?.get(keyName);
        const value = entry.children?.get(valueName);
        if (!key || !value) throw malformed('An entry of a map lacks its key or its value');
        setOwn(map, String(readKey(key)), readValue(value));
      }
      return map;
    };
  }
}

/** `Tags=` is how a client sends an empty list or map. */
function emptyOr<T>(parameter: Parameter, empty: T): T | undefined {
  if (parameter.value === '') return empty;
  if (parameter.value !== undefined) throw malformed('Unexpected value where a list or map is expected');
  return undefined;
}

/** The members of a list in the order of their numbers, which may have gaps. */
function ordered(children: ReadonlyMap<string, Parameter>): Parameter[] {
  const items: (readonly [number, Parameter])[] = [];
  for (const [index, item] of children) {
    if (!/^[1-9]\d{0,6}$/.test(index)) throw malformed('Members of a list are numbered from 1');
    items.push([Number(index), item]);
  }
  return items.sort(([a], [b]) => a - b).map(([, item]) => item);
}

interface Scalar {
  readonly parse: (text: string) => unknown;
  /** AWS's words for text that is no such value. */
  readonly refusal: string;
}

const scalars: Partial<Record<Kind, Scalar>> = {
  string: { parse: text => text, refusal: '' },
  number: { parse: parseInteger, refusal: 'number must be an integer' },
  boolean: { parse: parseBoolean, refusal: 'boolean must follow xsd1.1 definition' },
  timestamp: {
    parse: text => parseDateTime(text) ?? parseEpochSeconds(text),
    refusal: 'timestamp must follow ISO8601',
  },
  blob: { parse: parseBase64, refusal: 'blob must be base64 encoded' },
};

function scalar(kind: Kind): ParameterReader {
  const known = scalars[kind];
  if (!known) throw new Error(`awsQuery has no ${kind}`);
  const { parse, refusal } = known;
  return ({ value }) => {
    if (value === undefined) throw malformed('Start of structure or map found where not expected');
    const parsed = parse(value);
    if (parsed === undefined) throw malformed(refusal);
    return parsed;
  };
}

function malformed(message: string): ApiError {
  return new ApiError('MalformedInput', 400, message);
}
