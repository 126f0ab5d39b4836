/** ARNs of identity providers and MFA devices. Source: Service Authorization Reference, IAM resource types. */

import type { Account } from '../../core/caller.js';
import { parseArn } from '../../policy/index.js';

export type ProviderKind = 'oidc-provider' | 'saml-provider';

type Home = Pick<Account, 'id' | 'partition'>;

/** `arn:aws:iam::111122223333:oidc-provider/issuer.example.com/path`, `…:saml-provider/name`. */
export function providerArn(kind: ProviderKind, home: Home, name: string): string {
  return `arn:${home.partition}:iam::${home.id}:${kind}/${name}`;
}

/** Characters: as long as an issuer's URL may be (IAM API Reference, CreateOpenIDConnectProvider). */
const LONGEST_NAME = 255;

export function isProviderName(name: string): boolean {
  return name !== '' && name.length <= LONGEST_NAME;
}

/** The name in the ARN of a provider of that account; `undefined` where the text is none. */
export function providerNameOf(kind: ProviderKind, home: Home, arn: string): string | undefined {
  const parsed = parseArn(arn);
  if (parsed === undefined || parsed.service !== 'iam' || parsed.partition !== home.partition)
    return undefined;
  const prefix = `${kind}/`;
  if (parsed.account !== home.id || !parsed.resource.startsWith(prefix)) return undefined;
  const name = parsed.resource.slice(prefix.length);
  return isProviderName(name) ? name : undefined;
}

/** `arn:aws:iam::111122223333:mfa/path/name`; `path` begins and ends with a slash. */
export function mfaSerial(home: Home, path: string, name: string): string {
  return `arn:${home.partition}:iam::${home.id}:mfa${path}${name}`;
}

/** The device's name in the serial number of a virtual device of that account; `undefined` where it is none. */
export function mfaNameOf(home: Home, serial: string): string | undefined {
  const parsed = parseArn(serial);
  if (parsed?.service !== 'iam' || parsed.account !== home.id || parsed.partition !== home.partition) {
    return undefined;
  }
  return /^mfa\/(?:.*\/)?([\w+=,.@-]+)$/.exec(parsed.resource)?.[1];
}
