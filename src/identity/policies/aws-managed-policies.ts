/**
 * AWS's own managed policies, about 1,600. They are data, made by tools/aws-managed-policies.mjs. The file is read at
 * first use, for most starts need none. It then stays in memory as bytes (3.4 MB), and a document becomes text when it
 * is asked for.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEntityArn } from '../arn.js';
import { encodeId } from '../entities/unique-id.js';
import type { ManagedPolicy, NamedManagedPolicy } from '../model.js';

const file = new URL('./aws-managed-policies.jsonl', import.meta.url);

interface Published {
  readonly arn: string;
  readonly created: number;
  readonly updated: number;
  readonly version: number;
}

type Row = readonly [published: Published, document: Buffer];

let rows: readonly Row[] | undefined;
const byPartition = new Map<string, ReadonlyMap<string, NamedManagedPolicy>>();

/**
 * The policy of that ARN (`arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`), if it is one of AWS's in the partition.
 */
export function awsManagedPolicy(partition: string, arn: string): ManagedPolicy | undefined {
  return policiesOf(partition).get(arn)?.policy;
}

/** All of them, in the order of their names. */
export function awsManagedPolicies(partition: string): readonly NamedManagedPolicy[] {
  return [...policiesOf(partition).values()];
}

function policiesOf(partition: string): ReadonlyMap<string, NamedManagedPolicy> {
  let policies = byPartition.get(partition);
  if (policies === undefined) {
    rows ??= readRows();
    const named = rows.map(([published, document]) => toPolicy(published, document, partition));
    policies = new Map(named.map(policy => [policy.arn, policy]));
    byPartition.set(partition, policies);
  }
  return policies;
}

function readRows(): Row[] {
  const bytes = readFileSync(file);
  const found: Row[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = bytes.indexOf('\n', at) + 1;
    const end = bytes.indexOf('\n', start);
    found.push([JSON.parse(bytes.toString('utf8', at, start)) as Published, bytes.subarray(start, end)]);
    at = end + 1;
  }
  return found;
}

function toPolicy(
  { created, updated, version, ...published }: Published,
  document: Buffer,
  partition: string,
): NamedManagedPolicy {
  const arn = inPartition(published.arn, partition);
  const { name, path } = parseEntityArn(arn)!;
  const newest = {
    number: version,
    created: updated,
    get document() {
      return inPartition(document.toString('utf8'), partition);
    },
  };
  const policy = {
    id: encodeId('policy', createHash('sha256').update(arn).digest()),
    name,
    path,
    created,
    updated,
    tags: [],
    default: version,
    newest: version,
    versions: [newest],
  };
  return { arn, policy };
}

/** AWS publishes the same policies in each partition, with ARNs of that partition. */
function inPartition(text: string, partition: string): string {
  return text.replaceAll('arn:aws:', `arn:${partition}:`);
}
