/** Policies in CloudFormation templates, with what only a deployment knows left open. */
import type { JsonMember, JsonNode } from '../policy/parse/json.js';
import type { FoundPolicy } from './found-policy.js';
import { isPolicy, memberOf, membersOf, printPlaced, stringOf } from './source-tree.js';

/** What a policy says where only the deployment knows: a variable that no request has. */
export const UNKNOWN = '${unknown}';

/** Parameters that every stack has; the account is an example. */
const PSEUDO: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'AWS::AccountId': '111122223333',
    'AWS::Partition': 'aws',
    'AWS::Region': 'us-east-1',
    'AWS::URLSuffix': 'amazonaws.com',
  }),
);

/** The ARNs of resources whose form the linter judges: `Arn` of `Fn::GetAtt`. */
const ARNS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'AWS::S3::Bucket': `arn:aws:s3:::${UNKNOWN}`,
    'AWS::KMS::Key': `arn:aws:kms:us-east-1:111122223333:key/${UNKNOWN}`,
    'AWS::IAM::Role': `arn:aws:iam::111122223333:role/${UNKNOWN}`,
    'AWS::IAM::User': `arn:aws:iam::111122223333:user/${UNKNOWN}`,
  }),
);

export function isTemplate(root: JsonNode): boolean {
  const types = membersOf(memberOf(root, 'Resources')).map(({ value }) => stringOf(memberOf(value, 'Type')));
  return types.some(type => type !== undefined && /^(?:AWS|Custom)::/.test(type));
}

/** A policy with functions of CloudFormation in it, as parts of templates are kept in files. */
export function policyOfFragment(root: JsonNode): FoundPolicy {
  return { resource: '', placed: printPlaced(resolver(new Map())(root)) };
}

/** All policy documents of a template, each with the resource that has it. */
export function policiesOfTemplate(root: JsonNode): FoundPolicy[] {
  const resources = membersOf(memberOf(root, 'Resources'));
  const types = new Map(resources.map(({ name, value }) => [name, stringOf(memberOf(value, 'Type')) ?? '']));
  const resolve = resolver(types);
  return resources.flatMap(({ name, value }) => {
    const type = types.get(name) ?? '';
    const properties = memberOf(value, 'Properties');
    // What has a Statement of its own among its properties is no document (AWS::Events::EventBusPolicy).
    return membersOf(properties).flatMap(({ name: property, value }) => [
      ...documents(resolve(value), type, property, name, properties as JsonNode),
    ]);
  });
}

function* documents(
  node: JsonNode,
  type: string,
  property: string,
  resource: string,
  properties: JsonNode,
): Generator<FoundPolicy> {
  if (isPolicy(node)) {
    yield { resource, placed: printPlaced(node), ...kindOf(type, property, properties) };
  } else if (node.kind === 'object') {
    for (const { name, value } of node.members) yield* documents(value, type, name, resource, properties);
  } else if (node.kind === 'array') {
    for (const item of node.items) yield* documents(item, type, property, resource, properties);
  }
}

function kindOf(
  type: string,
  property: string,
  properties: JsonNode,
): Pick<FoundPolicy, 'kind' | 'managed' | 'bucket' | 'attachedTo'> {
  if (property === 'AssumeRolePolicyDocument') return { kind: 'trust' };
  if (property === 'KeyPolicy') return { kind: 'key' };
  if (type === 'AWS::IAM::ManagedPolicy') return { kind: 'identity', managed: true };
  const holder = /^AWS::IAM::(User|Group|Role)(?:Policy)?$/.exec(type)?.[1]?.toLowerCase();
  if (holder) return { kind: 'identity', attachedTo: holder as 'user' | 'group' | 'role' };
  if (type === 'AWS::SSO::PermissionSet') return { kind: 'identity', attachedTo: 'role' };
  if (type.startsWith('AWS::IAM::')) return { kind: 'identity' };
  if (type === 'AWS::S3::BucketPolicy') return { kind: 'resource', bucket: true };
  if (type.startsWith('AWS::ECR::Repository')) return { kind: 'resource' };
  if (type !== 'AWS::Organizations::Policy') return {};
  const control = stringOf(memberOf(properties, 'Type'));
  if (control === 'SERVICE_CONTROL_POLICY') return { kind: 'service-control' };
  return control === 'RESOURCE_CONTROL_POLICY' ? { kind: 'resource-control' } : {};
}

