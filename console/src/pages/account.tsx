/** Account settings: STS region by region, the version of tokens, the alias, the rules for passwords. */
import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  DeleteAccountPasswordPolicyCommand,
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  ListAccountAliasesCommand,
  SetSecurityTokenServicePreferencesCommand,
  UpdateAccountPasswordPolicyCommand,
} from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { iam } from '../api/iam.js';
import { karikagi } from '../api/karikagi.js';
import { useTexts } from '../i18n/index.js';
import { useSignedIn } from '../session/store.js';
import { ActButton, ActDialog, GuardedButton } from '../ui/action.js';
import { codeOf } from '../ui/errors.js';
import { CountField } from '../ui/fields.js';
import { Panel } from '../ui/panel.js';
import { useAct, useLoaded } from '../ui/query.js';
import { ResourceTable } from '../ui/table.js';

interface Region {
  readonly RegionName: string;
  readonly RegionOptStatus: string;
  readonly STSStatus: 'Active' | 'Inactive';
  readonly STSSwitchable: boolean;
}

export default function AccountPage() {
  const t = useTexts();
  const { current } = useSignedIn();
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={t('bar.account', { id: current.account })}>
        {t('nav.account')}
      </Header>
      <Alias />
      <PasswordPolicy />
      <TokenVersion />
      <Endpoints />
    </SpaceBetween>
  );
}

function Alias() {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const [alias, setAlias] = useState('');
  const { data, error } = useAct(iam(new ListAccountAliasesCommand({})));
  const present = data?.AccountAliases?.[0];
  return (
    <Panel
      error={error}
      title={t('account.alias')}
      description={t('account.alias.text')}
      actions={
        <>
          {present && (
            <ActButton
              text={t('common.remove')}
              title={t('account.alias.remove')}
              asks={{ action: 'iam:DeleteAccountAlias', resource: '*' }}
              acts={() => [iam(new DeleteAccountAliasCommand({ AccountAlias: present }))]}
            />
          )}
          <GuardedButton
            asks={{ action: 'iam:CreateAccountAlias', resource: '*' }}
            onClick={() => setOpen(true)}
          >
            {t('account.alias.set')}
          </GuardedButton>
        </>
      }
    >
      {present ?? t('common.none')}
      {open && (
        <ActDialog
          title={t('account.alias.set')}
          submit={t('common.save')}
          acts={alias === '' ? [] : [iam(new CreateAccountAliasCommand({ AccountAlias: alias }))]}
          onClose={() => setOpen(false)}
        >
          <FormField label={t('account.alias')} constraintText={t('account.alias.rule')}>
            <Input value={alias} onChange={({ detail }) => setAlias(detail.value.trim())} name="alias" />
          </FormField>
        </ActDialog>
      )}
    </Panel>
  );
}

function TokenVersion() {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const [version, setVersion] = useState<'v1Token' | 'v2Token'>('v2Token');
  const { data, error } = useAct(iam(new GetAccountSummaryCommand({})));
  const present = data?.SummaryMap?.GlobalEndpointTokenVersion;
  return (
    <Panel
      error={error}
      title={t('account.tokens')}
      description={t('account.tokens.text')}
      actions={
        <GuardedButton
          asks={{ action: 'iam:SetSecurityTokenServicePreferences', resource: '*' }}
          onClick={() => setOpen(true)}
        >
          {t('account.tokens.change')}
        </GuardedButton>
      }
    >
      <KeyValuePairs
        items={[
          {
            label: t('account.tokens.global'),
            value: present === undefined ? '–' : t(present === 2 ? 'account.tokens.v2' : 'account.tokens.v1'),
          },
        ]}
      />
      {open && (
        <ActDialog
          title={t('account.tokens.change')}
          submit={t('common.save')}
          acts={[iam(new SetSecurityTokenServicePreferencesCommand({ GlobalEndpointTokenVersion: version }))]}
          onClose={() => setOpen(false)}
        >
          <RadioGroup
            ariaLabel={t('account.tokens.global')}
            value={version}
            onChange={({ detail }) => setVersion(detail.value as 'v1Token' | 'v2Token')}
            items={[
              { value: 'v1Token', label: t('account.tokens.v1') },
              { value: 'v2Token', label: t('account.tokens.v2') },
            ]}
          />
        </ActDialog>
      )}
    </Panel>
  );
}

