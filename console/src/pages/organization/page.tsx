import {
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  ListRootsCommand,
} from '@aws-sdk/client-organizations';
import Spinner from '@cloudscape-design/components/spinner';
import { organizations } from '../../api/organizations.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { codeOf, ErrorBox } from '../../ui/errors.js';
import { useAct, useLoaded } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { Titled } from '../../ui/titled.js';
import { Accounts } from './accounts.js';
import { ControlPolicies } from './policies.js';
import { Units } from './units.js';

export default function OrganizationPage() {
  const t = useTexts();
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
      <Titled
        variant="h1"
        title={t('nav.organization')}
        description={t('organization.none')}
        actions={
          <ActButton
            variant="primary"
            text={t('organization.create')}
            acts={() => [organizations(new CreateOrganizationCommand({ FeatureSet: 'ALL' }))]}
          />
        }
      />
    );
  }
  return (
    <ResourcePage
      title={t('nav.organization')}
      summary={[
        { label: 'ID', value: data.Id },
        { label: t('organization.management'), value: data.MasterAccountId },
        { label: t('organization.features'), value: data.FeatureSet },
      ]}
      tabs={[
        { id: 'accounts', label: t('organization.accounts'), content: <Accounts /> },
        { id: 'units', label: t('organization.units'), content: <Roots /> },
        { id: 'policies', label: t('organization.policies'), content: <ControlPolicies /> },
      ]}
    />
  );
}

function Roots() {
  const { data, error } = useAct(organizations(new ListRootsCommand({})));
  if (error) return <ErrorBox error={error} />;
  const root = data?.Roots?.[0];
  return root ? <Units root={root} /> : <Spinner />;
}
