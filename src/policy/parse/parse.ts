/** The policy grammar ("Grammar of the IAM JSON policy language"), strict as AWS is and no stricter. */

import type { ListElement, PolicyDocument, PolicyKind, Problem, Statement, Word } from './document.js';
import { PolicySyntaxError } from './document.js';
import { readCondition, readPrincipal } from './elements.js';
import { JsonError, type JsonMember, type JsonNode, parseJson, type Span } from './json.js';
import { checkAction, checkResource } from './names.js';
import { type Family, familyOf, orderOf, type Refusal, sentence } from './words.js';

export interface ParseOptions {
  /** The account's partition: ARNs of another are refused. Where absent, any known partition is accepted. */
  readonly partition?: string;
  /** A managed policy: its Version must be 2012-10-17. */
  readonly managed?: boolean;
}

/** What stands in the text as far as it could be read. */
export interface ReadResult {
  /** Absent where there are problems. */
  readonly document?: PolicyDocument;
  readonly problems: readonly Problem[];
  /** Statements that could be read, even where others could not. */
  readonly statements: readonly Statement[];
  /** The Version as it stands; absent where the document names none, or cannot be read at all. */
  readonly version?: Word;
}

/**
 * Reads a policy by its grammar alone, as a stored one is read: throws `PolicySyntaxError` where it says nothing that
 * one could decide with. What else AWS refuses to store is `validatePolicy`'s.
 */
export function parsePolicy(text: string, kind: PolicyKind, options: ParseOptions = {}): PolicyDocument {
  const { document, problems } = readPolicy(text, kind, options);
  if (document) return document;
  throw refusalOf(problems);
}

/** Reads a policy by its grammar and answers with every problem found, in the order of the text. Never throws. */
export function readPolicy(text: string, kind: PolicyKind, options: ParseOptions = {}): ReadResult {
  const reader = new PolicyReader(kind, options);
  const root = readRoot(reader, text);
  return root ? readDocument(reader, root) : { problems: reader.problems, statements: [] };
}

/** The text as JSON; where it is none, notes that in the reader and answers `undefined`. */
export function readRoot(reader: PolicyReader, text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const at = { start: error.offset, end: Math.min(error.offset + 1, text.length) };
    reader.refuse('json', 'JSON_SYNTAX_ERROR', error.message, at);
    return undefined;
  }
}

/** Reads a document whose JSON is already parsed; problems noted before in the reader are kept. */
export function readDocument(reader: PolicyReader, root: JsonNode): ReadResult {
  const document = reader.document(root);
  const problems = [...reader.problems].sort((a, b) => a.start - b.start);
  return {
    problems,
    statements: document.statements,
    ...(problems.length === 0 && { document }),
    ...(reader.version && { version: reader.version }),
  };
}

/** The error for a document with these problems, at least one: the one that AWS complains of comes first. */
export function refusalOf(problems: readonly Problem[]): PolicySyntaxError {
  const sorted = [...problems].sort((a, b) => a.order - b.order || a.start - b.start);
  return new PolicySyntaxError(sorted as [Problem, ...Problem[]]);
}

