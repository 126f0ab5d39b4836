/** Schemas compiled to functions that read parsed XML. */

import { parseBase64, parseBoolean, parseInteger } from '../scalars.js';
import { type Kind, kindOf, membersOf, type Schema, setOwn } from '../schema.js';
import { parseDate, parseEpochSeconds, parseHttpDate } from '../timestamps.js';
import { type XmlElement, XmlSyntaxError } from './parse.js';
import { elementName } from './write.js';

/** The value of one element. Throws `XmlSyntaxError` where the element cannot be such a value. */
export type ElementReader = (element: XmlElement) => unknown;

/** Adds what one element says to the structure that is being read. */
type MemberReader = (into: Record<string, unknown>, element: XmlElement) => void;

/** Compiles readers for the shapes of one service; structures that occur twice are compiled once. */
export class XmlReaders {
  /** `unknown`: what becomes of elements that a structure does not have. */
  constructor(private readonly unknown: 'ignored' | 'refused') {}

  readonly #structures = new Map<unknown, ElementReader>();

  /** A reader of an element that holds `schema`. */
  value(schema: Schema): ElementReader {
    const kind = kindOf(schema);
    if (kind === 'structure') return this.structure(schema);
    if (kind === 'list') return this.#list(schema);
    if (kind === 'map') return this.#map(schema);
    const parse = textParser(schema, kind);
    return element => {
      if (element.children.length > 0) throw new XmlSyntaxError(`${element.name} holds elements`);
      return parse(element.text, element.name);
    };
  }

  structure(schema: Schema): ElementReader {
    const key = schema.getSchema();
    const known = this.#structures.get(key);
    if (known) return known;
    const members = new Map<string, MemberReader>();
    const attributes: ((into: Record<string, unknown>, element: XmlElement) => void)[] = [];
    const read: ElementReader = element => {
      const value: Record<string, unknown> = {};
      for (const attribute of attributes) attribute(value, element);
      for (const child of element.children) {
        const member = members.get(child.name);
        if (member) member(value, child);
        else if (this.unknown === 'refused') throw new XmlSyntaxError(`${child.name} is unknown`);
      }
      return value;
    };
    this.#structures.set(key, read);
    for (const [name, member] of membersOf(schema)) {
      const label = elementName(member, name);
      if (member.getMergedTraits().xmlAttribute) attributes.push(attributeReader(name, label));
      else members.set(label, this.#member(name, member));
    }
    return read;
  }

  #member(name: string, schema: Schema): MemberReader {
    if (kindOf(schema) === 'list' && schema.getMergedTraits().xmlFlattened) {
      const item = this.value(schema.getValueSchema());
      return (into, element) => {
        const list = (into[name] ??= []) as unknown[];
        list.push(item(element));
      };
    }
    const read = this.value(schema);
    return (into, element) => {
      if (into[name] !== undefined) throw new XmlSyntaxError(`${element.name} is given twice`);
      into[name] = read(element);
    };
  }

  #list(schema: Schema): ElementReader {
    const member = schema.getValueSchema();
    const item = this.value(member);
    const label = elementName(member, 'member');
    return element => element.children.filter(child => child.name === label).map(item);
  }

  #map(schema: Schema): ElementReader {
    const keyLabel = elementName(schema.getKeySchema(), 'key');
    const valueLabel = elementName(schema.getValueSchema(), 'value');
    const value = this.value(schema.getValueSchema());
    return element => {
      const map: Record<string, unknown> = {};
      for (const entry of element.children) {
        const k = entry.children.find(child => child.name === keyLabel);
        const v = entry.children.find(child => child.name === valueLabel);
        if (!k || !v) throw new XmlSyntaxError(`an entry of ${element.name} lacks its key or its value`);
        setOwn(map, k.text, value(v));
      }
      return map;
    };
  }
}

function attributeReader(name: string, label: string): MemberReader {
  const local = label.slice(label.indexOf(':') + 1);
  return (into, { attributes }) => {
    let value = attributes.get(label);
    // The prefix is the client's to choose.
    if (value === undefined) {
      for (const [other, text] of attributes) if (other.slice(other.indexOf(':') + 1) === local) value = text;
    }
    if (value !== undefined) into[name] = value;
  };
}

const parsers: Partial<Record<Kind, (text: string) => unknown>> = {
  number: parseInteger,
  boolean: parseBoolean,
  blob: parseBase64,
};

function textParser(schema: Schema, kind: Kind): (text: string, name: string) => unknown {
  if (kind === 'string') return text => text;
  const parse = kind === 'timestamp' ? timestampParser(schema, parseDate) : parsers[kind];
  if (!parse) throw new Error(`XML has no ${kind}`);
  return (text, name) => {
    const value = parse(text.trim());
    if (value === undefined) throw new XmlSyntaxError(`${name} cannot be ${JSON.stringify(text)}`);
    return value;
  };
}

/** The parser for the format that a timestamp's shape demands, or the protocol's. */
export function timestampParser(
  schema: Schema,
  otherwise: (text: string) => Date | undefined,
): (text: string) => Date | undefined {
  switch (schema.getSchema()) {
    case 5:
      return parseDate;
    case 6:
      return parseHttpDate;
    case 7:
      return parseEpochSeconds;
    default:
      return otherwise;
  }
}
