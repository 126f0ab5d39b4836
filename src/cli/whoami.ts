import { Command } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import { systemClock } from '../core/clock.js';
import {
  type CallerIdentity,
  type Credentials,
  callerIdentity,
  defaultCredentials,
  LONGEST_DURATION,
  type SourceKind,
  type StsTarget,
  sessionCap,
  spanText,
} from '../credentials/index.js';
import { columns } from './api-options.js';
import { withTargetOptions } from './role-options.js';

interface WhoamiFlags extends StsTarget {
  readonly json?: boolean;
}

/** A session as Karikagi has it. Times are seconds since the epoch. */
interface OwnSession {
  readonly Issuer: { readonly Arn: string };
  readonly Chain: readonly { readonly Arn: string }[];
  readonly IssueTime: number;
  readonly Expiration: number;
  readonly SourceIdentity?: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
}

const KINDS: Readonly<Record<SourceKind, string>> = {
  'long-term': "a user's own keys, which do not end",
  root: "the root user's keys: they cannot assume roles",
  role: "a role's session",
  'session-token': 'a session of GetSessionToken',
  'federated-user': 'a session of GetFederationToken: it cannot assume roles',
  federation: 'a federated session',
};

export function whoamiCommand(): Command {
  return withTargetOptions(new Command('whoami'))
    .description(
      'Who your keys are, through which chain, how long they live, and how long a role they assume would.',
    )
    .option('--json', 'the same as JSON')
    .action(whoami);
}

async function whoami(flags: WhoamiFlags): Promise<void> {
  const credentials = defaultCredentials({ profile: flags.profile });
  const keys = await credentials();
  const who = await callerIdentity(async () => keys, flags);
  const session = await ownSession(keys, flags);
  const report = reportOf(who, session);
  process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
}

/** What only Karikagi knows of a session: AWS does not say how its own came to be. */
async function ownSession(
  keys: Credentials,
  { endpoint, region }: StsTarget,
): Promise<OwnSession | undefined> {
  const server = endpoint ?? process.env['AWS_ENDPOINT_URL'];
  if (server === undefined || keys.sessionToken === undefined) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const target = {
    endpoint: server,
    region,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    timeout: 5_000,
  };
  try {
    return ((await callKarikagi(target, 'GetCallerSession', {})) as { Session: OwnSession }).Session;
  } catch {
    // Another server than Karikagi.
    return undefined;
  }
}

interface Report {
  readonly arn: string;
  readonly account: string;
  readonly userId: string;
  readonly accessKeyId: string;
  readonly kind: string;
  /** The first one first; absent where it is not known. */
  readonly chain?: readonly string[];
  readonly sourceIdentity?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly expiration?: string;
  readonly secondsLeft?: number;
  readonly nextRole: string;
}

function reportOf(who: CallerIdentity, session: OwnSession | undefined): Report {
  const end = session ? session.Expiration * 1000 : who.expiration?.getTime();
  return {
    arn: who.arn,
    account: who.account,
    userId: who.userId,
    accessKeyId: who.accessKeyId,
    kind: KINDS[who.kind],
    ...(session && { chain: [...session.Chain.map(({ Arn }) => Arn), session.Issuer.Arn, who.arn] }),
    ...(session?.SourceIdentity && { sourceIdentity: session.SourceIdentity }),
    ...(session &&
      session.Tags.length > 0 && {
        tags: Object.fromEntries(session.Tags.map(({ Key, Value }) => [Key, Value])),
      }),
    ...(end !== undefined && {
      expiration: new Date(end).toISOString().replace('.000', ''),
      secondsLeft: Math.max(0, Math.floor((end - systemClock.now()) / 1000)),
    }),
    nextRole: nextRoleOf(who.kind),
  };
}

function nextRoleOf(kind: SourceKind): string {
  if (kind === 'root' || kind === 'federated-user') return 'none: these keys cannot assume a role';
  const { longest, by } = sessionCap({ source: kind, asked: LONGEST_DURATION });
  return by === 'chaining'
    ? `${spanText(longest)} at most, whatever the role allows (role chaining)`
    : `as long as the role allows, ${spanText(longest)} at most`;
}

function textOf(report: Report): string {
  const { chain, tags, sourceIdentity, expiration, secondsLeft } = report;
  const left = secondsLeft === undefined ? 'no end' : `${spanText(secondsLeft)}, until ${expiration}`;
  const rows = [
    ['principal', report.arn],
    ['account', report.account],
    ['access key', report.accessKeyId],
    ['kind', report.kind],
    ...(chain ?? []).map((arn, index) => [
      index === 0 ? 'chain' : '',
      `${'  '.repeat(index)}${index === 0 ? '' : '→ '}${arn}`,
    ]),
    ...(sourceIdentity ? [['identity', sourceIdentity]] : []),
    ...(tags
      ? [
          [
            'tags',
            Object.entries(tags)
              .map(([key, value]) => `${key}=${value}`)
              .join(', '),
          ],
        ]
      : []),
    ['time left', left],
    ['next role', report.nextRole],
  ];
  return `${columns(rows)}\n`;
}
