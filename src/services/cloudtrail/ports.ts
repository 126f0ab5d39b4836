import type { AuditLog } from '../../events/audit.js';

/** What CloudTrail's operations work on. */
export interface CloudTrailPorts {
  readonly events: Pick<AuditLog, 'search'>;
}
