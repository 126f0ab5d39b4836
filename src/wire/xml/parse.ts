/**
 * A strict reader of the small XML documents that requests carry: elements, attributes, character data.
 * No document types, so no entities but the five and numeric references. Runs in time linear in its input.
 */
import { Slices } from '../../core/slices.js';

/** The document is not well-formed, or beyond the limits of this reader. */
export class XmlSyntaxError extends Error {
  override readonly name = 'XmlSyntaxError';
}

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** By full name, prefix included (`xsi:type`). */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** All character data directly inside the element, white space as it stands. */
  text: string;
}

/** No document of S3's nests deeper than a handful of elements. */
const maxDepth = 32;
/** Elements, comments, instructions and CDATA sections, by default: twice what the largest document of S3's has. */
const MOST_NODES = 200_000;

/** Attributes of one element: those of S3's have at most a type and two namespaces. */
const MOST_ATTRIBUTES = 100;
/** Characters between two tags, references unread: the longest that a document of S3's has there is a key. */
const LONGEST_TEXT = 64 * 1024;

const nameStart = ':A-Z_a-z\\u00C0-\\uFFFD';
const name = `[${nameStart}][-.0-9\\u00B7${nameStart}]*`;
const startTag = new RegExp(`<(${name})`, 'y');
const endTag = new RegExp(`</(${name})\\s*>`, 'y');
const attribute = new RegExp(`\\s+(${name})\\s*=\\s*("[^"<]*"|'[^'<]*')`, 'y');
const whiteSpace = /\s*/y;
const tagEnd = /\s*(\/?)>/y;
const declaration =
  /^<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']([\w.-]+)["'])?(?:\s+standalone\s*=\s*["']\w+["'])?\s*\?>/;
const illegal = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const noAttributes: ReadonlyMap<string, string> = new Map();

/** Parses a document in UTF-8 of at most `nodes` nodes and returns its root. Throws `XmlSyntaxError`. */
export function parseXml(document: Uint8Array, nodes = MOST_NODES): XmlElement {
  return new Parser(decode(document), nodes).read(Number.POSITIVE_INFINITY)!;
}

/** Elements that are read of a large document until others may have their turn. */
const AT_ONCE = 2000;

/** As `parseXml`, in slices. */
export async function parseLargeXml(document: Uint8Array, nodes?: number): Promise<XmlElement> {
  const slices = new Slices();
  const text = new Text();
  for (let at = 0; at < document.length; at += PIECE) {
    text.add(document.subarray(at, at + PIECE));
    await slices.pause();
  }
  const parser = new Parser(text.end(), nodes ?? MOST_NODES);
  for (;;) {
    const root = parser.read(AT_ONCE);
    if (root) return root;
    await slices.pause();
  }
}

/** Bytes of a large document that are decoded at once. */
const PIECE = 64 * 1024;

function decode(document: Uint8Array): string {
  const text = new Text();
  text.add(document);
  return text.end();
}

/** The text of a document, of whose bytes there may come several pieces. */
class Text {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #text = '';
  /** Whether the last piece ended with a carriage return, which may be half of a line end. */
  #open = false;

  /** Throws `XmlSyntaxError`. */
  add(bytes: Uint8Array): void {
    const whole = this.#open ? Buffer.concat([Buffer.of(CR), bytes]) : bytes;
    this.#open = whole.at(-1) === CR;
    const piece = this.#decoded(withLineFeeds(this.#open ? whole.subarray(0, -1) : whole));
    if (illegal.test(piece)) throw new XmlSyntaxError('a character that XML does not allow');
    this.#text += piece;
  }

  /** Throws `XmlSyntaxError` where the last character is not whole. */
  end(): string {
    this.#decoded();
    return this.#open ? `${this.#text}\n` : this.#text;
  }

  #decoded(bytes?: Uint8Array): string {
    try {
      return this.#utf8.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new XmlSyntaxError('not UTF-8');
    }
  }
}

const CR = 0x0d;
const LF = 0x0a;

/** Line ends are line feeds ("End-of-Line Handling", XML 1.0). */
function withLineFeeds(document: Uint8Array): Uint8Array {
  if (!document.includes(CR)) return document;
  const normal = new Uint8Array(document.length);
  let length = 0;
  for (let at = 0; at < document.length; at++) {
    if (document[at] !== CR) normal[length++] = document[at]!;
    else if (document[at + 1] !== LF) normal[length++] = LF;
  }
  return normal.subarray(0, length);
}

class Parser {
  #at = 0;
  #nodes = 0;
  /** The stack is our own: depth costs no recursion. */
  readonly #open: { readonly element: XmlElement; readonly tag: string }[] = [];

  constructor(
    private readonly xml: string,
    private readonly mostNodes: number,
  ) {
    const declared = declaration.exec(xml);
    if (declared) {
      if (declared[1] && !/^(utf-?8|us-ascii)$/i.test(declared[1])) throw new XmlSyntaxError('not UTF-8');
      this.#at = declared[0].length;
    }
    this.#miscellany();
  }

  /** Reads at most so many elements on; answers the root once the document has ended. */
  read(elements: number): XmlElement | undefined {
    for (let left = elements; left > 0; left--) {
      const root = this.#element();
      if (!root) continue;
      this.#miscellany();
      if (this.#at < this.xml.length) throw new XmlSyntaxError('content after the root element');
      return root;
    }
    return undefined;
  }

  /** White space, comments and processing instructions around the root. */
  #miscellany(): void {
    for (;;) {
      this.#match(whiteSpace);
      if (!this.#skipMarkup()) return;
    }
  }

  /** Skips a comment or a processing instruction, if one starts here. */
  #skipMarkup(): boolean {
    if (this.xml.startsWith('<!--', this.#at)) this.#through('-->', 4);
    else if (/^<\?xml\s/i.test(this.xml.slice(this.#at, this.#at + 6)))
      throw new XmlSyntaxError('a misplaced declaration');
    else if (this.xml.startsWith('<?', this.#at)) this.#through('?>', 2);
    else return false;
    return true;
  }

  #count(): void {
    if (++this.#nodes > this.mostNodes) throw new XmlSyntaxError('too many elements');
  }

  /** What stands between here, after `skip` characters, and `end`, which is passed. */
  #through(end: string, skip: number): string {
    this.#count();
    const start = this.#at + skip;
    const found = this.xml.indexOf(end, start);
    if (found < 0) throw new XmlSyntaxError(`no ${end}`);
    this.#at = found + end.length;
    return this.xml.slice(start, found);
  }

  /** Reads the element that starts here, up to the next one or the end; the root, if it ended. */
  #element(): XmlElement | undefined {
    const open = this.#open;
    const started = this.#start();
    open.at(-1)?.element.children.push(started.element);
    if (!started.empty) open.push(started);
    else if (open.length === 0) return started.element;
    if (open.length > maxDepth) throw new XmlSyntaxError('elements nest too deep');
    return this.#untilStart(open);
  }

  /** Reads character data and end tags up to the next start tag; the root, if it ended. */
  #untilStart(open: { readonly element: XmlElement; readonly tag: string }[]): XmlElement | undefined {
    for (;;) {
      const { element, tag } = open.at(-1)!;
      const markup = this.xml.indexOf('<', this.#at);
      if (markup < 0) throw new XmlSyntaxError(`no end of ${tag}`);
      if (markup > this.#at) element.text += unescapeXml(this.xml.slice(this.#at, markup));
      this.#at = markup;
      if (this.xml.startsWith('</', markup)) {
        if (this.#match(endTag)?.[1] !== tag) throw new XmlSyntaxError(`no end of ${tag}`);
        open.pop();
        if (open.length === 0) return element;
      } else if (this.xml.startsWith('<![CDATA[', markup)) {
        element.text += this.#through(']]>', 9);
      } else if (!this.#skipMarkup()) {
        return undefined;
      }
    }
  }

  #start(): { element: XmlElement; tag: string; empty: boolean } {
    const tag = this.#match(startTag)?.[1];
    if (tag === undefined) throw new XmlSyntaxError('no element where one must start');
    this.#count();
    let attributes: Map<string, string> | undefined;
    for (let found = this.#match(attribute); found; found = this.#match(attribute)) {
      attributes ??= new Map();
      this.#count();
      if (attributes.size === MOST_ATTRIBUTES) throw new XmlSyntaxError('too many attributes');
      if (attributes.has(found[1]!)) throw new XmlSyntaxError(`attribute ${found[1]} is given twice`);
      attributes.set(found[1]!, unescapeXml(found[2]!.slice(1, -1)));
    }
    const end = this.#match(tagEnd);
    if (!end) throw new XmlSyntaxError(`the tag ${tag} does not end`);
    const local = tag.slice(tag.indexOf(':') + 1);
    const element = { name: local, attributes: attributes ?? noAttributes, children: [], text: '' };
    return { element, tag, empty: end[1] === '/' };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.xml);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }
}

const entities: ReadonlyMap<string, number> = new Map([
  ['amp', 0x26],
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['quot', 0x22],
  ['apos', 0x27],
]);

/**
 * Replaces references. Numeric ones may stand for control characters, which XML 1.0 forbids: object keys hold
 * them, listings write them so, and there is no other way to name such a key in DeleteObjects.
 */
function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  if (text.length > LONGEST_TEXT) throw new XmlSyntaxError('too much text in one element');
  // Into one piece of memory: a string that grows by a character at a time is a chain of as many objects.
  const units = new Uint16Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== AMPERSAND) {
      units[length++] = unit;
      continue;
    }
    const end = endOfReference(text, at);
    const code = end < 0 ? undefined : meaning(text, at + 1, end);
    if (code === undefined) throw new XmlSyntaxError(`${text.slice(at, at + 10)} is no reference`);
    if (code > 0xffff) units[length++] = 0xd800 + ((code - 0x10000) >> 10);
    units[length++] = code > 0xffff ? 0xdc00 + ((code - 0x10000) & 0x3ff) : code;
    at = end;
  }
  return Buffer.from(units.buffer, 0, 2 * length).toString('utf16le');
}

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
/** `&#x10FFFF`. */
const LONGEST_REFERENCE = 9;

/** Where the semicolon of the reference stands that starts at `start`; -1 where there is none. */
function endOfReference(text: string, start: number): number {
  const last = Math.min(text.length - 1, start + LONGEST_REFERENCE);
  for (let at = start + 2; at <= last; at++) if (text.charCodeAt(at) === SEMICOLON) return at;
  return -1;
}

/** The code point that the name of a reference, between these places, stands for. */
function meaning(text: string, start: number, end: number): number | undefined {
  if (text.charCodeAt(start) !== 0x23) return entities.get(text.slice(start, end));
  const hex = text.charCodeAt(start + 1) === 0x78;
  const base = hex ? 16 : 10;
  const first = start + (hex ? 2 : 1);
  let code = first < end ? 0 : Number.NaN;
  for (let at = first; at < end; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit >= base) return undefined;
    code = code * base + digit;
  }
  const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? code : undefined;
}

/** The value of a hexadecimal digit; 16 for what is none. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 16;
}
