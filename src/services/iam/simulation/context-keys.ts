import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { checkDocument, errors } from '../../../identity/index.js';
import { parsePolicy } from '../../../policy/index.js';
import { findHolder, sourcesOf } from '../policies/policy-sources.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll, onArn } from '../requirements.js';
import { demandEntityArn } from './simulation-input.js';
import { contextKeysOf, distinctKeys } from './statement-keys.js';

function keysOfDocuments(documents: readonly string[]): string[] {
  return distinctKeys(
    documents.flatMap(text => {
      const document = parsePolicy(text, 'identity');
      return document.statements.flatMap(statement => contextKeysOf(document, statement));
    }),
  );
}

export const GetContextKeysForCustomPolicy: Operation<
  IamPorts,
  iam.GetContextKeysForCustomPolicyRequest,
  iam.GetContextKeysForPolicyResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input) {
    const { partition } = home;
    for (const text of input.PolicyInputList!) checkDocument(text, 'identity', { partition });
    return { ContextKeyNames: keysOfDocuments(input.PolicyInputList!) };
  },
};

export const GetContextKeysForPrincipalPolicy: Operation<
  IamPorts,
  iam.GetContextKeysForPrincipalPolicyRequest,
  iam.GetContextKeysForPolicyResponse,
  OnAccount
> = {
  resolve: (input, call) => onArn(call, input.PolicySourceArn!),
  async run({ home }, input, _call, { identity }) {
    demandEntityArn(input.PolicySourceArn!);
    const holder = await findHolder(identity, home, input.PolicySourceArn!);
    if (holder === undefined) {
      throw errors.NoSuchEntity(`${input.PolicySourceArn} cannot be found.`);
    }
    const given = input.PolicyInputList ?? [];
    for (const text of given) checkDocument(text, 'identity', { partition: home.partition });
    const own = (await sourcesOf(identity, home, holder)).map(({ document }) => document);
    return { ContextKeyNames: keysOfDocuments([...own, ...given]) };
  },
};