/** Replaces functions by what they give, as far as the template tells; what it does not tell is `UNKNOWN`. */
function resolver(types: ReadonlyMap<string, string>): (node: JsonNode) => JsonNode {
  const unknown = ({ start, end }: JsonNode): JsonNode => ({ kind: 'string', value: UNKNOWN, start, end });
  return resolve;

  function resolve(node: JsonNode): JsonNode {
    if (node.kind === 'array') return { ...node, items: node.items.flatMap(alternatives).map(resolve) };
    // CloudFormation hands numbers and booleans on as text.
    if (node.kind === 'number' || node.kind === 'boolean') return { ...node, kind: 'string' };
    if (node.kind !== 'object') return node;
    const [only, ...others] = node.members;
    if (only && others.length === 0 && (only.name === 'Ref' || only.name.startsWith('Fn::')))
      return call(only, node);
    const members = node.members.filter(({ value }) => !isNoValue(value));
    return { ...node, members: members.map(member => ({ ...member, value: resolve(member.value) })) };
  }

  function call({ name, value }: JsonMember, node: JsonNode): JsonNode {
    const text = (result: string): JsonNode => ({
      kind: 'string',
      value: result,
      start: node.start,
      end: node.end,
    });
    switch (name) {
      case 'Ref':
        return text(PSEUDO.get(stringOf(value) ?? '') ?? UNKNOWN);
      case 'Fn::GetAtt':
        return text(attribute(...namesOf(value)));
      case 'Fn::Sub': {
        const template = stringOf(value?.kind === 'array' ? value.items[0] : value);
        return template === undefined ? unknown(node) : text(substitute(template));
      }
      case 'Fn::Join': {
        const [separator, list] = value.kind === 'array' ? value.items : [];
        if (stringOf(separator) === undefined || list?.kind !== 'array') return unknown(node);
        const parts = list.items.map(item => stringOf(resolve(item)) ?? UNKNOWN);
        return text(parts.join(stringOf(separator)));
      }
      case 'Fn::If': {
        const [first] = alternatives(node);
        return first && first !== node ? resolve(first) : unknown(node);
      }
      default:
        return unknown(node);
    }
  }

  function substitute(template: string): string {
    return template.replace(/\$\{([^}]*)\}/g, (whole, inside: string) => {
      if (inside.startsWith('!')) return `\${${inside.slice(1)}}`;
      const [name = '', ...rest] = inside.trim().split('.');
      if (rest.length > 0) return attribute(name, rest.join('.'));
      // A variable of IAM: CloudFormation has no name with one colon.
      return PSEUDO.get(name) ?? (/^[a-z][\w.-]*:[^:]/i.test(name) ? whole : UNKNOWN);
    });
  }

  function attribute(resource = '', name = ''): string {
    return name === 'Arn' ? (ARNS.get(types.get(resource) ?? '') ?? UNKNOWN) : UNKNOWN;
  }
}

function namesOf(value: JsonNode): string[] {
  if (value.kind === 'array') return value.items.map(item => stringOf(item) ?? '');
  const text = stringOf(value) ?? '';
  return [text.slice(0, text.indexOf('.')), text.slice(text.indexOf('.') + 1)];
}

/** Both outcomes of `Fn::If`, without those that leave the value out; any other node is its own. */
function alternatives(node: JsonNode): JsonNode[] {
  const chosen = memberOf(node, 'Fn::If');
  if (chosen?.kind !== 'array') return isNoValue(node) ? [] : [node];
  return chosen.items.slice(1).flatMap(alternatives);
}

function isNoValue(node: JsonNode): boolean {
  return stringOf(memberOf(node, 'Ref')) === 'AWS::NoValue';
}
