import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { sts } from '../api/sts.js';
import { useTexts } from '../i18n/index.js';
import { type RoleSwitch, switchRole } from '../session/sign-in.js';
import { useSignedIn } from '../session/store.js';
import { CliLines } from '../ui/cli.js';
import { ErrorBox } from '../ui/errors.js';
import { noteError } from '../ui/query.js';

const LAST = 'karikagi.last-roles';

/** AWS's form of the address: `/switchrole?account=…&roleName=…&displayName=…`. */
export default function SwitchRolePage() {
  const t = useTexts();
  const asked = new URLSearchParams(useSearch());
  const { base } = useSignedIn();
  const [, navigate] = useLocation();
  const [account, setAccount] = useState(asked.get('account') ?? base.account);
  const [roleName, setRoleName] = useState(asked.get('roleName') ?? '');
  const [displayName, setDisplayName] = useState(asked.get('displayName') ?? '');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const partition = base.arn.split(':')[1]!;
  const roleArn = `arn:${partition}:iam::${account}:role/${roleName.replace(/^\//, '')}`;
  const wanted: RoleSwitch = { roleArn, displayName: displayName || `${roleName} @ ${account}` };
  const link = `/switchrole?${new URLSearchParams({ account, roleName, displayName: wanted.displayName })}`;
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await switchRole(wanted);
      remember(wanted);
      navigate('/');
    } catch (thrown) {
      noteError(thrown);
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const complete = /^\d{12}$/.test(account) && roleName !== '';
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (complete) void go();
      }}
    >
      <Form
        header={
          <Header variant="h1" description={t('switch.text')}>
            {t('switch.title')}
          </Header>
        }
        actions={
          <Button variant="primary" loading={busy} disabled={!complete}>
            {t('switch.title')}
          </Button>
        }
      >
        <SpaceBetween size="l">
          <ErrorBox error={error} />
          <Container>
            <SpaceBetween size="m">
              <FormField label={t('switch.account')}>
                <Input
                  value={account}
                  inputMode="numeric"
                  onChange={({ detail }) => setAccount(detail.value.trim())}
                />
              </FormField>
              <FormField label={t('switch.role')}>
                <Input value={roleName} onChange={({ detail }) => setRoleName(detail.value.trim())} />
              </FormField>
              <FormField
                label={
                  <>
                    {t('switch.display')} – <i>{t('common.optional')}</i>
                  </>
                }
              >
                <Input value={displayName} onChange={({ detail }) => setDisplayName(detail.value)} />
              </FormField>
              {complete && (
                <Box>
                  <Link href={link}>{t('switch.link')}</Link>
                </Box>
              )}
              <CliLines
                acts={
                  complete
                    ? [sts(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'console' }))]
                    : []
                }
              />
            </SpaceBetween>
          </Container>
          <LastRoles
            onChoose={({ roleArn: arn, displayName: name }) => {
              setAccount(arn.split(':')[4]!);
              setRoleName(arn.split(':role/')[1]!);
              setDisplayName(name);
            }}
          />
        </SpaceBetween>
      </Form>
    </form>
  );
}

function lastRoles(): RoleSwitch[] {
  try {
    return JSON.parse(localStorage.getItem(LAST) ?? '[]') as RoleSwitch[];
  } catch {
    return [];
  }
}

/** Names alone, and only five: keys never go there. */
function remember(role: RoleSwitch): void {
  const others = lastRoles().filter(({ roleArn }) => roleArn !== role.roleArn);
  localStorage.setItem(LAST, JSON.stringify([role, ...others].slice(0, 5)));
}

function LastRoles({ onChoose }: { onChoose(role: RoleSwitch): void }) {
  const t = useTexts();
  const roles = lastRoles();
  if (roles.length === 0) return null;
  return (
    <Container header={<Header variant="h2">{t('switch.last')}</Header>}>
      <SpaceBetween size="xs" direction="horizontal">
        {roles.map(role => (
          <Button key={role.roleArn} formAction="none" onClick={() => onChoose(role)}>
            {role.displayName}
          </Button>
        ))}
      </SpaceBetween>
    </Container>
  );
}
