import type {
  AuthorizationRequest,
  Context,
  NamedPolicy,
  ResourcePolicyKind,
  SetAside,
} from '../policy/types.js';
import type { Caller, SigningCertificate } from './caller.js';
import type { Clock } from './clock.js';
import type { CloudTrailMap } from './cloudtrail.js';
import type { HttpRequest } from './http-message.js';

/**
 * Written by hand: the services are above this room, and those who name one (a requirement, a record, a test) would
 * otherwise take any word. Each has a room in `services/` and a row in `server/services.ts`; a test compares them.
 */
export type ServiceId =
  | 'sts'
  | 'iam'
  | 's3'
  | 'kms'
  | 'organizations'
  | 'access-analyzer'
  | 'rolesanywhere'
  | 'cloudtrail'
  | 'karikagi';

/** One thing that must be allowed before an operation runs. */
export interface Requirement {
  /** `s3:PutObject` */
  readonly action: string;
  /** ARN, or `*` where the action has no resource type. */
  readonly resource: string;
  /** How the service's denials name the resource, where not by the ARN: IAM says `user bob`. */
  readonly shownAs?: string | undefined;
  /** Owner of the resource; where absent, the caller's account. */
  readonly resourceAccount?: string | undefined;
  /** The policy attached to the resource: a bucket's, a role's trust policy, a key's. */
  readonly resourcePolicy?: NamedPolicy | undefined;
  readonly resourceKind?: ResourcePolicyKind;
  /** What a setting of the resource sets aside for the caller: for the trace of a denial. */
  readonly setAside?: readonly SetAside[] | undefined;
  /** Whether there is no such resource: said in the trace of a denial, to those who may know. */
  readonly absent?: boolean | undefined;
  /** Whether an organization's policies have no say: the account alone decides who reads why something was refused. */
  readonly uncontrolled?: boolean | undefined;
  /** The resource's access control list as a policy, where it has one that counts. */
  readonly acl?: NamedPolicy | undefined;
  /** Whose the object is, where it may be another account's than the bucket. */
  readonly objectOwner?: string | undefined;
  /** Condition keys of this operation, beside the global ones that every request carries. */
  readonly context?: Context;
  /** Headers of the refusal. */
  readonly denialHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * As whom it is decided, where that is not simply who signed the request: somebody whom an identity provider
   * vouches for, or the caller with a second factor just proven.
   */
  readonly caller?: Caller | undefined;
}

/** What a service had another do in the caller's name. */
export interface CallOnBehalf {
  readonly service: ServiceId;
  /** The operation's name: `GenerateDataKey`. */
  readonly operation: string;
  /** ARN of what it worked on. */
  readonly resource: string;
  /** The account that owns it, where that is known. */
  readonly owner?: string | undefined;
  /** What was asked of the service, in the words of CloudTrail's records. */
  readonly parameters?: CloudTrailMap | undefined;
  /** Absent where it succeeded. */
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
}

/** A request on its way through the pipeline, as an operation sees it. */
export interface Call {
  readonly requestId: string;
  /** The operation by its name in the SDK: `AssumeRole`. */
  readonly operation: string;
  /** The action that goes by the operation's name: `sts:AssumeRole`. */
  readonly action: string;
  readonly caller: Caller;
  /** When the request arrived, milliseconds since the epoch. */
  readonly time: number;
  readonly clock: Clock;
  /** The region the request was signed for; the server's default for anonymous requests. */
  readonly region: string;
  /** As `region`, where the request says it: absent for anonymous requests and for signatures that leave it empty. */
  readonly signedRegion?: string | undefined;
  /** Of the request's signature; absent for anonymous requests. */
  readonly signatureVersion?: 2 | 4 | undefined;
  /** Whose key the signature was made with, where that was no access key. Nothing else of it is verified. */
  readonly certificate?: SigningCertificate | undefined;
  /** The caller's network address. */
  readonly sourceIp: string;
  /** The request as received, for the few operations that need what the shapes lack. Its body is consumed. */
  readonly http: HttpRequest;
  /**
   * Whether the caller may also do this: for checks inside an operation (a key of DeleteObjects). Denials are recorded.
   */
  permits(requirement: Requirement): Promise<boolean>;
  /** Throws the service's AccessDenied where `permits` would answer false. */
  demand(requirement: Requirement): Promise<void>;
  /** Writes the event of what another service did for this request. */
  note(made: CallOnBehalf): void;
}

/** What an operation finds out before it runs. */
export interface Resolution<T> {
  /**
   * What must be allowed, all of it. An empty list means that the operation is open to every authenticated caller, or
   * asks `call.demand` itself: a comment says which.
   */
  readonly requires: readonly Requirement[];
  /** What the request is about, looked up once: `run` works on exactly that. */
  readonly subject: T;
}

/**
 * One API operation. `I` and `O` are the SDK's own input and output types, `P` what the service hands its operations,
 * `T` what the request is about. An operation without `resolve` does not compile.
 */
