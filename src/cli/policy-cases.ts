import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import {
  type AuthorizationRequest,
  type Context,
  compilePolicy,
  contextOfPrincipal,
  type NamedPolicy,
  type PolicyKind,
  type PolicySet,
  PolicySyntaxError,
  principalOfArn,
} from '../policy/index.js';

/** One request with its policies, and what should come of it. */
export interface PolicyCase {
  readonly name: string;
  readonly request: AuthorizationRequest;
  readonly policies: PolicySet;
  readonly expect?: 'allowed' | 'denied';
}

type Fields = Readonly<Record<string, unknown>>;

const FILE_FIELDS = [
  'policies',
  'cases',
  'principal',
  'action',
  'resource',
  'resourceAccount',
  'context',
  'expect',
];
const CASE_FIELDS = [...FILE_FIELDS.filter(name => name !== 'cases'), 'name'];
const POLICY_FIELDS = [
  'identity',
  'boundary',
  'session',
  'resource',
  'trust',
  'key',
  'serviceControl',
  'resourceControl',
];

/**
 * Reads a file of cases, YAML or JSON. What stands at the top counts for every case that does not say otherwise;
 * `principal`, `action` and `resource` may be lists, and then stand for every combination. A policy is the path of a
 * JSON file, from the file of cases, or the document itself. Throws `Error` with the file and the case in its message.
 */
export async function readCases(file: string): Promise<PolicyCase[]> {
  const root = fieldsOf(parse(await readFile(file, 'utf8')), FILE_FIELDS, file);
  const { cases, ...common } = root;
  const list = cases === undefined ? [{}] : cases;
  if (!Array.isArray(list)) throw new Error(`${file}: "cases" must be a list`);
  const found: PolicyCase[] = [];
  for (const [index, one] of list.entries()) {
    const where = `${file}: case ${index + 1}`;
    const fields: Fields = { ...common, ...fieldsOf(one, CASE_FIELDS, where) };
    try {
      found.push(...(await casesOf(fields, dirname(file))));
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
  }
  return found;
}

function fieldsOf(value: unknown, known: readonly string[], where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where}: must be a mapping`);
  const unknown = Object.keys(value).find(name => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${where}: "${unknown}" is none of ${known.join(', ')}`);
  return value as Fields;
}

async function casesOf(fields: Fields, directory: string): Promise<PolicyCase[]> {
  const { expect, resourceAccount } = fields;
  if (expect !== undefined && expect !== 'allowed' && expect !== 'denied')
    throw new Error('"expect" is "allowed" or "denied"');
  const policies = await policySet(
    fieldsOf(fields['policies'] ?? {}, POLICY_FIELDS, '"policies"'),
    directory,
  );
  return texts(fields, 'principal').flatMap(arn =>
    texts(fields, 'action').flatMap(action =>
      texts(fields, 'resource').map(resource => {
        const principal = principalOfArn(arn);
        const request = {
          principal,
          action,
          resource,
          ...(resourceAccount !== undefined && { resourceAccount: String(resourceAccount) }),
          context: { ...contextOfPrincipal(principal), ...contextOf(fields['context']) },
        };
        const name = typeof fields['name'] === 'string' ? `${fields['name']}: ` : '';
        return {
          name: `${name}${arn} ${action} ${resource}`,
          request,
          policies,
          ...(expect !== undefined && { expect: expect as 'allowed' | 'denied' }),
        };
      }),
    ),
  );
}

function texts(fields: Fields, name: string): string[] {
  const values = [fields[name] ?? []].flat();
  if (values.length === 0 || !values.every(value => typeof value === 'string'))
    throw new Error(`"${name}" must be a text or a list of texts`);
  return values as string[];
}

/** Numbers, booleans and dates become the text that a request would carry. */
function contextOf(value: unknown): Context {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null)
    throw new Error('"context" must be a mapping of condition keys');
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, Array.isArray(one) ? one.map(text) : text(one)]),
  );
}

const text = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

async function policySet(fields: Fields, directory: string): Promise<PolicySet> {
  const load = async (name: string, kind: PolicyKind) => {
    const items = [fields[name] ?? []].flat();
    return await Promise.all(
      items.map((item, index) => loadPolicy(item, kind, `${name} policy ${index + 1}`, directory)),
    );
  };
  /** Each policy is a level of its own: from the organisation's root to the account. */
  const levels = async (name: string, kind: PolicyKind) => (await load(name, kind)).map(policy => [policy]);
  const attached = (['resource', 'trust', 'key'] as const).filter(name => fields[name] !== undefined);
  if (attached.length > 1) throw new Error(`a resource has one policy, not ${attached.join(' and ')}`);
  const [kind] = attached;
  const [boundary] = await load('boundary', 'boundary');
  const [resource] = kind ? await load(kind, kind) : [];
  return {
    identity: await load('identity', 'identity'),
    ...(boundary && { boundary }),
    ...(fields['session'] !== undefined && { session: await load('session', 'session') }),
    ...(kind && resource && { resource, resourceKind: kind }),
    ...(fields['serviceControl'] !== undefined && {
      serviceControl: await levels('serviceControl', 'service-control'),
    }),
    ...(fields['resourceControl'] !== undefined && {
      resourceControl: await levels('resourceControl', 'resource-control'),
    }),
  };
}

async function loadPolicy(
  item: unknown,
  kind: PolicyKind,
  name: string,
  directory: string,
): Promise<NamedPolicy> {
  const isPath = typeof item === 'string' && !item.trimStart().startsWith('{');
  const source = isPath
    ? await readFile(resolve(directory, item), 'utf8')
    : typeof item === 'string'
      ? item
      : JSON.stringify(item);
  const called = isPath ? item : name;
  try {
    return { name: called, policy: compilePolicy(source, kind) };
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw new Error(`${called}: ${error.problems[0].message}`, { cause: error });
  }
}
