/** Which events a trail takes: "Logging management events" and "Logging data events", CloudTrail User Guide. */
import type { CloudTrailRecord, CloudTrailResource } from '../core/cloudtrail.js';

type ReadWrite = 'All' | 'ReadOnly' | 'WriteOnly';

/** A basic event selector. */
export interface BasicSelector {
  readonly readWrite: ReadWrite;
  readonly management: boolean;
  /** `kms.amazonaws.com`: management events of that service are left out. */
  readonly withoutSources: readonly string[];
  /** ARNs of S3 objects, or how they begin; `arn:aws:s3` is all. */
  readonly objects: readonly string[];
  /** As they were given, types among them of which there are no events here. */
  readonly dataResources: readonly { readonly type: string; readonly values: readonly string[] }[];
}

export const OPERATORS = [
  'Equals',
  'StartsWith',
  'EndsWith',
  'NotEquals',
  'NotStartsWith',
  'NotEndsWith',
] as const;

/** What is asked of a field of an event: values by operator. */
export type FieldSelector = {
  readonly [O in (typeof OPERATORS)[number]]?: readonly string[] | undefined;
} & { readonly field: string };

/** An advanced event selector: all of its fields must fit. */
export interface AdvancedSelector {
  readonly name?: string | undefined;
  readonly fields: readonly FieldSelector[];
}

/** An event is taken that one of them takes. */
export type Selectors =
  | { readonly kind: 'basic'; readonly list: readonly BasicSelector[] }
  | { readonly kind: 'advanced'; readonly list: readonly AdvancedSelector[] };

/** What a trail has until its selectors are set. */
export const EVERY_MANAGEMENT_EVENT: Selectors = {
  kind: 'basic',
  list: [{ readWrite: 'All', management: true, withoutSources: [], objects: [], dataResources: [] }],
};

/** Milliseconds since the epoch, both included; without an end it still lasts. */
interface Span {
  readonly from: number;
  readonly to?: number | undefined;
}

export interface Selection {
  /** The account that the record is for. */
  readonly account: string;
  /** Absent: of every region. */
  readonly region?: string | undefined;
  /** Whether events of services without regions are taken. */
  readonly globalServices: boolean;
  /** When the trail logs. */
  readonly times: readonly Span[];
  readonly selectors: Selectors;
}

/** Services without regions; STS is one at its global endpoint ("Global service events", CloudTrail User Guide). */
const GLOBAL = new Set(['iam.amazonaws.com', 'organizations.amazonaws.com', 'signin.amazonaws.com']);

/** `arrived`: milliseconds since the epoch. */
export function isSelected(record: CloudTrailRecord, arrived: number, selection: Selection): boolean {
  const { account, region, globalServices, times, selectors } = selection;
  if (record.recipientAccountId !== account) return false;
  if (region !== undefined && record.awsRegion !== region) return false;
  if (!globalServices && GLOBAL.has(record.eventSource)) return false;
  if (!times.some(({ from, to }) => arrived >= from && (to === undefined || arrived <= to))) return false;
  return selectors.kind === 'basic'
    ? selectors.list.some(selector => basicTakes(selector, record))
    : selectors.list.some(selector => advancedTakes(selector, record));
}

function basicTakes(selector: BasicSelector, record: CloudTrailRecord): boolean {
  const { readWrite, management, withoutSources, objects } = selector;
  if (readWrite !== 'All' && (record.readOnly === true) !== (readWrite === 'ReadOnly')) return false;
  if (record.eventCategory !== 'Data') return management && !withoutSources.includes(record.eventSource);
  return objectsOf(record).some(arn => objects.some(prefix => arn.startsWith(prefix)));
}

const SELECTING = ['Equals', 'StartsWith', 'EndsWith'] as const;
const DESELECTING = ['NotEquals', 'NotStartsWith', 'NotEndsWith'] as const;

/** What concerns the resources must hold of one and the same of them. */
function advancedTakes({ fields }: AdvancedSelector, record: CloudTrailRecord): boolean {
  const own = fields.filter(({ field }) => !field.startsWith('resources.'));
  if (!own.every(field => fits(field, fieldOf(record, field.field)))) return false;
  const ofResources = fields.filter(({ field }) => field.startsWith('resources.'));
  if (ofResources.length === 0) return true;
  return resourcesOf(record).some(resource =>
    ofResources.every(field => fits(field, field.field === 'resources.type' ? resource.type : resource.ARN)),
  );
}

/**
 * Operators that select are alternatives, those that deselect hold all ("How CloudTrail evaluates multiple conditions
 * for a field", User Guide).
 */
function fits(field: FieldSelector, value: string | undefined): boolean {
  const holds = (operator: string, wanted: string) => {
    if (value === undefined) return false;
    if (operator.endsWith('StartsWith')) return value.startsWith(wanted);
    return operator.endsWith('EndsWith') ? value.endsWith(wanted) : value === wanted;
  };
  const selecting = SELECTING.filter(operator => field[operator] !== undefined);
  const isSelected =
    selecting.length === 0 ||
    selecting.some(operator => field[operator]!.some(wanted => holds(operator, wanted)));
  return (
    isSelected &&
    DESELECTING.every(operator => !(field[operator] ?? []).some(wanted => holds(operator, wanted)))
  );
}

function fieldOf(record: CloudTrailRecord, field: string): string | undefined {
  switch (field) {
    case 'eventCategory':
      return record.eventCategory;
    case 'eventName':
      return record.eventName;
    case 'eventSource':
      return record.eventSource;
    case 'eventType':
      return record.eventType;
    case 'readOnly':
      return String(record.readOnly ?? false);
    case 'sessionCredentialFromConsole':
      return record.sessionCredentialFromConsole ?? 'false';
    case 'userIdentity.arn':
      return record.userIdentity?.arn;
    default:
      return undefined;
  }
}

const OBJECT = 'AWS::S3::Object';

/** Of a call on a bucket's contents as a whole, like HeadBucket: every object of it. */
function resourcesOf(record: CloudTrailRecord): readonly CloudTrailResource[] {
  const resources = record.resources ?? [];
  if (record.eventCategory !== 'Data') return resources;
  const objects = resources.filter(({ type }) => type === OBJECT);
  if (objects.length > 0) return objects.map(one => ({ ...one, ARN: one.ARN ?? one.ARNPrefix }));
  return resources.flatMap(({ ARN }) => (ARN === undefined ? [] : [{ type: OBJECT, ARN: `${ARN}/` }]));
}

function objectsOf(record: CloudTrailRecord): string[] {
  return resourcesOf(record).flatMap(({ ARN }) => (ARN === undefined ? [] : [ARN]));
}
