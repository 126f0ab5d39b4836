import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { checkDocument, errors } from '../../../identity/index.js';
import { type PolicyDocument, parsePolicy, type Statement } from '../../../policy/index.js';
import { findHolder, sourcesOf } from '../policies/policy-sources.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll } from '../requirements.js';
import { demandEntityArn, onPolicySource } from './simulation-input.js';

/** `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`; not the escapes `${*}`, `${?}` and `${$}`. */
const VARIABLE = /\$\{\s*([^\s,'}*?$]+)/g;

/** The condition keys that a statement reads, in conditions and as variables. */
export function contextKeysOf({ version }: PolicyDocument, statement: Statement): string[] {
  const keys = statement.conditions.map(({ key }) => key.value);
  if (version !== '2012-10-17') return keys;
  const texts = [
    ...(statement.resource?.values ?? []),
    ...statement.conditions.flatMap(({ values }) => values),
  ];
  for (const { value } of texts) {
    for (const match of value.matchAll(VARIABLE)) keys.push(match[1]!);
  }
  return keys;
}

/** Each key once, in the spelling that comes first: keys are matched without case. */
export function distinctKeys(keys: Iterable<string>): string[] {
  const distinct = new Map<string, string>();
  for (const key of keys) if (!distinct.has(key.toLowerCase())) distinct.set(key.toLowerCase(), key);
  return [...distinct.values()];
}

function keysOfDocuments(documents: readonly string[]): string[] {
  return distinctKeys(
    documents.flatMap(text => {
      const document = parsePolicy(text, 'identity');
      return document.statements.flatMap(statement => contextKeysOf(document, statement));
    }),
  );
}

export const getContextKeysForCustomPolicy: NamedOperation<
  IamPorts,
  iam.GetContextKeysForCustomPolicyRequest,
  iam.GetContextKeysForPolicyResponse
> = {
  name: 'GetContextKeysForCustomPolicy',
  requires: (_input, call) => onAll('GetContextKeysForCustomPolicy', call),
  async run(input, call) {
    const { partition } = homeOf(call);
    for (const text of input.PolicyInputList!) checkDocument(text, 'identity', { partition });
    return { ContextKeyNames: keysOfDocuments(input.PolicyInputList!) };
  },
};

export const getContextKeysForPrincipalPolicy: NamedOperation<
  IamPorts,
  iam.GetContextKeysForPrincipalPolicyRequest,
  iam.GetContextKeysForPolicyResponse
> = {
  name: 'GetContextKeysForPrincipalPolicy',
  requires: (input, call) => onPolicySource('GetContextKeysForPrincipalPolicy', call, input.PolicySourceArn!),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    demandEntityArn(input.PolicySourceArn!);
    const holder = await findHolder(identity, home, input.PolicySourceArn!);
    if (holder === undefined) {
      throw errors.NoSuchEntity([`${input.PolicySourceArn} cannot be found.`]);
    }
    const given = input.PolicyInputList ?? [];
    for (const text of given) checkDocument(text, 'identity', { partition: home.partition });
    const own = (await sourcesOf(identity, home, holder)).map(({ document }) => document);
    return { ContextKeyNames: keysOfDocuments([...own, ...given]) };
  },
};
