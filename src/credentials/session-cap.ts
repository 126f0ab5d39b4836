/** How long a role's session may last, and what sets the limit. */
import { CredentialsError } from './errors.js';

/** Seconds that STS gives where nothing is asked for (STS API Reference, AssumeRole, `DurationSeconds`). */
export const DEFAULT_DURATION = 3600;
/** Seconds, the least that may be asked for (the same page). */
export const SHORTEST_DURATION = 900;
/** Seconds, the most that a role may allow (IAM API Reference, UpdateRole, `MaxSessionDuration`). */
export const LONGEST_DURATION = 43_200;
/** Seconds that a session lasts at most which another role's session asked for (IAM User Guide, "Role chaining"). */
export const CHAINING_LIMIT = 3600;

/**
 * Whose keys ask for the session. `long-term`: a user's own; `role`: a role's session, as on EC2, in containers and
 * after any AssumeRole; `session-token`: of GetSessionToken; `federated-user`: of GetFederationToken, which may not
 * assume roles; `federation`: a token or assertion of an identity provider instead of keys.
 */
export type SourceKind = 'long-term' | 'role' | 'session-token' | 'federated-user' | 'root' | 'federation';

/** What kind of keys a caller has, by its ARN (GetCallerIdentity) and the id of its access key. */
export function sourceKindOf(callerArn: string, accessKeyId: string): SourceKind {
  if (/:assumed-role\//.test(callerArn)) return 'role';
  if (/:federated-user\//.test(callerArn)) return 'federated-user';
  if (/:root$/.test(callerArn)) return 'root';
  return accessKeyId.startsWith('ASIA') ? 'session-token' : 'long-term';
}

export interface SessionCapInput {
  readonly source: SourceKind;
  /** Seconds that will be asked for; default `DEFAULT_DURATION`. */
  readonly asked?: number | undefined;
  /** Seconds, the role's `MaxSessionDuration`; absent where the caller may not read the role. */
  readonly roleMaximum?: number | undefined;
}

/** What decides how long a session lasts. */
export type CappedBy = 'default' | 'asked' | 'role-maximum' | 'chaining';

export interface SessionCap {
  /** Seconds that the session can last. */
  readonly seconds: number;
  readonly by: CappedBy;
  /** Seconds that could be asked for at most; where the role's maximum is not known, the most any role allows. */
  readonly longest: number;
  /** Whether `longest` is certain: it is not where the role's maximum decides and is not known. */
  readonly certain: boolean;
  /** Whether more is asked for than `longest`: STS refuses such a request, it does not shorten it. */
  readonly refused: boolean;
  /** One sentence for people. */
  readonly text: string;
}

/**
 * Computes the cap, in advance and without a call. Keys of GetSessionToken count as chained: with them a longer session
 * than an hour is refused where the role asks for MFA, and nothing is gained by them that MFA on AssumeRole lacks.
 * Source: IAM User Guide, "Methods to assume a role" (duration limits) and "Role chaining".
 */
export function sessionCap({ source, asked, roleMaximum }: SessionCapInput): SessionCap {
  const chained = source === 'role' || source === 'session-token';
  const ofRole = roleMaximum ?? LONGEST_DURATION;
  const longest = chained ? Math.min(CHAINING_LIMIT, ofRole) : ofRole;
  const limitedBy: CappedBy = chained && ofRole >= CHAINING_LIMIT ? 'chaining' : 'role-maximum';
  const wanted = asked ?? DEFAULT_DURATION;
  const refused = wanted > longest;
  const by = refused ? limitedBy : asked === undefined ? 'default' : 'asked';
  const certain = roleMaximum !== undefined || limitedBy === 'chaining';
  const seconds = Math.min(wanted, longest);
  return {
    seconds,
    by,
    longest,
    certain,
    refused,
    text: textOf({ source, wanted, longest, limitedBy, refused, certain, by }),
  };
}

interface Said extends Pick<SessionCap, 'longest' | 'refused' | 'certain' | 'by'> {
  readonly source: SourceKind;
  readonly wanted: number;
  readonly limitedBy: CappedBy;
}

function textOf({ source, wanted, longest, limitedBy, refused, certain, by }: Said): string {
  const limit =
    limitedBy === 'chaining'
      ? `A session that ${source === 'role' ? "a role's session" : 'keys of GetSessionToken'} asked for lasts one hour at most, whatever the role allows`
      : certain
        ? `The role allows ${spanText(longest)} at most`
        : `The role's maximum is not known; no role allows more than ${spanText(longest)}`;
  if (refused) return `${limit}: ${spanText(wanted)} would be refused.`;
  const chosen = by === 'default' ? 'which is the default' : 'as asked';
  return `The session lasts ${spanText(wanted)}, ${chosen}. ${limit}.`;
}

/** Seconds as people read them: `15 min`, `1 h 30 min`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = [hours && `${hours} h`, minutes && `${minutes} min`, whole < 60 && `${whole} s`];
  return parts.filter(Boolean).join(' ');
}

/** Throws `CredentialsError` for a duration that STS refuses of any role. */
export function checkDuration(seconds: number | undefined): void {
  if (seconds === undefined) return;
  if (Number.isInteger(seconds) && seconds >= SHORTEST_DURATION && seconds <= LONGEST_DURATION) return;
  throw new CredentialsError(
    'Invalid',
    `a session lasts from ${SHORTEST_DURATION} to ${LONGEST_DURATION} seconds, not ${seconds}`,
  );
}
