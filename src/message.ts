/** HTTP messages as the wire, authentication and the pipeline see them, free of sockets. */

/** The body of a request, read once. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  /** Length in bytes of what iteration yields, where the client declared it. */
  readonly length: number | undefined;
  /** Trailing headers, lower-case; complete once iteration has ended. */
  readonly trailers: ReadonlyMap<string, string>;
}

export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** The path exactly as received, still percent-encoded, without the query. */
  readonly path: string;
  /** The query exactly as received, without `?`; empty where there is none. */
  readonly query: string;
  /** Lower-case names; repeated headers joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: RequestBody;
  /** Set where this PutObject stands for a form that a browser has posted. */
  readonly posted?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array> | undefined;
}
