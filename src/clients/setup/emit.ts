/** The same set-up in the forms in which others make it: Terraform, CloudFormation, a script of AWS CLI calls. */
import { stringify } from 'yaml';
import { instanceTrust, keyPolicy, type Names, rolePolicy, sourcePolicy, trustPolicy } from './documents.js';
import { BUCKET_POLICY, NEW_KEY, sourcePolicyName } from './steps.js';
import { type Place, type SetupOptions, type Step, TAG } from './types.js';

export const FORMS = ['terraform', 'cloudformation', 'cli'] as const;
export type Form = (typeof FORMS)[number];

export interface Emitted {
  readonly file: string;
  readonly text: string;
}

export interface EmitInput {
  readonly options: SetupOptions;
  readonly place: Place;
  readonly names: Names;
  readonly externalId: string;
  /** Every call, as where nothing is there yet. */
  readonly steps: readonly Step[];
}

export function emit(form: Form, input: EmitInput): Emitted {
  if (form === 'cli') return { file: 'setup.sh', text: script(input) };
  if (form === 'terraform') {
    return { file: 'setup.tf.json', text: `${JSON.stringify(terraform(input), null, 2)}\n` };
  }
  // No aliases: CloudFormation does not read them.
  const text = stringify(cloudFormation(input), { aliasDuplicateObjects: false, lineWidth: 0 });
  return { file: 'setup.yaml', text };
}

/** Policies hold no `$`, quote or backslash of their own: names and prefixes are checked before. */
function script({ steps, place }: EmitInput): string {
  const calls = steps.map(({ what, call }) => {
    const command = `aws ${call.service} ${call.operation} --cli-input-json "$input"`;
    const run =
      call.operation === 'create-key'
        ? `KEY_ARN=$(${command} --query KeyMetadata.Arn --output text)`
        : `${command} > /dev/null`;
    return `# ${what}\ninput=$(cat <<JSON\n${JSON.stringify(call.input, null, 2)}\nJSON\n)\n${run}\n`;
  });
  const head = `#!/bin/sh
# Makes the set-up with the AWS CLI, in account ${place.account}. It stops at the first call that fails.
set -eu
export AWS_DEFAULT_REGION=${place.region} AWS_REGION=${place.region} AWS_PAGER=
`;
  return [head, ...calls].join('\n');
}

/** Resources of Terraform's AWS provider, in its JSON syntax. */
function terraform({ options, place, names, externalId }: EmitInput): object {
  const { bucket, kms, maximum, source, name } = options;
  const tags = { [TAG]: name };
  const assume = sourcePolicyName(name);
  const json = (document: object) => JSON.stringify(document);
  const keyArn = kms ? '${aws_kms_key.staging.arn}' : undefined;
  const bucketId = '${aws_s3_bucket.staging.id}';
  const user = source.kind === 'user';
  const trusted = user ? 'aws_iam_user.source' : 'aws_iam_role.source';
  const role = (of: string, trust: object, more: object) => ({
    name: of,
    assume_role_policy: json(trust),
    tags,
    ...more,
  });
  const sourceRole = user
    ? {}
    : { source: role(names.instanceRole, instanceTrust(place), { max_session_duration: 3600 }) };
  const more = { max_session_duration: maximum, depends_on: [trusted] };
  const policy = json(sourcePolicy(names));
  const encryption = {
    sse_algorithm: kms ? 'aws:kms' : 'AES256',
    ...(kms && { kms_master_key_id: keyArn }),
  };
  return {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '>= 5.0' } } },
    provider: { aws: { region: place.region, allowed_account_ids: [place.account] } },
    resource: {
      ...(user && {
        aws_iam_user: { source: { name: source.name, tags } },
        aws_iam_user_policy: { source: { name: assume, user: '${aws_iam_user.source.name}', policy } },
      }),
      ...(!user && {
        aws_iam_instance_profile: {
          source: { name: source.name, role: '${aws_iam_role.source.name}', tags },
        },
      }),
      aws_iam_role: { ...sourceRole, staging: role(names.role, trustPolicy(names, externalId), more) },
      aws_iam_role_policy: {
        ...(!user && { source: { name: assume, role: '${aws_iam_role.source.id}', policy } }),
        staging: {
          name: BUCKET_POLICY,
          role: '${aws_iam_role.staging.id}',
          policy: json(rolePolicy(options, names, keyArn)),
        },
      },
      ...(kms && {
        aws_kms_key: {
          staging: { policy: json(keyPolicy(names, place)), tags, depends_on: ['aws_iam_role.staging'] },
        },
        aws_kms_alias: { staging: { name: names.alias, target_key_id: '${aws_kms_key.staging.key_id}' } },
      }),
      aws_s3_bucket: { staging: { bucket, tags } },
      aws_s3_bucket_public_access_block: {
        staging: {
          bucket: bucketId,
          block_public_acls: true,
          ignore_public_acls: true,
          block_public_policy: true,
          restrict_public_buckets: true,
        },
      },
      aws_s3_bucket_server_side_encryption_configuration: {
        staging: {
          bucket: bucketId,
          rule: [
            {
              apply_server_side_encryption_by_default: [encryption],
              ...(kms && { bucket_key_enabled: true }),
            },
          ],
        },
      },
    },
    output: { role_arn: { value: '${aws_iam_role.staging.arn}' }, external_id: { value: externalId } },
  };
}

