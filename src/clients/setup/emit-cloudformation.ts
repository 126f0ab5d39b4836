/** The set-up as CloudFormation stacks, one an account. */
import { stringify } from 'yaml';
import {
  holderOf,
  instanceTrust,
  keyPolicy,
  type Names,
  rolePolicy,
  sourcePolicy,
  trustPolicy,
} from './documents.js';
import type { EmitInput } from './emit-input.js';
import { BUCKET_POLICY, NEW_KEY, sourcePolicyName } from './steps.js';
import { type Place, type SetupOptions, TAG } from './types.js';

const KEY_OF_STACK = { 'Fn::GetAtt': ['Key', 'Arn'] };

const resource = (kind: string, Properties: object, DependsOn?: string) => ({
  Type: `AWS::${kind}`,
  ...(DependsOn !== undefined && { DependsOn }),
  Properties,
});

/** The stack of one account, with what belongs there. */
export function emitCloudFormation(input: EmitInput, place: Place): string {
  const { options, sites, externalId } = input;
  const ofBucket = place === sites.bucket.place;
  const stack = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `${options.name}: temporary keys for ${options.bucket}, in ${place.account} ${place.region}`,
    Resources: {
      ...(place === sites.source.place && sourceResources(input)),
      ...(ofBucket && bucketResources(input)),
    },
    ...(ofBucket && {
      Outputs: {
        RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
        ...(externalId !== undefined && { ExternalId: { Value: externalId } }),
      },
    }),
  };
  // No aliases: CloudFormation does not read them.
  return stringify(stack, { aliasDuplicateObjects: false, lineWidth: 0 });
}

const tagsOf = ({ name }: SetupOptions) => [{ Key: TAG, Value: name }];

function sourceResources({ options, sites, names }: EmitInput): object {
  const { source, name } = options;
  const holder = holderOf(source, names);
  if (holder === undefined) return {};
  const made = source.kind !== 'principal';
  const policy = { PolicyName: sourcePolicyName(name), PolicyDocument: sourcePolicy(names) };
  const owner = holder.kind === 'user' ? { UserName: holder.name } : { RoleName: holder.name };
  const kind = holder.kind === 'user' ? 'IAM::UserPolicy' : 'IAM::RolePolicy';
  return {
    ...(made && madeSource(options, sites.source.place, names)),
    SourcePolicy: resource(kind, { ...owner, ...policy }, made ? 'Source' : undefined),
  };
}

function madeSource(options: SetupOptions, place: Place, names: Names): object {
  const { source } = options;
  const Tags = tagsOf(options);
  if (source.kind === 'user') return { Source: resource('IAM::User', { UserName: source.name, Tags }) };
  if (source.kind !== 'instance-profile') return {};
  const role = { RoleName: names.instanceRole, AssumeRolePolicyDocument: instanceTrust(place), Tags };
  const profile = { InstanceProfileName: source.name, Roles: [names.instanceRole] };
  return {
    Source: resource('IAM::Role', role),
    Profile: resource('IAM::InstanceProfile', profile, 'Source'),
  };
}

function bucketResources({ options, sites, names, externalId }: EmitInput): object {
  const { kms, bucket, maximum, source } = options;
  const Tags = tagsOf(options);
  const encryption = kms
    ? { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY_OF_STACK }
    : { SSEAlgorithm: 'AES256' };
  // The document holds the stand-in of a key; the stack's own key takes its place.
  const PolicyDocument: unknown = JSON.parse(
    JSON.stringify(rolePolicy(options, names, kms ? NEW_KEY : undefined)),
    (_, value: unknown) => (value === NEW_KEY ? KEY_OF_STACK : value),
  );
  const trust = trustPolicy(options, names, externalId);
  const withSource =
    sites.source === sites.bucket && (source.kind === 'user' || source.kind === 'instance-profile');
  return {
    Role: resource(
      'IAM::Role',
      { RoleName: names.role, AssumeRolePolicyDocument: trust, MaxSessionDuration: maximum, Tags },
      withSource ? 'Source' : undefined,
    ),
    RolePolicy: resource(
      'IAM::RolePolicy',
      { RoleName: names.role, PolicyName: BUCKET_POLICY, PolicyDocument },
      'Role',
    ),
    ...(kms && {
      Key: resource('KMS::Key', { KeyPolicy: keyPolicy(options, names, sites.bucket.place), Tags }, 'Role'),
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
  };
}
