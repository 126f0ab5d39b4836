import { errorTable } from '../../core/errors.js';
import type { Call, Resolution } from '../../core/operation.js';
import { guessKind, type PolicyKind } from '../../policy/index.js';

/** What Access Analyzer works on: the documents that come with the requests alone. */
export type AccessAnalyzerPorts = object;

const said = (message: string) => message;

/** Access Analyzer API Reference, "Common Errors" and the errors of its operations. */
export const analyzerErrors = errorTable({
  AccessDeniedException: [403, said],
  InvalidParameterException: [400, said],
  ValidationException: [400, said],
});

/** The action of the operation, which has no resource (Service Authorization Reference, "AWS IAM Access Analyzer"). */
export function onAll(call: Call): Resolution<undefined> {
  if (call.caller.account === undefined) {
    throw analyzerErrors.AccessDeniedException(['Missing Authentication Token'], {
      advice: 'Sign the request.',
    });
  }
  return { requires: [{ action: call.action, resource: '*' }], subject: undefined };
}

/** Of a policy of a resource that is not named: a trust or key policy, or that of another resource. */
export function resourceKind(document: string): PolicyKind {
  const kind = guessKind(document);
  return kind === 'identity' ? 'resource' : kind;
}

/** Characters: more than any policy may have, with its white space. */
const LONGEST = 48 * 1024;

/** Throws `ValidationException` for a document that is longer than any policy. */
export function demandLength(name: string, document: string): void {
  if (document.length <= LONGEST) return;
  throw analyzerErrors.ValidationException([
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${LONGEST}`,
  ]);
}
