import { type NamedOperation, type Service, service } from '../../core/operation.js';
import * as absent from './absent.js';
import * as accounts from './accounts.js';
import * as handshakes from './handshakes.js';
import {
  createOrganization,
  deleteOrganization,
  describeOrganization,
  disablePolicyType,
  enablePolicyType,
  listRoots,
} from './organization.js';
import * as policies from './policies.js';
import type { OrganizationsPorts } from './ports.js';
import { listTagsForResource, tagResource, untagResource } from './tags.js';
import * as trustedServices from './trusted-services.js';
import * as units from './units.js';

/** AWS Organizations: several accounts, and the policies set over them. */
export function organizationsService(ports: OrganizationsPorts): Service {
  return service('organizations', ports, [
    createOrganization,
    deleteOrganization,
    describeOrganization,
    disablePolicyType,
    enablePolicyType,
    listRoots,
    ...Object.values(accounts),
    ...Object.values(handshakes),
    ...Object.values(policies),
    listTagsForResource,
    tagResource,
    untagResource,
    ...Object.values(trustedServices),
    ...Object.values(units),
    ...Object.values(absent),
  ] as NamedOperation<OrganizationsPorts>[]);
}
