import type { Account, Caller, CallerPolicies } from '../../core/caller.js';
import type { NamedPolicy } from '../../policy/types.js';
import type { Database } from '../../store/tables.js';
import type { IdentifiedCaller } from '../callers/callers.js';
import { type Entity, tables } from '../model.js';
import type { ControlsOfAccounts } from '../organizations/organization-controls.js';
import type { SessionClaims } from '../sessions/session-claims.js';
import { defaultVersion, type ManagedPolicies } from './managed-policies.js';
import { compiledPolicy } from './policy-documents.js';

interface Attached {
  /** The record of the account's policy generation when they were read. */
  readonly generation: object | undefined;
  readonly policies: readonly NamedPolicy[];
}

const NONE: CallerPolicies = { identity: [] };

/** What a root user may do, for the sessions that are made of its permissions. */
const EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

/** Gathers the policies that apply to a caller, as they are now. */
export class PoliciesOfCallers {
  readonly #db: Database;
  readonly #managed: ManagedPolicies;
  readonly #controls: ControlsOfAccounts;
  /** Inline policies by the record that holds them: the record is shared as long as it is unchanged. */
  readonly #inline = new WeakMap<Entity, readonly NamedPolicy[]>();
  /** Managed policies by the list that names them, as long as none of the account's has changed. */
  readonly #attached = new WeakMap<readonly string[], Attached>();

  constructor(db: Database, managed: ManagedPolicies, controls: ControlsOfAccounts) {
    this.#db = db;
    this.#managed = managed;
    this.#controls = controls;
  }

  /** Callers that did not come from `CredentialSource.lookup` have none. */
  async of(caller: Caller): Promise<CallerPolicies> {
    if (!isIdentified(caller)) return NONE;
    const { account, entity, claims } = caller;
    const own = entity === undefined ? ROOT_IDENTITY : this.#identity(account, entity);
    const bounded = entity !== undefined && 'boundary' in entity ? entity.boundary : undefined;
    const narrowed = claims !== undefined && (claims.policy !== undefined || claims.policyArns.length > 0);
    // As most callers are.
    if (bounded === undefined && !narrowed && account.organization === undefined)
      return { identity: await own };
    const [identity, boundary, session, controls] = await Promise.all([
      own,
      bounded === undefined ? undefined : this.#boundary(account, bounded),
      narrowed ? this.#session(account, claims) : undefined,
      account.organization && this.#controls.of(account),
    ]);
    return {
      identity,
      ...(boundary && { boundary }),
      ...(session && { session }),
      ...(controls && { controls }),
    };
  }

  /** Identity policies of a user (its groups' included), a group or a role. */
  async #identity(
    account: Account,
    entity: Entity & { groups?: readonly string[] },
  ): Promise<readonly NamedPolicy[]> {
    const own = this.#inlineOf(entity, 'trust' in entity ? 'role' : 'user');
    const groups = entity.groups ?? [];
    if (entity.attached.length === 0 && groups.length === 0) return own;
    const [attached, ...inherited] = await Promise.all([
      this.#attachedOf(account, entity.attached),
      ...groups.map(group => this.#group(account, group)),
    ]);
    return [...own, ...attached, ...inherited.flat()];
  }

  async #group(account: Account, name: string): Promise<readonly NamedPolicy[]> {
    const group = await this.#db.get(tables.groups, account.id, name);
    if (group === undefined) return [];
    return [...this.#inlineOf(group, 'group'), ...(await this.#attachedOf(account, group.attached))];
  }

  #inlineOf(entity: Entity, of: 'user' | 'role' | 'group'): readonly NamedPolicy[] {
    let policies = this.#inline.get(entity);
    if (policies === undefined) {
      policies = entity.inline.map(({ name, document }) => ({
        name: `inline policy ${name} of ${of} ${entity.name}`,
        policy: compiledPolicy(document, 'identity'),
        place: { kind: 'inline', of, entity: entity.name, policy: name },
      }));
      this.#inline.set(entity, policies);
    }
    return policies;
  }

  /** The managed policies of those ARNs that exist. */
  async #attachedOf(
    account: Account,
    arns: readonly string[],
    kind: 'identity' | 'session' = 'identity',
  ): Promise<readonly NamedPolicy[]> {
    if (arns.length === 0) return [];
    // Read first: a policy that changes while the others are read makes the result out of date at once, never stale.
    const generation = await this.#db.get(tables.policyGenerations, account.id);
    const known = this.#attached.get(arns);
    if (known !== undefined && known.generation === generation) return known.policies;
    const found = await Promise.all(arns.map(arn => this.#managed.find(account, arn)));
    const policies: NamedPolicy[] = [];
    for (const [index, policy] of found.entries()) {
      const arn = arns[index]!;
      if (policy === undefined) continue;
      policies.push({ name: arn, arn, policy: compiledPolicy(defaultVersion(policy).document, kind) });
    }
    this.#attached.set(arns, { generation, policies });
    return policies;
  }

  /** A boundary whose policy is gone allows nothing. */
  async #boundary(account: Account, arn: string): Promise<NamedPolicy> {
    const policy = await this.#managed.find(account, arn);
    const document = policy === undefined ? NOTHING : defaultVersion(policy).document;
    return { name: arn, arn, policy: compiledPolicy(document, 'boundary') };
  }

  async #session(
    account: Account,
    { kind, policy: inline, policyArns: arns }: SessionClaims,
  ): Promise<readonly NamedPolicy[]> {
    const policies = await this.#attachedOf(account, arns, 'session');
    // Nothing but the denials of its task bounds a root user: without them it may do nothing.
    if (kind === 'assume-root' && policies.length < arns.length) return NO_TASK;
    if (inline === undefined) return policies;
    return [{ name: 'inline session policy', policy: compiledPolicy(inline, 'session') }, ...policies];
  }
}

const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';
const NO_TASK: readonly NamedPolicy[] = [
  { name: 'the task of the session is gone', policy: compiledPolicy(NOTHING, 'session') },
];
const ROOT_IDENTITY: readonly NamedPolicy[] = [
  { name: 'permissions of the root user', policy: compiledPolicy(EVERYTHING, 'identity') },
];

function isIdentified(caller: Caller): caller is IdentifiedCaller {
  return (
    caller.account !== undefined &&
    ('entity' in caller || 'claims' in caller || caller.principal.type === 'root')
  );
}
