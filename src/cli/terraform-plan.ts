/** Policies in what `terraform show -json` prints of a plan or a state. */

import type { PolicyKind } from '../policy/index.js';
import { type JsonNode, parseJson } from '../policy/parse/json.js';
import type { FoundPolicy } from './found-policy.js';
import { isPolicy, memberOf, membersOf, type PlacedText, stringOf } from './source-tree.js';

/** What an attribute of a resource type holds; any other text that is a policy is judged by what it says. */
const KINDS: ReadonlyMap<string, PolicyKind> = new Map(
  Object.entries({
    'aws_iam_policy.policy': 'identity',
    'aws_iam_role.assume_role_policy': 'trust',
    'aws_iam_role.policy': 'identity',
    'aws_iam_role_policy.policy': 'identity',
    'aws_iam_user_policy.policy': 'identity',
    'aws_iam_group_policy.policy': 'identity',
    'aws_ssoadmin_permission_set_inline_policy.inline_policy': 'identity',
    'aws_s3_bucket.policy': 'resource',
    'aws_s3_bucket_policy.policy': 'resource',
    'aws_kms_key.policy': 'key',
    'aws_kms_key_policy.policy': 'key',
    'aws_kms_external_key.policy': 'key',
    'aws_kms_replica_key.policy': 'key',
  } as const),
);
const CONTROL: ReadonlyMap<string, PolicyKind> = new Map(
  Object.entries({
    SERVICE_CONTROL_POLICY: 'service-control',
    RESOURCE_CONTROL_POLICY: 'resource-control',
  } as const),
);

export function isPlan(root: JsonNode): boolean {
  return memberOf(root, 'format_version') !== undefined && rootModule(root) !== undefined;
}

function rootModule(root: JsonNode): JsonNode | undefined {
  return memberOf(memberOf(root, 'planned_values') ?? memberOf(root, 'values'), 'root_module');
}

/** The policies of a plan or a state, and the attributes that only `apply` will know. */
export function policiesOfPlan(root: JsonNode): { found: FoundPolicy[]; unknown: string[] } {
  const module = rootModule(root);
  return { found: module ? [...ofModule(module)] : [], unknown: unknownPolicies(root) };
}

function* ofModule(module: JsonNode): Generator<FoundPolicy> {
  const list = (name: string) => itemsOf(memberOf(module, name));
  for (const resource of list('resources')) {
    const values = memberOf(resource, 'values');
    const address = stringOf(memberOf(resource, 'address')) ?? '';
    const type = stringOf(memberOf(resource, 'type')) ?? '';
    if (values && memberOf(resource, 'mode') !== undefined)
      yield* ofValues(values, values, type, '', address);
  }
  for (const child of list('child_modules')) yield* ofModule(child);
}

function* ofValues(
  node: JsonNode,
  values: JsonNode,
  type: string,
  attribute: string,
  resource: string,
): Generator<FoundPolicy> {
  if (node.kind === 'object') {
    for (const { name, value } of node.members) yield* ofValues(value, values, type, name, resource);
  } else if (node.kind === 'array') {
    for (const item of node.items) yield* ofValues(item, values, type, attribute, resource);
  } else if (node.kind === 'string' && isPolicyText(node.value, `${type}.${attribute}`)) {
    const control =
      type === 'aws_organizations_policy' ? CONTROL.get(stringOf(memberOf(values, 'type')) ?? '') : undefined;
    const kind = control ?? KINDS.get(`${type}.${attribute}`);
    yield {
      resource,
      placed: textOf(node),
      ...(kind && { kind }),
      ...holderOf(type),
      ...(type === 'aws_iam_policy' && { managed: true }),
      ...(/^aws_s3_bucket(?:_policy)?$/.test(type) && { bucket: true }),
    };
  }
}

/** What has the policies of a resource type, where the type tells. */
function holderOf(type: string): Pick<FoundPolicy, 'attachedTo'> {
  const holder = /^aws_iam_(user|group|role)(?:_policy)?$/.exec(type)?.[1];
  return holder ? { attachedTo: holder as 'user' | 'group' | 'role' } : {};
}

/** A text that is a policy, or one that stands where a policy must. */
function isPolicyText(text: string, attribute: string): boolean {
  if (KINDS.has(attribute)) return text !== '';
  if (!/^\s*\{/.test(text) || !text.includes('"Statement"')) return false;
  try {
    return isPolicy(parseJson(text));
  } catch {
    return true;
  }
}

/** The text of a JSON string: all of it stands where the string does. */
function textOf({ value, start, end }: JsonNode & { kind: 'string' }): PlacedText {
  return { text: value, sourceOf: () => ({ start, end }), touched: () => [] };
}

function unknownPolicies(root: JsonNode): string[] {
  const configuration = memberOf(memberOf(root, 'configuration'), 'root_module');
  return itemsOf(memberOf(root, 'resource_changes')).flatMap(change => {
    const type = stringOf(memberOf(change, 'type'));
    const address = stringOf(memberOf(change, 'address')) ?? '';
    const after = memberOf(memberOf(change, 'change'), 'after_unknown');
    return membersOf(after)
      .filter(
        ({ name, value }) =>
          value.kind === 'boolean' && value.value === 'true' && KINDS.has(`${type}.${name}`),
      )
      .filter(({ name }) => isConfigured(configuration, address, name))
      .map(({ name }) => `${address}.${name}`);
  });
}

/** Whether the configuration sets an attribute: AWS makes up the others, a key's default policy among them. */
function isConfigured(module: JsonNode | undefined, address: string, attribute: string): boolean {
  const bare = address.replace(/\[[^\]]*\]/g, '');
  const [, name, rest] = /^module\.([^.]+)\.(.+)$/.exec(bare) ?? [];
  if (name !== undefined) {
    const call = memberOf(memberOf(module, 'module_calls'), name);
    return isConfigured(memberOf(call, 'module'), rest!, attribute);
  }
  const resources = itemsOf(memberOf(module, 'resources'));
  const resource = resources.find(one => stringOf(memberOf(one, 'address')) === bare);
  return resource === undefined || memberOf(memberOf(resource, 'expressions'), attribute) !== undefined;
}

function itemsOf(node: JsonNode | undefined): readonly JsonNode[] {
  return node?.kind === 'array' ? node.items : [];
}
