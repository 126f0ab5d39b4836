/** The event that a request leaves: CloudTrail's record of it, and what is known beyond that. */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../core/caller.js';
import type {
  AuditEvent,
  CloudTrailMap,
  CloudTrailRecord,
  CloudTrailTls,
  CloudTrailValue,
} from '../core/cloudtrail.js';
import { secondOf } from '../core/time.js';
import { foreignIdentityOf, identityOf } from './identities.js';
import { errorCodeOf, eventNameOf, isDataEvent, isReadOnly } from './names.js';
import { type OwnedResource, resourcesOf } from './resources.js';

/** What is known of a request that has ended, or of a call that a service made for one. */
export interface EndedCall {
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  readonly requestId: string;
  /** `s3`; absent, like what follows from it, where the request could not be understood. */
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent?: string | undefined;
  /** As whom it acted; absent where the credentials did not hold. */
  readonly caller?: Caller | undefined;
  readonly parameters?: CloudTrailMap | undefined;
  readonly response?: CloudTrailMap | undefined;
  readonly error?: { readonly code: string; readonly message?: string | undefined } | undefined;
  readonly resources: readonly OwnedResource[];
  readonly transfer?: Transfer | undefined;
  readonly tls?: CloudTrailTls | undefined;
  /** The service that made the call in the caller's name: `s3.amazonaws.com`. */
  readonly invokedBy?: string | undefined;
  readonly status?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** What S3's records say of how a request came and what it carried. */
export interface Transfer {
  readonly signatureVersion?: 2 | 4 | undefined;
  readonly method?: 'AuthHeader' | 'QueryString' | undefined;
  /** Bytes of bodies. */
  readonly received: number;
  readonly sent?: number | undefined;
  readonly hostId?: string | undefined;
  /** How the object is encrypted: the header of the reply. */
  readonly encryption?: string | undefined;
}

/** Of the form that these records have: "CloudTrail record contents". */
const VERSION = '1.11';

/**
 * The records of a call: one for the caller's account, one for each other account whose resources it was about. They
 * have an id in common ("Shared event IDs"). A call of which no account is known has one that is for none.
 */
export function eventsOf(call: EndedCall): AuditEvent[] {
  const { caller, resources } = call;
  const home = caller?.account?.id;
  const owners = new Set<string>();
  for (const { owner } of resources) if (owner !== undefined && owner !== home) owners.add(owner);
  if (owners.size === 0 || caller === undefined)
    return [eventOf(call, identityOf(caller, call.invokedBy), home)];
  const shared = home === undefined && owners.size === 1 ? undefined : randomUUID();
  const made = [...owners].map(owner => ({
    ...eventOf(ownedPart(call, owner), foreignIdentityOf(caller), owner),
    sharedEventID: shared,
  }));
  if (home === undefined) return made;
  return [{ ...eventOf(call, identityOf(caller, call.invokedBy), home), sharedEventID: shared }, ...made];
}

function eventOf(
  call: EndedCall,
  userIdentity: AuditEvent['userIdentity'],
  recipientAccountId: string | undefined,
): AuditEvent {
  const { service, operation, error, parameters, response, transfer } = call;
  const eventName = service && operation && eventNameOf(service, operation);
  const isData = eventName !== undefined && isDataEvent(service!, eventName);
  const readOnly = eventName === undefined ? undefined : isReadOnly(service!, eventName);
  const prefix = readOnly ? parameters?.['prefix'] : undefined;
  return {
    eventVersion: VERSION,
    userIdentity,
    eventTime: `${secondOf(call.arrived)}Z`,
    eventSource: service && `${service}.amazonaws.com`,
    eventName,
    awsRegion: call.region,
    sourceIPAddress: call.sourceIp,
    userAgent: call.userAgent,
    errorCode: error && errorCodeOf(service, error.code),
    errorMessage: error?.message,
    requestParameters: parameters ?? null,
    responseElements: (readOnly && service !== 'sts') || error ? null : (response ?? null),
    additionalEventData: transfer && transferData(transfer, call.tls),
    requestID: call.requestId,
    eventID: randomUUID(),
    readOnly,
    resources: resourcesOf(call.resources, typeof prefix === 'string' ? prefix : undefined),
    eventType: 'AwsApiCall',
    managementEvent: eventName === undefined ? undefined : !isData,
    recipientAccountId,
    eventCategory: isData ? 'Data' : 'Management',
    tlsDetails: call.tls,
    sessionCredentialFromConsole: call.caller?.credentials === 'sign-in' ? 'true' : undefined,
    arrived: call.arrived,
    httpStatus: call.status,
    durationMs: call.duration,
  };
}

/**
 * What the owner of some of the resources learns of a call that was about others too. The parameters of S3 name one
 * bucket, and speak of what is done there.
 */
function ownedPart(call: EndedCall, owner: string): EndedCall {
  const resources = call.resources.filter(resource => resource.owner === owner);
  const bucket = call.parameters?.['bucketName'];
  const isOwn = bucket === undefined || resources.some(({ arn }) => bucketOf(arn) === bucket);
  return { ...call, resources, ...(!isOwn && { parameters: undefined, response: undefined }) };
}

/** `arn:aws:s3:::bucket/key` → `bucket` */
function bucketOf(arn: string): string | undefined {
  return arn.split(':', 6)[5]?.split('/', 1)[0];
}

function transferData(transfer: Transfer, tls: CloudTrailTls | undefined): CloudTrailMap {
  const { signatureVersion, method, received, sent, hostId, encryption } = transfer;
  // Member by member: spreading each where it is there takes five times as long.
  const data: Record<string, CloudTrailValue> = {};
  if (signatureVersion !== undefined) data['SignatureVersion'] = `SigV${signatureVersion}`;
  if (tls?.cipherSuite !== undefined) data['CipherSuite'] = tls.cipherSuite;
  data['bytesTransferredIn'] = received;
  if (encryption !== undefined) data['SSEApplied'] = encryption;
  if (method !== undefined) data['AuthenticationMethod'] = method;
  if (hostId !== undefined) data['x-amz-id-2'] = hostId;
  if (sent !== undefined) data['bytesTransferredOut'] = sent;
  return data;
}

/** A try to sign in to the console; `arn`: of who did, absent where it did not succeed. */
export interface SignIn
  extends Pick<EndedCall, 'arrived' | 'requestId' | 'region' | 'sourceIp' | 'userAgent'> {
  readonly arn?: string | undefined;
}

/** As CloudTrail has it: "AWS Management Console sign-in events". */
export function signInEvent({ arrived, requestId, region, sourceIp, userAgent, arn }: SignIn): AuditEvent {
  const accountId = arn?.split(':')[4];
  const isUser = arn?.includes(':user/');
  return {
    eventVersion: VERSION,
    userIdentity:
      arn === undefined
        ? { type: 'Unknown' }
        : {
            type: isUser ? 'IAMUser' : 'Root',
            arn,
            accountId,
            ...(isUser && { userName: arn.slice(arn.lastIndexOf('/') + 1) }),
          },
    eventTime: `${secondOf(arrived)}Z`,
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    awsRegion: region,
    sourceIPAddress: sourceIp,
    userAgent,
    ...(arn === undefined && { errorMessage: 'Failed authentication' }),
    requestParameters: null,
    responseElements: { ConsoleLogin: arn === undefined ? 'Failure' : 'Success' },
    requestID: requestId,
    eventID: randomUUID(),
    readOnly: false,
    eventType: 'AwsConsoleSignIn',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
    arrived,
    httpStatus: arn === undefined ? 403 : 200,
  };
}

/** The record as CloudTrail has it; `undefined` for a request that could not be understood. */
export function cloudTrailRecord(event: AuditEvent): CloudTrailRecord | undefined {
  const { arrived: _, httpStatus: _status, durationMs: _duration, eventSource, eventName, ...rest } = event;
  return eventSource === undefined || eventName === undefined
    ? undefined
    : { ...rest, eventSource, eventName };
}
