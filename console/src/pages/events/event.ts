import type { FoundEvent } from '../../../../src/core/cloudtrail.js';

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
