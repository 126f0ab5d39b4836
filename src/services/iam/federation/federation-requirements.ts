/** What operations on identity providers and MFA devices ask for. Source: Service Authorization Reference, IAM. */

import type { Call, Requirement } from '../../../core/operation.js';
import { type ProviderKind, providerArn } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onTagged, withTagging } from '../requirements.js';

/** On a provider that will be there. */
export function onNewProvider(
  operation: string,
  call: Call,
  kind: ProviderKind,
  name: string,
  context: Context = {},
): Requirement[] {
  const tagOperation = kind === 'saml-provider' ? 'TagSAMLProvider' : 'TagOpenIDConnectProvider';
  const resource = providerArn(kind, homeOf(call), name);
  return withTagging({ action: `iam:${operation}`, resource, context }, tagOperation);
}

/** On an OpenID Connect provider, by the ARN that the request gives. */
export async function onOidcProvider(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Requirement[]> {
  const provider = await identity.oidcProviders.find(homeOf(call), arn);
  return onTagged(operation, arn, provider?.tags, context);
}

/** On a virtual MFA device, by its serial number, which is its ARN. */
export async function onMfaDevice(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  serial: string,
  context: Context = {},
): Promise<Requirement[]> {
  const device = await identity.mfaDevices.find(homeOf(call), serial);
  return onTagged(operation, serial, device?.tags, context);
}

/** On a SAML provider, by the ARN that the request gives. */
export async function onSamlProvider(
  operation: string,
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Requirement[]> {
  const provider = await identity.samlProviders.find(homeOf(call), arn);
  return onTagged(operation, arn, provider?.tags, context);
}
