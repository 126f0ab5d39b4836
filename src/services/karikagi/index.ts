import { operationsOf, type Service, service } from '../../core/operation.js';
import * as accounts from './accounts.js';
import * as createConsoleSession from './create-console-session.js';
import * as createKeyCopy from './create-key-copy.js';
import * as createOrganizationCopy from './create-organization-copy.js';
import * as getRequestAuthorizationDetails from './get-request-authorization-details.js';
import * as instances from './instances.js';
import * as listDeniedRequests from './list-denied-requests.js';
import type { KarikagiPorts } from './ports.js';
import * as regions from './regions.js';
import type { KarikagiOperation } from './schema.js';
import * as searchEvents from './search-events.js';
import * as sessions from './sessions.js';
import * as setUniqueId from './set-unique-id.js';
import * as simulateOwnRequests from './simulate-own-requests.js';

const operations = operationsOf<KarikagiPorts, KarikagiOperation>()(
  accounts,
  createConsoleSession,
  createKeyCopy,
  createOrganizationCopy,
  getRequestAuthorizationDetails,
  instances,
  listDeniedRequests,
  regions,
  searchEvents,
  sessions,
  setUniqueId,
  simulateOwnRequests,
);

/** The product's own API: what AWS offers only in its console, or not at all. */
export function karikagiService(ports: KarikagiPorts): Service {
  return service('karikagi', ports, operations);
}
