import {
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  ListRootsCommand,
} from '@aws-sdk/client-organizations';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { organizations } from '../../api/organizations.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { codeOf, ErrorBox } from '../../ui/errors.js';
import { useAct, useLoaded } from '../../ui/query.js';
import { useTab } from '../../ui/tab.js';
import { Accounts } from './accounts.js';
import { ControlPolicies } from './policies.js';
import { Units } from './units.js';

export default function OrganizationPage() {
  const t = useTexts();
  const tab = useTab('accounts');
  const { data, error } = useLoaded(['organization'], async () => {
    try {
      return (await organizations(new DescribeOrganizationCommand({})).send()).Organization ?? null;
    } catch (thrown) {
      if (codeOf(thrown) === 'AWSOrganizationsNotInUseException') return null;
      throw thrown;
    }
  });
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  if (data === null) {
    return (
      <SpaceBetween size="l">
        <Header
          variant="h1"
          description={t('organization.none')}
          actions={
            <ActButton
              variant="primary"
              text={t('organization.create')}
              asks={{ action: 'organizations:CreateOrganization', resource: '*' }}
              acts={() => [organizations(new CreateOrganizationCommand({ FeatureSet: 'ALL' }))]}
            />
          }
        >
          {t('nav.organization')}
        </Header>
      </SpaceBetween>
    );
  }
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('nav.organization')}</Header>
      <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'ID', value: data.Id },
            { label: t('organization.management'), value: data.MasterAccountId },
            { label: t('organization.features'), value: data.FeatureSet },
          ]}
        />
      </Container>
      <Tabs
        {...tab}
        tabs={[
          { id: 'accounts', label: t('organization.accounts'), content: <Accounts /> },
          { id: 'units', label: t('organization.units'), content: <Roots /> },
          { id: 'policies', label: t('organization.policies'), content: <ControlPolicies /> },
        ]}
      />
    </SpaceBetween>
  );
}

function Roots() {
  const { data, error } = useAct(organizations(new ListRootsCommand({})));
  if (error) return <ErrorBox error={error} />;
  const root = data?.Roots?.[0];
  return root ? <Units root={root} /> : <Spinner />;
}
