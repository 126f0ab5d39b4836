/** What reading a policy's parts has in common: members by name, strings, and what is wrong with them. */

import type { PolicyKind, Problem, Word } from './document.js';
import type { JsonMember, JsonNode, Span } from './json.js';
import { whereKeyBelongs } from './misplaced.js';
import { type Family, familyOf, orderOf, type Refusal, sentence } from './words.js';

export interface ParseOptions {
  /** The account's partition: ARNs of another are refused. Where absent, any known partition is accepted. */
  readonly partition?: string;
  /** A managed policy: its Version must be 2012-10-17. */
  readonly managed?: boolean;
}

/** Reads the nodes of one document and collects what is wrong with it. */
export class PolicyReader {
  readonly problems: Problem[] = [];
  readonly family: Family;
  version: Word | undefined;

  constructor(
    readonly kind: PolicyKind,
    readonly options: ParseOptions,
  ) {
    this.family = familyOf(kind);
  }

  /** Notes a problem. `value` is what AWS's sentence quotes. */
  refuse(refusal: Refusal, code: string, message: string, { start, end }: Span, value = ''): void {
    const words = sentence(refusal, this.family, value);
    this.problems.push({ code, message, words, start, end, order: orderOf(refusal, this.family) });
  }

  /** The members of an object by name; complains of unknown and repeated ones. */
  fields(object: JsonNode & { kind: 'object' }, known?: readonly string[]): Map<string, JsonMember> {
    const fields = new Map<string, JsonMember>();
    for (const member of object.members) {
      const { name, nameSpan } = member;
      if (fields.has(name)) {
        this.refuse(
          'duplicateField',
          'DUPLICATE_KEY',
          `"${name}" stands here for the second time.`,
          nameSpan,
        );
      } else if (known && !known.includes(name)) {
        const meant = known.find(one => one.toLowerCase() === name.toLowerCase());
        const hint = meant ? `: write it "${meant}"` : whereKeyBelongs(name);
        this.refuse(
          'unknownField',
          'INVALID_POLICY_ELEMENT',
          `"${name}" is no element of a policy${hint}.`,
          nameSpan,
          name,
        );
      } else fields.set(name, member);
    }
    return fields;
  }

  /** A member that must be a string. */
  text(member: JsonMember | undefined): Word | undefined {
    if (!member) return undefined;
    const { value } = member;
    if (value.kind === 'string') return { value: value.value, start: value.start, end: value.end };
    this.refuse('shape', 'DATA_TYPE_MISMATCH', `"${member.name}" must be a string.`, value);
    return undefined;
  }

  /** A string or a list of strings; `scalars` also takes unquoted numbers and booleans, `nulls` nulls in a list. */
  words(member: JsonMember, { scalars = false, nulls = false } = {}): Word[] {
    const { value } = member;
    const items =
      value.kind === 'array' ? value.items.filter(item => !nulls || item.kind !== 'null') : [value];
    const words: Word[] = [];
    for (const item of items) {
      if (item.kind === 'string' || (scalars && (item.kind === 'number' || item.kind === 'boolean'))) {
        words.push({ value: item.value, start: item.start, end: item.end });
      } else {
        const wanted = scalars ? 'strings, numbers or booleans' : 'strings';
        const refusal = scalars ? 'conditionValue' : 'shape';
        this.refuse(refusal, 'DATA_TYPE_MISMATCH', `"${member.name}" takes ${wanted}, one or a list.`, item);
      }
    }
    return words;
  }
}
