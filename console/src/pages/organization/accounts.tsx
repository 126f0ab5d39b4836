import {
  CloseAccountCommand,
  CreateAccountCommand,
  DescribeCreateAccountStatusCommand,
  ListAccountsCommand,
} from '@aws-sdk/client-organizations';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { organizations } from '../../api/organizations.js';
import { useTexts } from '../../i18n/index.js';
import { useSignedIn } from '../../session/store.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';

/** The role that CreateAccount makes in a member account. */
const ACCESS_ROLE = 'OrganizationAccountAccessRole';

export function Accounts() {
  const t = useTexts();
  const go = useGo();
  const { current } = useSignedIn();
  const [creating, setCreating] = useState(false);
  const switchTo = (account: string, name: string) =>
    `/switchrole?${new URLSearchParams({ account, roleName: ACCESS_ROLE, displayName: name })}`;
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('organization.accounts')}
        name={['accounts']}
        load={async (NextToken, signal) => {
          const listed = await organizations(new ListAccountsCommand({ NextToken })).send(signal);
          return { items: listed.Accounts ?? [], next: listed.NextToken };
        }}
        id={({ Id }) => Id!}
        text={({ Id, Name, Email }) => `${Id} ${Name} ${Email}`}
        empty={t('common.none')}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            value: ({ Name }) => Name!,
            cell: ({ Name }) => Name,
          },
          { id: 'id', header: t('switch.account'), value: ({ Id }) => Id!, cell: ({ Id }) => Id },
          { id: 'email', header: t('organization.email'), cell: ({ Email }) => Email },
          {
            id: 'status',
            header: t('common.status'),
            cell: ({ Status }) => (
              <StatusIndicator type={Status === 'ACTIVE' ? 'success' : 'stopped'}>{Status}</StatusIndicator>
            ),
          },
          {
            id: 'joined',
            header: t('organization.joined'),
            cell: ({ JoinedTimestamp }) => timeText(JoinedTimestamp),
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ Id, Name, Status }) =>
              Id === current.account || Status !== 'ACTIVE' ? (
                '–'
              ) : (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button variant="inline-link" {...go(switchTo(Id!, Name!))}>
                    {t('bar.switchRole')}
                  </Button>
                  <ActButton
                    variant="inline-link"
                    text={t('organization.close')}
                    title={t('organization.closeOne', { name: Name! })}
                    body={t('organization.close.text')}
                    typed={Id!}
                    asks={{ action: 'organizations:CloseAccount', resource: '*' }}
                    acts={() => [organizations(new CloseAccountCommand({ AccountId: Id }))]}
                  />
                </SpaceBetween>
              ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'organizations:CreateAccount', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('organization.createAccount')}
          </GuardedButton>
        }
      />
      {creating && <CreateAccount onClose={() => setCreating(false)} />}
    </>
  );
}

function CreateAccount({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [AccountName, setName] = useState('');
  const [Email, setEmail] = useState('');
  const creation = organizations(new CreateAccountCommand({ AccountName, Email }));
  const send = async () => {
    const { CreateAccountStatus } = await creation.send();
    await untilCreated(CreateAccountStatus!.Id!);
  };
  return (
    <ActDialog
      title={t('organization.createAccount')}
      submit={t('common.create')}
      acts={AccountName && Email.includes('@') ? [{ ...creation, send }] : []}
      onClose={onClose}
    >
      <FormField label={t('organization.accountName')}>
        <Input value={AccountName} onChange={({ detail }) => setName(detail.value)} name="account-name" />
      </FormField>
      <FormField label={t('organization.email')}>
        <Input
          value={Email}
          type="email"
          onChange={({ detail }) => setEmail(detail.value.trim())}
          name="email"
        />
      </FormField>
    </ActDialog>
  );
}

/** The account is made behind the reply. Throws the reason where it cannot be. */
async function untilCreated(CreateAccountRequestId: string): Promise<void> {
  for (;;) {
    const asked = organizations(new DescribeCreateAccountStatusCommand({ CreateAccountRequestId }));
    const { CreateAccountStatus } = await asked.send();
    if (CreateAccountStatus?.State === 'SUCCEEDED') return;
    if (CreateAccountStatus?.State === 'FAILED') throw new Error(CreateAccountStatus.FailureReason);
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}
