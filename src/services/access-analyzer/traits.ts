import { jsonFamily } from '../../auth/families.js';
import type { ServiceTraits } from '../../core/service.js';

/** Its requests have paths, not targets: an unsigned one is recognized by its host. */
export const accessAnalyzerTraits: ServiceTraits = {
  ...jsonFamily('access-analyzer', ''),
  recognises: () => false,
};
