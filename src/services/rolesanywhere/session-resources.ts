/** The trust anchor, profile and role that a CreateSession names. */
import type { Call } from '../../core/operation.js';
import { anywhereErrors, type Profile, type TrustAnchor } from '../../identity/index.js';
import { parseArn } from '../../policy/index.js';
import type { Home, RolesAnywherePorts } from './ports.js';

export interface NamedResources {
  /** Of the trust anchor and the profile. */
  readonly place: Home;
  readonly anchor: TrustAnchor;
  readonly profile: Profile;
  readonly roleArn: string;
}

interface Names {
  readonly profileArn?: string;
  readonly roleArn?: string;
  readonly trustAnchorArn?: string;
}

/** Characters of an ARN, as the service's model has it. */
const LONGEST = 1011;

/**
 * Throws `ValidationException` for names that are missing, are given twice or do not go together;
 * `ResourceNotFoundException` for what is not there.
 */
export async function namedResources(
  input: Names,
  call: Call,
  identity: RolesAnywherePorts['identity'],
): Promise<NamedResources> {
  const query = new URLSearchParams(call.http.query);
  const trustAnchorArn = named('trustAnchorArn', input, query);
  const profileArn = named('profileArn', input, query);
  const roleArn = named('roleArn', input, query);
  const anchorName = nameOf(trustAnchorArn, 'trust-anchor', call);
  const profileName = nameOf(profileArn, 'profile', call);
  const account = await identity.account(anchorName.account);
  if (account?.partition !== anchorName.partition || account.closed !== undefined)
    throw absent(trustAnchorArn);
  if (profileName.account !== account.id || profileName.partition !== account.partition)
    throw anywhereErrors.ValidationException('The trust anchor and the profile are of different accounts.');
  const place = { home: account, region: call.region };
  const anchor = await identity.rolesAnywhere.anchors.find(place, anchorName.id);
  if (!anchor) throw absent(trustAnchorArn);
  const profile = await identity.rolesAnywhere.profiles.find(place, profileName.id);
  if (!profile) throw absent(profileArn);
  return { place, anchor, profile, roleArn };
}

/** In the query or the body; where in both, the same. */
function named(name: keyof Names, input: Names, query: URLSearchParams): string {
  const given = new Set([...query.getAll(name), ...(input[name] === undefined ? [] : [input[name]])]);
  const [arn] = given;
  if (arn === undefined) {
    throw anywhereErrors.ValidationException(
      `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
    );
  }
  if (given.size === 1 && arn.length <= LONGEST) return arn;
  throw anywhereErrors.ValidationException(
    `${name} is given twice, or is longer than ${LONGEST} characters.`,
  );
}

/** Throws `ValidationException` for what is no such ARN, and for one of another region than the request's. */
function nameOf(text: string, kind: 'trust-anchor' | 'profile', call: Call) {
  const arn = parseArn(text);
  const id = arn?.resource.startsWith(`${kind}/`) ? arn.resource.slice(kind.length + 1) : '';
  if (arn?.service !== 'rolesanywhere' || arn.region !== call.region || !/^[0-9a-f-]{36}$/.test(id)) {
    throw anywhereErrors.ValidationException(`${text} is no ${kind} in ${call.region}.`);
  }
  return { partition: arn.partition, account: arn.account, id };
}

function absent(arn: string) {
  return anywhereErrors.ResourceNotFoundException(`The resource ${arn} does not exist.`);
}
