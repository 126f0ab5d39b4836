/**
 * The canonical form of a request, rebuilt from what was received (AWS General Reference, "Create a signed AWS
 * API request"; Amazon S3 API Reference, "Signature Calculations for the Authorization Header").
 *
 * Paths, queries and header values hold bytes: one character per byte (latin1), as Node hands them over.
 */

import { headerText } from '../core/http-message.js';

/** How each byte stands in a canonical path or query. */
const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
/** `%XX` of a byte that must be encoded, in upper case; `%2F` apart, which stands for itself in a query only. */
const ESCAPE = '%(?:[0189A-F][0-9A-F]|2[0-9A-C]|3[A-F]|40|5[B-E]|60|7[B-DF])';
/** What nearly every client sends: canonical as it is. */
const CANONICAL_PATH = new RegExp(`^(?:[A-Za-z0-9\\-._~/]|${ESCAPE})*$`);
const CANONICAL_COMPONENT = new RegExp(`^(?:[A-Za-z0-9\\-._~]|%2F|${ESCAPE})*$`);

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The byte that `%XX` at `at` stands for, or -1 where it is no escape. */
function escapedByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** Decodes and encodes again, so that what a client left unencoded (or encoded in lower case) reads alike. */
function recode(text: string, plus: '+' | ' ', slash: '/' | '%2F'): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    let byte = text.charCodeAt(at) & 0xff;
    if (byte === 0x25) {
      const escaped = escapedByte(text, at);
      if (escaped >= 0) {
        byte = escaped;
        at += 2;
      }
    } else if (byte === 0x2b) {
      byte = plus.charCodeAt(0);
    }
    result += byte === 0x2f ? slash : ENCODED[byte];
  }
  return result;
}

/** What a query component stands for: `%XX` and `+` decoded; as it is where that is not UTF-8. */
export function decodeComponent(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** S3's rule: the path as it is, encoded once; `//`, `.` and `..` are parts of a key. */
export function objectPath(path: string): string {
  if (path === '') return '/';
  return CANONICAL_PATH.test(path) ? path : recode(path, '+', '/');
}

/** Every other service's rule: the path normalised (RFC 3986), and what was received encoded once more. */
export function servicePath(path: string): string {
  if (path === '/' || path === '') return '/';
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(UNRESERVED.test(segment) ? segment : encodeBytes(segment));
  }
  const directory = /\/\.{0,2}$/.test(path) && segments.length > 0 ? '/' : '';
  return `/${segments.join('/')}${directory}`;
}

function encodeBytes(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; at++) result += ENCODED[text.charCodeAt(at) & 0xff];
  return result;
}

const queryComponent = (text: string): string =>
  CANONICAL_COMPONENT.test(text) ? text : recode(text, ' ', '%2F');

/** The query sorted by name, then value; `without` names a parameter that is left out (the signature itself). */
export function canonicalQuery(query: string, without?: string): string {
  if (query === '') return '';
  const pairs: Pair[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = queryComponent(equals < 0 ? part : part.slice(0, equals));
    if (name !== without)
      pairs.push({ name, value: equals < 0 ? '' : queryComponent(part.slice(equals + 1)) });
  }
  if (pairs.length > 1) pairs.sort(byNameThenValue);
  let canonical = '';
  for (const { name, value } of pairs) canonical += `${canonical === '' ? '' : '&'}${name}=${value}`;
  return canonical;
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

function byNameThenValue(a: Pair, b: Pair): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

const FOLDABLE = /^\s|\s\s|[\t\r\n]|\s$/;
const folded = (value: string): string => (FOLDABLE.test(value) ? value.trim().replace(/\s+/g, ' ') : value);

/** The signed headers, in the order that the client names them; one that is absent counts as empty. */
function canonicalHeaders(
  headers: ReadonlyMap<string, string>,
  signed: readonly string[],
  read: (value: string) => string,
): string {
  let result = '';
  for (const name of signed) result += `${name}:${folded(read(headers.get(name) ?? ''))}\n`;
  return result;
}

interface CanonicalParts {
  readonly method: string;
  /** Canonical already: `objectPath` or `servicePath`. */
  readonly path: string;
  /** Canonical already: `canonicalQuery`. */
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly signedHeaders: readonly string[];
  /** The hash of the payload in lower-case hexadecimal, or the word that stands for it. */
  readonly payloadHash: string;
}

/** The text whose SHA-256, as UTF-8, goes into the string to sign. `read`: what the client took header values for. */
export function canonicalRequest(
  parts: CanonicalParts,
  read: (value: string) => string = headerText,
): string {
  return (
    `${parts.method}\n${parts.path}\n${parts.query}\n` +
    `${canonicalHeaders(parts.headers, parts.signedHeaders, read)}\n` +
    `${parts.signedHeaders.join(';')}\n${parts.payloadHash}`
  );
}
