/**
 * Sessions for certificates. Source: IAM Roles Anywhere User Guide, "IAM Roles Anywhere CreateSession API" and "The IAM
 * Roles Anywhere trust model".
 */
import { ApiError } from '../../core/errors.js';
import type { Call, Operation, Requirement } from '../../core/operation.js';
import {
  anywhereArn,
  anywhereErrors,
  assumedRoleArn,
  findRole,
  type Identity,
  type IssuedSession,
  type Profile,
  parseEntityArn,
  type ReadCertificate,
  readSessionPolicies,
  roleTagContext,
  sessionTags,
  type Tags,
  type Target,
  type TrustAnchor,
  tagContext,
  trustPolicyOf,
} from '../../identity/index.js';
import { inOurWordsLater } from './errors.js';
import { type Home, type RolesAnywherePorts, requestTagContext } from './ports.js';
import { type NamedResources, namedResources } from './session-resources.js';

const SERVICE = 'rolesanywhere.amazonaws.com';

interface CreateSessionInput {
  readonly profileArn?: string;
  readonly roleArn?: string;
  readonly trustAnchorArn?: string;
  readonly durationSeconds?: number;
  readonly roleSessionName?: string;
  readonly instanceProperties?: Readonly<Record<string, string>>;
}

/** What a session is asked with, before it is decided. */
interface Wish {
  readonly place: Home;
  readonly anchor: TrustAnchor;
  readonly profile: Profile;
  readonly roleArn: string;
  readonly certificate: ReadCertificate;
}

/** What the certificate and the profile make of the session. */
interface SessionFacts {
  readonly name: string;
  readonly tags: Tags;
  readonly sourceIdentity: string | undefined;
}

/**
 * Temporary credentials of a role for who holds the key of a certificate. Open to everybody who signs with one: `run`
 * asks the trust anchor, the profile and the role's trust policy. Throws `AccessDeniedException`,
 * `ResourceNotFoundException`, `ValidationException`.
 */
export const CreateSession: Operation<RolesAnywherePorts, CreateSessionInput, object, NamedResources> = {
  async resolve(input, call, { identity }) {
    return { requires: [], subject: await namedResources(input, call, identity) };
  },

  async run(named, input, call, { identity }) {
    try {
      return await answer(named, input, call, identity);
    } catch (error) {
      // Whose administrators read why.
      throw error instanceof ApiError ? error.with({ owner: named.place.home.id }) : error;
    }
  },
};

async function answer(
  { place, anchor, profile, roleArn }: NamedResources,
  input: CreateSessionInput,
  call: Call,
  identity: Identity,
) {
  const { rolesAnywhere } = identity;
  if (call.certificate === undefined) throw denied('CreateSession is signed with the key of a certificate.');
  if (!anchor.enabled) throw denied('The trust anchor is disabled.');
  const certificate = await rolesAnywhere.verify(place, anchor, call.certificate);
  const wish = { place, anchor, profile, roleArn, certificate };
  const { instanceProperties: properties } = input;
  const note = (failed: boolean) => rolesAnywhere.subjects.note(place, certificate, { failed, properties });
  let made: Awaited<ReturnType<typeof makeSession>>;
  try {
    made = await makeSession(wish, input, call, identity);
  } catch (error) {
    if (error instanceof ApiError) await note(true);
    throw error;
  }
  const subjectArn = anywhereArn(place.home, place.region, 'subject', await note(false));
  return { credentialSet: [shapeOf(wish, made)], subjectArn };
}

async function makeSession(wish: Wish, input: CreateSessionInput, call: Call, identity: Identity) {
  const { place, profile, roleArn } = wish;
  if (!profile.enabled) throw denied('The profile is disabled.');
  if (!profile.roleArns.includes(roleArn)) throw denied(`The profile does not have the role ${roleArn}.`);
  const facts = sessionFacts(wish, input.roleSessionName);
  const target = await demandTrusted(wish, facts, call, identity);
  const duration = durationOf(profile, target, input.durationSeconds);
  call.note({ service: 'sts', operation: 'AssumeRole', resource: roleArn });
  const { name, tags, sourceIdentity } = facts;
  const issued = await inOurWordsLater(async () =>
    identity.sessions.issue({
      arn: assumedRoleArn(place.home, target.role.name, name),
      duration,
      issuer: { arn: SERVICE, accessKeyId: '', sourceIp: call.sourceIp, region: place.region },
      claims: {
        kind: 'assume-role',
        account: place.home.id,
        entityId: target.role.id,
        entity: target.role.name.toLowerCase(),
        name,
        ...(await readSessionPolicies(identity.policies, place.home, {
          Policy: profile.sessionPolicy,
          PolicyArns: profile.managedPolicyArns.map(arn => ({ arn })),
        })),
        tags,
        transitiveKeys: [],
        sourceIdentity,
        mfa: false,
        chained: false,
      },
    }),
  );
  return { issued, target, facts };
}

