import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { Copy } from '../../ui/copy.js';
import { Dialog } from '../../ui/dialog.js';
import { download } from '../../ui/download.js';
import { timeText } from '../../ui/format.js';
import { useAct } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';

interface Made {
  readonly id: string;
  readonly secret: string;
}

export function AccessKeys({ userName: UserName, arn }: { readonly userName: string; readonly arn: string }) {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<Made>();
  const creation = iam(new CreateAccessKeyCommand({ UserName }));
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('iam.keys')}
        description={t('iam.keys.text')}
        name={['access keys', UserName]}
        load={async (_, signal) => {
          const { AccessKeyMetadata } = await iam(new ListAccessKeysCommand({ UserName })).send(signal);
          return { items: AccessKeyMetadata ?? [] };
        }}
        id={({ AccessKeyId }) => AccessKeyId!}
        text={({ AccessKeyId }) => AccessKeyId!}
        empty={t('iam.keys.none')}
        columns={[
          { id: 'id', header: t('signIn.accessKeyId'), cell: ({ AccessKeyId }) => AccessKeyId },
          {
            id: 'status',
            header: t('common.status'),
            cell: ({ Status }) => (
              <StatusIndicator type={Status === 'Active' ? 'success' : 'stopped'}>
                {t(Status === 'Active' ? 'common.active' : 'common.inactive')}
              </StatusIndicator>
            ),
          },
          { id: 'created', header: t('common.created'), cell: ({ CreateDate }) => timeText(CreateDate) },
          {
            id: 'used',
            header: t('iam.lastUsed'),
            cell: ({ AccessKeyId }) => <LastUsed accessKeyId={AccessKeyId!} />,
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ AccessKeyId, Status }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <ActButton
                  variant="inline-link"
                  text={t(Status === 'Active' ? 'iam.keys.deactivate' : 'iam.keys.activate')}
                  asks={{ action: 'iam:UpdateAccessKey', resource: arn }}
                  acts={() => [
                    iam(
                      new UpdateAccessKeyCommand({
                        UserName,
                        AccessKeyId,
                        Status: Status === 'Active' ? 'Inactive' : 'Active',
                      }),
                    ),
                  ]}
                />
                <ActButton
                  variant="inline-link"
                  text={t('common.delete')}
                  title={t('iam.keys.delete', { key: AccessKeyId! })}
                  body={<Box>{t('common.danger')}</Box>}
                  asks={{ action: 'iam:DeleteAccessKey', resource: arn }}
                  acts={() => [iam(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))]}
                />
              </SpaceBetween>
            ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'iam:CreateAccessKey', resource: arn }}
            onClick={() => setCreating(true)}
          >
            {t('iam.keys.create')}
          </GuardedButton>
        }
      />
      {creating && (
        <ActDialog
          title={t('iam.keys.create')}
          submit={t('iam.keys.create')}
          acts={[
            {
              ...creation,
              send: async () => {
                const { AccessKey } = await creation.send();
                setMade({ id: AccessKey!.AccessKeyId!, secret: AccessKey!.SecretAccessKey! });
              },
            },
          ]}
          onClose={() => setCreating(false)}
        >
          <Alert type="info">{t('iam.keys.create.text')}</Alert>
        </ActDialog>
      )}
      {made && <NewKey userName={UserName} made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}

function LastUsed({ accessKeyId: AccessKeyId }: { readonly accessKeyId: string }) {
  const t = useTexts();
  const { data } = useAct(iam(new GetAccessKeyLastUsedCommand({ AccessKeyId })));
  const { LastUsedDate, ServiceName } = data?.AccessKeyLastUsed ?? {};
  return <>{LastUsedDate ? `${timeText(LastUsedDate)} (${ServiceName})` : t('common.never')}</>;
}

/** The one time that the secret is seen. */
function NewKey({
  userName,
  made,
  onClose,
}: {
  readonly userName: string;
  readonly made: Made;
  onClose(): void;
}) {
  const t = useTexts();
  const [shown, setShown] = useState(false);
  const copy = (text: string) => <Copy text={text} variant="icon" />;
  const csv = `Access key ID,Secret access key\r\n${made.id},${made.secret}\r\n`;
  return (
    <Dialog
      header={t('iam.keys.made')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              iconName="download"
              onClick={() => download(new Blob([csv], { type: 'text/csv' }), `${userName}_accessKeys.csv`)}
            >
              {t('iam.keys.csv')}
            </Button>
            <Button variant="primary" onClick={onClose}>
              {t('common.done')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{t('iam.keys.once')}</Alert>
        <KeyValuePairs
          items={[
            {
              label: t('signIn.accessKeyId'),
              value: (
                <SpaceBetween direction="horizontal" size="xs">
                  <span data-testid="key-id">{made.id}</span>
                  {copy(made.id)}
                </SpaceBetween>
              ),
            },
            {
              label: t('signIn.secret'),
              value: (
                <SpaceBetween direction="horizontal" size="xs">
                  <span className="code" data-testid="key-secret">
                    {shown ? made.secret : '•'.repeat(20)}
                  </span>
                  <Button variant="inline-link" onClick={() => setShown(!shown)}>
                    {t(shown ? 'iam.keys.hide' : 'iam.keys.show')}
                  </Button>
                  {copy(made.secret)}
                </SpaceBetween>
              ),
            },
          ]}
        />
      </SpaceBetween>
    </Dialog>
  );
}
