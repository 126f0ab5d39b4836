/** Which events a trail takes: "Logging management events" and "Logging data events", CloudTrail User Guide. */
import type * as sdk from '@aws-sdk/client-cloudtrail';
import type { Operation } from '../../core/operation.js';
import {
  type AdvancedSelector,
  type BasicSelector,
  EVERY_MANAGEMENT_EVENT,
  type FieldSelector,
  OPERATORS,
  type Selectors,
} from '../../events/selection.js';
import { type Trail, trailArn } from '../../trails/records.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';
import { demandChanged, demandTrail, demandTrailHere, type OnTrail, resolveTrail } from './trail-names.js';

type Op<I, O> = Operation<CloudTrailPorts, I, O, OnTrail>;

/** "PutEventSelectors", CloudTrail API Reference. */
const MOST_SELECTORS = 5;
const MOST_RESOURCES = 250;
const MOST_VALUES = 500;

const wrong = (why: string) => cloudTrailErrors.InvalidEventSelectorsException(why);

/** In place of those that the trail has. Throws `InvalidEventSelectorsException`, and as UpdateTrail for the trail. */
export const PutEventSelectors: Op<sdk.PutEventSelectorsRequest, sdk.PutEventSelectorsResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.TrailName, call, ports),
  async run(subject, input, call, { trails }) {
    const trail = demandTrailHere(subject, call);
    const selectors = readSelectors(input);
    return shapeOf(demandChanged(subject, await trails.setSelectors(trail, selectors)));
  },
};

/** Throws `TrailNotFoundException`. */
export const GetEventSelectors: Op<sdk.GetEventSelectorsRequest, sdk.GetEventSelectorsResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.TrailName, call, ports),
  run: async subject => shapeOf(demandTrail(subject)),
};

function shapeOf(trail: Trail): sdk.GetEventSelectorsResponse {
  const { selectors = EVERY_MANAGEMENT_EVENT } = trail;
  const TrailARN = trailArn(trail);
  if (selectors.kind === 'basic') return { TrailARN, EventSelectors: selectors.list.map(basicShape) };
  return { TrailARN, AdvancedEventSelectors: selectors.list.map(advancedShape) };
}

function basicShape(selector: BasicSelector): sdk.EventSelector {
  return {
    ReadWriteType: selector.readWrite,
    IncludeManagementEvents: selector.management,
    DataResources: selector.dataResources.map(({ type, values }) => ({ Type: type, Values: [...values] })),
    ExcludeManagementEventSources: [...selector.withoutSources],
  };
}

function advancedShape({ name, fields }: AdvancedSelector): sdk.AdvancedEventSelector {
  return {
    ...(name !== undefined && { Name: name }),
    FieldSelectors: fields.map(({ field, ...operators }) => {
      const asked = OPERATORS.flatMap(one => (operators[one] ? [[one, [...operators[one]]] as const] : []));
      return { Field: field, ...Object.fromEntries(asked) };
    }),
  };
}

function readSelectors(input: sdk.PutEventSelectorsRequest): Selectors {
  const { EventSelectors: basic = [], AdvancedEventSelectors: advanced = [] } = input;
  if (basic.length > 0 === advanced.length > 0) {
    throw wrong('Specify either event selectors or advanced event selectors.');
  }
  if (basic.length > MOST_SELECTORS) throw wrong(`A trail can have up to ${MOST_SELECTORS} event selectors.`);
  if (advanced.length === 0) return { kind: 'basic', list: readBasics(basic) };
  const list = advanced.map(readAdvanced);
  const values = list.flatMap(({ fields }) =>
    fields.flatMap(field => OPERATORS.flatMap(one => field[one] ?? [])),
  );
  if (values.length > MOST_VALUES) {
    throw wrong(`Advanced event selectors can have up to ${MOST_VALUES} values.`);
  }
  return { kind: 'advanced', list };
}

function readBasics(given: readonly sdk.EventSelector[]): BasicSelector[] {
  const list = given.map(readBasic);
  const resources = list.flatMap(({ dataResources }) => dataResources.flatMap(({ values }) => values));
  if (resources.filter(value => !isAll(value)).length > MOST_RESOURCES) {
    throw wrong(`A trail can have up to ${MOST_RESOURCES} data resources.`);
  }
  return list;
}

