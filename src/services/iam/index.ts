import { type NamedOperation, type Service, service } from '../../core/operation.js';
import * as account from './account/account.js';
import { getAccountAuthorizationDetails } from './account/authorization-details.js';
import { listOrganizationsFeatures } from './account/organization-features.js';
import * as serviceAccess from './account/service-access.js';
import * as accessKeys from './credentials/access-keys.js';
import * as credentialReport from './credentials/credential-report.js';
import * as mfaDevices from './credentials/mfa-devices.js';
import * as passwords from './credentials/passwords.js';
import * as serverCertificates from './credentials/server-certificates.js';
import * as serviceCredentials from './credentials/service-credentials.js';
import * as signingCertificates from './credentials/signing-certificates.js';
import * as sshPublicKeys from './credentials/ssh-public-keys.js';
import type { HolderKind } from './entities/entities.js';
import * as groups from './entities/groups.js';
import * as instanceProfiles from './entities/instance-profiles.js';
import * as roles from './entities/roles.js';
import * as serviceLinkedRoles from './entities/service-linked-roles.js';
import { listTags, TAGGABLE, tagResource, untagResource } from './entities/tags.js';
import * as users from './entities/users.js';
import * as oidcProviders from './federation/oidc-providers.js';
import * as samlProviders from './federation/saml-providers.js';
import { attachPolicy, detachPolicy, listAttachedPolicies } from './policies/attached-policies.js';
import { deletePolicyOf, getPolicyOf, listPoliciesOf, putPolicy } from './policies/inline-policies.js';
import * as managedPolicies from './policies/managed-policies.js';
import { deleteBoundary, putBoundary } from './policies/permissions-boundaries.js';
import * as policyVersions from './policies/policy-versions.js';
import type { IamPorts } from './ports.js';
import {
  getContextKeysForCustomPolicy,
  getContextKeysForPrincipalPolicy,
} from './simulation/context-keys.js';
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulation/simulate-policy.js';

const HOLDERS: readonly HolderKind[] = ['user', 'group', 'role'];
const BOUNDED = ['user', 'role'] as const;

/** Identity and Access Management: users, groups, roles, policies, access keys. */
export function iamService(ports: IamPorts): Service {
  return service('iam', ports, operations());
}

function operations(): NamedOperation<IamPorts>[] {
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
  ] as NamedOperation<IamPorts>[];
}
