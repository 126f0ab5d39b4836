/** Schemas compiled to functions that write XML by joining strings: the hot path of every listing. */

import { kindOf, membersOf, type Schema } from '../schema.js';
import { formatDateTime, formatHttpDate } from '../timestamps.js';
import { escapeXml } from './escape.js';

/** Writes one element (for a flattened list or map: all of its elements). */
export type ElementWriter = (value: unknown) => string;

type Struct = Readonly<Record<string, unknown>>;

/** Compiles writers for the shapes of one service; structures that occur twice are compiled once. */
export class XmlWriters {
  readonly #structures = new Map<unknown, (value: Struct) => string>();

  /**
   * `formatTimestamp`: the protocol's default form; a shape's own format wins. `orders`: by structure, the members that
   * are written before the others.
   */
  constructor(
    private readonly formatTimestamp: (date: Date) => string,
    private readonly orders: Readonly<Record<string, readonly string[]>> = {},
  ) {}

  /** A writer of `schema` as an element called `name`; `xmlns` goes on its start tag. */
  element(schema: Schema, name: string, xmlns?: string): ElementWriter {
    const kind = kindOf(schema);
    const flattened = !!schema.getMergedTraits().xmlFlattened;
    if (kind === 'list') return this.#list(schema, name, flattened);
    if (kind === 'map') return this.#map(schema, name, flattened);
    const open = `<${name}${namespaces(schema, xmlns)}`;
    const close = `</${name}>`;
    if (kind === 'structure' || kind === 'unit') {
      const attributes = this.#attributes(schema);
      const content = this.content(schema);
      if (!attributes) return value => `${open}>${content(value as Struct)}${close}`;
      return value => `${open}${attributes(value as Struct)}>${content(value as Struct)}${close}`;
    }
    const text = this.#text(schema);
    return value => `${open}>${text(value)}${close}`;
  }

  /** A writer of what stands inside the element of a structure. `skip` leaves members out. */
  content(schema: Schema, skip?: (member: Schema) => boolean): (value: Struct) => string {
    const key = skip ? undefined : schema.getSchema();
    const known = this.#structures.get(key);
    if (key !== undefined && known) return known;
    const writers: (readonly [name: string, write: ElementWriter])[] = [];
    const write = (value: Struct) => {
      let xml = '';
      for (const [name, writeMember] of writers) {
        const member = value[name];
        if (member !== undefined && member !== null) xml += writeMember(member);
      }
      return xml;
    };
    // Noted before the members are compiled, so that a recursive shape finds itself.
    if (key !== undefined) this.#structures.set(key, write);
    for (const [name, member] of this.#ordered(schema)) {
      if (skip?.(member) || member.getMergedTraits().xmlAttribute) continue;
      writers.push([name, this.element(member, elementName(member, name))]);
    }
    return write;
  }

  #ordered(schema: Schema): (readonly [name: string, member: Schema])[] {
    const members = membersOf(schema);
    const first = this.orders[schema.getName() ?? ''];
    if (!first) return members;
    const begin = first.flatMap(name => members.filter(member => member[0] === name));
    return [...begin, ...members.filter(member => !begin.includes(member))];
  }

  #attributes(schema: Schema): ((value: Struct) => string) | undefined {
    const attributes = membersOf(schema).filter(([, member]) => member.getMergedTraits().xmlAttribute);
    if (attributes.length === 0) return undefined;
    const writers = attributes.map(([name, member]) => {
      const text = this.#text(member);
      const label = elementName(member, name);
      return (value: Struct) => (value[name] === undefined ? '' : ` ${label}="${text(value[name])}"`);
    });
    return value => writers.map(write => write(value)).join('');
  }

  #list(schema: Schema, name: string, flattened: boolean): ElementWriter {
    const member = schema.getValueSchema();
    const item = this.element(member, flattened ? name : elementName(member, 'member'));
    const items = (value: unknown) => {
      let xml = '';
      for (const entry of value as readonly unknown[])
        if (entry !== undefined && entry !== null) xml += item(entry);
      return xml;
    };
    return flattened ? items : value => `<${name}>${items(value)}</${name}>`;
  }

  #map(schema: Schema, name: string, flattened: boolean): ElementWriter {
    const key = this.element(schema.getKeySchema(), elementName(schema.getKeySchema(), 'key'));
    const mapped = this.element(schema.getValueSchema(), elementName(schema.getValueSchema(), 'value'));
    const tag = flattened ? name : 'entry';
    const entries = (value: unknown) => {
      let xml = '';
      for (const [k, v] of Object.entries(value as Struct)) {
        if (v !== undefined && v !== null) xml += `<${tag}>${key(k)}${mapped(v)}</${tag}>`;
      }
      return xml;
    };
    return flattened ? entries : value => `<${name}>${entries(value)}</${name}>`;
  }

  #text(schema: Schema): (value: unknown) => string {
    switch (kindOf(schema)) {
      case 'timestamp': {
        const format = timestampWriter(schema, this.formatTimestamp);
        return value => format(value as Date);
      }
      case 'blob':
        return value => Buffer.from(value as Uint8Array).toString('base64');
      case 'number':
      case 'boolean':
        return String;
      default:
        return value => escapeXml(String(value));
    }
  }
}

/** The member's element name: its xmlName trait or its own name. */
export function elementName(member: Schema, name: string): string {
  const { xmlName } = member.getMemberTraits() as { readonly xmlName?: string };
  return xmlName ?? name;
}

/** The format that a timestamp's shape demands, or the protocol's. Numbers are those of Smithy's sentinels. */
export function timestampWriter(schema: Schema, otherwise: (date: Date) => string): (date: Date) => string {
  switch (schema.getSchema()) {
    case 5:
      return formatDateTime;
    case 6:
      return formatHttpDate;
    case 7:
      return date => String(date.getTime() / 1000);
    default:
      return otherwise;
  }
}

function namespaces(schema: Schema, xmlns: string | undefined): string {
  const { xmlNamespace } = schema.getMergedTraits() as { readonly xmlNamespace?: readonly string[] };
  const own = xmlNamespace?.[1] ? ` xmlns:${xmlNamespace[0]}="${escapeXml(xmlNamespace[1])}"` : '';
  return (xmlns === undefined ? '' : ` xmlns="${escapeXml(xmlns)}"`) + own;
}
