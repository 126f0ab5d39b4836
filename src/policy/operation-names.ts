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
    getbucketreplication: 'GetReplicationConfiguration',
    putbucketreplication: 'PutReplicationConfiguration',
    getpublicaccessblock: 'GetBucketPublicAccessBlock',
    putpublicaccessblock: 'PutBucketPublicAccessBlock',
    deletebucketcors: 'PutBucketCORS',
    deletebuckettagging: 'PutBucketTagging',
  }),
);

/** Actions that a version id in the call turns into their `…Version` sisters. */
const VERSIONED = [
  'GetObject',
  'DeleteObject',
  'GetObjectAcl',
  'PutObjectAcl',
  'GetObjectTagging',
  'PutObjectTagging',
];

/** The action that allows an operation of S3 which is no action itself; `undefined` for all else. */
export function actionOfOperation(name: string): string | undefined {
  const [service = '', operation = ''] = name.toLowerCase().split(':');
  const action = service === 's3' ? ACTION_OF_OPERATION.get(operation) : undefined;
  return action && `s3:${action}`;
}

/** Why somebody who granted `name` expected it to grant `action`; `undefined` where nobody would. */
export function grantedBy(name: string, action: string): string | undefined {
  const meant = actionOfOperation(name);
  if (meant?.toLowerCase() === action.toLowerCase())
    return `${name.slice(3)} is the name of an operation, the action that allows it is ${meant}`;
  const versioned = VERSIONED.find(one => `s3:${one}`.toLowerCase() === name.toLowerCase());
  if (!versioned) return undefined;
  const sister = `s3:${versioned.replace(/^(Get|Put|Delete)Object/, '$1ObjectVersion')}`;
  return sister.toLowerCase() === action.toLowerCase()
    ? 'a call that names a version needs the action for versions'
    : undefined;
}
