/** AWS's own managed policies. The documents are data, made by tools/aws-managed-policies.mjs. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseEntityArn } from './arn.js';
import type { NamedManagedPolicy } from './managed-policies.js';
import type { ManagedPolicy } from './model.js';
import { encodeId } from './unique-id.js';

interface Published {
  readonly arn: string;
  readonly created: number;
  readonly updated: number;
  readonly version: number;
  readonly document: string;
}

const byPartition = new Map<string, ReadonlyMap<string, NamedManagedPolicy>>();

/** The policy of that ARN (`arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`), if it is one of AWS's in the partition. */
export function awsManagedPolicy(partition: string, arn: string): ManagedPolicy | undefined {
  return policiesOf(partition).get(arn)?.policy;
}

/** All of them, in the order of their names. */
export function awsManagedPolicies(partition: string): readonly NamedManagedPolicy[] {
  return [...policiesOf(partition).values()];
}

function policiesOf(partition: string): ReadonlyMap<string, NamedManagedPolicy> {
  let policies = byPartition.get(partition);
  if (policies === undefined) byPartition.set(partition, (policies = read(partition)));
  return policies;
}

/** Read at first use: most starts need none of them. */
function read(partition: string): ReadonlyMap<string, NamedManagedPolicy> {
  const published: Published[] = createRequire(import.meta.url)('./aws-managed-policies.json');
  const policies = published.map(({ arn, ...rest }) =>
    toPolicy(inPartition(arn, partition), rest, partition),
  );
  policies.sort((a, b) => (a.policy.name.toLowerCase() < b.policy.name.toLowerCase() ? -1 : 1));
  return new Map(policies.map(named => [named.arn, named]));
}

function toPolicy(arn: string, published: Omit<Published, 'arn'>, partition: string): NamedManagedPolicy {
  const { name, path } = parseEntityArn(arn)!;
  const { created, updated, version, document } = published;
  const policy = {
    id: encodeId('policy', createHash('sha256').update(arn).digest()),
    name,
    path,
    created,
    updated,
    tags: [],
    default: version,
    newest: version,
    versions: [{ number: version, document: inPartition(document, partition), created: updated }],
  };
  return { arn, policy };
}

/** AWS publishes the same policies in each partition, with ARNs of that partition. */
function inPartition(text: string, partition: string): string {
  return text.replaceAll('arn:aws:', `arn:${partition}:`);
}
