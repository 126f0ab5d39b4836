import { ApiError } from '../../core/errors.js';
import { anywhereErrors } from '../../identity/index.js';

/** What IAM and STS say of policies and sessions; the service has no such errors of its own. */
const OTHERS: ReadonlySet<string> = new Set([
  'MalformedPolicyDocument',
  'PackedPolicyTooLarge',
  'ValidationError',
  'InvalidParameterValue',
]);

/** Does it, with what IAM and STS refuse as a `ValidationException`. */
export function inOurWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(error);
  }
}

/** As `inOurWords`, of what takes time. */
export async function inOurWordsLater<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof ApiError) || !OTHERS.has(error.code)) return error;
  return anywhereErrors.ValidationException(error.message, error.detail);
}
