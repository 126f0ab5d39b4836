/** Wildcard matching that never backtracks: every literal piece is sought once, from left to right. */

/** `*`: any run of characters, none included. */
export const MANY = 0;
/** `?`: exactly one character (UTF-16 code unit). */
export const ONE = 1;

/** A pattern in pieces: literal text, which holds `*` and `?` only as themselves, and wildcards. */
export type Token = string | typeof MANY | typeof ONE;

/** Splits a pattern in which `*` and `?` are wildcards. */
export function readGlob(text: string): Token[] {
  const tokens: Token[] = [];
  let literal = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char !== 0x2a && char !== 0x3f) continue;
    if (at > literal) tokens.push(text.slice(literal, at));
    tokens.push(char === 0x2a ? MANY : ONE);
    literal = at + 1;
  }
  if (literal < text.length) tokens.push(text.slice(literal));
  return tokens;
}

/** A run of literal text and `?` between two `*`. */
class Piece {
  readonly length: number;
  readonly #text: string;
  /** Which offsets a `?` stands at; absent where none does. */
  readonly #holes: readonly boolean[] | undefined;

  constructor(tokens: readonly Exclude<Token, typeof MANY>[]) {
    this.#text = tokens.map(token => (token === ONE ? '?' : token)).join('');
    this.length = this.#text.length;
    this.#holes = tokens.includes(ONE)
      ? tokens.flatMap(token => (token === ONE ? [true] : new Array<boolean>(token.length).fill(false)))
      : undefined;
  }

  matchesAt(value: string, at: number): boolean {
    if (this.#holes === undefined) return value.startsWith(this.#text, at);
    if (at + this.length > value.length) return false;
    for (let i = 0; i < this.length; i++) {
      if (!this.#holes[i] && value.charCodeAt(at + i) !== this.#text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The first place in `[from, to)` where the piece fits wholly, or -1. */
  find(value: string, from: number, to: number): number {
    const last = to - this.length;
    if (this.#holes === undefined) {
      const at = value.indexOf(this.#text, from);
      return at > last ? -1 : at;
    }
    for (let at = from; at <= last; at++) if (this.matchesAt(value, at)) return at;
    return -1;
  }
}

/** A compiled pattern. Matching takes time proportional to the value for any given pattern. */
export class Glob {
  /** The whole pattern, where it holds no wildcard. */
  readonly exact: string | undefined;
  /** Whether it matches everything: `*`. */
  readonly any: boolean;
  readonly #head: Piece;
  readonly #middle: readonly Piece[];
  readonly #tail: Piece;
  readonly #shortest: number;
  /** No `*` at all: head is the whole pattern. */
  readonly #single: boolean;

  constructor(tokens: readonly Token[]) {
    const runs: Exclude<Token, typeof MANY>[][] = [[]];
    for (const token of tokens) {
      if (token === MANY) runs.push([]);
      else (runs[runs.length - 1] as Token[]).push(token);
    }
    const pieces = runs.map(run => new Piece(run));
    this.#head = pieces[0] as Piece;
    this.#tail = pieces[pieces.length - 1] as Piece;
    this.#middle = pieces.slice(1, -1).filter(piece => piece.length > 0);
    this.#shortest = pieces.length === 1 ? 0 : pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.exact = tokens.every(token => typeof token === 'string') ? tokens.join('') : undefined;
    this.any = pieces.length > 1 && this.#shortest === 0;
    this.#single = pieces.length === 1;
  }

  matches(value: string): boolean {
    if (this.exact !== undefined) return value === this.exact;
    if (this.any) return true;
    if (this.#single) return value.length === this.#head.length && this.#head.matchesAt(value, 0);
    if (value.length < this.#shortest || !this.#head.matchesAt(value, 0)) return false;
    const end = value.length - this.#tail.length;
    if (!this.#tail.matchesAt(value, end)) return false;
    let at = this.#head.length;
    for (const piece of this.#middle) {
      const found = piece.find(value, at, end);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return true;
  }
}

/** A pattern that is compared with lower-case text. */
export function lowerGlob(text: string): Glob {
  return new Glob(readGlob(text.toLowerCase()));
}
