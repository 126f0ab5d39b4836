import { insecurePassword, queryFamily } from '../../auth/families.js';
import type { ServiceTraits } from '../../core/service.js';

const WITH_PASSWORD: ReadonlySet<string> = new Set([
  'ChangePassword',
  'CreateLoginProfile',
  'UpdateLoginProfile',
]);

export const iamTraits: ServiceTraits = {
  ...queryFamily('iam'),
  // IAM has no endpoint without TLS.
  secretIn: operation => (WITH_PASSWORD.has(operation) ? insecurePassword() : undefined),
};
