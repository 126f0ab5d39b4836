import { type OperationName, operationsOf, type Service, service } from '../../core/operation.js';
import * as absent from './absent.js';
import * as accounts from './accounts.js';
import * as handshakes from './handshakes.js';
import * as organization from './organization.js';
import * as policies from './policies.js';
import type { OrganizationsPorts } from './ports.js';
import * as tags from './tags.js';
import * as trustedServices from './trusted-services.js';
import * as units from './units.js';

const operations = operationsOf<
  OrganizationsPorts,
  OperationName<typeof import('@aws-sdk/client-organizations')>
>()(absent, accounts, handshakes, organization, policies, tags, trustedServices, units);

/** AWS Organizations: several accounts, and the policies set over them. */
export function organizationsService(ports: OrganizationsPorts): Service {
  return service('organizations', ports, operations);
}