/** STS region by region. Regions that an account opts into are always active, as on AWS. */
function Endpoints() {
  const t = useTexts();
  return (
    <ResourceTable<Region>
      variant="container"
      title={t('account.endpoints')}
      description={t('account.endpoints.text')}
      name={['regions']}
      load={async (_, signal) => ({
        items: (await karikagi<{ Regions: Region[] }>('ListRegions').send(signal)).Regions,
      })}
      id={({ RegionName }) => RegionName}
      text={({ RegionName }) => RegionName}
      empty={t('common.none')}
      columns={[
        {
          id: 'region',
          header: t('bar.region'),
          value: ({ RegionName }) => RegionName,
          cell: ({ RegionName }) => RegionName,
        },
        {
          id: 'status',
          header: t('account.endpoints.status'),
          value: ({ STSStatus }) => STSStatus,
          cell: ({ STSStatus }) => (
            <StatusIndicator type={STSStatus === 'Active' ? 'success' : 'stopped'}>
              {t(STSStatus === 'Active' ? 'common.active' : 'common.inactive')}
            </StatusIndicator>
          ),
        },
        {
          id: 'opt',
          header: t('account.endpoints.opt'),
          cell: ({ RegionOptStatus }) =>
            t(
              RegionOptStatus === 'ENABLED_BY_DEFAULT'
                ? 'account.region.default'
                : RegionOptStatus === 'ENABLED'
                  ? 'common.enabled'
                  : 'common.disabled',
            ),
        },
        { id: 'actions', header: t('common.actions'), cell: region => <RegionActions region={region} /> },
      ]}
    />
  );
}

function RegionActions({ region }: { readonly region: Region }) {
  const t = useTexts();
  const { RegionName, STSStatus, STSSwitchable, RegionOptStatus } = region;
  const input = { RegionName };
  if (STSSwitchable) {
    const active = STSStatus === 'Active';
    return (
      <ActButton
        variant="inline-link"
        ariaLabel={`${t(active ? 'account.endpoints.deactivate' : 'account.endpoints.activate')} ${RegionName}`}
        text={t(active ? 'account.endpoints.deactivate' : 'account.endpoints.activate')}
        title={t(active ? 'account.endpoints.deactivateIn' : 'account.endpoints.activateIn', {
          region: RegionName,
        })}
        body={
          <Box>{t(active ? 'account.endpoints.deactivate.text' : 'account.endpoints.activate.text')}</Box>
        }
        asks={{ action: `karikagi:${active ? 'DeactivateSTS' : 'ActivateSTS'}`, resource: '*' }}
        acts={() => [karikagi(active ? 'DeactivateSTS' : 'ActivateSTS', input)]}
      />
    );
  }
  if (RegionOptStatus === 'ENABLED_BY_DEFAULT') return <>{t('account.endpoints.always')}</>;
  const enabled = RegionOptStatus === 'ENABLED';
  return (
    <ActButton
      variant="inline-link"
      ariaLabel={`${t(enabled ? 'account.region.disable' : 'account.region.enable')} ${RegionName}`}
      text={t(enabled ? 'account.region.disable' : 'account.region.enable')}
      asks={{ action: `karikagi:${enabled ? 'DisableRegion' : 'EnableRegion'}`, resource: '*' }}
      acts={() => [karikagi(enabled ? 'DisableRegion' : 'EnableRegion', input)]}
    />
  );
}

interface Rules {
  /** Days. */
  readonly MaxPasswordAge?: number | undefined;
  /** How many of the last ones may not come again. */
  readonly PasswordReusePrevention?: number | undefined;
  readonly MinimumPasswordLength: number;
  readonly RequireSymbols: boolean;
  readonly RequireNumbers: boolean;
  readonly RequireUppercaseCharacters: boolean;
  readonly RequireLowercaseCharacters: boolean;
  readonly AllowUsersToChangePassword: boolean;
  readonly HardExpiry: boolean;
}

