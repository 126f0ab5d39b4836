/** Schemas compiled to functions that read awsQuery parameters (`Tags.member.1.Key=team`). */

import { ApiError } from '../../errors.js';
import { parseBase64, parseBoolean, parseInteger } from '../scalars.js';
import { type Kind, kindOf, membersOf, type Schema, setOwn } from '../schema.js';
import { parseDateTime, parseEpochSeconds } from '../timestamps.js';
import { elementName } from '../xml/write.js';

/** Parameters as a tree: `Tags.member.1.Key` is found under `Tags`, `member`, `1`, `Key`. */
export interface Parameter {
  value: string | undefined;
  children: Map<string, Parameter> | undefined;
}

/** The value that a parameter and those under it make. `path` is for the error. */
export type ParameterReader = (parameter: Parameter, path: string) => unknown;

export function parameterTree(parameters: ReadonlyMap<string, string>): Parameter {
  const root: Parameter = { value: undefined, children: undefined };
  for (const [name, value] of parameters) {
    let node = root;
    for (const part of name.split('.')) {
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
    const read: ParameterReader = (parameter, path) => {
      if (parameter.value !== undefined && parameter.value !== '') throw malformed(parameter.value, path);
      const value: Record<string, unknown> = {};
      for (const [member, name, readMember] of members) {
        const child = parameter.children?.get(name);
        if (!child) continue;
        const memberValue = readMember(child, path ? `${path}.${name}` : name);
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
    return (parameter, path) => {
      const items = infix === undefined ? parameter : parameter.children?.get(infix);
      const prefix = infix === undefined ? path : `${path}.${infix}`;
      if (!items?.children) return emptyOr(parameter, path, []);
      return ordered(items.children, prefix).map(([index, item]) => read(item, `${prefix}.${index}`));
    };
  }

  #map(schema: Schema): ParameterReader {
    const keyName = elementName(schema.getKeySchema(), 'key');
    const valueName = elementName(schema.getValueSchema(), 'value');
    const readKey = this.#value(schema.getKeySchema());
    const readValue = this.#value(schema.getValueSchema());
    const flattened = !!schema.getMergedTraits().xmlFlattened;
    return (parameter, path) => {
      const entries = flattened ? parameter : parameter.children?.get('entry');
      const prefix = flattened ? path : `${path}.entry`;
      if (!entries?.children) return emptyOr(parameter, path, {});
      const map: Record<string, unknown> = {};
      for (const [index, entry] of ordered(entries.children, prefix)) {
        const key = entry.children?.get(keyName);
        const value = entry.children?.get(valueName);
        if (!key || !value) throw malformed('', `${prefix}.${index}`);
        setOwn(map, String(readKey(key, prefix)), readValue(value, `${prefix}.${index}.${valueName}`));
      }
      return map;
    };
  }
}

/** `Tags=` is how a client sends an empty list or map. */
function emptyOr<T>(parameter: Parameter, path: string, empty: T): T | undefined {
  if (parameter.value === '') return empty;
  if (parameter.value !== undefined) throw malformed(parameter.value, path);
  return undefined;
}

/** The members of a list by their numbers, which may have gaps. */
function ordered(children: ReadonlyMap<string, Parameter>, path: string): [number, Parameter][] {
  const items: [number, Parameter][] = [];
  for (const [index, item] of children) {
    if (!/^[1-9]\d{0,6}$/.test(index)) throw malformed(index, path);
    items.push([Number(index), item]);
  }
  return items.sort(([a], [b]) => a - b);
}

const scalars: Partial<Record<Kind, (text: string) => unknown>> = {
  string: text => text,
  number: parseInteger,
  boolean: parseBoolean,
  timestamp: text => parseDateTime(text) ?? parseEpochSeconds(text),
  blob: parseBase64,
};

function scalar(kind: Kind): ParameterReader {
  const parse = scalars[kind];
  if (!parse) throw new Error(`awsQuery has no ${kind}`);
  return (parameter, path) => {
    const { value } = parameter;
    const parsed = value === undefined ? undefined : parse(value);
    if (parsed === undefined) throw malformed(value ?? '', path);
    return parsed;
  };
}

function malformed(value: string, path: string): ApiError {
  return new ApiError('MalformedInput', 400, `The value '${value}' of parameter ${path} has the wrong type.`);
}
