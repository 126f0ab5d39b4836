import { type Operation, type Service, service } from '../../operation.js';
import * as accessKeys from './access-keys.js';
import * as account from './account.js';
import { attachPolicy, detachPolicy, listAttachedPolicies } from './attached-policies.js';
import { getAccountAuthorizationDetails } from './authorization-details.js';
import { getContextKeysForCustomPolicy, getContextKeysForPrincipalPolicy } from './context-keys.js';
import * as credentialReport from './credential-report.js';
import type { HolderKind } from './entities.js';
import * as groups from './groups.js';
import { deletePolicyOf, getPolicyOf, listPoliciesOf, putPolicy } from './inline-policies.js';
import * as instanceProfiles from './instance-profiles.js';
import * as managedPolicies from './managed-policies.js';
import * as mfaDevices from './mfa-devices.js';
import * as oidcProviders from './oidc-providers.js';
import { listOrganizationsFeatures } from './organization-features.js';
import * as passwords from './passwords.js';
import { deleteBoundary, putBoundary } from './permissions-boundaries.js';
import * as policyVersions from './policy-versions.js';
import type { IamPorts } from './ports.js';
import * as roles from './roles.js';
import * as samlProviders from './saml-providers.js';
import * as serverCertificates from './server-certificates.js';
import * as serviceAccess from './service-access.js';
import * as serviceCredentials from './service-credentials.js';
import * as serviceLinkedRoles from './service-linked-roles.js';
import * as signingCertificates from './signing-certificates.js';
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulate-policy.js';
import * as sshPublicKeys from './ssh-public-keys.js';
import { listTags, TAGGABLE, tagResource, untagResource } from './tags.js';
import * as users from './users.js';

const HOLDERS: readonly HolderKind[] = ['user', 'group', 'role'];
const BOUNDED = ['user', 'role'] as const;

/** Identity and Access Management: users, groups, roles, policies, access keys. */
export function iamService(ports: IamPorts): Service {
  return service('iam', ports, operations());
}

function operations(): Operation<IamPorts>[] {
  return [
    users.createUser,
    users.getUser,
    users.listUsers,
    users.updateUser,
    users.deleteUser,
    ...Object.values(accessKeys),
    ...Object.values(groups),
    ...Object.values(roles),
    ...Object.values(managedPolicies),
    ...Object.values(policyVersions),
    ...Object.values(instanceProfiles),
    ...Object.values(account),
    ...Object.values(oidcProviders),
    ...Object.values(samlProviders),
    ...Object.values(mfaDevices),
    ...Object.values(passwords),
    ...Object.values(credentialReport),
    ...Object.values(serviceAccess),
    ...Object.values(sshPublicKeys),
    ...Object.values(signingCertificates),
    ...Object.values(serviceCredentials),
    ...Object.values(serviceLinkedRoles),
    ...Object.values(serverCertificates),
    getAccountAuthorizationDetails,
    listOrganizationsFeatures,
    getContextKeysForCustomPolicy,
    getContextKeysForPrincipalPolicy,
    simulateCustomPolicy,
    simulatePrincipalPolicy,
    ...HOLDERS.flatMap(kind => [
      putPolicy(kind),
      getPolicyOf(kind),
      listPoliciesOf(kind),
      deletePolicyOf(kind),
    ]),
    ...HOLDERS.flatMap(kind => [attachPolicy(kind), detachPolicy(kind), listAttachedPolicies(kind)]),
    ...BOUNDED.flatMap(kind => [putBoundary(kind), deleteBoundary(kind)]),
    ...TAGGABLE.flatMap(kind => [tagResource(kind), untagResource(kind), listTags(kind)]),
  ] as Operation<IamPorts>[];
}
