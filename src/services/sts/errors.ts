/** STS's errors beside those that it shares with IAM. Codes and statuses: STS API Reference, "Common errors". */
import { errorTable } from '../../errors.js';

const said = (message: string) => message;

export const stsErrors = errorTable({
  AccessDenied: [403, said],
  InvalidParameterValue: [400, said],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  ValidationError: [400, said],
});
