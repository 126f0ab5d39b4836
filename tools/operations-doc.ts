/**
 * Writes docs/operations.md: which of AWS's operations are there, from the code itself.
 * Run with `npm run docs`; a test fails where the page and the code differ.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as accessAnalyzerSdk from '@aws-sdk/client-accessanalyzer';
import * as cloudTrailSdk from '@aws-sdk/client-cloudtrail';
import * as iamSdk from '@aws-sdk/client-iam';
import * as kmsSdk from '@aws-sdk/client-kms';
import * as organizationsSdk from '@aws-sdk/client-organizations';
import * as s3Sdk from '@aws-sdk/client-s3';
import * as s3ControlSdk from '@aws-sdk/client-s3-control';
import * as stsSdk from '@aws-sdk/client-sts';
import type { Services } from '../src/http/services.js';
import { openServices } from '../src/index.js';
import { rolesAnywhereOperations } from '../src/services/rolesanywhere/schema.js';
import { controlName } from '../src/wire/index.js';
import { operationsOf } from '../src/wire/schema.js';

const sdks = {
  sts: stsSdk,
  iam: iamSdk,
  s3: s3Sdk,
  s3control: s3ControlSdk,
  kms: kmsSdk,
  organizations: organizationsSdk,
  'access-analyzer': accessAnalyzerSdk,
  rolesanywhere: rolesAnywhereOperations,
  cloudtrail: cloudTrailSdk,
} as const;
const refusals: Record<keyof typeof sdks, string> = {
  sts: '`InvalidAction`',
  iam: '`InvalidAction`',
  s3: '`NotImplemented`',
  s3control: '`NotImplemented`',
  kms: '`UnknownOperationException`',
  organizations: '`UnknownOperationException`',
  'access-analyzer': '`UnknownOperationException`',
  rolesanywhere: '`UnknownOperationException`',
  cloudtrail: '`UnknownOperationException`',
};

/** The page, for the services as they are served. */
export function operationsPage(services: Services): string {
  const sections = Object.entries(sdks).map(([id, sdk]) => {
    const there = operationsAt(services, id);
    const all = [...operationsOf(sdk).keys()].sort();
    const list = (names: string[]) => (names.length === 0 ? 'none' : names.join(', '));
    const present = all.filter(name => there.has(controlled(id, name)));
    return [
      `## ${id.toUpperCase()}: ${present.length} of ${all.length}`,
      `**There:** ${list(present)}`,
      `**Not there** (answer ${refusals[id as keyof typeof sdks]}): ${list(all.filter(name => !present.includes(name)))}`,
    ].join('\n\n');
  });
  return [
    '# Operations',
    'Made by `npm run docs` from the code. An operation that is not there never answers success.',
    ...sections,
    '',
  ].join('\n\n');
}

/** S3 Control is a door of S3. */
function operationsAt({ doors, all }: Services, id: string): ReadonlyMap<string, unknown> {
  return [...all, ...doors.map(({ served }) => served)].find(({ wire }) => wire.id === id)!.service
    .operations;
}

const controlled = (id: string, name: string) => (id === 's3control' ? controlName(name) : name);

export const pagePath = 'docs/operations.md';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { services, close } = await openServices({ data: 'memory', log: 'none' });
  writeFileSync(pagePath, operationsPage(services));
  await close();
}