export interface Operation<P, I = never, O = unknown, T = unknown> {
  /** Looks up what the request is about, and says what must be allowed for it. Writes nothing. */
  resolve(input: I, call: Call, ports: P): Resolution<T> | Promise<Resolution<T>>;
  /**
   * What must be allowed besides, for the few operations of S3 whose condition keys stand in the body: `resolve` sees
   * the head alone, and no body is read of a caller whom its requirements refuse.
   */
  requiresOfBody?(
    subject: T,
    input: I,
    call: Call,
    ports: P,
  ): readonly Requirement[] | Promise<readonly Requirement[]>;
  /** Does it, once everything is allowed. */
  run(subject: T, input: I, call: Call, ports: P): Promise<O>;
}

/** The operations of a service by their names in the SDK. */
export type Operations<P, Name extends string = string, T = unknown> = {
  readonly [N in Name]?: Operation<P, never, unknown, T>;
};

/**
 * The names of the operations that an SDK client has a command for: `OperationName<typeof
 * import('@aws-sdk/client-sts')>`.
 */
export type OperationName<Sdk> = {
  [K in keyof Sdk]: K extends `${infer Name}Command` ? (Name extends '$' ? never : Name) : never;
}[keyof Sdk];

/** Exports of a file, each of which must be an operation of the service. */
type Only<P, Name extends string, Group> = {
  readonly [K in keyof Group]: K extends Name ? Operation<P> : never;
};

/**
 * Puts the operations of several files together: `operationsOf<Ports, Name>()(users, roles)` with what `import * as
 * users` gives. An export that is no operation of the service does not compile. Throws on a name given twice.
 */
export function operationsOf<P, Name extends string>() {
  return <Groups extends readonly object[]>(
    ...groups: { readonly [I in keyof Groups]: Groups[I] & Only<P, Name, Groups[I]> }
  ): Operations<P> => {
    const all: Record<string, Operation<P>> = {};
    for (const group of groups) {
      for (const [name, operation] of Object.entries(group)) {
        if (name in all) throw new Error(`${name} is defined twice`);
        all[name] = operation;
      }
    }
    return all;
  };
}

/** How a request ended, for a service that keeps records of its own. */
export interface Ending {
  readonly requestId: string;
  readonly request: HttpRequest;
  readonly sourceIp: string;
  /** Absent where the request was refused before it was known who sent it, or what for. */
  readonly call?: Call | undefined;
  readonly operation?: string | undefined;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly status: number;
  readonly errorCode?: string | undefined;
  /** Of the reply's body; absent where that is not known before it is sent. */
  readonly bytes?: number | undefined;
  /** When the request arrived, milliseconds since the epoch. */
  readonly arrived: number;
  /** Milliseconds from the arrival to the beginning and to the end of the reply. */
  readonly turnAround: number;
  readonly total: number;
}

/** A service: its operations by name, bound to what they work on. */
export interface Service {
  readonly id: ServiceId;
  readonly operations: ReadonlyMap<string, BoundOperation>;
  /**
   * Hears of each request that ended, whichever way, and of what it was about where that was found out. Never throws,
   * and takes no time of its own.
   */
  ended?(ending: Ending, subject: unknown): void;
}

/** An operation with what it works on. What its `resolve` gave is what its other parts take. */
export interface BoundOperation {
  readonly name: string;
  resolve(input: never, call: Call): Resolution<unknown> | Promise<Resolution<unknown>>;
  requiresOfBody?(
    subject: unknown,
    input: never,
    call: Call,
  ): readonly Requirement[] | Promise<readonly Requirement[]>;
  run(subject: unknown, input: never, call: Call): Promise<unknown>;
}

/** Binds a service's operations to its ports. `ended`: see `Service`. */
export function service<P, T>(
  id: ServiceId,
  ports: P,
  operations: Operations<P, string, T>,
  ended?: (ending: Ending, subject: T | undefined) => void,
): Service {
  const bound = Object.entries(operations).map(
    ([name, operation]) => [name, bind(name, operation!, ports)] as const,
  );
  return { id, operations: new Map(bound), ...(ended && { ended }) };
}

function bind<P, T>(name: string, operation: Operation<P, never, unknown, T>, ports: P): BoundOperation {
  const { requiresOfBody } = operation;
  return {
    name,
    resolve: (input, call) => operation.resolve(input, call, ports),
    ...(requiresOfBody && {
      requiresOfBody: (subject: T, input, call) => operation.requiresOfBody!(subject, input, call, ports),
    }),
    run: (subject: T, input, call) => operation.run(subject, input, call, ports),
  };
}

/** Checks everything that an operation requires, then runs it: the body, where there is one, has been read. */
export async function perform(operation: BoundOperation, input: never, call: Call): Promise<unknown> {
  const { requires, subject } = await operation.resolve(input, call);
  for (const requirement of requires) await call.demand(requirement);
  const further = await operation.requiresOfBody?.(subject, input, call);
  for (const requirement of further ?? []) await call.demand(requirement);
  return operation.run(subject, input, call);
}

export type { AuthorizationRequest };
