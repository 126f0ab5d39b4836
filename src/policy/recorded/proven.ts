/** Which condition keys a record proves to be absent, so that only the others are unknown. */

import type { RecordedCall, RecordedCheck } from './call.js';

/** Keys of which a record tells whether the request carried them, whatever the request was. */
const OF_RECORD = new Set([
  'aws:sourcevpce',
  'aws:vpceaccount',
  'aws:sourceidentity',
  'aws:username',
  'aws:userid',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:requestedregion',
  'aws:currenttime',
  'aws:epochtime',
  'ec2:roledelivery',
]);

/** Beginnings of keys that stand for parameters of the request. */
const OF_PARAMETERS =
  /^(?:aws:requesttag\/|aws:tagkeys$|s3:(?:prefix|delimiter|max-keys|versionid|x-amz-|requestobjecttag|object-lock-|locationconstraint|if-|objectcreationoperation)|sts:(?:externalid|rolesessionname|transitivetagkeys|sourceidentity)$|kms:(?:encryptioncontext|requestalias|grant|grantee|retiring|message|signing|mac)|iam:(?:policyarn|awsservicename|passedtoservice))/;

/** Keys that only some callers have. */
const OF_SESSIONS = new Set(['aws:tokenissuetime', 'aws:multifactorauthpresent', 'aws:multifactorauthage']);

/** Keys about who calls for whom, which are absent of calls that no service makes. */
const OF_SERVICES = new Set([
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'kms:viaservice',
]);

/**
 * Whether the record tells of a key, `key` in lower case, that the request did not carry it. Where neither this nor the
 * context has it, nothing is known.
 */
export function isProvenAbsent(key: string, call: RecordedCall, check: RecordedCheck): boolean {
  if (OF_RECORD.has(key)) return true;
  if (OF_SERVICES.has(key)) {
    return (
      call.principal.type !== 'service' && call.context['aws:ViaAWSService'] === 'false' && !check.implied
    );
  }
  if (OF_SESSIONS.has(key)) return isLongTerm(call);
  if (key === 'aws:federatedprovider')
    return call.principal.type === 'user' || call.principal.type === 'root';
  if (key === 'aws:sourcevpc' || key === 'aws:vpcsourceip')
    return call.context['aws:SourceVpce'] === undefined;
  return call.hasParameters && OF_PARAMETERS.test(key);
}

/** Whether the call was signed with an access key of a user: such calls carry no keys of sessions. */
function isLongTerm({ principal, context }: RecordedCall): boolean {
  const { type } = principal;
  if (type === 'anonymous' || type === 'service') return true;
  return (type === 'user' || type === 'root') && context['aws:TokenIssueTime'] === undefined;
}
