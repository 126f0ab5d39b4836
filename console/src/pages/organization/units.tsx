import {
  type Account,
  CreateOrganizationalUnitCommand,
  DeleteOrganizationalUnitCommand,
  ListAccountsForParentCommand,
  ListOrganizationalUnitsForParentCommand,
  ListPoliciesForTargetCommand,
  MoveAccountCommand,
  type OrganizationalUnit,
} from '@aws-sdk/client-organizations';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Icon from '@cloudscape-design/components/icon';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { organizations } from '../../api/organizations.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { useLoaded } from '../../ui/query.js';

interface Unit {
  readonly id: string;
  readonly name: string;
  /** 0: the root. */
  readonly depth: number;
  readonly parent?: string;
  readonly accounts: readonly Account[];
  readonly policies: readonly string[];
  readonly empty: boolean;
}

interface Root {
  readonly Id?: string | undefined;
  readonly Name?: string | undefined;
}

/** The tree of units with their accounts and control policies. */
export function Units({ root }: { readonly root: Root }) {
  const t = useTexts();
  const { data, error } = useLoaded(['units', root.Id], () => treeOf(root.Id!, root.Name ?? 'Root', 0));
  return (
    <Container header={<Header variant="h2">{t('organization.units')}</Header>}>
      <ErrorBox error={error} />
      <SpaceBetween size="m">
        {data?.map(unit => (
          <UnitRow key={unit.id} unit={unit} units={data} />
        ))}
      </SpaceBetween>
    </Container>
  );
}

/** Depth first, as it is drawn. An organization has few units, and five levels at most. */
async function treeOf(id: string, name: string, depth: number, parent?: string): Promise<Unit[]> {
  const [accounts, units, policies] = await Promise.all([
    accountsOf(id),
    unitsOf(id),
    organizations(
      new ListPoliciesForTargetCommand({ TargetId: id, Filter: 'SERVICE_CONTROL_POLICY' }),
    ).send(),
  ]);
  const below = await Promise.all(units.map(unit => treeOf(unit.Id!, unit.Name!, depth + 1, id)));
  const own: Unit = {
    id,
    name,
    depth,
    ...(parent && { parent }),
    accounts,
    policies: (policies.Policies ?? []).map(policy => policy.Name!),
    empty: accounts.length === 0 && units.length === 0,
  };
  return [own, ...below.flat()];
}

async function accountsOf(ParentId: string): Promise<Account[]> {
  const all: Account[] = [];
  let NextToken: string | undefined;
  do {
    const page = await organizations(new ListAccountsForParentCommand({ ParentId, NextToken })).send();
    all.push(...(page.Accounts ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return all;
}

async function unitsOf(ParentId: string): Promise<OrganizationalUnit[]> {
  const all: OrganizationalUnit[] = [];
  let NextToken: string | undefined;
  do {
    const page = await organizations(
      new ListOrganizationalUnitsForParentCommand({ ParentId, NextToken }),
    ).send();
    all.push(...(page.OrganizationalUnits ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return all;
}

function UnitRow({ unit, units }: { readonly unit: Unit; readonly units: readonly Unit[] }) {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  const [moving, setMoving] = useState<Account>();
  return (
    <Box margin={{ left: (['n', 'l', 'xl', 'xxl', 'xxxl'] as const)[Math.min(unit.depth, 4)]! }}>
      <SpaceBetween size="xxs">
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Icon name="folder" />
          <Box variant="strong">{unit.name}</Box>
          <Box variant="small">{unit.id}</Box>
          <GuardedButton
            variant="inline-link"
            asks={{ action: 'organizations:CreateOrganizationalUnit', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('organization.createUnit')}
          </GuardedButton>
          {unit.depth > 0 && unit.empty && (
            <ActButton
              variant="inline-link"
              text={t('common.delete')}
              acts={() => [
                organizations(new DeleteOrganizationalUnitCommand({ OrganizationalUnitId: unit.id })),
              ]}
            />
          )}
        </SpaceBetween>
        <Box variant="small">
          {t('organization.policies')}: {unit.policies.join(', ') || '–'}
        </Box>
        {unit.accounts.map(account => (
          <SpaceBetween key={account.Id} direction="horizontal" size="xs" alignItems="center">
            <Icon name="user-profile" />
            <Box>
              {account.Name} ({account.Id})
            </Box>
            <GuardedButton
              variant="inline-link"
              asks={{ action: 'organizations:MoveAccount', resource: '*' }}
              onClick={() => setMoving(account)}
            >
              {t('organization.move')}
            </GuardedButton>
          </SpaceBetween>
        ))}
      </SpaceBetween>
      {creating && <CreateUnit parent={unit} onClose={() => setCreating(false)} />}
      {moving && (
        <MoveAccount account={moving} from={unit} units={units} onClose={() => setMoving(undefined)} />
      )}
    </Box>
  );
}

function CreateUnit({ parent, onClose }: { readonly parent: Unit; onClose(): void }) {
  const t = useTexts();
  const [Name, setName] = useState('');
  return (
    <ActDialog
      title={t('organization.createUnit')}
      submit={t('common.create')}
      acts={Name ? [organizations(new CreateOrganizationalUnitCommand({ ParentId: parent.id, Name }))] : []}
      onClose={onClose}
    >
      <FormField label={t('common.name')}>
        <Input value={Name} onChange={({ detail }) => setName(detail.value)} name="unit-name" />
      </FormField>
    </ActDialog>
  );
}

function MoveAccount({
  account,
  from,
  units,
  onClose,
}: {
  readonly account: Account;
  readonly from: Unit;
  readonly units: readonly Unit[];
  onClose(): void;
}) {
  const t = useTexts();
  const [target, setTarget] = useState<string>();
  const options = units
    .filter(({ id }) => id !== from.id)
    .map(({ id, name }) => ({ value: id, label: name }));
  const input = { AccountId: account.Id, SourceParentId: from.id, DestinationParentId: target };
  return (
    <ActDialog
      title={t('organization.moveOne', { name: account.Name! })}
      submit={t('organization.move')}
      acts={target ? [organizations(new MoveAccountCommand(input))] : []}
      onClose={onClose}
    >
      <FormField label={t('organization.unit')}>
        <Select
          options={options}
          placeholder={t('common.select')}
          selectedOption={options.find(({ value }) => value === target) ?? null}
          onChange={({ detail }) => setTarget(detail.selectedOption.value)}
        />
      </FormField>
    </ActDialog>
  );
}
