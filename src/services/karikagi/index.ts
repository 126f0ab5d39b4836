import type { Denials } from '../../events/denials.js';
import { type Service, service } from '../../operation.js';
import { getRequestAuthorizationDetails } from './get-request-authorization-details.js';
import { listDeniedRequests } from './list-denied-requests.js';

export interface KarikagiPorts {
  readonly denials: Denials;
}

/** The product's own API: what AWS offers only in its console, or not at all. */
export function karikagiService(ports: KarikagiPorts): Service {
  return service('karikagi', ports, [getRequestAuthorizationDetails, listDeniedRequests]);
}
