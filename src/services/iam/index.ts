import { type OperationName, operationsOf, type Service, service } from '../../core/operation.js';
import * as account from './account/account.js';
import * as authorizationDetails from './account/authorization-details.js';
import * as organizationFeatures from './account/organization-features.js';
import * as serviceAccess from './account/service-access.js';
import * as accessKeys from './credentials/access-keys.js';
import * as credentialReport from './credentials/credential-report.js';
import * as mfaDevices from './credentials/mfa-devices.js';
import * as passwords from './credentials/passwords.js';
import * as serverCertificates from './credentials/server-certificates.js';
import * as serviceCredentials from './credentials/service-credentials.js';
import * as signingCertificates from './credentials/signing-certificates.js';
import * as sshPublicKeys from './credentials/ssh-public-keys.js';
import * as groups from './entities/groups.js';
import * as instanceProfiles from './entities/instance-profiles.js';
import * as roles from './entities/roles.js';
import * as serviceLinkedRoles from './entities/service-linked-roles.js';
import * as tags from './entities/tags.js';
import * as users from './entities/users.js';
import * as oidcProviders from './federation/oidc-providers.js';
import * as samlProviders from './federation/saml-providers.js';
import * as attachedPolicies from './policies/attached-policies.js';
import * as inlinePolicies from './policies/inline-policies.js';
import * as managedPolicies from './policies/managed-policies.js';
import * as permissionsBoundaries from './policies/permissions-boundaries.js';
import * as policyVersions from './policies/policy-versions.js';
import type { IamPorts } from './ports.js';
import * as contextKeys from './simulation/context-keys.js';
import * as simulatePolicy from './simulation/simulate-policy.js';

const operations = operationsOf<IamPorts, OperationName<typeof import('@aws-sdk/client-iam')>>()(
  accessKeys,
  account,
  attachedPolicies,
  authorizationDetails,
  contextKeys,
  credentialReport,
  groups,
  inlinePolicies,
  instanceProfiles,
  managedPolicies,
  mfaDevices,
  oidcProviders,
  organizationFeatures,
  passwords,
  permissionsBoundaries,
  policyVersions,
  roles,
  samlProviders,
  serverCertificates,
  serviceAccess,
  serviceCredentials,
  serviceLinkedRoles,
  signingCertificates,
  simulatePolicy,
  sshPublicKeys,
  tags,
  users,
);

/** Identity and Access Management: users, groups, roles, policies, access keys. */
export function iamService(ports: IamPorts): Service {
  return service('iam', ports, operations);
}
