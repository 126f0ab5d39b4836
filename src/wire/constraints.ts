/** The constraints of a service's model, compiled to functions that look at a decoded input. */

import type { ServiceConstraints, ShapeConstraints } from '../models/types.js';
import { lazy } from './schema.js';

/** One constraint that a value breaks. */
export interface Violation {
  /** `tags.1.member.key` */
  readonly path: string;
  readonly kind: 'required' | 'enum' | 'length' | 'range' | 'pattern' | 'members';
  /** AWS's sentence: `Value 'x' at 'roleSessionName' failed to satisfy constraint: …`. */
  readonly message: string;
}

/**
 * Adds what `value` breaks to `violations`, until there are `MOST_VIOLATIONS`: more help no author at once.
 * Members of the wrong type were refused before.
 */
export type Check = (value: unknown, path: string, violations: Violation[]) => void;

const MOST_VIOLATIONS = 10;
/** Of a value that a message quotes: its first members, its first characters. */
const MOST_MEMBERS_QUOTED = 20;
const MOST_QUOTED = 1024;

/** A demand on a single value: what it says of itself, and whether a value meets it. */
interface Demand {
  readonly kind: Violation['kind'];
  readonly text: string;
  readonly met: (value: never) => boolean;
}

/** Compiles the checks of one service; each shape is compiled on first use. */
export class ConstraintChecks {
  readonly #checks = new Map<string, Check | undefined>();

  constructor(private readonly model: ServiceConstraints) {}

  /** The check of an operation's input, or `undefined` where it demands nothing. */
  input(operation: string): Check | undefined {
    return this.shape(this.model.inputs[operation]);
  }

  /** The check of a shape by its name in the model. */
  shape(name: string | undefined): Check | undefined {
    if (name === undefined) return undefined;
    if (this.#checks.has(name)) return this.#checks.get(name);
    const shape = this.model.shapes[name];
    if (!shape) return undefined;
    // A recursive shape finds this while it is compiled.
    let compiled: Check | undefined;
    this.#checks.set(name, (value, path, violations) => compiled?.(value, path, violations));
    compiled = this.#compile(name, shape);
    this.#checks.set(name, compiled);
    return compiled;
  }

  #compile(name: string, shape: ShapeConstraints): Check {
    const demands = demandsOf(shape);
    const quote = quoter(name, shape, this.model);
    const own: Check = (value, path, violations) => {
      for (const { kind, text, met } of demands) {
        if (violations.length < MOST_VIOLATIONS && !met(value as never))
          violations.push({ path, kind, message: sentence(quote(value), path, text) });
      }
    };
    if (shape.type === 'structure') return this.#structure(shape);
    if (shape.type === 'list') return both(own, this.#list(shape, quote));
    if (shape.type === 'map') return both(own, this.#map(shape, quote));
    return own;
  }

  #structure(shape: ShapeConstraints): Check {
    const required = new Set(shape.required);
    const names = new Set([...Object.keys(shape.members ?? {}), ...required]);
    const members = [...names].map(name => ({
      name,
      label: name.charAt(0).toLowerCase() + name.slice(1),
      required: required.has(name),
      check: this.shape(shape.members?.[name]),
    }));
    return (value, path, violations) => {
      for (const { name, label, required, check } of members) {
        if (violations.length >= MOST_VIOLATIONS) return;
        const member = (value as Readonly<Record<string, unknown>>)[name];
        const at = path === '' ? label : `${path}.${label}`;
        if (member !== undefined) check?.(member, at, violations);
        else if (required) {
          const message = sentence(' null', at, 'Member must not be null');
          violations.push({ path: at, kind: 'required', message });
        }
      }
    };
  }

  /** Structures in a list are named by their place; other members are answered for by the list. */
  #list(shape: ShapeConstraints, quote: Quote): Check | undefined {
    const member = shape.member === undefined ? undefined : this.model.shapes[shape.member];
    if (!member) return undefined;
    if (member.type === 'structure') {
      const check = this.shape(shape.member)!;
      return (value, path, violations) => {
        const list = value as readonly unknown[];
        for (let i = 0; i < list.length && violations.length < MOST_VIOLATIONS; i++) {
          check(list[i], `${path}.${i + 1}.member`, violations);
        }
      };
    }
    return members('Member', member, value => value as readonly unknown[], quote);
  }

  #map(shape: ShapeConstraints, quote: Quote): Check | undefined {
    const key = this.model.shapes[shape.key ?? ''];
    const value = this.model.shapes[shape.value ?? ''];
    const keys = key && members('Map keys', key, map => Object.keys(map as object), quote);
    const values = value && members('Map value', value, map => Object.values(map as object), quote);
    return keys && values ? both(keys, values) : (keys ?? values);
  }
}

