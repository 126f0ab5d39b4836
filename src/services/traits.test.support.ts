/** The traits of the services, for tests of what knows no service. */
import type { ServiceId } from '../core/operation.js';
import type { ServiceTraits } from '../core/service.js';
import { accessAnalyzerTraits } from './access-analyzer/traits.js';
import { iamTraits } from './iam/traits.js';
import { karikagiTraits } from './karikagi/traits.js';
import { kmsTraits } from './kms/traits.js';
import { organizationsTraits } from './organizations/traits.js';
import { rolesAnywhereTraits } from './rolesanywhere/traits.js';
import { s3Traits } from './s3/traits.js';
import { stsTraits } from './sts/traits.js';

const ALL = [
  stsTraits,
  iamTraits,
  s3Traits,
  kmsTraits,
  organizationsTraits,
  accessAnalyzerTraits,
  rolesAnywhereTraits,
  karikagiTraits,
];

export function traitsOf(service: ServiceId): ServiceTraits {
  return ALL.find(({ id }) => id === service)!;
}
