/** What a session token says, and its compact form. */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Context } from '../../policy/types.js';
import type { Tags } from '../model.js';

type SessionKind = 'assume-role' | 'session-token' | 'federation-token' | 'sign-in' | 'assume-root';

export interface SessionClaims {
  readonly kind: SessionKind;
  readonly account: string;
  /** Unique id and name (lower case) of the role or user; for a root user the account id and an empty name. */
  readonly entityId: string;
  readonly entity: string;
  /** The session's name, or the federated user's. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly issued: number;
  /** Milliseconds since the epoch, a whole second. */
  readonly expires: number;
  readonly policy?: string | undefined;
  readonly policyArns: readonly string[];
  readonly tags: Tags;
  /** Keys of those tags that pass on to sessions chained from this one. */
  readonly transitiveKeys: readonly string[];
  readonly sourceIdentity?: string | undefined;
  readonly externalId?: string | undefined;
  readonly mfa: boolean;
  /** Whether temporary credentials asked for it. */
  readonly chained: boolean;
  /** Of sessions that an identity provider vouched for. */
  readonly federation?: Federation | undefined;
  /** Further condition keys that the session carries: of an instance's. */
  readonly keys?: Context | undefined;
}

interface Federation {
  /** ARN of the identity provider. */
  readonly provider: string;
  /** The provider's condition keys that the session carries. */
  readonly keys: Context;
}

/** Each keeps its place: tokens have its number. */
const KINDS: readonly SessionKind[] = [
  'assume-role',
  'session-token',
  'federation-token',
  'sign-in',
  'assume-root',
];
const FORMAT = 1;

/** What the first byte says of the rest. */
const PLAIN = Buffer.of(0);
const DEFLATED = Buffer.of(1);

/** Bytes from which deflating pays: below, it costs more time than all the rest and saves few bytes. */
const WORTH_DEFLATING = 1024;

type Packed = [
  format: number,
  kind: number,
  account: string,
  entityId: string,
  entity: string,
  name: string,
  issued: number,
  life: number,
  policy: string | 0,
  policyArns: readonly string[],
  tags: Tags,
  transitiveKeys: readonly string[],
  sourceIdentity: string | 0,
  externalId: string | 0,
  flags: number,
  federation?: Federation | 0,
  keys?: Context,
];

/** In at least `minimum` bytes: white space behind the claims fills them up. */
export function packClaims(claims: SessionClaims, minimum = 0): Buffer {
  const packed: Packed = [
    FORMAT,
    KINDS.indexOf(claims.kind),
    claims.account,
    claims.entityId,
    claims.entity,
    claims.name,
    claims.issued,
    claims.expires - claims.issued,
    claims.policy ?? 0,
    claims.policyArns,
    claims.tags,
    claims.transitiveKeys,
    claims.sourceIdentity ?? 0,
    claims.externalId ?? 0,
    (claims.mfa ? 1 : 0) | (claims.chained ? 2 : 0),
  ];
  if (claims.federation !== undefined || claims.keys !== undefined) packed.push(claims.federation ?? 0);
  if (claims.keys !== undefined) packed.push(claims.keys);
  const plain = Buffer.from(JSON.stringify(packed).padEnd(minimum - PLAIN.length));
  return plain.length < WORTH_DEFLATING || minimum > 0
    ? Buffer.concat([PLAIN, plain])
    : Buffer.concat([DEFLATED, deflateRawSync(plain, { level: constants.Z_BEST_SPEED })]);
}

/** Reads what `packClaims` wrote. Throws `RangeError` for claims of another format. */
export function unpackClaims(bytes: Buffer): SessionClaims {
  const content = bytes.subarray(1);
  const plain = bytes[0] === DEFLATED[0] ? inflateRawSync(content) : content;
  const packed = JSON.parse(plain.toString('utf8')) as Packed;
  if (packed[0] !== FORMAT) throw new RangeError(`session claims of format ${packed[0]}`);
  const [, kind, account, entityId, entity, name, issued, life] = packed;
  const [policy, policyArns, tags, transitiveKeys, sourceIdentity, externalId, flags, federation, keys] =
    packed.slice(8) as [
      Packed[8],
      Packed[9],
      Packed[10],
      Packed[11],
      Packed[12],
      Packed[13],
      Packed[14],
      Packed[15],
      Packed[16],
    ];
  return {
    kind: KINDS[kind]!,
    account,
    entityId,
    entity,
    name,
    issued,
    expires: issued + life,
    policy: policy || undefined,
    policyArns,
    tags,
    transitiveKeys,
    sourceIdentity: sourceIdentity || undefined,
    externalId: externalId || undefined,
    mfa: (flags & 1) !== 0,
    chained: (flags & 2) !== 0,
    ...(federation && { federation }),
    ...(keys && { keys }),
  };
}

/**
 * What STS lets session policies and tags take in a token, in bytes. AWS publishes the percentage but not the
 * room; these values give what it is seen to answer: tags count as they are (nine values of 250 characters take
 * 498 %), policies and their ARNs compressed.
 */
const TAG_ROOM = 459;
const POLICY_ROOM = 1024;

/** How much of the room for session policies and tags these take, in percent; 0 only where there are none. */
export function packedSize(claims: Pick<SessionClaims, 'policy' | 'policyArns' | 'tags'>): number {
  let tagBytes = 0;
  for (const [key, value] of claims.tags) tagBytes += Buffer.byteLength(key) + Buffer.byteLength(value) + 2;
  const policies = [claims.policy ?? '', ...claims.policyArns].join('\n');
  const policyBytes = policies === '' ? 0 : deflateRawSync(policies).length;
  const share = 100 * (tagBytes / TAG_ROOM + policyBytes / POLICY_ROOM);
  return share === 0 ? 0 : Math.max(1, Math.round(share));
}
