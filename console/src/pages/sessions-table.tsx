import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { karikagi } from '../api/karikagi.js';
import { useTexts } from '../i18n/index.js';
import { useSignedIn } from '../session/store.js';
import { ActButton } from '../ui/action.js';
import { Dialog } from '../ui/dialog.js';
import { durationText, timeText } from '../ui/format.js';
import { useNow } from '../ui/now.js';
import { ResourceTable } from '../ui/table.js';
import { shortName } from '../who-am-i.js';

interface SessionLink {
  readonly Arn: string;
  readonly AccessKeyId: string;
}

/** Times are seconds since the epoch. */
interface Session {
  readonly AccessKeyId: string;
  readonly SessionType: string;
  readonly Arn: string;
  readonly Issuer: SessionLink;
  readonly Chain: readonly SessionLink[];
  readonly SourceIp: string;
  readonly IssueTime: number;
  readonly Expiration: number;
  readonly ExternalId?: string;
  readonly SourceIdentity?: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly PolicyArns: readonly string[];
  readonly HasInlinePolicy: boolean;
  readonly LastUsed?: { readonly Time: number; readonly Service: string; readonly Region: string };
  readonly Status: 'Active' | 'Revoked';
}

interface Listed {
  readonly Sessions: readonly Session[];
  readonly NextToken?: string;
}

/** The live sessions of a role, or of the whole account; each can be ended. */
export function SessionsTable({
  roleName,
  roleArn,
}: {
  readonly roleName?: string;
  readonly roleArn?: string;
}) {
  const t = useTexts();
  const now = useNow();
  const { current } = useSignedIn();
  const [shown, setShown] = useState<Session>();
  const [, partition, , , account] = current.arn.split(':');
  const sessionArn = (key: string) => `arn:${partition}:karikagi::${account}:session/${key}`;
  return (
    <>
      <ResourceTable
        variant={roleName ? 'container' : 'full-page'}
        title={t('iam.sessions')}
        description={t('iam.sessions.text')}
        name={['sessions', roleName]}
        refetchInterval={10_000}
        load={async (NextToken, signal) => {
          const input = { ...(roleName && { RoleName: roleName }), ...(NextToken && { NextToken }) };
          const listed = await karikagi<Listed>('ListSessions', input).send(signal);
          return { items: listed.Sessions, next: listed.NextToken };
        }}
        id={({ AccessKeyId }) => AccessKeyId}
        text={session => JSON.stringify(session)}
        empty={t('iam.sessions.none')}
        columns={[
          {
            id: 'arn',
            header: t('iam.session'),
            value: ({ Arn }) => Arn,
            cell: session => (
              <Button variant="inline-link" onClick={() => setShown(session)}>
                {shortName(session.Arn)}
              </Button>
            ),
          },
          // A role's sessions are of one kind.
          ...(roleName
            ? []
            : [
                {
                  id: 'type',
                  header: t('common.type'),
                  value: ({ SessionType }: Session) => SessionType,
                  cell: ({ SessionType }: Session) => <Badge>{SessionType}</Badge>,
                },
              ]),
          { id: 'chain', header: t('who.chain'), cell: session => chainOf(session) },
          { id: 'ip', header: t('iam.sessions.from'), cell: ({ SourceIp }) => SourceIp },
          {
            id: 'external',
            header: t('iam.externalId'),
            width: 100,
            cell: ({ ExternalId }) => ExternalId ?? '–',
          },
          {
            id: 'ends',
            header: t('who.ends'),
            width: 120,
            value: ({ Expiration }) => Expiration,
            cell: ({ Expiration }) => durationText(Expiration * 1000 - now),
          },
          {
            id: 'status',
            header: t('common.status'),
            width: 140,
            cell: ({ Status }) => (
              <StatusIndicator type={Status === 'Active' ? 'success' : 'stopped'}>
                {t(Status === 'Active' ? 'common.active' : 'iam.sessions.revoked')}
              </StatusIndicator>
            ),
          },
          {
            id: 'actions',
            header: t('common.actions'),
            width: 120,
            cell: ({ AccessKeyId, Arn, Status }) => (
              <ActButton
                variant="inline-link"
                text={t('iam.sessions.revoke')}
                title={t('iam.sessions.revokeOne', { name: shortName(Arn) })}
                body={
                  <Box>
                    {t(
                      AccessKeyId === current.keys.accessKeyId
                        ? 'iam.sessions.revokeOwn'
                        : 'iam.sessions.revoke.text',
                    )}
                  </Box>
                }
                disabled={Status !== 'Active'}
                asks={{ action: 'karikagi:RevokeSession', resource: sessionArn(AccessKeyId) }}
                acts={() => [karikagi('RevokeSession', { AccessKeyId })]}
              />
            ),
          },
        ]}
        actions={
          roleName && (
            <ActButton
              text={t('iam.sessions.revokeAll')}
              title={t('iam.sessions.revokeRole', { name: roleName })}
              body={<Box>{t('iam.sessions.revokeAll.text')}</Box>}
              asks={{ action: 'karikagi:RevokeRoleSessions', resource: roleArn! }}
              acts={() => [karikagi('RevokeRoleSessions', { RoleName: roleName })]}
            />
          )
        }
      />
      {shown && <SessionDetails session={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

function chainOf({ Chain, Issuer }: Session): string {
  return [...Chain, Issuer].map(({ Arn }) => shortName(Arn)).join(' → ');
}

function SessionDetails({ session, onClose }: { readonly session: Session; onClose(): void }) {
  const t = useTexts();
  const { LastUsed, Tags, PolicyArns, HasInlinePolicy } = session;
  const policies = [...(HasInlinePolicy ? [t('iam.sessions.inline')] : []), ...PolicyArns];
  return (
    <Dialog size="large" header={shortName(session.Arn)} onDismiss={onClose}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: t('common.arn'), value: session.Arn },
          { label: t('who.key'), value: session.AccessKeyId },
          {
            label: t('who.chain'),
            value: [...session.Chain, session.Issuer].map(link => (
              <div key={link.AccessKeyId}>
                {link.Arn} ({link.AccessKeyId})
              </div>
            )),
          },
          { label: t('iam.sessions.from'), value: session.SourceIp },
          { label: t('iam.sessions.issued'), value: timeText(session.IssueTime) },
          { label: t('who.ends'), value: timeText(session.Expiration) },
          {
            label: t('iam.lastUsed'),
            value: LastUsed
              ? `${timeText(LastUsed.Time)} · ${LastUsed.Service} · ${LastUsed.Region}`
              : t('common.never'),
          },
          { label: t('iam.externalId'), value: session.ExternalId ?? '–' },
          { label: t('iam.sourceIdentity'), value: session.SourceIdentity ?? '–' },
          {
            label: t('common.tags'),
            value: Tags.map(({ Key, Value }) => `${Key}=${Value}`).join(', ') || '–',
          },
          { label: t('nav.policies'), value: policies.join(', ') || '–' },
        ]}
      />
    </Dialog>
  );
}
