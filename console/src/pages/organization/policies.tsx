import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DescribePolicyCommand,
  DetachPolicyCommand,
  EnablePolicyTypeCommand,
  ListPoliciesCommand,
  ListRootsCommand,
  ListTargetsForPolicyCommand,
  type PolicyType,
  UpdatePolicyCommand,
} from '@aws-sdk/client-organizations';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { organizations } from '../../api/organizations.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { laidOut } from '../../ui/policy-view.js';
import { useAct } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';

const KINDS = ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const;
type Kind = (typeof KINDS)[number];

const LINTED = {
  SERVICE_CONTROL_POLICY: 'service-control',
  RESOURCE_CONTROL_POLICY: 'resource-control',
} as const;

/** Service and resource control policies: what an organization allows its accounts at most. */
export function ControlPolicies() {
  const t = useTexts();
  const [kind, setKind] = useState<Kind>('SERVICE_CONTROL_POLICY');
  const [open, setOpen] = useState<{ readonly id?: string }>();
  const [targets, setTargets] = useState<string>();
  return (
    <SpaceBetween size="m">
      <SegmentedControl
        label={t('common.type')}
        selectedId={kind}
        onChange={({ detail }) => setKind(detail.selectedId as Kind)}
        options={KINDS.map(id => ({ id, text: t(`organization.${id}`) }))}
      />
      <TypeSwitch kind={kind} />
      <ResourceTable
        variant="container"
        title={t(`organization.${kind}`)}
        name={['control policies', kind]}
        load={async (NextToken, signal) => {
          const listed = await organizations(new ListPoliciesCommand({ Filter: kind, NextToken })).send(
            signal,
          );
          return { items: listed.Policies ?? [], next: listed.NextToken };
        }}
        id={({ Id }) => Id!}
        text={({ Id, Name }) => `${Id} ${Name}`}
        empty={t('common.none')}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            cell: ({ Id, Name, AwsManaged }) =>
              AwsManaged ? (
                <>
                  {Name} <Badge>AWS</Badge>
                </>
              ) : (
                <Button variant="inline-link" onClick={() => setOpen({ id: Id! })}>
                  {Name}
                </Button>
              ),
          },
          {
            id: 'description',
            header: t('common.description'),
            cell: ({ Description }) => Description || '–',
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ Id, AwsManaged }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="inline-link" onClick={() => setTargets(Id)}>
                  {t('organization.targets')}
                </Button>
                {!AwsManaged && (
                  <ActButton
                    variant="inline-link"
                    text={t('common.delete')}
                    body={<Box>{t('common.danger')}</Box>}
                    acts={() => [organizations(new DeletePolicyCommand({ PolicyId: Id }))]}
                  />
                )}
              </SpaceBetween>
            ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'organizations:CreatePolicy', resource: '*' }}
            onClick={() => setOpen({})}
          >
            {t('iam.policy.create')}
          </GuardedButton>
        }
      />
      {open && <PolicyDialog kind={kind} id={open.id} onClose={() => setOpen(undefined)} />}
      {targets && <TargetsDialog id={targets} onClose={() => setTargets(undefined)} />}
    </SpaceBetween>
  );
}

/** A type of policies counts once it is enabled at the root. */
function TypeSwitch({ kind }: { readonly kind: Kind }) {
  const t = useTexts();
  const { data } = useAct(organizations(new ListRootsCommand({})));
  const root = data?.Roots?.[0];
  if (root === undefined) return null;
  const enabled = root.PolicyTypes?.some(({ Type, Status }) => Type === kind && Status === 'ENABLED');
  if (enabled) return null;
  return (
    <ActButton
      text={t('organization.enableType')}
      body={t('organization.enableType.text')}
      acts={() => [
        organizations(new EnablePolicyTypeCommand({ RootId: root.Id, PolicyType: kind as PolicyType })),
      ]}
    />
  );
}

const FIRST: Readonly<Record<Kind, string>> = {
  SERVICE_CONTROL_POLICY: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Action": "s3:DeleteBucket",
      "Resource": "*"
    }
  ]
}
`,
  RESOURCE_CONTROL_POLICY: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:DeleteBucket",
      "Resource": "*"
    }
  ]
}
`,
};

function PolicyDialog({
  kind,
  id,
  onClose,
}: {
  readonly kind: Kind;
  readonly id: string | undefined;
  onClose(): void;
}) {
  const t = useTexts();
  const { data, error } = useAct(id ? organizations(new DescribePolicyCommand({ PolicyId: id })) : undefined);
  const [edited, setEdited] = useState<string>();
  const [name, setName] = useState('');
  const present = id ? data?.Policy?.Content && laidOut(data.Policy.Content) : FIRST[kind];
  const Content = edited ?? present ?? '';
  const act = id
    ? organizations(new UpdatePolicyCommand({ PolicyId: id, Content }))
    : organizations(new CreatePolicyCommand({ Type: kind, Name: name, Content, Description: '' }));
  return (
    <ActDialog
      size="large"
      title={id ? (data?.Policy?.PolicySummary?.Name ?? id) : t('iam.policy.create')}
      submit={id ? t('common.save') : t('iam.policy.create')}
      asks={{ action: `organizations:${id ? 'Update' : 'Create'}Policy`, resource: '*' }}
      acts={Content && (id || name) ? [act] : []}
      onClose={onClose}
    >
      <ErrorBox error={error} />
      {!id && (
        <FormField label={t('iam.policy.name')}>
          <Input value={name} onChange={({ detail }) => setName(detail.value)} name="policy-name" />
        </FormField>
      )}
      {present === undefined ? (
        <Spinner />
      ) : (
        <PolicyEditor value={Content} kind={LINTED[kind]} label={t('policy.document')} onChange={setEdited} />
      )}
    </ActDialog>
  );
}

/** Where a policy is attached: roots, units and accounts, by id. */
function TargetsDialog({ id: PolicyId, onClose }: { readonly id: string; onClose(): void }) {
  const t = useTexts();
  const { data, error } = useAct(organizations(new ListTargetsForPolicyCommand({ PolicyId })));
  const [target, setTarget] = useState('');
  const valid = /^(r-|ou-|\d{12}$)/.test(target);
  return (
    <ActDialog
      title={t('organization.targets')}
      submit={t('common.attach')}
      asks={{ action: 'organizations:AttachPolicy', resource: '*' }}
      acts={valid ? [organizations(new AttachPolicyCommand({ PolicyId, TargetId: target }))] : []}
      onClose={onClose}
    >
      <ErrorBox error={error} />
      {data?.Targets?.length === 0 && <Box>{t('organization.targets.none')}</Box>}
      {data?.Targets?.map(({ TargetId, Name }) => (
        <SpaceBetween key={TargetId} direction="horizontal" size="xs">
          <Box>
            {Name} ({TargetId})
          </Box>
          <ActButton
            variant="inline-link"
            text={t('common.detach')}
            acts={() => [organizations(new DetachPolicyCommand({ PolicyId, TargetId }))]}
          />
        </SpaceBetween>
      ))}
      <FormField label={t('organization.target')} constraintText={t('organization.target.rule')}>
        <Input value={target} onChange={({ detail }) => setTarget(detail.value.trim())} name="target" />
      </FormField>
    </ActDialog>
  );
}
