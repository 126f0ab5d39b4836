/** What a simulation is asked, read from its request. */
import type * as iam from '@aws-sdk/client-iam';
import {
  type Account,
  checkDocument,
  type EntityName,
  errors,
  parseEntityArn,
} from '../../../identity/index.js';
import { guessKind, type PolicyKind, parseArn } from '../../../policy/index.js';
import type { Context, Principal, ResourcePolicyKind } from '../../../policy/types.js';
import type { PolicySource } from '../policies/policy-sources.js';

/** Members that both simulations share. */
export type SimulationInput = Omit<iam.SimulateCustomPolicyRequest, 'PolicyInputList'> & {
  readonly PolicyInputList?: string[] | undefined;
};

/** What a simulation decides with. */
export interface Simulation {
  readonly identity: readonly PolicySource[];
  readonly boundary?: PolicySource | undefined;
  readonly resource?: PolicySource | undefined;
  /** A role's trust policy and a KMS key's have rules of their own. */
  readonly resourceKind?: ResourcePolicyKind | undefined;
  /** One list per level, from the root down. */
  readonly serviceControl?: readonly (readonly PolicySource[])[] | undefined;
  readonly principal: Principal;
  readonly context: Context;
  /** Owner of resources whose ARN names none. */
  readonly resourceOwner: string;
}

/** Throws `InvalidInput`, the error that simulations give, where a document cannot be read. */
export function checkGiven(
  documents: readonly string[] | undefined,
  kind: PolicyKind,
  partition: string,
): void {
  for (const document of documents ?? []) {
    try {
      checkDocument(document, kind, { partition });
    } catch (error) {
      throw errors.InvalidInput((error as Error).message, { cause: error });
    }
  }
}

/**
 * What a given `ResourcePolicy` is. AWS takes a role's trust policy and leaves it out of the simulation ("Simulation of
 * resource-based policies isn't supported for IAM roles", SimulatePrincipalPolicy); here it decides, as it does for
 * real.
 */
export function kindOfResourcePolicy(document: string): ResourcePolicyKind {
  const kind = guessKind(document);
  return kind === 'trust' || kind === 'key' ? kind : 'resource';
}

/** The condition keys of a request. A key with several values is multivalued. Throws `InvalidInput`. */
export function contextOf(entries: iam.ContextEntry[] | undefined): Context {
  const context: Record<string, string | string[]> = {};
  for (const { ContextKeyName: name, ContextKeyValues: values = [], ContextKeyType: type } of entries ?? []) {
    if (name === undefined) throw errors.InvalidInput('A context entry has no ContextKeyName.');
    const isList = type?.endsWith('List') === true || values.length > 1;
    if (isList) context[name] = values;
    else if (values[0] !== undefined) context[name] = values[0];
  }
  return context;
}

/** The user, group or role of an ARN. Throws `InvalidInput` for any other, as for a session's or an account's. */
export function demandEntityArn(arn: string): EntityName {
  const name = parseEntityArn(arn);
  if (name && ['user', 'group', 'role'].includes(name.kind)) return name;
  throw errors.InvalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
}

/** The simulated caller of that ARN. Throws `InvalidInput` for what is no user, group or role. */
export function callerOf(arn: string): Principal {
  const name = demandEntityArn(arn);
  if (name.kind !== 'role') return { type: 'user', arn, account: name.account };
  const { partition, account } = name;
  const session = `arn:${partition}:sts::${account}:assumed-role/${name.name}/simulation`;
  return { type: 'assumed-role', arn: session, account, roleArn: arn };
}

/**
 * The account of `ResourceOwner`: an account's ARN or its id; where there is none "the account of the identity provided
 * in CallerArn" (SimulateCustomPolicy, ResourceOwner). Throws `InvalidInput`.
 */
export function ownerOf(owner: string | undefined, caller: Principal, home: Account): string {
  if (owner === undefined) return caller.account ?? home.id;
  const account = /^\d{12}$/.test(owner) ? owner : parseArn(owner)?.account;
  if (account === undefined || account === '') throw errors.InvalidInput(`Invalid ResourceOwner: ${owner}`);
  return account;
}
