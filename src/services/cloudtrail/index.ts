import type * as sdk from '@aws-sdk/client-cloudtrail';
import { type OperationName, operationsOf, type Service, service } from '../../core/operation.js';
import * as eventSelectors from './event-selectors.js';
import * as lookupEvents from './lookup-events.js';
import type { CloudTrailPorts } from './ports.js';
import * as trailOperations from './trail-operations.js';
import { CreateTrail, UpdateTrail } from './trail-settings.js';
import { AddTags, ListTags, RemoveTags } from './trail-tags.js';

const operations = operationsOf<CloudTrailPorts, OperationName<typeof sdk>>()(
  lookupEvents,
  { CreateTrail, UpdateTrail },
  trailOperations,
  eventSelectors,
  { AddTags, ListTags, RemoveTags },
);

/** AWS CloudTrail: the event history of management events, and trails, which deliver events into buckets. */
export function cloudTrailService(ports: CloudTrailPorts): Service {
  return service('cloudtrail', ports, operations);
}
