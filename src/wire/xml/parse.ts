/**
 * A strict reader of the small XML documents that requests carry: elements, attributes, character data.
 * No document types, so no entities but the five and numeric references. Runs in time linear in its input.
 */

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
/** The largest that S3 takes, CompleteMultipartUpload with 10,000 parts and their checksums, has half of it. */
const maxElements = 200_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const nameStart = ':A-Z_a-z\\u00C0-\\uFFFD';
const name = `[${nameStart}][-.0-9\\u00B7${nameStart}]*`;
const startTag = new RegExp(`<(${name})`, 'y');
const endTag = new RegExp(`</(${name})\\s*>`, 'y');
const attribute = new RegExp(`\\s+(${name})\\s*=\\s*("[^"<]*"|'[^'<]*')`, 'y');
const tagEnd = /\s*(\/?)>/y;
const declaration =
  /^<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']([\w.-]+)["'])?(?:\s+standalone\s*=\s*["']\w+["'])?\s*\?>/;
const illegal = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const noAttributes: ReadonlyMap<string, string> = new Map();

/** Parses a document in UTF-8 and returns its root. Throws `XmlSyntaxError`. */
export function parseXml(document: Uint8Array): XmlElement {
  return new Parser(decode(document)).document();
}

function decode(document: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(document);
  } catch {
    throw new XmlSyntaxError('not UTF-8');
  }
  if (illegal.test(text)) throw new XmlSyntaxError('a character that XML does not allow');
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

class Parser {
  #at = 0;
  #elements = 0;

  constructor(private readonly xml: string) {}

  document(): XmlElement {
    const declared = declaration.exec(this.xml);
    if (declared) {
      if (declared[1] && !/^(utf-?8|us-ascii)$/i.test(declared[1])) throw new XmlSyntaxError('not UTF-8');
      this.#at = declared[0].length;
    }
    this.#miscellany();
    const root = this.#element();
    this.#miscellany();
    if (this.#at < this.xml.length) throw new XmlSyntaxError('content after the root element');
    return root;
  }

  /** White space, comments and processing instructions around the root. */
  #miscellany(): void {
    for (;;) {
      while (/\s/.test(this.xml.charAt(this.#at))) this.#at++;
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

  /** What stands between here, after `skip` characters, and `end`, which is passed. */
  #through(end: string, skip: number): string {
    const start = this.#at + skip;
    const found = this.xml.indexOf(end, start);
    if (found < 0) throw new XmlSyntaxError(`no ${end}`);
    this.#at = found + end.length;
    return this.xml.slice(start, found);
  }

  /** The element that starts here, with all inside it. The stack is our own: depth costs no recursion. */
  #element(): XmlElement {
    const open: { readonly element: XmlElement; readonly tag: string }[] = [];
    for (;;) {
      const started = this.#start();
      open.at(-1)?.element.children.push(started.element);
      if (!started.empty) open.push(started);
      else if (open.length === 0) return started.element;
      if (open.length > maxDepth) throw new XmlSyntaxError('elements nest too deep');
      const closed = this.#untilStart(open);
      if (closed) return closed;
    }
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
    if (++this.#elements > maxElements) throw new XmlSyntaxError('too many elements');
    let attributes: Map<string, string> | undefined;
    for (let found = this.#match(attribute); found; found = this.#match(attribute)) {
      attributes ??= new Map();
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

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Replaces references. Numeric ones may stand for control characters, which XML 1.0 forbids: object keys hold
 * them, listings write them so, and there is no other way to name such a key in DeleteObjects.
 */
function unescapeXml(text: string): string {
  let from = 0;
  let plain = '';
  for (let start = text.indexOf('&'); start >= 0; start = text.indexOf('&', from)) {
    const end = text.indexOf(';', start);
    const reference = text.slice(start + 1, end < 0 ? start + 1 : Math.min(end, start + 10));
    const character = entities.get(reference) ?? numeric(reference);
    if (character === undefined) throw new XmlSyntaxError(`&${reference} is no reference`);
    plain += text.slice(from, start) + character;
    from = end + 1;
  }
  return from === 0 ? text : plain + text.slice(from);
}

function numeric(reference: string): string | undefined {
  const match = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(reference);
  if (!match) return undefined;
  const code = match[1] ? Number.parseInt(match[1], 16) : Number(match[2]);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code);
}
