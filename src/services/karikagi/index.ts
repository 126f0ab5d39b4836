import { type NamedOperation, type Service, service } from '../../core/operation.js';
import * as accounts from './accounts.js';
import { createConsoleSession } from './create-console-session.js';
import { getRequestAuthorizationDetails } from './get-request-authorization-details.js';
import * as instances from './instances.js';
import { listDeniedRequests } from './list-denied-requests.js';
import type { KarikagiPorts } from './ports.js';
import * as regions from './regions.js';
import * as sessions from './sessions.js';
import { simulateOwnRequests } from './simulate-own-requests.js';

/** The product's own API: what AWS offers only in its console, or not at all. */
export function karikagiService(ports: KarikagiPorts): Service {
  return service('karikagi', ports, [
    getRequestAuthorizationDetails,
    listDeniedRequests,
    createConsoleSession,
    simulateOwnRequests,
    ...Object.values(accounts),
    ...Object.values(instances),
    ...Object.values(regions),
    ...Object.values(sessions),
  ] as NamedOperation<KarikagiPorts>[]);
}
