/** A JSON reader that keeps positions, so that every finding about a policy can point into its text. */

/** Offsets into the text, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonMember {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: JsonNode;
}

export type JsonNode = Span &
  (
    | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
    | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
    | { readonly kind: 'string'; readonly value: string }
    /** The number as written: `1.0` stays `1.0`. */
    | { readonly kind: 'number'; readonly value: string }
    | { readonly kind: 'boolean'; readonly value: string }
    | { readonly kind: 'null' }
  );

/** The text is not JSON. The message speaks to the author of the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError';

  constructor(
    message: string,
    /** Where, as an offset into the text. */
    readonly offset: number,
    /** What was read before, where that is a whole value. */
    readonly partial?: JsonNode,
  ) {
    super(message);
  }
}

/** Deeper nesting than any policy has; keeps hostile input from exhausting the stack. */
const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const HEX4 = /^[0-9a-fA-F]{4}$/;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads one JSON value (RFC 8259) that fills the whole text. Throws `JsonError`. */
export function parseJson(text: string): JsonNode {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.end(node);
  return node;
}

/** Line and column, both from 1, of an offset; a column counts UTF-16 code units. */
export function position(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) throw new JsonError(`Nested deeper than ${MAX_DEPTH} levels.`, this.#at);
    this.#space();
    const start = this.#at;
    const char = this.text[start];
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    if (char === '"') return { kind: 'string', value: this.#string(), start, end: this.#at };
    for (const word of ['true', 'false', 'null'] as const) {
      if (this.text.startsWith(word, start)) {
        this.#at += word.length;
        const span = { start, end: this.#at };
        return word === 'null' ? { kind: 'null', ...span } : { kind: 'boolean', value: word, ...span };
      }
    }
    NUMBER.lastIndex = start;
    const number = NUMBER.exec(this.text);
    if (number) {
      this.#at += number[0].length;
      return { kind: 'number', value: number[0], start, end: this.#at };
    }
    throw this.#unexpected('a value');
  }

  end(root: JsonNode): void {
    this.#space();
    const char = this.text[this.#at];
    if (char === undefined) return;
    if (char === '}' || char === ']')
      throw new JsonError(`One closing "${char}" too many after the end of the document.`, this.#at, root);
    if (root.kind === 'string' && char === ':')
      throw new JsonError('This is a fragment: the document lacks its opening "{".', root.start, root);
    throw new JsonError('Text after the end of the document.', this.#at, root);
  }

  #object(depth: number): JsonNode {
    const start = this.#at++;
    const members: JsonMember[] = [];
    this.#space();
    if (this.text[this.#at] === '}') return { kind: 'object', members, start, end: ++this.#at };
    for (;;) {
      this.#space();
      const nameStart = this.#at;
      if (this.text[nameStart] !== '"') throw this.#unexpected('a name in double quotes');
      const name = this.#string();
      const nameSpan = { start: nameStart, end: this.#at };
      this.#space();
      if (this.text[this.#at] !== ':') throw this.#unexpected('":"');
      this.#at++;
      members.push({ name, nameSpan, value: this.value(depth + 1) });
      if (this.#separator('}')) return { kind: 'object', members, start, end: this.#at };
    }
  }

  #array(depth: number): JsonNode {
    const start = this.#at++;
    const items: JsonNode[] = [];
    this.#space();
    if (this.text[this.#at] === ']') return { kind: 'array', items, start, end: ++this.#at };
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#separator(']')) return { kind: 'array', items, start, end: this.#at };
    }
  }

  /** Reads `,` (answers false) or the closing bracket (answers true). */
  #separator(close: string): boolean {
    this.#space();
    const char = this.text[this.#at];
    if (char === close) {
      this.#at++;
      return true;
    }
    if (char !== ',') throw this.#unexpected(`"," or "${close}"`);
    const comma = this.#at++;
    this.#space();
    if (this.text[this.#at] === close) throw new JsonError('A comma without a value after it.', comma);
    return false;
  }

  #string(): string {
    const start = this.#at++;
    let out = '';
    let from = this.#at;
    for (;;) {
      const char = this.text[this.#at];
      if (char === undefined || char === '\n') throw new JsonError('A string that is never closed.', start);
      if (char === '"') {
        out += this.text.slice(from, this.#at++);
        return out;
      }
      if (char < ' ') throw new JsonError('A control character inside a string.', this.#at);
      if (char === '\\') {
        out += this.text.slice(from, this.#at) + this.#escape();
        from = this.#at;
      } else {
        this.#at++;
      }
    }
  }

  #escape(): string {
    const start = this.#at;
    const char = this.text[start + 1] ?? '';
    if (char === 'u') {
      const hex = this.text.slice(start + 2, start + 6);
      if (!HEX4.test(hex)) throw new JsonError('"\\u" needs four hexadecimal digits.', start);
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    if (!Object.hasOwn(ESCAPES, char)) throw new JsonError(`"\\${char}" is no escape of JSON.`, start);
    this.#at += 2;
    return ESCAPES[char] as string;
  }

  #space(): void {
    for (;;) {
      const char = this.text.charCodeAt(this.#at);
      if (char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09) this.#at++;
      else break;
    }
    if (this.text[this.#at] === '/' && /[/*]/.test(this.text[this.#at + 1] ?? ''))
      throw new JsonError('JSON has no comments: remove this one (a Sid can name a statement).', this.#at);
  }

  #unexpected(wanted: string): JsonError {
    const char = this.text[this.#at];
    if (char === undefined) return new JsonError(`The text ends where ${wanted} should stand.`, this.#at);
    if (char === "'") return new JsonError("Single quotes (') are not JSON: use double quotes.", this.#at);
    if (char === '\u201c' || char === '\u201d')
      return new JsonError('Typographic quotes are not JSON: use straight double quotes.', this.#at);
    return new JsonError(`Found ${JSON.stringify(char)} where ${wanted} should stand.`, this.#at);
  }
}
