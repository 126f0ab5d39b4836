import type * as sdk from '@aws-sdk/client-cloudtrail';
import { type OperationName, operationsOf, type Service, service } from '../../core/operation.js';
import * as lookupEvents from './lookup-events.js';
import type { CloudTrailPorts } from './ports.js';

const operations = operationsOf<CloudTrailPorts, OperationName<typeof sdk>>()(lookupEvents);

/** AWS CloudTrail's event history: what was called, of management events. */
export function cloudTrailService(ports: CloudTrailPorts): Service {
  return service('cloudtrail', ports, operations);
}
