/** How KMS's operations say what must be allowed: the key, its policy and grants, and the condition keys. */
import type { GrantOperation } from '@aws-sdk/client-kms';
import type { Call, Operation, Requirement } from '../../core/operation.js';
import { errors } from '../../kms/errors.js';
import type { GrantUse } from '../../kms/grants.js';
import type { Home } from '../../kms/key-names.js';
import { policyWithGrants } from '../../kms/key-policies.js';
import { isPrimary } from '../../kms/key-states.js';
import { homeOf, type Kms, type Target } from '../../kms/kms.js';
import { isMultiRegion, type KeyRecord, type Pairs } from '../../kms/records.js';
import type { Context } from '../../policy/types.js';

export interface KmsPorts {
  readonly kms: Kms;
}

/** What a caller wants to do with a key. */
interface KeyUse {
  /** `kms:Encrypt` */
  readonly action: string;
  /** Whether keys of other accounts may be used ("Cross-account use" in the KMS API Reference). */
  readonly crossAccount: boolean;
  /** Condition keys of this operation, beside those of every operation on a key. */
  readonly context?: Context | undefined;
  /** Absent where a grant cannot allow it. */
  readonly grant?: GrantUse | undefined;
}

/** What must be allowed for a caller to use a key, found or not. */
export async function keyRequirement(
  kms: Kms,
  call: Call,
  target: Target,
  { action, crossAccount, context, grant }: KeyUse,
): Promise<Requirement> {
  const { key, arn, account, alias } = target;
  const caller = call.caller.account?.id;
  let known: Context | undefined;
  const base = {
    action,
    resource: arn,
    resourceAccount: account,
    // Put together for the policies that look at it: each use of a key for an object comes by here.
    get context() {
      return (known ??= {
        ...(key && keyContext(key)),
        ...(caller !== undefined && { 'kms:CallerAccount': caller }),
        ...(alias !== undefined && { 'kms:RequestAlias': alias }),
        ...context,
      });
    },
  };
  // A key that does not exist has no policy: in the caller's account the caller's own policies decide whether it is
  // answered so; of another account's keys it learns nothing. An alias of no key names nothing to decide about.
  if (!key && account === caller) {
    if (alias !== undefined) demandKey(target);
    return base;
  }
  if (!key || (!crossAccount && account !== caller))
    return Object.assign(base, { resourceKind: 'key', absent: key === undefined } as const);
  const grants = grant ? await kms.grants.applying(key, call.caller, grant) : [];
  const resourcePolicy = policyWithGrants(key, grants, action);
  return Object.assign(base, { resourceKind: 'key', resourcePolicy } as const);
}

/**
 * What decides about an action on a key of the caller's own account, named by its ARN: for what is asked before it is
 * tried. `undefined` where there is no such key in the request's region.
 */
