/** Searches for a piece of a pattern in time linear in the text, whatever the piece. */

import type { Steps } from './steps.js';

/** The first place in `[from, to)` of the text where the piece fits wholly, or -1. */
export type Search = (value: string, from: number, to: number, steps: Steps) => number;

/** `holes`: the offsets in `text` that match any character. */
export function searchFor(text: string, holes: readonly boolean[] | undefined): Search {
  return holes === undefined ? literalSearch(text) : holedSearch(text, holes);
}

/** UTF-16 code units: quicker to look at again and again than a string that may be a slice of another. */
function codesOf(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** Knuth, Morris and Pratt: at most two comparisons for each character of the text. */
function literalSearch(text: string): Search {
  const codes = codesOf(text);
  const borders = bordersOf(codes);
  return (value, from, to, steps) => {
    let matched = 0;
    let taken = 0;
    let at = from;
    for (; at < to && matched < codes.length; at++) {
      const char = value.charCodeAt(at);
      taken++;
      while (matched > 0 && codes[matched] !== char) {
        matched = borders[matched - 1]!;
        taken++;
      }
      if (codes[matched] === char) matched++;
    }
    steps.take(taken);
    return matched === codes.length ? at - matched : -1;
  };
}

/** For each prefix of the text the length of the longest shorter prefix that it ends in. */
function bordersOf(codes: Uint16Array): Int32Array {
  const borders = new Int32Array(codes.length);
  let border = 0;
  for (let at = 1; at < codes.length; at++) {
    while (border > 0 && codes[border] !== codes[at]) border = borders[border - 1]!;
    if (codes[border] === codes[at]) border++;
    borders[at] = border;
  }
  return borders;
}

/**
 * Shift-And (Baeza-Yates and Gonnet): the set of prefixes of the piece that end at a place of the text is kept as bits;
 * a hole's bit is let through by every character. Takes at most twice `⌈piece/32⌉` steps for each character of the
 * text.
 */
function holedSearch(text: string, holes: readonly boolean[]): Search {
  const masks = new Masks(text, holes);
  const { words } = masks;
  const last = 1 << (text.length - 1);
  return (value, from, to, steps) => {
    const reached = new Int32Array(words);
    for (let at = from; at < to; at++) {
      steps.take(words);
      const mask = masks.of(value.charCodeAt(at), steps);
      let carry = 1;
      for (let word = 0; word < words; word++) {
        const before = reached[word]!;
        reached[word] = ((before << 1) | carry) & mask[word]!;
        carry = before >>> 31;
      }
      if ((reached[words - 1]! & last) !== 0) return at + 1 - text.length;
    }
    return -1;
  };
}

/**
 * Masks that a piece keeps ready: as many as the letters of most texts, few enough for a piece of a thousand letters.
 */
const READY = 64;

/** Which places of a piece each character fits, as bits. */
class Masks {
  readonly words: number;
  /** Fits of the holes. */
  readonly #open: Int32Array;
  readonly #places = new Map<number, number[]>();
  readonly #ready = new Map<number, Int32Array>();

  constructor(text: string, holes: readonly boolean[]) {
    this.words = Math.ceil(text.length / 32);
    this.#open = new Int32Array(this.words);
    for (let at = 0; at < text.length; at++) {
      if (holes[at]) fit(this.#open, at);
      else this.#add(text.charCodeAt(at), at);
    }
  }

  of(char: number, steps: Steps): Int32Array {
    const places = this.#places.get(char);
    if (places === undefined) return this.#open;
    const ready = this.#ready.get(char);
    if (ready) return ready;
    steps.take(this.words);
    const mask = this.#open.slice();
    for (const at of places) fit(mask, at);
    if (this.#ready.size >= READY) this.#ready.clear();
    this.#ready.set(char, mask);
    return mask;
  }

  #add(char: number, at: number): void {
    const places = this.#places.get(char);
    if (places) places.push(at);
    else this.#places.set(char, [at]);
  }
}

function fit(mask: Int32Array, at: number): void {
  mask[at >>> 5]! |= 1 << at;
}
