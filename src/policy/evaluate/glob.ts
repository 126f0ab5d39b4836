/**
 * Wildcard matching that never backtracks: each piece between two `*` is sought once, from left to right, and each
 * search is linear in the text whatever the piece looks like (`search.ts`). A pattern of `m` characters takes at most
 * `2 + 2n(1 + ⌈m/32⌉)` steps on a text of `n`.
 */

import { type Search, searchFor } from './search.js';
import { Steps } from './steps.js';

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
  /** Made when the piece is first sought: most are only compared, at the ends. */
  #search: Search | undefined;

  constructor(tokens: readonly Exclude<Token, typeof MANY>[]) {
    this.#text = tokens.map(token => (token === ONE ? '?' : token)).join('');
    this.length = this.#text.length;
    this.#holes = tokens.includes(ONE)
      ? tokens.flatMap(token => (token === ONE ? [true] : new Array<boolean>(token.length).fill(false)))
      : undefined;
  }

  matchesAt(value: string, at: number, steps: Steps): boolean {
    if (this.#holes === undefined) return value.startsWith(this.#text, at);
    if (at + this.length > value.length) return false;
    let i = 0;
    while (i < this.length && (this.#holes[i] || value.charCodeAt(at + i) === this.#text.charCodeAt(i))) i++;
    steps.take(i);
    return i === this.length;
  }

  /** The first place in `[from, to)` where the piece fits wholly, or -1. */
  find(value: string, from: number, to: number, steps: Steps): number {
    if (from + this.length > to) return -1;
    this.#search ??= searchFor(this.#text, this.#holes);
    return this.#search(value, from, to, steps);
  }
}

/** A compiled pattern. */
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

  /** `steps`: pays for the comparison; throws `TooManySteps` where it cannot. */
  matches(value: string, steps: Steps = UNBOUNDED): boolean {
    steps.take(1);
    if (this.exact !== undefined) return value === this.exact;
    if (this.any) return true;
    if (this.#single) return value.length === this.#head.length && this.#head.matchesAt(value, 0, steps);
    if (value.length < this.#shortest || !this.#head.matchesAt(value, 0, steps)) return false;
    const end = value.length - this.#tail.length;
    if (!this.#tail.matchesAt(value, end, steps)) return false;
    let at = this.#head.length;
    for (const piece of this.#middle) {
      const found = piece.find(value, at, end, steps);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return true;
  }
}

const UNBOUNDED = new Steps(Number.POSITIVE_INFINITY);

/** A pattern that is compared with lower-case text. */
export function lowerGlob(text: string): Glob {
  return new Glob(readGlob(text.toLowerCase()));
}
