import type { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest, RequestBody } from '../core/http-message.js';
import type { OperationSchema } from './schema.js';

/** Members of an input that stand in the path. */
export type Labels = Readonly<Record<string, string | undefined>>;

/** Which operation a request is, and what was read on the way to knowing it. */
export interface Recognised {
  readonly operation: WireOperation;
  /** restXml: the bucket, from the path or the host name. */
  readonly bucket?: string | undefined;
  /** restXml: the bucket where it is from the host name. */
  readonly hostBucket?: string | undefined;
  /** restXml: the object key, percent-decoded. */
  readonly key?: string | undefined;
  /** restXml: what else the path names, percent-decoded, by member. */
  readonly labels?: Labels | undefined;
  /** Decoded, in order: awsQuery's form and query, restXml's query. */
  readonly parameters?: ReadonlyMap<string, string>;
  /** restXml: the headers, with those that a presigned URL carries as parameters. */
  readonly headers?: ReadonlyMap<string, string>;
}

export interface ErrorContext {
  readonly requestId: string;
  /** S3's `<Resource>`: the request's path. */
  readonly path: string;
  /** S3 answers HEAD without a body. */
  readonly head: boolean;
}

/** How large a document may be. */
export interface DocumentLimit {
  readonly bytes: number;
  /** Elements, comments and whatever else takes time of its own. */
  readonly nodes: number;
}

/** The two steps in which an input is read whose operation is known before its body. */
export interface StepwiseDecoding {
  /** What stands outside the body. The member that stands in it cannot be read before `body` was called. */
  head(request: HttpRequest, recognised: Recognised): object;
  /**
   * Adds what stands in the body to what `head` returned. Throws the service's errors, also for too many nodes. Large
   * ones are read in slices.
   */
  body(input: object, body: Uint8Array, nodes?: number): void | Promise<void>;
}

/** One operation's reading and writing, compiled once from the SDK's schema. */
export interface WireOperation {
  readonly name: string;
  /** Of what goes in and comes out. */
  readonly schema: OperationSchema;
  /** The request's payload is handed over as it streams (PutObject, UploadPart), not collected. */
  readonly streamsInput: boolean;
  /**
   * The SDK's input object. `body` is the collected payload, or the stream where `streamsInput`, in which case
   * the input's payload member is that `RequestBody`. Throws the service's `ApiError` for malformed input and for
   * broken constraints.
   */
  decode(request: HttpRequest, recognised: Recognised, body: Uint8Array | RequestBody): unknown;
  /** Where the head says which operation it is, and its payload is collected. */
  readonly stepwise?: StepwiseDecoding | undefined;
  /** `output` is the SDK's output object; a payload member may be bytes or an `AsyncIterable`. */
  encode(output: unknown, requestId: string): HttpReply;
}

/** A service's protocol. */
export interface WireService {
  readonly id: string;
  /**
   * Names the operation. `body` is the collected payload for protocols that need it (awsQuery, awsJson).
   * Throws the service's own error for an operation that does not exist.
   */
  recognise(request: HttpRequest, body: Uint8Array | undefined): Recognised;
  encodeError(error: ApiError, context: ErrorContext): HttpReply;
}
