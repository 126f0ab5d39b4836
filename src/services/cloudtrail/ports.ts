import type { AuditLog } from '../../events/audit.js';
import type { DigestKeys } from '../../trails/digest-keys.js';
import type { LogStore } from '../../trails/log-store.js';
import type { Trails } from '../../trails/trails.js';

/** What CloudTrail's operations work on. */
export interface CloudTrailPorts {
  readonly events: Pick<AuditLog, 'search'>;
  readonly trails: Trails;
  readonly digestKeys: DigestKeys;
  readonly logs: LogStore;
}
