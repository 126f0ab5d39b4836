/** What an error may carry besides code, status and message. */
export interface ApiErrorDetail {
  /** Further members of the error on the wire, e.g. S3's `BucketName` or `Resource`. */
  readonly members?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the operator: goes to the log and the trace, never to the client. */
  readonly reason?: string;
  /**
   * What would let the request through, as a sentence: for the trace of a refusal that no policy decides. Says nothing
   * that the caller may not know.
   */
  readonly advice?: string;
  /**
   * The account whose resource it is: its administrators may read the trace too, and `reason` then is for them alone.
   */
  readonly owner?: string;
  /** Whose credentials came with a request that is refused before anything else is known of it. */
  readonly claimant?: Claimant;
  readonly cause?: unknown;
}

/** Whose credentials somebody says to have: known by their id, not proven. */
export interface Claimant {
  /** 12 digits. */
  readonly account: string;
  /** Absent where the credentials have no owner any more. */
  readonly arn?: string;
}

/** The one error type whose code, status and words reach a client. Anything else thrown is an `InternalError`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** The code on the wire, e.g. `NoSuchBucket`, `AccessDenied`, `MalformedPolicyDocument`. */
    readonly code: string,
    /** HTTP status. */
    readonly status: number,
    message: string,
    readonly detail: ApiErrorDetail = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
  }

  /** The same error, with more in its detail. */
  with(detail: ApiErrorDetail): ApiError {
    return new ApiError(this.code, this.status, this.message, { ...this.detail, ...detail });
  }
}

type Message = string | ((...words: never[]) => string);
type Rows = Readonly<Record<string, readonly [status: number, message: Message]>>;
type Words<M> = M extends (...words: infer A) => string ? A : [];

/** Returns a table's error: from the words that its message speaks of, and what else it carries. */
type Raise<M> = (...given: [...words: Words<M>, detail?: ApiErrorDetail]) => ApiError;

/**
 * Makes a service's table of errors: each row becomes a function that returns the `ApiError`.
 * A row's message is fixed text, or a function of the words it speaks of; a word may be optional, but has no default.
 */
export function errorTable<T extends Rows>(rows: T): { readonly [C in keyof T & string]: Raise<T[C][1]> } {
  const table: Record<string, (...given: unknown[]) => ApiError> = {};
  for (const [code, [status, message]] of Object.entries(rows)) {
    table[code] =
      typeof message === 'string'
        ? detail => new ApiError(code, status, message, detail as ApiErrorDetail)
        : (...given) => {
            const words = given.slice(0, message.length) as never[];
            return new ApiError(code, status, message(...words), given[message.length] as ApiErrorDetail);
          };
  }
  return table as never;
}