/** What STS takes of a source identity (STS API Reference, AssumeRole). */
const SOURCE_IDENTITY = /^[\w+=,.@-]{2,64}$/;

/**
 * The session is named after the serial number, in hexadecimal, unless the profile accepts a name; its source identity
 * is the subject's common name. One that cannot be a source identity is refused, not changed: it could be another's
 * then.
 */
function sessionFacts({ certificate, profile }: Wish, asked: string | undefined): SessionFacts {
  if (asked !== undefined && !profile.acceptsSessionName) {
    throw denied('The profile accepts no role session name (acceptRoleSessionName).');
  }
  const sourceIdentity = certificate.subject.find(({ type }) => type === 'CN')?.value;
  if (sourceIdentity !== undefined && !SOURCE_IDENTITY.test(sourceIdentity)) {
    throw denied(
      'The common name of the subject cannot be a source identity: 2 to 64 of A-Z a-z 0-9 _ + = , . @ -',
    );
  }
  return {
    name: asked ?? certificate.serial.padStart(2, '0'),
    tags: sessionTags(certificate, profile.mappings),
    sourceIdentity,
  };
}

/** The role, once its trust policy lets the service do all that it is about to do. Throws `AccessDeniedException`. */
async function demandTrusted(
  wish: Wish,
  facts: SessionFacts,
  call: Call,
  identity: Identity,
): Promise<Target> {
  const { roleArn, place } = wish;
  const name = parseEntityArn(roleArn);
  const target = name?.account === place.home.id ? await findRole(identity, name) : undefined;
  const actions = [
    'sts:AssumeRole',
    ...(facts.tags.length > 0 ? ['sts:TagSession'] : []),
    ...(facts.sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
  const message = `Unable to assume role for ${roleArn}`;
  if (!target) throw denied(message, 'Check the ARN of the role: the account of the profile has none of it.');
  for (const action of actions) {
    if (!(await call.permits(trustRequirement(action, wish, facts, target)))) throw denied(message);
  }
  return target;
}

function trustRequirement(
  action: string,
  { place, anchor, roleArn }: Wish,
  { name, tags, sourceIdentity }: SessionFacts,
  { role }: Target,
): Requirement {
  return {
    action,
    resource: roleArn,
    resourceAccount: place.home.id,
    resourceKind: 'trust',
    resourcePolicy: trustPolicyOf(role),
    context: {
      ...roleTagContext(role),
      ...requestTagContext(tags),
      'sts:RoleSessionName': name,
      ...(sourceIdentity !== undefined && { 'sts:SourceIdentity': sourceIdentity }),
      'aws:SourceArn': anywhereArn(place.home, place.region, 'trust-anchor', anchor.id),
      'aws:SourceAccount': place.home.id,
    },
    caller: {
      principal: { type: 'service', arn: SERVICE },
      userId: SERVICE,
      credentials: 'none',
      context: {
        'aws:PrincipalIsAWSService': 'true',
        'aws:PrincipalServiceName': SERVICE,
        ...tagContext('aws:PrincipalTag', tags),
      },
    },
  };
}

/**
 * Seconds: the smaller of what is asked for and what the profile gives. Throws `ValidationException` over the role's.
 */
function durationOf({ duration }: Profile, { role }: Target, asked = duration): number {
  const seconds = Math.min(asked, duration);
  if (seconds <= role.maxSessionDuration) return seconds;
  throw anywhereErrors.ValidationException(
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  );
}

function shapeOf(
  { place, roleArn }: Wish,
  { issued, target, facts }: { issued: IssuedSession; target: Target; facts: SessionFacts },
) {
  const { accessKeyId, secretAccessKey, sessionToken, expires } = issued.credentials;
  return {
    assumedRoleUser: {
      arn: assumedRoleArn(place.home, target.role.name, facts.name),
      assumedRoleId: `${target.role.id}:${facts.name}`,
    },
    credentials: { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expires) },
    packedPolicySize: issued.packedPolicySize,
    roleArn,
    sourceIdentity: facts.sourceIdentity,
  };
}

function denied(message: string, advice?: string): ApiError {
  return anywhereErrors.AccessDeniedException(message, advice === undefined ? {} : { advice });
}
