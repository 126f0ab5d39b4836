/** Reads the elements `Principal`, `NotPrincipal` and `Condition`. */

import { readOperator } from '../evaluate/operators.js';
import type { ConditionElement, PrincipalElement, PrincipalKind, Word } from './document.js';
import type { JsonMember, Span } from './json.js';
import { whereKeyBelongs } from './misplaced.js';
import { principalFault, quotePrincipal } from './names.js';
import type { PolicyReader } from './reader.js';

const PRINCIPAL_KINDS = ['AWS', 'Federated', 'Service', 'CanonicalUser'];

type Fields = ReadonlyMap<string, JsonMember>;

export function readPrincipal(
  reader: PolicyReader,
  fields: Fields,
  statement: Span,
  effect: 'Allow' | 'Deny' | undefined,
): PrincipalElement | undefined {
  const plain = fields.get('Principal');
  const negated = fields.get('NotPrincipal');
  const member = plain ?? negated;
  const attached = reader.family === 'resource' || reader.kind === 'resource-control';
  if (!attached) {
    if (member) {
      const message = `This kind of policy has no "${member.name}": it speaks of what it is attached to. Whom a role trusts stands in its trust policy, who may use a bucket or key in the policy of that.`;
      reader.refuse('hasPrincipal', 'UNSUPPORTED_PRINCIPAL', message, member.nameSpan);
    }
    return undefined;
  }
  if (!member) {
    reader.refuse('noPrincipal', 'MISSING_PRINCIPAL', 'The statement has no "Principal".', statement);
    return undefined;
  }
  if (plain && negated) {
    const message = 'A statement has "Principal" or "NotPrincipal", not both.';
    reader.refuse('both', 'UNSUPPORTED_ELEMENT_COMBINATION', message, negated.nameSpan);
  } else if (negated && reader.kind === 'trust') {
    const message = 'A trust policy has no "NotPrincipal": name whom it trusts.';
    const code = 'ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL';
    reader.refuse('trustNotPrincipal', code, message, negated.nameSpan);
  } else if (negated && effect === 'Allow') {
    const message = '"NotPrincipal" with "Allow" would let in everyone else, anonymous callers too.';
    reader.refuse('allowNotPrincipal', 'ALLOW_WITH_NOTPRINCIPAL', message, negated.nameSpan);
  }
  const entries = principalEntries(reader, member);
  return { not: !plain, entries, start: member.nameSpan.start, end: member.value.end };
}

function principalEntries(reader: PolicyReader, member: JsonMember): PrincipalElement['entries'] {
  const { value } = member;
  if (value.kind === 'string' && value.value === '*') {
    if (reader.kind === 'trust') {
      const message = 'A trust policy takes no bare "*": write { "AWS": "*" } if really everyone is meant.';
      reader.refuse('trustStar', 'ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL', message, value);
    }
    return [{ type: 'AWS', word: { value: '*', start: value.start, end: value.end } }];
  }
  if (value.kind !== 'object') {
    const message = `"${member.name}" is "*" or an object such as { "AWS": "arn:…" }.`;
    const quoted = value.kind === 'string' ? `"${value.value}"` : '';
    reader.refuse('principal', 'INVALID_PRINCIPAL_FORMAT', message, value, quoted);
    return [];
  }
  if (value.members.length === 0) {
    reader.refuse('emptyPrincipal', 'MISSING_PRINCIPAL', `"${member.name}" names no principal.`, value);
  }
  return [...reader.fields(value).values()].flatMap(kind => {
    if (!PRINCIPAL_KINDS.includes(kind.name)) {
      const hint = whereKeyBelongs(kind.name) || `: ${PRINCIPAL_KINDS.join(', ')}`;
      const message = `"${kind.name}" is no kind of principal${hint}.`;
      reader.refuse('principal', 'INVALID_PRINCIPAL_KEY', message, kind.nameSpan, `"${kind.name}"`);
      return [];
    }
    const type = kind.name as PrincipalKind;
    const words = reader.words(kind);
    if (kind.value.kind === 'array' && words.length === 0) {
      reader.refuse('emptyPrincipal', 'MISSING_PRINCIPAL', `"${type}" names no principal.`, kind.value);
    }
    for (const word of words) checkPrincipal(reader, type, word);
    return words.map(word => ({ type, word }));
  });
}

function checkPrincipal(reader: PolicyReader, type: PrincipalKind, word: Word): void {
  const fault = principalFault(type, word.value);
  if (fault) reader.refuse('principal', fault.code, fault.message, word, quotePrincipal(type, word.value));
}

export function readCondition(reader: PolicyReader, member: JsonMember | undefined): ConditionElement[] {
  if (!member) return [];
  if (member.value.kind !== 'object') {
    const message = '"Condition" is an object: { "Operator": { "key": "value" } }.';
    reader.refuse('shape', 'DATA_TYPE_MISMATCH', message, member.value);
    return [];
  }
  return [...reader.fields(member.value).values()].flatMap(operator => {
    const { value: block } = operator;
    // IAM lets an unknown operator pass that compares nothing (moto's table of good documents).
    if (block.kind === 'object' && block.members.length === 0 && !readOperator(operator.name)) return [];
    if (!readOperator(operator.name)) {
      const isNull = /^(?:For\w+:)?NullIfExists$/i.test(operator.name);
      const message = isNull
        ? '"Null" asks whether the key exists: it takes no "IfExists".'
        : `There is no condition operator "${operator.name}"${whereKeyBelongs(operator.name)}.`;
      const code = isNull ? 'NULL_WITH_IF_EXISTS' : 'INVALID_CONDITION_OPERATOR';
      reader.refuse('operator', code, message, operator.nameSpan, operator.name);
      return [];
    }
    if (block.kind !== 'object') {
      const message = `"${operator.name}" takes an object: { "key": "value" }.`;
      reader.refuse('shape', 'DATA_TYPE_MISMATCH', message, block);
      return [];
    }
    return conditionKeys(reader, operator, block);
  });
}

function conditionKeys(
  reader: PolicyReader,
  operator: JsonMember,
  block: JsonMember['value'] & { kind: 'object' },
): ConditionElement[] {
  const operatorWord = { value: operator.name, ...operator.nameSpan };
  return [...reader.fields(block).values()].map(key => {
    const values = reader.words(key, { scalars: true });
    return { operator: operatorWord, key: { value: key.name, ...key.nameSpan }, values };
  });
}
