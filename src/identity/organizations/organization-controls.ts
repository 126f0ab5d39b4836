import { BoundedCache } from '../../core/bounded-cache.js';
import type { Account, OrganizationControls } from '../../core/caller.js';
import type { NamedPolicy } from '../../policy/types.js';
import type { Database } from '../../store/tables.js';
import { compiledPolicy } from '../policies/policy-documents.js';
import {
  type ControlType,
  type OrganizationRecord,
  organizationTables,
  policyArn,
} from './organization-model.js';
import { CONTROL_KINDS, type OrganizationPolicies } from './organization-policies.js';

const CACHED_ACCOUNTS = 4096;

interface Known {
  readonly organization: OrganizationRecord;
  readonly place: Account['organization'];
  readonly controls: OrganizationControls;
}

/** The service control and resource control policies in force for accounts, made again when something changed. */
export class ControlsOfAccounts {
  readonly #db: Database;
  readonly #policies: OrganizationPolicies;
  readonly #known = new BoundedCache<string, Known>(CACHED_ACCOUNTS);

  constructor(db: Database, policies: OrganizationPolicies) {
    this.#db = db;
    this.#policies = policies;
  }

  /**
   * What controls an account now. Costs one read where the account is in an organisation. Nothing controls a
   * management account (Organizations User Guide, "Service control policies" and "Resource control policies").
   */
  async of({ id, organization: place }: Account): Promise<OrganizationControls | undefined> {
    if (place === undefined || place.management) return undefined;
    const organization = await this.#db.get(organizationTables.organizations, place.id);
    if (organization === undefined || organization.policyTypes.length === 0) return undefined;
    const known = this.#known.get(id);
    if (known?.organization.revision === organization.revision && known.place === place)
      return known.controls;
    const controls = await this.#load(organization, [...place.path, id]);
    this.#known.set(id, { organization, place, controls });
    return controls;
  }

  async #load(organization: OrganizationRecord, levels: readonly string[]): Promise<OrganizationControls> {
    const [serviceControl, resourceControl] = await Promise.all([
      this.#levels(organization, 'SERVICE_CONTROL_POLICY', levels),
      this.#levels(organization, 'RESOURCE_CONTROL_POLICY', levels),
    ]);
    return { ...(serviceControl && { serviceControl }), ...(resourceControl && { resourceControl }) };
  }

  /** The policies of each level, from the root to the account; `undefined` where the type is not enabled. */
  async #levels(
    organization: OrganizationRecord,
    type: ControlType,
    levels: readonly string[],
  ): Promise<NamedPolicy[][] | undefined> {
    if (!organization.policyTypes.includes(type)) return undefined;
    return await Promise.all(
      levels.map(async target => {
        const attached = await this.#policies.attachedTo(organization, target, type);
        const named = await Promise.all(attached.map(id => this.#named(organization, type, id)));
        return named.filter(policy => policy !== undefined);
      }),
    );
  }

  async #named(
    organization: OrganizationRecord,
    type: ControlType,
    id: string,
  ): Promise<NamedPolicy | undefined> {
    const policy = await this.#policies.find(organization.id, id);
    if (policy === undefined) return undefined;
    return {
      name: policy.name,
      arn: policyArn(organization, type, id),
      policy: compiledPolicy(policy.content, CONTROL_KINDS[type]),
      place: { kind: 'control', id },
    };
  }
}