const FLAGS = [
  ['RequireUppercaseCharacters', 'account.password.upper'],
  ['RequireLowercaseCharacters', 'account.password.lower'],
  ['RequireNumbers', 'account.password.numbers'],
  ['RequireSymbols', 'account.password.symbols'],
  ['AllowUsersToChangePassword', 'account.password.own'],
  ['HardExpiry', 'account.password.hard'],
] as const;

function PasswordPolicy() {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const { data, error } = useLoaded(['password policy'], async () => {
    try {
      return (await iam(new GetAccountPasswordPolicyCommand({})).send()).PasswordPolicy ?? null;
    } catch (thrown) {
      if (codeOf(thrown) === 'NoSuchEntityException') return null;
      throw thrown;
    }
  });
  const rules: Rules = {
    MinimumPasswordLength: data?.MinimumPasswordLength ?? 8,
    RequireSymbols: data?.RequireSymbols ?? false,
    RequireNumbers: data?.RequireNumbers ?? false,
    RequireUppercaseCharacters: data?.RequireUppercaseCharacters ?? false,
    RequireLowercaseCharacters: data?.RequireLowercaseCharacters ?? false,
    AllowUsersToChangePassword: data?.AllowUsersToChangePassword ?? false,
    HardExpiry: data?.HardExpiry ?? false,
    MaxPasswordAge: data?.MaxPasswordAge,
    PasswordReusePrevention: data?.PasswordReusePrevention,
  };
  return (
    <Panel
      error={error}
      title={t('account.password')}
      actions={
        <>
          {data && (
            <ActButton
              text={t('account.password.default')}
              asks={{ action: 'iam:DeleteAccountPasswordPolicy', resource: '*' }}
              acts={() => [iam(new DeleteAccountPasswordPolicyCommand({}))]}
            />
          )}
          <GuardedButton
            asks={{ action: 'iam:UpdateAccountPasswordPolicy', resource: '*' }}
            ariaLabel={`${t('common.edit')} ${t('account.password')}`}
            onClick={() => setOpen(true)}
          >
            {t('common.edit')}
          </GuardedButton>
        </>
      }
    >
      {data === null && t('account.password.isDefault')}
      {data && (
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('account.password.length'), value: rules.MinimumPasswordLength },
            { label: t('account.password.age'), value: rules.MaxPasswordAge ?? '–' },
            { label: t('account.password.reuse'), value: rules.PasswordReusePrevention ?? '–' },
            ...FLAGS.map(([name, key]) => ({
              label: t(key),
              value: t(rules[name] ? 'common.yes' : 'common.no'),
            })),
          ]}
        />
      )}
      {open && <PasswordPolicyDialog rules={rules} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function PasswordPolicyDialog({ rules, onClose }: { readonly rules: Rules; onClose(): void }) {
  const t = useTexts();
  const [wanted, setWanted] = useState(rules);
  const [length, setLength] = useState(String(rules.MinimumPasswordLength));
  const MinimumPasswordLength = Number(length);
  const valid = MinimumPasswordLength >= 6 && MinimumPasswordLength <= 128;
  return (
    <ActDialog
      title={t('account.password')}
      submit={t('common.save')}
      disabled={!valid}
      acts={[iam(new UpdateAccountPasswordPolicyCommand({ ...wanted, MinimumPasswordLength }))]}
      onClose={onClose}
    >
      <FormField label={t('account.password.length')} constraintText={t('account.password.length.rule')}>
        <Input type="number" value={length} onChange={({ detail }) => setLength(detail.value)} />
      </FormField>
      <CountField
        label={t('account.password.age')}
        rule={t('account.password.age.rule')}
        value={wanted.MaxPasswordAge}
        onChange={MaxPasswordAge => setWanted({ ...wanted, MaxPasswordAge })}
      />
      <CountField
        label={t('account.password.reuse')}
        rule={t('account.password.reuse.rule')}
        value={wanted.PasswordReusePrevention}
        onChange={PasswordReusePrevention => setWanted({ ...wanted, PasswordReusePrevention })}
      />
      {FLAGS.map(([name, key]) => (
        <Checkbox
          key={name}
          checked={wanted[name]}
          onChange={({ detail }) => setWanted({ ...wanted, [name]: detail.checked })}
        >
          {t(key)}
        </Checkbox>
      ))}
    </ActDialog>
  );
}
