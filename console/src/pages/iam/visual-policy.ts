/** Policies as the visual editor has them: one block, one statement, one service. */

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Block {
  readonly allow: boolean;
  /** `s3` */
  readonly service: string;
  /** Without the service; `*` for all. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
  readonly sid?: string | undefined;
}

export const NEW_BLOCK: Block = { allow: true, service: '', actions: [], resources: [], conditions: [] };

type Json = Readonly<Record<string, unknown>>;

const MEMBERS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

/** The blocks of a policy; `undefined` where it has what no block can show (NotAction, several partitions …). */
export function blocksOf(document: string): Block[] | undefined {
  let parsed: Json;
  try {
    parsed = JSON.parse(document) as Json;
  } catch {
    return undefined;
  }
  const statements = listOf(parsed?.['Statement']);
  const blocks = statements.map(blocksOfStatement);
  return blocks.every(found => found !== undefined) ? blocks.flat() : undefined;
}

/** A statement with actions of several services becomes a block for each. */
function blocksOfStatement(statement: unknown): Block[] | undefined {
  if (typeof statement !== 'object' || statement === null) return undefined;
  const members = statement as Json;
  if (!Object.keys(members).every(name => MEMBERS.has(name))) return undefined;
  const actions = listOf(members['Action']).map(String);
  if (actions.some(action => !action.includes(':'))) return undefined;
  const services = [...new Set(actions.map(action => action.split(':')[0]!.toLowerCase()))];
  const shared = {
    allow: members['Effect'] === 'Allow',
    resources: listOf(members['Resource']).map(String),
    conditions: conditionsOf(members['Condition']),
    sid: typeof members['Sid'] === 'string' ? members['Sid'] : undefined,
  };
  if (services.length === 0) return [{ ...shared, service: '', actions: [] }];
  return services.map((service, index) => ({
    ...shared,
    service,
    actions: actions
      .filter(action => action.toLowerCase().startsWith(`${service}:`))
      .map(action => action.slice(service.length + 1)),
    // A Sid is unique within its policy.
    sid: index === 0 ? shared.sid : undefined,
  }));
}

function conditionsOf(condition: unknown): Condition[] {
  if (typeof condition !== 'object' || condition === null) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries((keys ?? {}) as Json).map(([key, values]) => ({
      operator,
      key,
      values: listOf(values).map(String),
    })),
  );
}

/** The policy of such blocks. */
export function documentOf(blocks: readonly Block[]): string {
  const Statement = blocks.map(({ allow, service, actions, resources, conditions, sid }) => ({
    ...(sid !== undefined && { Sid: sid }),
    Effect: allow ? 'Allow' : 'Deny',
    Action: single(actions.map(action => `${service}:${action}`)),
    Resource: single(resources),
    ...(conditions.length > 0 && { Condition: conditionElement(conditions) }),
  }));
  return `${JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)}\n`;
}

function conditionElement(conditions: readonly Condition[]): object {
  const element: Record<string, Record<string, unknown>> = {};
  for (const { operator, key, values } of conditions) {
    element[operator] = { ...element[operator], [key]: single(values) };
  }
  return element;
}

function single(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values;
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
