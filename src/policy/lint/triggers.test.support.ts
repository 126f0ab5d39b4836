/** Short ways to write policies and to lint them, and what triggers each check. */

import { applyFixes, type LintOptions, lint, type PolicyKind } from '../index.js';

export const ALLOW = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
export const TRUST = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' };
export const BUCKET = { ...ALLOW, Principal: { AWS: '111122223333' } };
export const KEY = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' };

export const text = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
export const codes = async (policy: string, kind: PolicyKind, options?: LintOptions) =>
  (await lint(policy, kind, options)).map(({ code }) => code);
export const fixed = async (policy: string, kind: PolicyKind) => applyFixes(policy, await lint(policy, kind));

/**
 * Each check of IAM Access Analyzer's policy check reference that applies, and our own: code, kind, what triggers it.
 */
export const TRIGGERS: [code: string, kind: PolicyKind, ...statements: object[]][] = [
  ['ARN_ACCOUNT_NOT_ALLOWED', 'identity', { ...ALLOW, Resource: 'arn:aws:s3::111122223333:b/*' }],
  ['ARN_REGION_NOT_ALLOWED', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:us-east-1::b/*' }],
  [
    'ARN_REGION_NOT_ALLOWED',
    'identity',
    { Effect: 'Allow', Action: 'iam:GetUser', Resource: 'arn:aws:iam:us-east-1:111122223333:user/a' },
  ],
  ['DATA_TYPE_MISMATCH', 'identity', { ...ALLOW, Sid: 1 }],
  [
    'DUPLICATE_KEYS_WITH_DIFFERENT_CASE',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:username': 'a', 'AWS:UserName': 'b' } } },
  ],
  ['INVALID_ACTION', 'identity', { ...ALLOW, Action: 's3:GetObjct' }],
  ['INVALID_ACTION', 'identity', { ...ALLOW, Action: 's3:Frob*' }],
  ['INVALID_ACTION', 'identity', { ...ALLOW, Action: 's3:ListObjectsV2', Resource: '*' }],
  [
    'INVALID_ARN_ACCOUNT',
    'identity',
    { Effect: 'Allow', Action: 'iam:GetUser', Resource: 'arn:aws:iam::1234:user/a' },
  ],
  ['INVALID_ARN_PREFIX', 'identity', { ...ALLOW, Resource: 'b/*' }],
  [
    'INVALID_ARN_REGION',
    'identity',
    { Effect: 'Allow', Action: 'kms:Decrypt', Resource: 'arn:aws:kms:useast1:111122223333:key/a' },
  ],
  [
    'INVALID_ARN_RESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:*', Resource: 'arn:aws:iam::111122223333:rolle/a' },
  ],
  ['INVALID_ARN_SERVICE_CASE', 'identity', { ...ALLOW, Resource: 'arn:aws:S3:::b/*' }],
  [
    'INVALID_CONDITION_DATA_TYPE',
    'identity',
    { ...ALLOW, Condition: { NumericEquals: { 's3:signatureAge': ['1', 2] } } },
  ],
  ['INVALID_CONDITION_KEY_FORMAT', 'identity', { ...ALLOW, Condition: { StringEquals: { SourceIp: 'a' } } }],
  [
    'INVALID_CONDITION_MULTIPLE_BOOLEAN',
    'identity',
    { ...ALLOW, Condition: { Bool: { 'aws:SecureTransport': ['true', 'false'] } } },
  ],
  ['INVALID_CONDITION_OPERATOR', 'identity', { ...ALLOW, Condition: { StringIs: { 'aws:username': 'a' } } }],
  ['INVALID_EFFECT', 'identity', { ...ALLOW, Effect: 'Permit' }],
  [
    'INVALID_GLOBAL_CONDITION_KEY',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:Planet': 'a' } } },
  ],
  ['INVALID_PARTITION', 'identity', { ...ALLOW, Resource: 'arn:asw:s3:::b/*' }],
  ['INVALID_POLICY_ELEMENT', 'identity', { ...ALLOW, Actions: 'a' }],
  ['INVALID_PRINCIPAL_FORMAT', 'resource', { ...BUCKET, Principal: 'alice' }],
  ['INVALID_PRINCIPAL_KEY', 'resource', { ...BUCKET, Principal: { User: 'alice' } }],
  [
    'INVALID_REGION',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:RequestedRegion': 'tokyo' } } },
  ],
  ['INVALID_SERVICE', 'identity', { ...ALLOW, Resource: 'arn:aws:stoarge:::b/*' }],
  [
    'INVALID_SERVICE_CONDITION_KEY',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 's3:planet': 'a' } } },
  ],
  [
    'INVALID_SERVICE_CONDITION_KEY',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'stoarge:planet': 'a' } } },
  ],
  ['INVALID_SERVICE_IN_ACTION', 'identity', { ...ALLOW, Action: 'kmss:Decrypt' }],
  ['INVALID_SERVICE_IN_ACTION', 'identity', { ...ALLOW, Action: 'nosuchservice:Decrypt' }],
  [
    'INVALID_VARIABLE_FOR_OPERATOR',
    'identity',
    { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '${aws:username}' } } },
  ],
  ['MISSING_ACTION', 'identity', { Effect: 'Allow', Resource: '*' }],
  ['MISSING_ARN_FIELD', 'identity', { ...ALLOW, Resource: 'arn:aws:s3' }],
  [
    'MISSING_ARN_REGION',
    'identity',
    { Effect: 'Allow', Action: 'kms:Decrypt', Resource: 'arn:aws:kms::111122223333:key/a' },
  ],
  ['MISSING_EFFECT', 'identity', { Action: '*', Resource: '*' }],
  ['MISSING_PRINCIPAL', 'resource', ALLOW],
  ['MISSING_QUALIFIER', 'identity', { ...ALLOW, Condition: { StringEquals: { 'aws:TagKeys': 'a' } } }],
  ['MISSING_RESOURCE', 'identity', { Effect: 'Allow', Action: '*' }],
  ['NULL_WITH_IF_EXISTS', 'identity', { ...ALLOW, Condition: { NullIfExists: { 'aws:username': 'true' } } }],
  ['UNIQUE_SIDS_REQUIRED', 'identity', { ...ALLOW, Sid: 'A' }, { ...ALLOW, Sid: 'A' }],
  ['UNSUPPORTED_ACTION_IN_POLICY', 'trust', { ...TRUST, Action: 's3:GetObject' }],
  ['UNSUPPORTED_ACTION_IN_POLICY', 'resource', { ...BUCKET, Action: ['s3:GetObject', 'sqs:SendMessage'] }],
  ['UNSUPPORTED_ACTION_IN_POLICY', 'key', { ...KEY, Action: 's3:GetObject' }],
  ['UNSUPPORTED_ELEMENT_COMBINATION', 'identity', { ...ALLOW, NotAction: 's3:*' }],
  [
    'UNSUPPORTED_GLOBAL_CONDITION_KEY',
    'identity',
    { ...ALLOW, Condition: { ArnLike: { 'aws:ARN': 'arn:aws:iam::*:user/a' } } },
  ],
  ['UNSUPPORTED_PRINCIPAL', 'service-control', BUCKET],
  ['UNSUPPORTED_RESOURCE_ARN_IN_POLICY', 'key', { ...KEY, Resource: 'arn:aws:s3:::b' }],
  ['UNSUPPORTED_SID', 'identity', { ...ALLOW, Sid: 'a b' }],
  [
    'UNSUPPORTED_WILDCARD_IN_PRINCIPAL',
    'resource',
    { ...BUCKET, Principal: { AWS: 'arn:aws:iam::111122223333:user/*' } },
  ],
  ['MISSING_BRACE_IN_VARIABLE', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:::b/${aws:username' }],
  ['MISSING_QUOTE_IN_VARIABLE', 'identity', { ...ALLOW, Resource: "arn:aws:s3:::b/${aws:username, 'x}" }],
  ['UNSUPPORTED_SPACE_IN_VARIABLE', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:::b/${aws: username}' }],
  ['EMPTY_VARIABLE', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:::b/${}' }],
  ['VARIABLE_UNSUPPORTED_IN_ELEMENT', 'identity', { ...ALLOW, Action: 's3:${aws:username}' }],
  [
    'PRIVATE_IP_ADDRESS',
    'identity',
    { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
  ],
  [
    'PRIVATE_NOT_IP_ADDRESS',
    'identity',
    { ...ALLOW, Condition: { NotIpAddress: { 'aws:SourceIp': 'fd00::/8' } } },
  ],
  [
    'PRIVATE_IP_ADDRESS_SUBSET',
    'identity',
    { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': ['8.8.8.8', '192.168.1.1'] } } },
  ],
  [
    'PRIVATE_NOT_IP_ADDRESS_SUBSET',
    'identity',
    { ...ALLOW, Condition: { NotIpAddress: { 'aws:SourceIp': ['8.8.8.8', '192.168.1.1'] } } },
  ],
  ['INVALID_SERVICE_PRINCIPAL_FORMAT', 'trust', { ...TRUST, Principal: { Service: 'ec2' } }],
  [
    'MISSING_TAG_KEY_IN_CONDITION',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:PrincipalTag': 'a' } } },
  ],
  ['INVALID_VPC_FORMAT', 'identity', { ...ALLOW, Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } }],
  [
    'INVALID_VPCE_FORMAT',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:SourceVpce': 'vpc-12345678' } } },
  ],
  [
    'FEDERATED_PRINCIPAL_NOT_SUPPORTED',
    'resource',
    { ...BUCKET, Principal: { Federated: 'accounts.google.com' } },
  ],
  [
    'UNSUPPORTED_ACTION_FOR_CONDITION_KEY',
    'identity',
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: 'arn:aws:s3:::b',
      Condition: { StringEquals: { 's3:prefix': 'a' } },
    },
  ],
  [
    'UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL',
    'resource',
    {
      ...BUCKET,
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
    },
  ],
  [
    'ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL',
    'trust',
    { Effect: 'Deny', NotPrincipal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' },
  ],
  ['ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL', 'trust', { ...TRUST, Principal: '*' }],
  ['ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE', 'trust', { ...TRUST, Resource: '*' }],
  [
    'MISSING_ACTION_FOR_CONDITION_KEY',
    'trust',
    { ...TRUST, Condition: { StringEquals: { 'sts:SourceIdentity': 'alice' } } },
  ],
  [
    'INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY',
    'trust',
    { ...TRUST, Principal: { Federated: 'google' }, Action: 'sts:AssumeRoleWithWebIdentity' },
  ],
  [
    'MISMATCHED_ACTION_FOR_PRINCIPAL',
    'trust',
    { ...TRUST, Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/idp' } },
  ],
  [
    'MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY',
    'trust',
    { ...TRUST, Principal: { Service: 'rolesanywhere.amazonaws.com' } },
  ],
  [
    'CREATE_SLR_WITH_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:CreateServiceLinkedRole', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:Create*', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'CREATE_SLR_WITH_NOTACTION_AND_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', NotAction: 'iam:Get*', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'CREATE_SLR_WITH_STAR_IN_RESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:CreateServiceLinkedRole', Resource: '*' },
  ],
  [
    'CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
  ],
  [
    'CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOTACTION',
    'identity',
    { Effect: 'Allow', NotAction: 's3:*', Resource: '*' },
  ],
  [
    'PASS_ROLE_WITH_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:PassRole', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:Pass*', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'PASS_ROLE_WITH_NOTACTION_AND_NOTRESOURCE',
    'identity',
    { Effect: 'Allow', NotAction: 'iam:Get*', NotResource: 'arn:aws:iam::*:role/a' },
  ],
  [
    'PASS_ROLE_WITH_STAR_IN_RESOURCE',
    'identity',
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: 'arn:aws:iam::111122223333:role/*' },
  ],
  ['PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE', 'identity', { Effect: 'Allow', Action: '*', Resource: '*' }],
  [
    'PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOTACTION',
    'identity',
    { Effect: 'Allow', NotAction: 's3:*', Resource: '*' },
  ],
  [
    'INVALID_DATE_VALUE',
    'identity',
    { ...ALLOW, Condition: { DateLessThan: { 'aws:CurrentTime': '2027' } } },
  ],
  ['INVALID_ROLE_REFERENCE', 'trust', { ...TRUST, Principal: { AWS: 'AROAAPPAPPAPPAPPAPP1' } }],
  ['INVALID_USER_REFERENCE', 'trust', { ...TRUST, Principal: { AWS: 'AIDAALICEALICEALICE1' } }],
  [
    'WILDCARD_WITHOUT_LIKE_OPERATOR',
    'identity',
    { ...ALLOW, Condition: { StringEquals: { 'aws:username': 'a*' } } },
  ],
  ['TYPE_MISMATCH', 'identity', { ...ALLOW, Condition: { NumericEquals: { 'aws:username': '1' } } }],
  ['TYPE_MISMATCH_BOOLEAN', 'identity', { ...ALLOW, Condition: { Bool: { 'aws:SecureTransport': 'yes' } } }],
  ['TYPE_MISMATCH_BOOLEAN', 'identity', { ...ALLOW, Condition: { Null: { 'aws:username': 'alice' } } }],
  [
    'TYPE_MISMATCH_DATE',
    'identity',
    { ...ALLOW, Condition: { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } } },
  ],
  [
    'TYPE_MISMATCH_IP_RANGE',
    'identity',
    { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '8.8.8.8/99' } } },
  ],
  [
    'TYPE_MISMATCH_NUMBER',
    'identity',
    { ...ALLOW, Condition: { NumericEquals: { 's3:signatureAge': 'ten' } } },
  ],
  ['TYPE_MISMATCH_STRING', 'identity', { ...ALLOW, Condition: { BinaryEquals: { 'aws:username': '%%%' } } }],
  [
    'SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED',
    'trust',
    {
      ...TRUST,
      Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringLike: { 'token.actions.githubusercontent.com:sub': '*' } },
    },
  ],
  [
    'MISSING_GITHUB_REPO_CONDITION_KEY',
    'trust',
    {
      ...TRUST,
      Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } },
    },
  ],
  [
    'MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL',
    'trust',
    { ...TRUST, Principal: { Federated: 'accounts.google.com' }, Action: 'sts:AssumeRoleWithWebIdentity' },
  ],
  [
    'CONFIRM_AUDIENCE_CLAIM_TYPE',
    'trust',
    {
      ...TRUST,
      Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/idp.example.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'idp.example.com:aud': 'app' } },
    },
  ],
  [
    'REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY',
    'trust',
    {
      ...TRUST,
      Principal: {
        AWS: ['arn:aws:iam::111122223333:role/app', 'arn:aws:sts::111122223333:assumed-role/app/s1'],
      },
    },
  ],
  ['ALLOW_WITH_NOTPRINCIPAL', 'resource', { ...ALLOW, NotPrincipal: { AWS: '111122223333' } }],
  [
    'FORALLVALUES_WITH_SINGLE_VALUED_KEY',
    'identity',
    { ...ALLOW, Condition: { 'ForAllValues:StringEquals': { 'aws:username': 'a' } } },
  ],
  [
    'MISSING_PAIRED_CONDITION_KEYS',
    'identity',
    { ...ALLOW, Condition: { IpAddress: { 'aws:VpcSourceIp': '10.0.0.0/8' } } },
  ],
  [
    'RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL',
    'resource',
    { ...BUCKET, Principal: { Service: 'cloudtrail.amazonaws.com' } },
  ],
  [
    'RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL',
    'resource',
    {
      ...BUCKET,
      Principal: { Service: 'ses.amazonaws.com' },
      Condition: { StringEquals: { 'aws:Referer': '111122223333' } },
    },
  ],
  ['PUBLIC_ACCESS', 'resource', { ...BUCKET, Principal: '*' }],
  ['PUBLIC_ACCESS', 'trust', { ...TRUST, Principal: { AWS: '*' } }],
  [
    'ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
    'identity',
    {
      Effect: 'Allow',
      Action: 'health:DescribeEvents',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
    },
  ],
  [
    'DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
    'identity',
    {
      Effect: 'Deny',
      Action: 'health:*',
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestTag/team': 'a' } },
    },
  ],
  [
    'ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
    'boundary',
    {
      Effect: 'Allow',
      NotAction: 's3:*',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
    },
  ],
  [
    'DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE',
    'identity',
    {
      Effect: 'Deny',
      NotAction: 's3:*',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
    },
  ],
  ['EMPTY_ARRAY_ACTION', 'identity', { ...ALLOW, Action: [] }],
  ['EMPTY_ARRAY_RESOURCE', 'identity', { ...ALLOW, Resource: [] }],
  ['EMPTY_ARRAY_CONDITION', 'identity', { ...ALLOW, Condition: { StringEquals: { 'aws:username': [] } } }],
  [
    'EMPTY_ARRAY_CONDITION_FORALLVALUES',
    'identity',
    { ...ALLOW, Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [] } } },
  ],
  [
    'EMPTY_ARRAY_CONDITION_FORANYVALUE',
    'identity',
    { ...ALLOW, Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': [] } } },
  ],
  [
    'EMPTY_ARRAY_CONDITION_IFEXISTS',
    'identity',
    { ...ALLOW, Condition: { StringEqualsIfExists: { 'aws:username': [] } } },
  ],
  ['EMPTY_OBJECT_CONDITION', 'identity', { ...ALLOW, Condition: {} }],
  ['MISSING_PRINCIPAL', 'trust', { ...TRUST, Principal: {} }],
  ['MISSING_PRINCIPAL', 'trust', { ...TRUST, Principal: { AWS: [] } }],
  ['EMPTY_SID_VALUE', 'identity', { ...ALLOW, Sid: '' }],
  ['IMPROVE_IP_RANGE', 'identity', { ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '8.8.8.8/24' } } }],
  [
    'NULL_WITH_QUALIFIER',
    'identity',
    { ...ALLOW, Condition: { 'ForAnyValue:Null': { 'aws:TagKeys': 'true' } } },
  ],
  ['REDUNDANT_ACTION', 'identity', { ...ALLOW, Action: ['s3:GetObject', 's3:get*'] }],
  ['REDUNDANT_RESOURCE', 'identity', { ...ALLOW, Resource: ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/a'] }],
  [
    'REDUNDANT_CONDITION_VALUE_NUM',
    'identity',
    { ...ALLOW, Condition: { NumericLessThan: { 'aws:MultiFactorAuthAge': ['2700', '3600'] } } },
  ],
  ['REDUNDANT_STATEMENT', 'identity', ALLOW, { ...ALLOW, Sid: 'Again' }],
  [
    'IRRELEVANT_CONDITION_KEY_IN_POLICY',
    'resource',
    { ...BUCKET, Condition: { StringEquals: { 's3:ResourceAccount': '111122223333' } } },
  ],
  ['ACTION_WITHOUT_MATCHING_RESOURCE', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:::b' }],
  ['ACTION_WITHOUT_MATCHING_RESOURCE', 'identity', { ...ALLOW, Action: 's3:ListAllMyBuckets' }],
  ['MIXED_PARTITIONS', 'identity', { ...ALLOW, Resource: ['arn:aws:s3:::b/*', 'arn:aws-cn:s3:::b/*'] }],
  ['PLACEHOLDER', 'identity', { ...ALLOW, Resource: 'arn:aws:s3:::{bucket}/*' }],
  ['RETIRED_SERVICE', 'identity', { ...ALLOW, Action: 'iot1click:*', Resource: '*' }],
  [
    'POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA',
    'identity',
    { ...ALLOW, Resource: `arn:aws:s3:::b/${'x'.repeat(6200)}` },
  ],
  [
    'POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA',
    'resource',
    { ...BUCKET, Resource: `arn:aws:s3:::b/${'x'.repeat(20_500)}` },
  ],
  [
    'POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA',
    'trust',
    { ...TRUST, Condition: { StringEquals: { 'aws:username': 'x'.repeat(2100) } } },
  ],
  [
    'POLICY_SIZE_EXCEEDS_SCP_QUOTA',
    'service-control',
    { ...ALLOW, Resource: `arn:aws:s3:::b/${'x'.repeat(5200)}` },
  ],
];
