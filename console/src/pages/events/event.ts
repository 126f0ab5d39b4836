import type { CloudTrailRecord } from '../../../../src/core/cloudtrail.js';

/** An event as SearchEvents answers it; what could not be understood has no name. */
export interface FoundEvent extends Omit<CloudTrailRecord, 'eventSource' | 'eventName'> {
  readonly eventSource?: string;
  readonly eventName?: string;
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  readonly httpStatus?: number;
  readonly durationMs?: number;
}

export interface Found {
  readonly Events: readonly FoundEvent[];
  readonly NextToken?: string;
}

/** `s3:GetObject` */
export function callOf({ eventSource, eventName }: FoundEvent): string {
  return eventName === undefined ? '–' : `${eventSource?.split('.')[0]}:${eventName}`;
}

/** The ARN of who called, or what is known of it. */
export function principalOf({ userIdentity }: FoundEvent): string {
  const { arn, invokedBy, principalId, accountId, type } = userIdentity ?? {};
  return arn ?? (principalId || accountId || invokedBy || type || '–');
}

export function resourceOf({ resources }: FoundEvent): string {
  return resources?.[0]?.ARN ?? resources?.[0]?.ARNPrefix ?? '–';
}
