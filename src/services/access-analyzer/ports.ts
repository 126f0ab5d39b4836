import { errorTable } from '../../core/errors.js';
import type { Call, Resolution } from '../../core/operation.js';

/** What Access Analyzer works on: the documents that come with the requests alone. */
export type AccessAnalyzerPorts = object;

const said = (message: string) => message;

/** Access Analyzer API Reference, "Common Errors" and the errors of its operations. */
export const analyzerErrors = errorTable({
  AccessDeniedException: [403, said],
  ValidationException: [400, said],
});

/** The action of the operation, which has no resource (Service Authorization Reference, "AWS IAM Access Analyzer"). */
export function onAll(call: Call): Resolution<undefined> {
  if (call.caller.account === undefined) {
    throw analyzerErrors.AccessDeniedException('Missing Authentication Token', {
      advice: 'Sign the request.',
    });
  }
  return { requires: [{ action: call.action, resource: '*' }], subject: undefined };
}
