/** Why there are no keys. */
export type CredentialsProblem =
  /** No source of keys is configured, or the named one does not exist. */
  | 'NoSource'
  /** An option, a file or an answer is not of the form that it must have. */
  | 'Invalid'
  /** Who issues keys refused: the code of its answer is in `answered`. */
  | 'Refused'
  /** Asked for more life than the session may have. */
  | 'TooLong'
  /** No answer, or one that says to try again. */
  | 'Unavailable';

/** Keys could not be had. The message never holds a secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(
    readonly problem: CredentialsProblem,
    message: string,
    /** The error code that was answered: `AccessDenied`, `ExpiredTokenException`; absent where there was no answer. */
    readonly answered?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same request may succeed later without a change to policies or options. */
  get temporary(): boolean {
    return this.problem === 'Unavailable';
  }
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $fault?: string;
}

/** Codes with which services say that a later try may succeed ("Common error types", STS API Reference). */
const TEMPORARY =
  /^(Throttling|ThrottlingException|RequestLimitExceeded|ServiceUnavailable|InternalFailure|SlowDown|IDPCommunicationError)$/;

/** The words in which STS refuses a duration ("Use IAM roles" and "Role chaining", IAM User Guide). */
const TOO_LONG = /DurationSeconds exceeds|1 hour session limit/;

/** What an SDK client threw, as a `CredentialsError`; `what` says what was tried: `cannot assume arn:…`. */
export function asCredentialsError(thrown: unknown, what: string): CredentialsError {
  if (thrown instanceof CredentialsError) return thrown;
  const { name = 'Error', message = String(thrown), $metadata, $fault } = (thrown ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode;
  const text = `${what}: ${message}`;
  if (name === 'CredentialsProviderError') {
    return new CredentialsError('NoSource', text, undefined, { cause: thrown });
  }
  if (status === undefined && $fault === undefined) {
    return new CredentialsError('Unavailable', text, undefined, { cause: thrown });
  }
  if (TEMPORARY.test(name) || (status ?? 0) >= 500) {
    return new CredentialsError('Unavailable', text, name, { cause: thrown });
  }
  const problem = TOO_LONG.test(message) ? 'TooLong' : 'Refused';
  return new CredentialsError(problem, text, name, { cause: thrown });
}
