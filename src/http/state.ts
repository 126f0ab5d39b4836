/** What is known of a request at each step of its way. */
import type { Authenticated, Decisions, PostedObject } from '../auth/index.js';
import type { Caller } from '../core/caller.js';
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import type { BoundOperation, Call } from '../core/operation.js';
import type { Recognised } from '../wire/types.js';
import type { Allowance } from './budgets.js';
import type { ServedService } from './services.js';

/** What the socket knows of a request. */
export interface Connection {
  readonly sourceIp: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** `1.2` or `1.3`; absent where it came without TLS. */
  readonly tlsVersion?: string | undefined;
  /** `TLS_AES_128_GCM_SHA256`; absent where it came without TLS. */
  readonly cipherSuite?: string | undefined;
  /** Says whether the connection may be given up for another: while a stranger's body is awaited. */
  readonly expendable?: ((is: boolean) => void) | undefined;
}

/** A request on its way. Each step finds what those before it left, and adds its own. */
export interface RequestState {
  // From the socket:
  /** As received; for a browser's upload the PutObject that its form stands for, once that is known. */
  request: HttpRequest;
  readonly connection: Connection;
  readonly allowance: Allowance;
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  /** Bytes of the body, as its head announced them. */
  readonly announced: number;
  requestId: string;
  readonly decisions: Decisions;
  // From recognise:
  served?: ServedService;
  /** Of a browser's upload: its form, and the bucket that it was sent to. */
  posted?: { readonly form: PostedObject; readonly bucket: string };
  /** The whole body, of services whose operation stands in it. */
  collected?: Uint8Array;
  recognised?: Recognised;
  operation?: BoundOperation;
  // From authenticate:
  authenticated?: Authenticated;
  region?: string;
  // From decode:
  input?: never;
  call?: Call;
  // From resolve:
  /** What the request is about. */
  subject?: unknown;
  // From run:
  output?: unknown;
  // From encode, or an earlier step that answers by itself:
  reply?: HttpReply;
}

/** As whom the request acted; absent where that is not known. */
export function callerOf({ authenticated, decisions }: RequestState): Caller | undefined {
  return decisions.actedAs ?? authenticated?.caller;
}

/** Whether nothing is known of who sends it. */
export function isStranger(state: RequestState): boolean {
  const caller = callerOf(state);
  return caller === undefined || caller.principal.type === 'anonymous';
}