const TOP_FIELDS = ['Version', 'Id', 'Statement'];
const STATEMENT_FIELDS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const ALPHANUMERIC = /^[0-9A-Za-z]*$/;

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

  document(root: JsonNode): PolicyDocument {
    const none = { kind: this.kind, version: '2008-10-17' as const, statements: [] };
    if (root.kind !== 'object') {
      this.refuse('shape', 'DATA_TYPE_MISMATCH', 'A policy is one JSON object: { … }.', root);
      return none;
    }
    const fields = this.fields(root, TOP_FIELDS);
    const version = this.#version(fields.get('Version'), root);
    const id = this.text(fields.get('Id'));
    return {
      kind: this.kind,
      version,
      ...(id && { id: id.value }),
      statements: this.#statements(fields, root),
    };
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
        const hint = meant ? `: write it "${meant}"` : '';
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

  #version(member: JsonMember | undefined, root: Span): PolicyDocument['version'] {
    const word = this.text(member);
    this.version = word;
    const version = word?.value ?? '2008-10-17';
    const at = word ?? member?.nameSpan ?? { start: root.start, end: root.start + 1 };
    if (version !== '2012-10-17' && version !== '2008-10-17') {
      const message = `There is no Version "${version}": it is a fixed name, "2012-10-17", not the date of the policy.`;
      this.refuse('unknownVersion', 'INVALID_VERSION', message, at);
      return '2012-10-17';
    }
    if (version === '2008-10-17' && this.options.managed) {
      this.refuse('oldVersion', 'MISSING_VERSION', 'A managed policy needs "Version": "2012-10-17".', at);
    }
    return version;
  }

  #statements(fields: ReadonlyMap<string, JsonMember>, root: Span): Statement[] {
    const member = fields.get('Statement');
    if (!member) {
      this.refuse('noStatement', 'MISSING_STATEMENT', 'The policy has no "Statement".', root);
      return [];
    }
    const nodes = member.value.kind === 'array' ? member.value.items : [member.value];
    if (nodes.length === 0) {
      this.refuse('emptyStatement', 'MISSING_STATEMENT', 'The list of statements is empty.', member.value);
    }
    const sids = new Set<string>();
    return nodes.flatMap((node, index) => {
      const statement = this.#statement(node, index);
      const sid = statement?.sid;
      if (sid?.value) {
        // KMS and S3 take them: AWS's own examples have them (KMS Developer Guide, "Working with key policies"; the
        // bucket policies s3-bucket-policy-for-caa-… of aws-cloudformation-templates).
        if (sids.has(sid.value) && this.kind !== 'key' && this.kind !== 'resource')
          this.refuse(
            'sidTwice',
            'UNIQUE_SIDS_REQUIRED',
            `The Sid "${sid.value}" names two statements.`,
            sid,
          );
        sids.add(sid.value);
      }
      return statement ?? [];
    });
  }

  #statement(node: JsonNode, index: number): Statement | undefined {
    if (node.kind !== 'object') {
      this.refuse('shape', 'DATA_TYPE_MISMATCH', 'A statement is a JSON object: { … }.', node);
      return undefined;
    }
    const before = this.problems.length;
    const fields = this.fields(node, STATEMENT_FIELDS);
    const sid = this.#sid(fields.get('Sid'));
    const effect = this.#effect(fields.get('Effect'), node);
    const principal = readPrincipal(this, fields, node, effect);
    const action = this.#list(fields, 'Action', node);
    const resource = this.#resource(fields, node);
    const condition = fields.get('Condition');
    const conditions = readCondition(this, condition);
    if (!effect || this.problems.slice(before).some(({ code }) => code === 'DUPLICATE_KEY')) return undefined;
    return {
      index,
      effect,
      action,
      conditions,
      start: node.start,
      end: node.end,
      ...(sid && { sid }),
      ...(resource && { resource }),
      ...(principal && { principal }),
      ...(condition && { condition: { start: condition.nameSpan.start, end: condition.value.end } }),
    };
  }

  #sid(member: JsonMember | undefined): Word | undefined {
    const sid = this.text(member);
    const free = this.kind === 'resource' || this.kind === 'key';
    if (sid && !free && !ALPHANUMERIC.test(sid.value)) {
      this.refuse(
        'sidCharacters',
        'UNSUPPORTED_SID',
        'A Sid takes letters and digits only: A-Z, a-z, 0-9.',
        sid,
      );
    }
    return sid;
  }

  #effect(member: JsonMember | undefined, statement: Span): 'Allow' | 'Deny' | undefined {
    if (!member) {
      this.refuse('noEffect', 'MISSING_EFFECT', 'The statement has no "Effect".', statement);
      return undefined;
    }
    const effect = this.text(member);
    if (!effect || effect.value === 'Allow' || effect.value === 'Deny')
      return effect?.value as 'Allow' | 'Deny';
    const meant = ['Allow', 'Deny'].find(one => one.toLowerCase() === effect.value.toLowerCase());
    this.refuse(
      meant ? 'effectCase' : 'badEffect',
      'INVALID_EFFECT',
      `"Effect" is "Allow" or "Deny"${meant ? `, in this spelling: "${meant}"` : ''}.`,
      effect,
      effect.value,
    );
    return undefined;
  }

  #resource(fields: ReadonlyMap<string, JsonMember>, statement: Span): ListElement | undefined {
    if (this.kind !== 'trust') return this.#list(fields, 'Resource', statement);
    for (const name of ['Resource', 'NotResource']) {
      const member = fields.get(name);
      if (!member) continue;
      const message = `A trust policy has no "${name}": its resource is the role itself.`;
      this.refuse('hasResource', 'ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE', message, member.nameSpan, name);
    }
    return undefined;
  }

  #list(fields: ReadonlyMap<string, JsonMember>, name: 'Action' | 'Resource', statement: Span): ListElement {
    const plain = fields.get(name);
    const negated = fields.get(`Not${name}`);
    const member = plain ?? negated;
    const missing = name === 'Action' ? 'noAction' : 'noResource';
    if (!member) {
      const message = `The statement has neither "${name}" nor "Not${name}".`;
      // KMS stores such a statement, "even though the policy statement is ineffective" (KMS API Reference, PutKeyPolicy).
      if (this.kind !== 'key') this.refuse(missing, `MISSING_${name.toUpperCase()}`, message, statement);
      return { not: false, values: [], start: statement.start, end: statement.start + 1 };
    }
    if (plain && negated) {
      const message = `A statement has "${name}" or "Not${name}", not both.`;
      this.refuse('both', 'UNSUPPORTED_ELEMENT_COMBINATION', message, negated.nameSpan);
    }
    const values = this.words(member, { nulls: name === 'Resource' && this.family === 'identity' });
    if (member.value.kind === 'array' && member.value.items.length === 0) {
      this.refuse(
        missing,
        `EMPTY_ARRAY_${name.toUpperCase()}`,
        `The list of "${member.name}" is empty.`,
        member.value,
      );
    }
    for (const word of values) (name === 'Action' ? checkAction : checkResource)(this, word);
    return { not: !plain, values, start: member.nameSpan.start, end: member.value.end };
  }
}
