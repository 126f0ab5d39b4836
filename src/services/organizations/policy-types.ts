import { type ControlType, organizationErrors } from '../../identity/index.js';

/** Throws `PolicyTypeNotAvailableForOrganizationException` for types that nothing here would enforce. */
export function enforced(type: string | undefined): ControlType {
  if (type === 'SERVICE_CONTROL_POLICY' || type === 'RESOURCE_CONTROL_POLICY') return type;
  throw organizationErrors.PolicyTypeNotAvailableForOrganizationException();
}
