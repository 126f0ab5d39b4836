import { Command } from 'commander';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import { type ApiFlags, apiTarget, print, timeText, withApiOptions } from './api-options.js';

interface Link {
  readonly Arn: string;
  readonly AccessKeyId: string;
}

/** Times are seconds since the epoch. */
interface Session {
  readonly AccessKeyId: string;
  readonly SessionType: string;
  readonly Arn: string;
  readonly Issuer: Link;
  readonly Chain: readonly Link[];
  readonly SourceIp: string;
  readonly IssueTime: number;
  readonly Expiration: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly PolicyArns: readonly string[];
  readonly HasInlinePolicy: boolean;
  readonly LastUsed?: { readonly Time: number; readonly Service: string; readonly Region: string };
  readonly Status: string;
}

interface RoleFlags extends ApiFlags {
  readonly role?: string;
}

interface ListFlags extends RoleFlags {
  readonly max: string;
}

export function sessionsCommand(): Command {
  const sessions = new Command('sessions').description('The live sessions of your account.');
  withApiOptions(sessions.command('list', { isDefault: true }))
    .description('Who assumed what, through which chain, from where, until when; soonest to expire first.')
    .option('--role <name>', 'only sessions of that role')
    .option('--max <number>', 'at most so many', '100')
    .action(list);
  withApiOptions(sessions.command('revoke'))
    .description('End sessions: they are refused from the next request on.')
    .argument('[access-key-id...]', 'of the sessions (ASIA…)')
    .option('--role <name>', 'every session of that role that was issued until now')
    .action(revoke);
  return sessions;
}

async function list(flags: ListFlags): Promise<void> {
  const max = Number(flags.max);
  if (!Number.isInteger(max) || max < 1) throw new Error('--max must be a whole number from 1 on');
  const sessions = await fetchSessions(apiTarget(flags), flags.role, max);
  const text = sessions.length === 0 ? 'No session is alive.' : sessions.map(describe).join('\n\n');
  print(flags, sessions, text);
}

async function fetchSessions(target: ApiTarget, role: string | undefined, max: number): Promise<Session[]> {
  const sessions: Session[] = [];
  let token: string | undefined;
  do {
    const output = (await callKarikagi(target, 'ListSessions', {
      MaxItems: Math.min(max - sessions.length, 1000),
      ...(role !== undefined && { RoleName: role }),
      ...(token !== undefined && { NextToken: token }),
    })) as { Sessions: Session[]; NextToken?: string };
    sessions.push(...output.Sessions);
    token = output.NextToken;
  } while (token !== undefined && sessions.length < max);
  return sessions;
}

function describe(session: Session): string {
  const { Chain, Issuer, Tags, PolicyArns, HasInlinePolicy, LastUsed } = session;
  const policies = [...(HasInlinePolicy ? ['an inline policy'] : []), ...PolicyArns];
  const facts: (readonly [string, string | undefined])[] = [
    ['by', [...Chain, Issuer].map(({ Arn, AccessKeyId }) => `${Arn} (${AccessKeyId})`).join(' → ')],
    ['from', session.SourceIp],
    ['issued', timeText(session.IssueTime)],
    ['until', timeText(session.Expiration)],
    ['last used', LastUsed && `${timeText(LastUsed.Time)} ${LastUsed.Service} in ${LastUsed.Region}`],
    ['external id', session.ExternalId],
    ['source identity', session.SourceIdentity],
    ['tags', Tags.map(({ Key, Value }) => `${Key}=${Value}`).join(', ') || undefined],
    ['policies', policies.join(', ') || undefined],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`    ${name.padEnd(15)}  ${value}`],
  );
  const status = session.Status === 'Active' ? '' : `  ${session.Status.toUpperCase()}`;
  return [`${session.AccessKeyId}  ${session.SessionType}  ${session.Arn}${status}`, ...lines].join('\n');
}

async function revoke(keys: readonly string[], flags: RoleFlags): Promise<void> {
  const { role } = flags;
  if (keys.length > 0 === (role !== undefined)) {
    throw new Error('name the sessions by their access key ids, or a role with --role');
  }
  const target = apiTarget(flags);
  if (role !== undefined) await callKarikagi(target, 'RevokeRoleSessions', { RoleName: role });
  for (const AccessKeyId of keys) await callKarikagi(target, 'RevokeSession', { AccessKeyId });
  const what = role === undefined ? keys.join(', ') : `every session of role ${role}`;
  print(flags, role === undefined ? { Revoked: keys } : { RevokedRole: role }, `Revoked: ${what}.`);
}
