/** The replication of a bucket ("PutBucketReplication", S3 API Reference; "Live replication", S3 User Guide). */
import type {
  DeleteBucketReplicationRequest,
  GetBucketReplicationOutput,
  GetBucketReplicationRequest,
  PutBucketReplicationRequest,
  ReplicationConfiguration,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, Replication } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { notImplemented } from '../object/attributes.js';
import type { S3Ports } from '../ports.js';
import type { OnBucket } from '../target.js';
import { passedRole } from './role-session.js';
import { ruleOf, shapeOf } from './rule-shapes.js';

/** "A replication configuration … can contain a maximum of 1,000 rules" (ReplicationConfiguration). */
const MOST_RULES = 1000;
const ROLE = /^arn:([a-z-]+):iam::(\d{12}):role\/[\w+=,.@/-]+$/;

const put = bucketOperation<PutBucketReplicationRequest, object>(
  's3:PutReplicationConfiguration',
  async (bucket, { ReplicationConfiguration: asked, Token }, ports) => {
    if (!ports.roles) throw notImplemented('ReplicationConfiguration');
    if (Token !== undefined) throw notImplemented('x-amz-bucket-object-lock-token');
    const replication = replicationOf(asked, bucket);
    await demandTargets(replication, bucket, ports);
    const { objects } = ports;
    const begins = replication.rules.some(
      ({ existing, status }) => existing === 'Enabled' && status === 'Enabled',
    );
    const backlog = begins ? { checks: [], writes: [objects.backlog.begin(bucket)] } : undefined;
    await objects.buckets.update(
      bucket,
      now => {
        demandVersioned(now);
        return { replication };
      },
      backlog,
    );
    return {};
  },
);

export const PutBucketReplication: Operation<S3Ports, PutBucketReplicationRequest, object, OnBucket> = {
  ...put,
  async requiresOfBody(_subject, { ReplicationConfiguration: asked }, _call, ports) {
    return asked?.Role === undefined ? [] : [await passedRole(asked.Role, ports)];
  },
};

export const GetBucketReplication = bucketOperation<GetBucketReplicationRequest, GetBucketReplicationOutput>(
  's3:GetReplicationConfiguration',
  ({ name, partition, replication }) => {
    if (!replication) {
      throw s3Errors.ReplicationConfigurationNotFoundError({ members: { BucketName: name } });
    }
    const { role, rules } = replication;
    return { ReplicationConfiguration: { Role: role, Rules: rules.map(rule => shapeOf(rule, partition)) } };
  },
);

/** What waits to be copied by the rules has failed then. */
export const DeleteBucketReplication = bucketOperation<DeleteBucketReplicationRequest, object>(
  's3:PutReplicationConfiguration',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { replication: undefined });
    return {};
  },
);

/** Throws MalformedXML, InvalidArgument, InvalidRequest. */
function replicationOf(asked: ReplicationConfiguration | undefined, bucket: Bucket): Replication {
  const { Role: role, Rules = [] } = asked ?? {};
  if (!role || Rules.length === 0 || Rules.length > MOST_RULES) throw s3Errors.MalformedXML();
  if (ROLE.exec(role)?.[1] !== bucket.partition) {
    throw s3Errors.InvalidArgument('Invalid Role', {
      members: { ArgumentName: 'Role', ArgumentValue: role },
    });
  }
  const rules = Rules.map(rule => ruleOf(rule, bucket));
  const first = rules.filter(rule => rule.first);
  if (first.length > 0 && first.length < rules.length) throw s3Errors.MalformedXML();
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw s3Errors.InvalidArgument('Rule Id must be unique. Found same Id for more than one rule');
  }
  if (first.length > 0) demandFirst(rules);
  else if (new Set(rules.map(({ priority }) => priority)).size < rules.length) {
    throw s3Errors.InvalidRequest('Found duplicate priority. The priority of each rule must be unique.');
  }
  return { role, rules };
}

/** What rules of the first schema may not be (hashicorp/terraform and aws-cloudformation report S3's words). */
function demandFirst(rules: Replication['rules']): void {
  if (new Set(rules.map(({ destination }) => destination.bucket)).size > 1) {
    throw s3Errors.InvalidRequest('Number of distinct destination bucket ARNs cannot exceed 1');
  }
  const prefixes = rules.map(({ prefix = '' }) => prefix).sort();
  if (prefixes.some((prefix, index) => index > 0 && prefix.startsWith(prefixes[index - 1]!))) {
    throw s3Errors.InvalidRequest(
      'Found overlapping prefixes. The rules of a configuration must not overlap.',
    );
  }
}

/**
 * In S3's words, as they are reported: crossplane-contrib/provider-aws#553, nozaq/terraform-aws-remote-state-s3-backend
 * #107. Throws InvalidRequest.
 */
async function demandTargets({ rules }: Replication, bucket: Bucket, ports: S3Ports): Promise<void> {
  const { objects, elsewhere } = ports;
  demandVersioned(bucket);
  for (const { destination } of rules) {
    // What another server holds is asked when something is copied: it may be away now.
    if (elsewhere?.(bucket.owner, destination.bucket)) continue;
    if (destination.bucket === bucket.name) {
      throw s3Errors.InvalidRequest('Destination bucket cannot be the same as the source bucket.');
    }
    const target = await objects.buckets.find(destination.bucket);
    if (!target || target.deleting) throw s3Errors.InvalidRequest('Destination bucket must exist.');
    if (target.versioning !== 'Enabled') {
      throw s3Errors.InvalidRequest('Destination bucket must have versioning enabled.');
    }
    if (bucket.objectLock && !target.objectLock) {
      throw s3Errors.InvalidRequest(
        'Object Lock must be enabled on the destination bucket, as it is on the source bucket.',
      );
    }
  }
}

function demandVersioned({ versioning }: Bucket): void {
  if (versioning === 'Enabled') return;
  throw s3Errors.InvalidRequest(
    "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
  );
}
