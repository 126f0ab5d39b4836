/** What operations on identity providers and MFA devices ask for. Source: Service Authorization Reference, IAM. */

import type { Call, Resolution } from '../../../core/operation.js';
import {
  type MfaDevice,
  type OidcProvider,
  type ProviderKind,
  providerArn,
  type SamlProvider,
} from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { homeOf, type IamPorts } from '../ports.js';
import { type On, type OnAccount, onTagged, withTagging } from '../requirements.js';

/** On a provider that will be there. */
export function onNewProvider(
  call: Call,
  kind: ProviderKind,
  name: string,
  context: Context = {},
): Resolution<OnAccount> {
  const home = homeOf(call);
  const tagOperation = kind === 'saml-provider' ? 'TagSAMLProvider' : 'TagOpenIDConnectProvider';
  const requirement = { action: call.action, resource: providerArn(kind, home, name), context };
  return { requires: withTagging(requirement, tagOperation), subject: { home } };
}

/** On an OpenID Connect provider, by the ARN that the request gives. */
export async function onOidcProvider(
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Resolution<On<OidcProvider>>> {
  const home = homeOf(call);
  const provider = await identity.oidcProviders.find(home, arn);
  return {
    requires: [onTagged(call.action, arn, provider?.tags, context)],
    subject: { home, found: provider },
  };
}

/** On a virtual MFA device, by its serial number, which is its ARN. */
export async function onMfaDevice(
  call: Call,
  { identity }: IamPorts,
  serial: string,
  context: Context = {},
): Promise<Resolution<On<MfaDevice>>> {
  const home = homeOf(call);
  const device = await identity.mfaDevices.find(home, serial);
  return {
    requires: [onTagged(call.action, serial, device?.tags, context)],
    subject: { home, found: device },
  };
}

/** On a SAML provider, by the ARN that the request gives. */
export async function onSamlProvider(
  call: Call,
  { identity }: IamPorts,
  arn: string,
  context: Context = {},
): Promise<Resolution<On<SamlProvider>>> {
  const home = homeOf(call);
  const provider = await identity.samlProviders.find(home, arn);
  return {
    requires: [onTagged(call.action, arn, provider?.tags, context)],
    subject: { home, found: provider },
  };
}