/** The message of a ValidationError or ValidationException. */
export function violationMessage(violations: readonly Violation[]): string {
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`;
  return `${count} detected: ${violations.map(violation => violation.message).join('; ')}`;
}

type Quote = (value: unknown) => string;

function sentence(quoted: string, path: string, constraint: string): string {
  return `Value${quoted} at '${path}' failed to satisfy constraint: ${constraint}`;
}

function both(first: Check, second: Check | undefined): Check {
  if (!second) return first;
  return (value, path, violations) => {
    first(value, path, violations);
    second(value, path, violations);
  };
}

/** AWS names all demands on the members where one of them is not met. */
function members(
  subject: string,
  shape: ShapeConstraints,
  membersOf: (value: unknown) => readonly unknown[],
  quote: Quote,
): Check | undefined {
  const demands = demandsOf(shape);
  if (demands.length === 0) return undefined;
  const constraint = `${subject} must satisfy constraint: [${demands.map(({ text }) => text).join(', ')}]`;
  return (value, path, violations) => {
    if (violations.length >= MOST_VIOLATIONS) return;
    const met = membersOf(value).every(member => demands.every(demand => demand.met(member as never)));
    if (!met) violations.push({ path, kind: 'members', message: sentence(quote(value), path, constraint) });
  };
}

function demandsOf(shape: ShapeConstraints): Demand[] {
  const isNumber = shape.type === 'number';
  const demands = bounds(
    shape,
    isNumber ? 'range' : 'length',
    isNumber ? 'value' : 'length',
    sizeOf[shape.type],
  );
  const { pattern } = shape;
  if (pattern !== undefined) {
    const compiled = lazy(() => translatePattern(pattern));
    demands.push({
      kind: 'pattern',
      text: `Member must satisfy regular expression pattern: ${pattern}`,
      met: (value: string) => compiled().test(value),
    });
  }
  if (shape.enum) {
    const values = new Set(shape.enum);
    demands.push({
      kind: 'enum',
      text: `Member must satisfy enum value set${shape.sensitive ? '' : `: [${shape.enum.join(', ')}]`}`,
      met: (value: string) => values.has(value),
    });
  }
  return demands;
}

function bounds(
  { min, max }: ShapeConstraints,
  kind: Violation['kind'],
  noun: string,
  measure: (value: never) => number,
): Demand[] {
  const demands: Demand[] = [];
  if (max !== undefined) {
    const text = `Member must have ${noun} less than or equal to ${max}`;
    demands.push({ kind, text, met: value => measure(value) <= max });
  }
  if (min !== undefined) {
    const text = `Member must have ${noun} greater than or equal to ${min}`;
    demands.push({ kind, text, met: value => measure(value) >= min });
  }
  return demands;
}

/** What a shape's bounds speak of; structures have none. */
const sizeOf: Readonly<Record<ShapeConstraints['type'], (value: never) => number>> = {
  string: codePoints,
  blob: (value: Uint8Array) => value.byteLength,
  list: (value: readonly unknown[]) => value.length,
  map: (value: object) => Object.keys(value).length,
  structure: () => 0,
  number: (value: number) => value,
};

/** Lengths count code points (Smithy, "length trait"). */
function codePoints(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length--;
      i++;
    }
  }
  return length;
}

/**
 * A pattern of a model, which is a Java regular expression, as one that matches the whole string.
 * `\u10FFFF` is meant as one character there; escapes that need none are errors under the `u` flag.
 */
export function translatePattern(pattern: string): RegExp {
  const translated = pattern
    .replace(/\\u([0-9A-Fa-f]{4,6})/g, '\\u{$1}')
    .replace(/\\([^\w\s^$\\.*+?()[\]{}|/-])/g, '$1');
  return new RegExp(`^(?:${translated})$`, 'u');
}

/** How a value of the shape is quoted: as Java prints it, and not at all where it is sensitive. */
function quoter(name: string, shape: ShapeConstraints, model: ServiceConstraints): Quote {
  if (shape.sensitive) return () => '';
  return value => ` '${cut(printed(value, name, model))}'`;
}

function cut(text: string): string {
  return text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}...` : text;
}

function printed(value: unknown, name: string | undefined, model: ServiceConstraints): string {
  const shape = model.shapes[name ?? ''];
  if (shape?.sensitive) return '***';
  if (Array.isArray(value)) {
    const first = value.slice(0, MOST_MEMBERS_QUOTED).map(item => printed(item, shape?.member, model));
    return `[${first.join(', ')}${value.length > first.length ? ', ...' : ''}]`;
  }
  if (value instanceof Uint8Array) {
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`;
  }
  if (typeof value !== 'object' || value === null) return cut(String(value));
  const fields = Object.entries(value).slice(0, MOST_MEMBERS_QUOTED);
  if (shape?.type === 'map') {
    return `{${fields.map(([key, field]) => `${key}=${printed(field, shape.value, model)}`).join(', ')}}`;
  }
  const members = fields.map(
    ([key, field]) =>
      `${key.charAt(0).toLowerCase()}${key.slice(1)}=${printed(field, shape?.members?.[key], model)}`,
  );
  return `${name ?? ''}(${members.join(', ')})`;
}