/** What the values of a data resource look like. */
const VALUES: Readonly<Record<string, RegExp>> = {
  'AWS::S3::Object': /^arn:aws[\w-]*:s3(?:$|:::$|:::[^/*]+\/.*$)/,
  'AWS::Lambda::Function': /^arn:aws[\w-]*:lambda(?:$|:[^*]*$)/,
  'AWS::DynamoDB::Table': /^arn:aws[\w-]*:dynamodb(?:$|:[^*]*$)/,
};

/** Those whose management events may be left out. */
const EXCLUDABLE = new Set(['kms.amazonaws.com', 'rdsdata.amazonaws.com']);

function isAll(value: string): boolean {
  return /^arn:[\w-]+:\w+(?::::?)?$/.test(value);
}

function readBasic(given: sdk.EventSelector): BasicSelector {
  const { ReadWriteType = 'All', IncludeManagementEvents = true, DataResources = [] } = given;
  const withoutSources = given.ExcludeManagementEventSources ?? [];
  if (withoutSources.some(source => !EXCLUDABLE.has(source))) {
    throw wrong('ExcludeManagementEventSources can have kms.amazonaws.com and rdsdata.amazonaws.com.');
  }
  const dataResources = DataResources.map(({ Type: type = '', Values: values = [] }) => {
    const pattern = VALUES[type];
    if (!pattern) throw wrong(`Value ${type} for DataResources.Type is invalid.`);
    for (const value of values) {
      if (!pattern.test(value)) throw wrong(`Value ${value} for DataResources.Values is invalid.`);
    }
    return { type, values };
  });
  return {
    readWrite: ReadWriteType,
    management: IncludeManagementEvents,
    withoutSources,
    objects: dataResources.filter(({ type }) => type === 'AWS::S3::Object').flatMap(({ values }) => values),
    dataResources,
  };
}

/** Fields by the category of the events ("AdvancedFieldSelector"); of some only `Equals` may be asked. */
const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  Management: new Set([
    'eventCategory',
    'eventSource',
    'readOnly',
    'sessionCredentialFromConsole',
    'userIdentity.arn',
  ]),
  Data: new Set([
    'eventCategory',
    'eventName',
    'eventSource',
    'eventType',
    'readOnly',
    'resources.ARN',
    'resources.type',
    'sessionCredentialFromConsole',
    'userIdentity.arn',
  ]),
};
const EQUALS_ONLY = new Set(['eventCategory', 'readOnly', 'resources.type']);

function readAdvanced({ Name, FieldSelectors = [] }: sdk.AdvancedEventSelector): AdvancedSelector {
  const fields = FieldSelectors.map(readField);
  const names = fields.map(({ field }) => field);
  if (new Set(names).size < names.length) throw wrong('A field is given twice.');
  const [category, ...more] = fields.find(({ field }) => field === 'eventCategory')?.Equals ?? [];
  const known = category === undefined || more.length > 0 ? undefined : FIELDS[category];
  if (!known) throw wrong('Each selector needs eventCategory with Equals Management or Data.');
  const unknown = names.find(name => !known.has(name));
  if (unknown !== undefined) throw wrong(`The field ${unknown} is not valid for ${category} events.`);
  if (category === 'Data' && fields.find(({ field }) => field === 'resources.type')?.Equals?.length !== 1) {
    throw wrong('Data events need resources.type with one value for Equals.');
  }
  return { ...(Name !== undefined && { name: Name }), fields };
}

function readField({ Field: field = '', ...operators }: sdk.AdvancedFieldSelector): FieldSelector {
  const asked = OPERATORS.flatMap(one => (operators[one]?.length ? [[one, operators[one]] as const] : []));
  if (asked.length === 0) throw wrong(`The field ${field} has no values.`);
  if (EQUALS_ONLY.has(field) && asked.some(([operator]) => operator !== 'Equals')) {
    throw wrong(`Equals is the only operator for ${field}.`);
  }
  return { field, ...Object.fromEntries(asked) };
}
