import { jsonFamily } from '../../auth/families.js';
import { ApiError } from '../../core/errors.js';
import type { ServiceTraits } from '../../core/service.js';

const family = jsonFamily('rolesanywhere', '');

/**
 * Its requests have paths, not targets: an unsigned one is recognized by its host. Certificates may sign CreateSession.
 */
export const rolesAnywhereTraits: ServiceTraits = {
  ...family,
  recognises: () => false,
  signing: { ...family.signing, certificates: true },
  errors: { ...family.errors, accessDenied: message => new ApiError('AccessDeniedException', 403, message) },
};
