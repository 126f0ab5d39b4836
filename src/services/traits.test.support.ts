/** The traits of the services, for tests of what knows no service. */
import type { ServiceId } from '../core/operation.js';
import type { ServiceTraits } from '../core/service.js';
import { accessAnalyzerTraits } from './access-analyzer/traits.js';
import { cloudTrailTraits } from './cloudtrail/traits.js';
import { iamTraits } from './iam/traits.js';
import { karikagiTraits } from './karikagi/traits.js';
import { kmsTraits } from './kms/traits.js';
import { organizationsTraits } from './organizations/traits.js';
import { rolesAnywhereTraits } from './rolesanywhere/traits.js';
import { s3Traits } from './s3/traits.js';
import { stsTraits } from './sts/traits.js';

/** A service without a row does not compile. */
const ALL: Readonly<Record<ServiceId, ServiceTraits>> = {
  sts: stsTraits,
  iam: iamTraits,
  s3: s3Traits,
  kms: kmsTraits,
  organizations: organizationsTraits,
  'access-analyzer': accessAnalyzerTraits,
  cloudtrail: cloudTrailTraits,
  rolesanywhere: rolesAnywhereTraits,
  karikagi: karikagiTraits,
};

export const serviceIds = Object.keys(ALL) as ServiceId[];

export function traitsOf(service: ServiceId): ServiceTraits {
  return ALL[service];
}
