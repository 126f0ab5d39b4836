import type { ApiError } from '../../core/errors.js';
import { invalidInput } from '../../identity/index.js';

interface Violation {
  readonly kind: 'required' | 'enum' | 'length' | 'range' | 'pattern' | 'members';
  /** Which constraint is broken, for the log. */
  readonly message: string;
}

/** Reason and words by the kind of constraint. Source: AWS Organizations API Reference, InvalidInputException. */
const ANSWERS: Readonly<Record<Violation['kind'], readonly [reason: string, message: string]>> = {
  required: ['INPUT_REQUIRED', 'You must include a value for all required parameters.'],
  enum: ['INVALID_ENUM', 'You specified an invalid value.'],
  length: ['MAX_LENGTH_EXCEEDED', 'You provided a string parameter that is longer or shorter than allowed.'],
  range: ['MAX_VALUE_EXCEEDED', 'You provided a numeric parameter that is larger or smaller than allowed.'],
  pattern: ['INVALID_PATTERN', 'You provided a value that does not match the required pattern.'],
  members: ['INVALID_LIST_MEMBER', 'You provided a list to a parameter that contains an invalid value.'],
};

/** Organizations' answer to an input that breaks its model: the first violation speaks. */
export function constraintError(violations: readonly Violation[]): ApiError {
  const { kind, message: constraint } = violations[0]!;
  const [reason, message] = ANSWERS[kind];
  return invalidInput(reason, message, constraint);
}
