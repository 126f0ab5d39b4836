import type * as sdk from '@aws-sdk/client-cloudtrail';
import type { AuditEvent } from '../../core/cloudtrail.js';
import type { Operation } from '../../core/operation.js';
import { cloudTrailRecord } from '../../events/event.js';
import { positionIn, positionToken } from '../../events/position-token.js';
import { nameIn, term, userNameOf } from '../../events/terms.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';

/** At most, and unless asked for fewer: "LookupEvents", CloudTrail API Reference. */
const MOST = 50;

const KINDS = {
  AccessKeyId: 'key',
  EventId: 'event',
  EventName: 'name',
  EventSource: 'source',
  ReadOnly: 'readOnly',
  ResourceName: 'resource',
  ResourceType: 'resourceType',
  Username: 'user',
} as const;

/**
 * The management events of the caller's account, newest first, of every region. Throws
 * `InvalidLookupAttributesException` for more than one attribute, `InvalidMaxResultsException`,
 * `InvalidNextTokenException`, `InvalidTimeRangeException`.
 */
export const LookupEvents: Operation<
  CloudTrailPorts,
  sdk.LookupEventsRequest,
  sdk.LookupEventsResponse,
  string
> = {
  resolve: (_input, call) => ({
    requires: [{ action: call.action, resource: '*' }],
    // A caller that is allowed by its policies has an account.
    subject: call.caller.account?.id ?? '',
  }),
  async run(account, input, _call, { events }) {
    const { MaxResults = MOST, NextToken, StartTime, EndTime, EventCategory } = input;
    if (MaxResults < 1 || MaxResults > MOST) throw cloudTrailErrors.InvalidMaxResultsException(MaxResults);
    if (StartTime && EndTime && StartTime > EndTime) throw cloudTrailErrors.InvalidTimeRangeException();
    const after = NextToken === undefined ? undefined : positionIn(NextToken);
    if (NextToken !== undefined && !after) throw cloudTrailErrors.InvalidNextTokenException();
    const asked = attributeTerms(input.LookupAttributes ?? []);
    // Nothing is looked for that is out of the ordinary: there are no Insights events.
    if (EventCategory === 'insight') return { Events: [] };
    const found = await events.search({
      terms: [[term('account', account)], [term('category', 'Management')], ...asked],
      from: StartTime?.getTime(),
      to: EndTime?.getTime(),
      after,
      limit: MaxResults,
    });
    return {
      Events: found.events.map(shapeOf),
      ...(found.next && { NextToken: positionToken(found.next) }),
    };
  },
};

function attributeTerms(attributes: readonly sdk.LookupAttribute[]): string[][] {
  const [attribute, ...more] = attributes;
  if (more.length > 0) {
    throw cloudTrailErrors.InvalidLookupAttributesException('You can specify only one lookup attribute.');
  }
  if (!attribute) return [];
  return [[term(KINDS[attribute.AttributeKey!], attribute.AttributeValue!)]];
}

function shapeOf(event: AuditEvent): sdk.Event {
  const { eventID, eventName, eventSource, readOnly, userIdentity, resources = [], arrived } = event;
  return {
    EventId: eventID,
    EventName: eventName,
    ReadOnly: readOnly === undefined ? undefined : String(readOnly),
    AccessKeyId: userIdentity?.accessKeyId,
    EventTime: new Date(Math.floor(arrived / 1000) * 1000),
    EventSource: eventSource,
    Username: userNameOf(userIdentity),
    Resources: resources.flatMap(({ ARN, type }) =>
      ARN === undefined ? [] : [{ ResourceType: type, ResourceName: nameIn(ARN) }],
    ),
    CloudTrailEvent: JSON.stringify(cloudTrailRecord(event)),
  };
}
