/** Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`. */

import { type Facts, type KeyName, keyName } from './facts.js';
import { MANY, ONE, type Token } from './glob.js';

interface Variable {
  readonly key: KeyName;
  /** What it becomes where the request carries no such key. */
  readonly fallback: string | undefined;
}

/** Text with variables and, where read so, wildcards. */
export type Template = readonly (Token | Variable)[];

interface TemplateOptions {
  /** Variables and escapes count only under Version 2012-10-17; elsewhere they are plain text. */
  readonly variables: boolean;
  /** Whether `*` and `?` are wildcards; where not they are plain text. */
  readonly wildcards: boolean;
}

/** The inside of `${…}`: a key, and a default in single quotes. */
const VARIABLE = /^\s*([^\s,']+)\s*(?:,\s*'([^']*)'\s*)?$/;

/** Longer than any key with its default; keeps a hostile text of many `${` cheap to read. */
const MAX_VARIABLE = 1024;

/**
 * Reads text with variables ("IAM policy elements: Variables and tags"). `${*}`, `${?}` and `${$}` stand for
 * the characters themselves; `${` without a well-formed variable after it is plain text.
 */
export function readTemplate(text: string, { variables, wildcards }: TemplateOptions): Template {
  const parts: (Token | Variable)[] = [];
  let literal = '';
  const push = (part: Token | Variable) => {
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(part);
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const close = variables && char === '$' && text[at + 1] === '{' ? closeOf(text, at) : -1;
    const inside = close === -1 ? undefined : text.slice(at + 2, close);
    if (inside === '*' || inside === '?' || inside === '$') {
      literal += inside;
      at = close;
      continue;
    }
    const variable = inside === undefined ? null : VARIABLE.exec(inside);
    if (variable) {
      push({ key: keyName(variable[1] as string), fallback: variable[2] });
      at = close;
    } else if (wildcards && char === '*') push(MANY);
    else if (wildcards && char === '?') push(ONE);
    else literal += char;
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

/** Where the variable that begins at `at` ends; -1 where it does not, or is too long. */
function closeOf(text: string, at: number): number {
  const close = text.slice(at, at + MAX_VARIABLE + 1).indexOf('}');
  return close === -1 ? -1 : at + close;
}

export function isFixed(template: Template): template is readonly Token[] {
  return template.every(part => typeof part !== 'object');
}

/**
 * Compiles a template for the requests that come: again only where a variable has another value than last time. The
 * values count as literal text, whatever they hold. Answers `undefined` where a variable has neither value nor default:
 * then nothing equals the text.
 */
export function resolver<T>(
  template: Template,
  compile: (tokens: readonly Token[]) => T,
): (facts: Facts) => T | undefined {
  const variables = template.filter(part => typeof part === 'object');
  const last = variables.map(() => '');
  let compiled: T | undefined;
  return facts => {
    let same = compiled !== undefined;
    for (let i = 0; i < variables.length; i++) {
      const { key, fallback } = variables[i] as Variable;
      const value = facts.variable(key) ?? fallback;
      if (value === undefined) {
        compiled = undefined;
        return undefined;
      }
      if (value !== last[i]) {
        last[i] = value;
        same = false;
      }
    }
    if (!same) {
      let next = 0;
      const tokens = template.map(part => (typeof part === 'object' ? (last[next++] as string) : part));
      for (const token of tokens) facts.steps.take(typeof token === 'string' ? token.length : 1);
      compiled = compile(tokens);
    }
    return compiled;
  };
}

/** Whether the text surely differs: it does not begin with the template's first literal. */
export function differsEarly(template: Template, value: string): boolean {
  const first = template[0];
  return typeof first === 'string' && !value.startsWith(first);
}

/** Lower-cases the literal text, for comparisons without case. */
export function lowerTokens(tokens: readonly Token[]): Token[] {
  return tokens.map(token => (typeof token === 'string' ? token.toLowerCase() : token));
}

/** The text as the request makes it, for people: variables without a value stay as they are written. */
export function show(text: string, options: TemplateOptions, facts: Facts): string {
  return readTemplate(text, options)
    .map(part => {
      if (part === MANY) return '*';
      if (part === ONE) return '?';
      if (typeof part === 'string') return part;
      return facts.variable(part.key) ?? part.fallback ?? `\${${part.key.name}}`;
    })
    .join('');
}