export async function ownKeyRequirement(
  kms: Kms,
  call: Call,
  action: string,
  arn: string,
): Promise<Requirement | undefined> {
  const [, , , region, account, resource = ''] = arn.split(':');
  const home = call.caller.account;
  if (home === undefined || account !== home.id || region !== call.region) return undefined;
  const key = await kms.keys.find(account, region, resource.replace(/^key\//, ''));
  const grant = grantUseOf(action);
  return (
    key && (await keyRequirement(kms, call, { arn, account, key }, { action, crossAccount: false, grant }))
  );
}

/** The use of a grant by a request without an encryption context. To make grants, one would have to say which. */
function grantUseOf(action: string): GrantUse | undefined {
  const operation = action.slice(action.indexOf(':') + 1) as GrantOperation;
  if (operation === 'CreateGrant') return undefined;
  return { operation, ...(WITH_CONTEXT.test(operation) && { encryptionContext: [] }) };
}

const WITH_CONTEXT = /^(?:Encrypt|Decrypt|ReEncrypt(?:From|To)|GenerateDataKey\w*)$/;

/** The condition keys that describe a key (KMS Developer Guide, "AWS KMS condition keys"). */
export function keyContext(key: KeyRecord): Record<string, string | readonly string[]> {
  const context: Record<string, string | readonly string[]> = {
    'kms:KeySpec': key.spec,
    'kms:KeyUsage': key.usage,
    'kms:KeyOrigin': key.origin,
    'kms:MultiRegion': String(isMultiRegion(key.id)),
  };
  if (key.related) context['kms:MultiRegionKeyType'] = isPrimary(key) ? 'PRIMARY' : 'REPLICA';
  if (key.aliases.length > 0) context['kms:ResourceAliases'] = key.aliases;
  for (const [name, value] of key.tags) context[`aws:ResourceTag/${name}`] = value;
  return context;
}

/**
 * The condition keys of an encryption context. Throws `ValidationException` for names that differ only by case: as
 * condition keys they are one, and a caller who chooses the context could choose which of their values a policy sees.
 */
export function encryptionContextKeys(pairs: Pairs): Context {
  if (pairs.length === 0) return {};
  if (pairs.length > 1 && new Set(pairs.map(([name]) => name.toLowerCase())).size < pairs.length) {
    throw errors.ValidationException('The encryption context has keys that differ only by case.');
  }
  const context: Record<string, string | readonly string[]> = {
    'kms:EncryptionContextKeys': pairs.map(([name]) => name),
  };
  for (const [name, value] of pairs) context[`kms:EncryptionContext:${name}`] = value;
  return context;
}

/** The condition keys of tags in a request. */
export function requestTags(tags: Pairs): Context {
  const context: Record<string, string | readonly string[]> = {};
  for (const [name, value] of tags) context[`aws:RequestTag/${name}`] = value;
  if (tags.length > 0) context['aws:TagKeys'] = tags.map(([name]) => name);
  return context;
}

/** The key of a target. Throws `NotFoundException` where it does not exist. */
export function demandKey({ key, arn, alias }: Target): KeyRecord {
  if (key) return key;
  throw errors.NotFoundException(
    alias !== undefined && arn.endsWith(alias) ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`,
  );
}

/** An operation of KMS. What it resolves to is what runs, whatever an alias says by then. */
export function kmsOperation<I extends object, O, T>(
  operation: Operation<KmsPorts, I, O, T>,
): Operation<KmsPorts, I, O, T> {
  return {
    resolve(input, call, ports) {
      demandTokens(ports.kms, input);
      return operation.resolve(input, call, ports);
    },
    run: (subject, input, call, ports) => operation.run(subject, input, call, ports),
  };
}

/** An operation on the caller's account in the region of the request, on no key. */
export function accountOperation<I extends object, O>(
  run: (home: Home, input: I, call: Call, kms: Kms) => Promise<O>,
): Operation<KmsPorts, I, O, Home> {
  return {
    resolve(_input, call) {
      const home = homeOf(call.caller, call.region);
      const context = { 'kms:CallerAccount': home.account };
      return { requires: [{ action: call.action, resource: '*', context }], subject: home };
    },
    run: (home, input, call, { kms }) => run(home, input, call, kms),
  };
}

/** Grants are in force at once here, so that their tokens need only be genuine. */
function demandTokens(kms: Kms, input: { readonly GrantTokens?: string[] | undefined }): void {
  for (const token of input.GrantTokens ?? []) kms.grants.readToken(token);
}

/** An operation on the one key that its `KeyId` names. */
interface KeyOperation<I, O> {
  /** Whether an alias may name the key. */
  readonly aliases?: boolean;
  readonly crossAccount?: boolean;
  /** The operation as grants know it. */
  readonly grant?: GrantOperation;
  /** For operations with an encryption context. */
  encryptionContext?(input: I): Pairs;
  /** Further condition keys. */
  context?(input: I, key: KeyRecord | undefined): Context;
  /** Further requirements. */
  also?(input: I, call: Call, target: Target): Requirement[];
  /** Whether the key's state and kind allow it; before this a `DryRun` has no effect, after it nothing else has. */
  check?(key: KeyRecord, input: I): void;
  run(key: KeyRecord, input: I, call: Call, kms: Kms): Promise<O>;
}

interface KeyInput {
  readonly KeyId: string | undefined;
  readonly DryRun?: boolean | undefined;
}

export function keyOperation<I extends KeyInput, O>(
  of: KeyOperation<I, O>,
): Operation<KmsPorts, I, O, Target> {
  return kmsOperation({
    async resolve(input, call, { kms }) {
      const home = homeOf(call.caller, call.region);
      const target = await kms.target(input.KeyId as string, home, of.aliases ?? false);
      const pairs = of.encryptionContext?.(input);
      const requirement = await keyRequirement(kms, call, target, {
        action: call.action,
        crossAccount: of.crossAccount ?? false,
        context: { ...(pairs && encryptionContextKeys(pairs)), ...of.context?.(input, target.key) },
        grant: of.grant && { operation: of.grant, ...(pairs && { encryptionContext: pairs }) },
      });
      return { requires: [requirement, ...(of.also?.(input, call, target) ?? [])], subject: target };
    },
    async run(target, input, call, { kms }) {
      const key = demandKey(target);
      of.check?.(key, input);
      if (input.DryRun) throw errors.DryRunOperationException();
      return await of.run(key, input, call, kms);
    },
  });
}
