/** Schemas compiled to functions that write XML, byte by byte: the hot path of every listing. */

import type { LazyList } from '../../core/lazy-list.js';
import { kindOf, membersOf, type Schema } from '../schema.js';
import { formatDateTime, formatHttpDate } from '../timestamps.js';
import { XmlBytes } from './bytes.js';
import { escapeXml } from './escape.js';
import { WrittenList } from './written-list.js';

/** Writes one element (for a flattened list or map: all of its elements). */
export type ElementWriter = (value: unknown, xml: XmlBytes) => void;

type Struct = Readonly<Record<string, unknown>>;

/** Writes what stands inside the element of a structure. */
export type ContentWriter = (value: Struct, xml: XmlBytes) => void;

/** The one that is being written: writers do not wait for anything. */
const bytes = new XmlBytes();

/** A document that `write` writes: as text where it is small, as the bytes of its UTF-8 where it is not. */
export function xmlDocument(write: (xml: XmlBytes) => void): string | Buffer {
  try {
    write(bytes);
    return bytes.take();
  } finally {
    bytes.clear();
  }
}

/** Compiles writers for the shapes of one service; structures that occur twice are compiled once. */
export class XmlWriters {
  readonly #structures = new Map<unknown, ContentWriter>();

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
    const start = Buffer.from(`${open}>`);
    const close = Buffer.from(`</${name}>`);
    if (kind === 'structure' || kind === 'unit') {
      const attributes = this.#attributes(schema);
      const content = this.content(schema);
      return (value, xml) => {
        if (attributes) {
          xml.ascii(open);
          attributes(value as Struct, xml);
          xml.ascii('>');
        } else xml.bytes(start);
        content(value as Struct, xml);
        xml.bytes(close);
      };
    }
    const text = this.#text(schema);
    return (value, xml) => {
      xml.bytes(start);
      text(value, xml);
      xml.bytes(close);
    };
  }

  /** A writer of what stands inside the element of a structure. `skip` leaves members out. */
  content(schema: Schema, skip?: (member: Schema) => boolean): ContentWriter {
    const key = skip ? undefined : schema.getSchema();
    const known = this.#structures.get(key);
    if (key !== undefined && known) return known;
    const writers: { readonly name: string; readonly write: ElementWriter }[] = [];
    const write: ContentWriter = (value, xml) => {
      for (let index = 0; index < writers.length; index++) {
        const writer = writers[index]!;
        const member = value[writer.name];
        if (member !== undefined && member !== null) writer.write(member, xml);
      }
    };
    // Noted before the members are compiled, so that a recursive shape finds itself.
    if (key !== undefined) this.#structures.set(key, write);
    for (const [name, member] of this.#ordered(schema)) {
      if (skip?.(member) || member.getMergedTraits().xmlAttribute) continue;
      writers.push({ name, write: this.element(member, elementName(member, name)) });
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

  #attributes(schema: Schema): ContentWriter | undefined {
    const attributes = membersOf(schema).filter(([, member]) => member.getMergedTraits().xmlAttribute);
    if (attributes.length === 0) return undefined;
    const writers = attributes.map(([name, member]): ContentWriter => {
      const text = this.#text(member);
      const label = ` ${elementName(member, name)}="`;
      return (value, xml) => {
        if (value[name] === undefined) return;
        xml.ascii(label);
        text(value[name], xml);
        xml.ascii('"');
      };
    });
    return (value, xml) => {
      for (const write of writers) write(value, xml);
    };
  }

  #list(schema: Schema, name: string, flattened: boolean): ElementWriter {
    const member = schema.getValueSchema();
    const item = this.element(member, flattened ? name : elementName(member, 'member'));
    const items: ElementWriter = (value, xml) => {
      if (value instanceof WrittenList) return value.write(xml, item);
      (value as readonly unknown[] | LazyList<unknown>).forEach(entry => {
        if (entry !== undefined && entry !== null) item(entry, xml);
      });
    };
    return flattened ? items : within(name, items);
  }

  #map(schema: Schema, name: string, flattened: boolean): ElementWriter {
    const key = this.element(schema.getKeySchema(), elementName(schema.getKeySchema(), 'key'));
    const mapped = this.element(schema.getValueSchema(), elementName(schema.getValueSchema(), 'value'));
    const tag = flattened ? name : 'entry';
    const entries: ElementWriter = (value, xml) => {
      for (const [k, v] of Object.entries(value as Struct)) {
        if (v === undefined || v === null) continue;
        xml.ascii(`<${tag}>`);
        key(k, xml);
        mapped(v, xml);
        xml.ascii(`</${tag}>`);
      }
    };
    return flattened ? entries : within(name, entries);
  }

  #text(schema: Schema): ElementWriter {
    switch (kindOf(schema)) {
      case 'timestamp': {
        const format = timestampWriter(schema, this.formatTimestamp);
        return (value, xml) => xml.ascii(format(value as Date));
      }
      case 'blob':
        return (value, xml) => xml.ascii(Buffer.from(value as Uint8Array).toString('base64'));
      case 'number':
      case 'boolean':
        return (value, xml) => xml.ascii(String(value));
      default:
        return (value, xml) => xml.text(String(value));
    }
  }
}

function within(name: string, write: ElementWriter): ElementWriter {
  const [open, close] = [Buffer.from(`<${name}>`), Buffer.from(`</${name}>`)];
  return (value, xml) => {
    xml.bytes(open);
    write(value, xml);
    xml.bytes(close);
  };
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
