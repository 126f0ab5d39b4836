import { type OperationName, type Operations, type Service, service } from '../../core/operation.js';
import { AssumeRole } from './assume-role.js';
import { AssumeRoleWithSAML } from './assume-role-with-saml.js';
import { AssumeRoleWithWebIdentity } from './assume-role-with-web-identity.js';
import { AssumeRoot } from './assume-root.js';
import { DecodeAuthorizationMessage } from './decode-authorization-message.js';
import { GetAccessKeyInfo } from './get-access-key-info.js';
import { GetCallerIdentity } from './get-caller-identity.js';
import { GetFederationToken } from './get-federation-token.js';
import { GetSessionToken } from './get-session-token.js';
import { GetWebIdentityToken } from './get-web-identity-token.js';
import type { StsPorts } from './ports.js';

const operations: Operations<StsPorts, OperationName<typeof import('@aws-sdk/client-sts')>> = {
  AssumeRole,
  AssumeRoleWithSAML,
  AssumeRoleWithWebIdentity,
  AssumeRoot,
  DecodeAuthorizationMessage,
  GetAccessKeyInfo,
  GetCallerIdentity,
  GetFederationToken,
  GetSessionToken,
  GetWebIdentityToken,
};

/** The Security Token Service: hands out temporary credentials. */
export function stsService(ports: StsPorts): Service {
  return service('sts', ports, operations);
}
