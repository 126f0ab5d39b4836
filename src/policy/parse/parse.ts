/** The policy grammar ("Grammar of the IAM JSON policy language"), strict as AWS is and no stricter. */

import type { ListElement, PolicyDocument, PolicyKind, Problem, Statement, Word } from './document.js';
import { PolicySyntaxError } from './document.js';
import { readCondition, readPrincipal } from './elements.js';
import { JsonError, type JsonMember, type JsonNode, parseJson, type Span } from './json.js';
import { checkAction, checkResource } from './names.js';
import { type ParseOptions, PolicyReader } from './reader.js';

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
  const document = readParts(reader, root);
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

function readParts(reader: PolicyReader, root: JsonNode): PolicyDocument {
  const none = { kind: reader.kind, version: '2008-10-17' as const, statements: [] };
  if (root.kind !== 'object') {
    reader.refuse('shape', 'DATA_TYPE_MISMATCH', 'A policy is one JSON object: { … }.', root);
    return none;
  }
  const fields = reader.fields(root, TOP_FIELDS);
  const version = readVersion(reader, fields.get('Version'), root);
  const id = reader.text(fields.get('Id'));
  return {
    kind: reader.kind,
    version,
    ...(id && { id: id.value }),
    statements: readStatements(reader, fields, root),
  };
}

function readVersion(
  reader: PolicyReader,
  member: JsonMember | undefined,
  root: Span,
): PolicyDocument['version'] {
  const word = reader.text(member);
  reader.version = word;
  const version = word?.value ?? '2008-10-17';
  const at = word ?? member?.nameSpan ?? { start: root.start, end: root.start + 1 };
  if (version !== '2012-10-17' && version !== '2008-10-17') {
    const message = `There is no Version "${version}": it is a fixed name, "2012-10-17", not the date of the policy.`;
    reader.refuse('unknownVersion', 'INVALID_VERSION', message, at);
    return '2012-10-17';
  }
  if (version === '2008-10-17' && reader.options.managed) {
    reader.refuse('oldVersion', 'MISSING_VERSION', 'A managed policy needs "Version": "2012-10-17".', at);
  }
  return version;
}

function readStatements(
  reader: PolicyReader,
  fields: ReadonlyMap<string, JsonMember>,
  root: Span,
): Statement[] {
  const member = fields.get('Statement');
  if (!member) {
    reader.refuse('noStatement', 'MISSING_STATEMENT', 'The policy has no "Statement".', root);
    return [];
  }
  const nodes = member.value.kind === 'array' ? member.value.items : [member.value];
  if (nodes.length === 0) {
    reader.refuse('emptyStatement', 'MISSING_STATEMENT', 'The list of statements is empty.', member.value);
  }
  const sids = new Set<string>();
  return nodes.flatMap((node, index) => {
    const statement = readStatement(reader, node, index);
    const sid = statement?.sid;
    if (sid?.value) {
      // KMS and S3 take them: AWS's own examples have them (KMS Developer Guide, "Working with key policies"; the
      // bucket policies s3-bucket-policy-for-caa-… of aws-cloudformation-templates).
      if (sids.has(sid.value) && reader.kind !== 'key' && reader.kind !== 'resource')
        reader.refuse(
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

function readStatement(reader: PolicyReader, node: JsonNode, index: number): Statement | undefined {
  if (node.kind !== 'object') {
    reader.refuse('shape', 'DATA_TYPE_MISMATCH', 'A statement is a JSON object: { … }.', node);
    return undefined;
  }
  const before = reader.problems.length;
  const fields = reader.fields(node, STATEMENT_FIELDS);
  const sid = readSid(reader, fields.get('Sid'));
  const effect = readEffect(reader, fields.get('Effect'), node);
  const principal = readPrincipal(reader, fields, node, effect);
  const action = readList(reader, fields, 'Action', node);
  const resource = readResource(reader, fields, node);
  const condition = fields.get('Condition');
  const conditions = readCondition(reader, condition);
  if (!effect || reader.problems.slice(before).some(({ code }) => code === 'DUPLICATE_KEY')) return undefined;
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

function readSid(reader: PolicyReader, member: JsonMember | undefined): Word | undefined {
  const sid = reader.text(member);
  const free = reader.kind === 'resource' || reader.kind === 'key';
  if (sid && !free && !ALPHANUMERIC.test(sid.value)) {
    reader.refuse(
      'sidCharacters',
      'UNSUPPORTED_SID',
      'A Sid takes letters and digits only: A-Z, a-z, 0-9.',
      sid,
    );
  }
  return sid;
}

function readEffect(
  reader: PolicyReader,
  member: JsonMember | undefined,
  statement: Span,
): 'Allow' | 'Deny' | undefined {
  if (!member) {
    reader.refuse('noEffect', 'MISSING_EFFECT', 'The statement has no "Effect".', statement);
    return undefined;
  }
  const effect = reader.text(member);
  if (!effect || effect.value === 'Allow' || effect.value === 'Deny')
    return effect?.value as 'Allow' | 'Deny';
  const meant = ['Allow', 'Deny'].find(one => one.toLowerCase() === effect.value.toLowerCase());
  reader.refuse(
    meant ? 'effectCase' : 'badEffect',
    'INVALID_EFFECT',
    `"Effect" is "Allow" or "Deny"${meant ? `, in this spelling: "${meant}"` : ''}.`,
    effect,
    effect.value,
  );
  return undefined;
}

function readResource(
  reader: PolicyReader,
  fields: ReadonlyMap<string, JsonMember>,
  statement: Span,
): ListElement | undefined {
  if (reader.kind !== 'trust') return readList(reader, fields, 'Resource', statement);
  for (const name of ['Resource', 'NotResource']) {
    const member = fields.get(name);
    if (!member) continue;
    const message = `A trust policy has no "${name}": its resource is the role itself.`;
    reader.refuse('hasResource', 'ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE', message, member.nameSpan, name);
  }
  return undefined;
}

function readList(
  reader: PolicyReader,
  fields: ReadonlyMap<string, JsonMember>,
  name: 'Action' | 'Resource',
  statement: Span,
): ListElement {
  const plain = fields.get(name);
  const negated = fields.get(`Not${name}`);
  const member = plain ?? negated;
  const missing = name === 'Action' ? 'noAction' : 'noResource';
  if (!member) {
    const message = `The statement has neither "${name}" nor "Not${name}".`;
    // KMS stores such a statement, "even though the policy statement is ineffective" (KMS API Reference, PutKeyPolicy).
    if (reader.kind !== 'key') reader.refuse(missing, `MISSING_${name.toUpperCase()}`, message, statement);
    return { not: false, values: [], start: statement.start, end: statement.start + 1 };
  }
  if (plain && negated) {
    const message = `A statement has "${name}" or "Not${name}", not both.`;
    reader.refuse('both', 'UNSUPPORTED_ELEMENT_COMBINATION', message, negated.nameSpan);
  }
  const values = reader.words(member, { nulls: name === 'Resource' && reader.family === 'identity' });
  if (member.value.kind === 'array' && member.value.items.length === 0) {
    reader.refuse(
      missing,
      `EMPTY_ARRAY_${name.toUpperCase()}`,
      `The list of "${member.name}" is empty.`,
      member.value,
    );
  }
  for (const word of values) (name === 'Action' ? checkAction : checkResource)(reader, word);
  return { not: !plain, values, start: member.nameSpan.start, end: member.value.end };
}