const KEY_OF_STACK = { 'Fn::GetAtt': ['Key', 'Arn'] };

function cloudFormation({ options, place, names, externalId }: EmitInput): object {
  const { kms, bucket, maximum, name } = options;
  const Tags = [{ Key: TAG, Value: name }];
  const resource = (kind: string, Properties: object, DependsOn?: string) => ({
    Type: `AWS::${kind}`,
    ...(DependsOn !== undefined && { DependsOn }),
    Properties,
  });
  const trust = trustPolicy(names, externalId);
  const encryption = kms
    ? { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY_OF_STACK }
    : { SSEAlgorithm: 'AES256' };
  // The document holds the stand-in of a key; the stack's own key takes its place.
  const PolicyDocument: unknown = JSON.parse(
    JSON.stringify(rolePolicy(options, names, kms ? NEW_KEY : undefined)),
    (_, value: unknown) => (value === NEW_KEY ? KEY_OF_STACK : value),
  );
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Staging in ${bucket} with temporary keys, in ${place.account} ${place.region}`,
    Resources: {
      ...sourceResources(options, place, names, resource),
      Role: resource(
        'IAM::Role',
        { RoleName: names.role, AssumeRolePolicyDocument: trust, MaxSessionDuration: maximum, Tags },
        'Source',
      ),
      RolePolicy: resource(
        'IAM::RolePolicy',
        { RoleName: names.role, PolicyName: BUCKET_POLICY, PolicyDocument },
        'Role',
      ),
      ...(kms && {
        Key: resource('KMS::Key', { KeyPolicy: keyPolicy(names, place), Tags }, 'Role'),
        Alias: resource('KMS::Alias', { AliasName: names.alias, TargetKeyId: { Ref: 'Key' } }),
      }),
      Bucket: resource('S3::Bucket', {
        BucketName: bucket,
        Tags,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: encryption, ...(kms && { BucketKeyEnabled: true }) },
          ],
        },
      }),
    },
    Outputs: {
      RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      ExternalId: { Value: externalId },
    },
  };
}

function sourceResources(
  { source, name }: SetupOptions,
  place: Place,
  names: Names,
  resource: (kind: string, properties: object, dependsOn?: string) => object,
): object {
  const Tags = [{ Key: TAG, Value: name }];
  const policy = { PolicyName: sourcePolicyName(name), PolicyDocument: sourcePolicy(names) };
  if (source.kind === 'user') {
    return {
      Source: resource('IAM::User', { UserName: source.name, Tags }),
      SourcePolicy: resource('IAM::UserPolicy', { UserName: source.name, ...policy }, 'Source'),
    };
  }
  const AssumeRolePolicyDocument = instanceTrust(place);
  const profile = { InstanceProfileName: source.name, Roles: [names.instanceRole] };
  return {
    Source: resource('IAM::Role', { RoleName: names.instanceRole, AssumeRolePolicyDocument, Tags }),
    SourcePolicy: resource('IAM::RolePolicy', { RoleName: names.instanceRole, ...policy }, 'Source'),
    Profile: resource('IAM::InstanceProfile', profile, 'Source'),
  };
}
