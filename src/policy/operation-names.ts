/** The operations on settings that a bucket has by id. */
function byId(...kinds: readonly string[]): Record<string, string> {
  const names: Record<string, string> = {};
  for (const kind of kinds) {
    const setting = `${kind}Configuration`;
    for (const [verb, end, action] of [
      ['Get', '', 'Get'],
      ['List', 's', 'Get'],
      ['Put', '', 'Put'],
      ['Delete', '', 'Put'],
    ]) {
      names[`${verb}Bucket${setting}${end}`.toLowerCase()] = `${action}${setting}`;
    }
  }
  return names;
}

/**
 * Names of S3 operations that people take for actions ("Required permissions for Amazon S3 API operations").
 * Operation in lower case to the action that allows it.
 */
const ACTION_OF_OPERATION: ReadonlyMap<string, string> = new Map(
  Object.entries({
    listobjects: 'ListBucket',
    listobjectsv2: 'ListBucket',
    headbucket: 'ListBucket',
    headobject: 'GetObject',
    listbuckets: 'ListAllMyBuckets',
    copyobject: 'PutObject',
    deleteobjects: 'DeleteObject',
    createmultipartupload: 'PutObject',
    uploadpart: 'PutObject',
    uploadpartcopy: 'PutObject',
    completemultipartupload: 'PutObject',
    listobjectversions: 'ListBucketVersions',
    listmultipartuploads: 'ListBucketMultipartUploads',
    listparts: 'ListMultipartUploadParts',
    getbucketencryption: 'GetEncryptionConfiguration',
    putbucketencryption: 'PutEncryptionConfiguration',
    deletebucketencryption: 'PutEncryptionConfiguration',
    getbucketlifecycleconfiguration: 'GetLifecycleConfiguration',
    putbucketlifecycleconfiguration: 'PutLifecycleConfiguration',
    deletebucketlifecycle: 'PutLifecycleConfiguration',
    getbucketlifecycle: 'GetLifecycleConfiguration',
    putbucketlifecycle: 'PutLifecycleConfiguration',
    getbucketaccelerateconfiguration: 'GetAccelerateConfiguration',
    putbucketaccelerateconfiguration: 'PutAccelerateConfiguration',
    getbucketnotificationconfiguration: 'GetBucketNotification',
    putbucketnotificationconfiguration: 'PutBucketNotification',
    getobjectlockconfiguration: 'GetBucketObjectLockConfiguration',
    putobjectlockconfiguration: 'PutBucketObjectLockConfiguration',
    deletebucketownershipcontrols: 'PutBucketOwnershipControls',
    deletebucketreplication: 'PutReplicationConfiguration',
    selectobjectcontent: 'GetObject',
    getbucketreplication: 'GetReplicationConfiguration',
    putbucketreplication: 'PutReplicationConfiguration',
    getpublicaccessblock: 'GetBucketPublicAccessBlock',
    putpublicaccessblock: 'PutBucketPublicAccessBlock',
    deletepublicaccessblock: 'PutBucketPublicAccessBlock',
    deleteaccountpublicaccessblock: 'PutAccountPublicAccessBlock',
    ...byId('Analytics', 'IntelligentTiering', 'Inventory', 'Metrics'),
    deletebucketcors: 'PutBucketCORS',
    deletebuckettagging: 'PutBucketTagging',
  }),
);

/** Actions that a version id in the call turns into their `…Version` sisters. */
const VERSIONED = new Set([
  'getobject',
  'deleteobject',
  'getobjectacl',
  'putobjectacl',
  'getobjecttagging',
  'putobjecttagging',
]);

/** The action that allows an operation of S3 which is no action itself; `undefined` for all else. */
export function actionOfOperation(name: string): string | undefined {
  const [service = '', operation = ''] = name.toLowerCase().split(':');
  const action = service === 's3' ? ACTION_OF_OPERATION.get(operation) : undefined;
  return action && `s3:${action}`;
}

/**
 * What people grant by mistake where they need `action`, in lower case, and why it does not do: operations of that
 * action, and the action for unversioned objects.
 */
export function namesTakenFor(action: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const [service = '', name = ''] = action.toLowerCase().split(':');
  if (service !== 's3') return names;
  for (const [operation, meant] of ACTION_OF_OPERATION) {
    if (meant.toLowerCase() !== name) continue;
    names.set(
      `s3:${operation}`,
      `that is the name of an operation, the action that allows it is s3:${meant}`,
    );
  }
  const plain = name.replace('objectversion', 'object');
  if (plain !== name && VERSIONED.has(plain))
    names.set(`s3:${plain}`, 'a call that names a version needs the action for versions');
  return names;
}
