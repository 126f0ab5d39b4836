/** The set-up as resources of Terraform's AWS provider, in Terraform's JSON syntax. */
import { holderOf, instanceTrust, keyPolicy, rolePolicy, sourcePolicy, trustPolicy } from './documents.js';
import type { EmitInput } from './emit-input.js';
import { BUCKET_POLICY, sourcePolicyName } from './steps.js';
import { TAG } from './types.js';

type Resources = Readonly<Record<string, Readonly<Record<string, object>>>>;

const json = (document: object) => JSON.stringify(document);

/** With a second provider, `aws.source`, where who assumes the role is in another account than the bucket. */
export function emitTerraform(input: EmitInput): object {
  const { sites, externalId } = input;
  const { place } = sites.bucket;
  const provider = { region: place.region, allowed_account_ids: [place.account] };
  const other = sites.source.place;
  return {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '>= 5.0' } } },
    provider: {
      aws:
        sites.source === sites.bucket
          ? provider
          : [provider, { alias: 'source', region: other.region, allowed_account_ids: [other.account] }],
    },
    resource: merged(sourceResources(input), roleResources(input), bucketResources(input)),
    output: {
      role_arn: { value: '${aws_iam_role.target.arn}' },
      ...(externalId !== undefined && { external_id: { value: externalId } }),
    },
  };
}

function merged(...parts: readonly Resources[]): Resources {
  const kinds = new Set(parts.flatMap(part => Object.keys(part)));
  return Object.fromEntries(
    [...kinds].map(kind => [kind, Object.assign({}, ...parts.map(part => part[kind] ?? {}))]),
  );
}

/** Who assumes the role, where that is made, and the policy to assume it. */
function sourceResources({ options, sites, names }: EmitInput): Resources {
  const { source, name } = options;
  const tags = { [TAG]: name };
  const elsewhere = sites.source === sites.bucket ? {} : { provider: 'aws.source' };
  const holder = holderOf(source, names);
  if (holder === undefined) return {};
  const policy = { name: sourcePolicyName(name), policy: json(sourcePolicy(names)), ...elsewhere };
  if (holder.kind === 'user') {
    const made = source.kind === 'user';
    const user = made ? '${aws_iam_user.source.name}' : holder.name;
    return {
      ...(made && { aws_iam_user: { source: { name: holder.name, tags, ...elsewhere } } }),
      aws_iam_user_policy: { source: { user, ...policy } },
    };
  }
  if (source.kind !== 'instance-profile') {
    return { aws_iam_role_policy: { source: { role: holder.name, ...policy } } };
  }
  const assume_role_policy = json(instanceTrust(sites.source.place));
  const role = { name: names.instanceRole, assume_role_policy, tags, max_session_duration: 3600 };
  const profile = { name: source.name, role: '${aws_iam_role.source.name}', tags };
  return {
    aws_iam_role: { source: { ...role, ...elsewhere } },
    aws_iam_instance_profile: { source: { ...profile, ...elsewhere } },
    aws_iam_role_policy: { source: { role: '${aws_iam_role.source.id}', ...policy } },
  };
}

/** The role waits for a user or role that is made with it: AWS takes no trust policy that names who is not there. */
function roleResources({ options, names, externalId }: EmitInput): Resources {
  const { source, maximum, name, kms } = options;
  const trusted = { user: ['aws_iam_user.source'], 'instance-profile': ['aws_iam_role.source'] };
  const depends_on = source.kind === 'user' || source.kind === 'instance-profile' ? trusted[source.kind] : [];
  const keyArn = kms ? '${aws_kms_key.target.arn}' : undefined;
  return {
    aws_iam_role: {
      target: {
        name: names.role,
        assume_role_policy: json(trustPolicy(options, names, externalId)),
        max_session_duration: maximum,
        tags: { [TAG]: name },
        ...(depends_on.length > 0 && { depends_on }),
      },
    },
    aws_iam_role_policy: {
      target: {
        name: BUCKET_POLICY,
        role: '${aws_iam_role.target.id}',
        policy: json(rolePolicy(options, names, keyArn)),
      },
    },
  };
}

function bucketResources({ options, sites, names }: EmitInput): Resources {
  const { bucket, kms, name } = options;
  const tags = { [TAG]: name };
  const bucketId = '${aws_s3_bucket.target.id}';
  const encryption = kms
    ? { sse_algorithm: 'aws:kms', kms_master_key_id: '${aws_kms_key.target.arn}' }
    : { sse_algorithm: 'AES256' };
  const policy = json(keyPolicy(options, names, sites.bucket.place));
  return {
    ...(kms && {
      aws_kms_key: { target: { policy, tags, depends_on: ['aws_iam_role.target'] } },
      aws_kms_alias: { target: { name: names.alias, target_key_id: '${aws_kms_key.target.key_id}' } },
    }),
    aws_s3_bucket: { target: { bucket, tags } },
    aws_s3_bucket_public_access_block: {
      target: {
        bucket: bucketId,
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
      },
    },
    aws_s3_bucket_server_side_encryption_configuration: {
      target: {
        bucket: bucketId,
        rule: [
          {
            apply_server_side_encryption_by_default: [encryption],
            ...(kms && { bucket_key_enabled: true }),
          },
        ],
      },
    },
  };
}
