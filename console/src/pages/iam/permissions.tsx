/** The policies of a user, group or role: attached, inline, and the boundary. */
import { GetPolicyCommand, GetPolicyVersionCommand, ListPoliciesCommand } from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GeneratePolicy } from '../../privilege/generate.js';
import { WhatWouldChange } from '../../privilege/what-would-change.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { GoLink, path } from '../../ui/navigation.js';
import { Panel } from '../../ui/panel.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { PolicyView } from '../../ui/policy-view.js';
import { useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import {
  type AttachedPolicy,
  actionOn,
  attach,
  boundary,
  deleteInline,
  detach,
  type Entity,
  inlineDocument,
  policiesOf,
  putInline,
  whole,
} from './entity.js';

export function Permissions({
  entity,
  boundaryArn,
}: {
  readonly entity: Entity;
  readonly boundaryArn?: string | undefined;
}) {
  return (
    <SpaceBetween size="l">
      <Policies entity={entity} />
      {entity.kind !== 'group' && <Boundary entity={entity} arn={boundaryArn} />}
    </SpaceBetween>
  );
}

type Open =
  | { readonly is: 'attach' | 'generate' }
  | { readonly is: 'inline'; readonly policy?: AttachedPolicy };

function Policies({ entity }: { readonly entity: Entity }) {
  const t = useTexts();
  const [open, setOpen] = useState<Open>();
  const [shown, setShown] = useState<AttachedPolicy>();
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('iam.policies.attached')}
        name={['policies-of', entity]}
        load={async () => ({ items: await policiesOf(entity) })}
        id={({ name, arn }) => arn ?? `inline ${name}`}
        text={({ name }) => name}
        empty={t('iam.policies.none')}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            value: ({ name }) => name,
            cell: policy =>
              policy.arn ? (
                <GoLink href={path('iam', 'policies', policy.arn)}>{policy.name}</GoLink>
              ) : (
                <Button variant="inline-link" onClick={() => setOpen({ is: 'inline', policy })}>
                  {policy.name}
                </Button>
              ),
          },
          {
            id: 'type',
            header: t('common.type'),
            value: ({ arn }) => typeOf(arn),
            cell: ({ arn }) => <Badge>{t(`iam.policyType.${typeOf(arn)}`)}</Badge>,
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: policy => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="inline-link" onClick={() => setShown(policy)}>
                  {t('policy.show')}
                </Button>
                {policy.arn ? (
                  <ActButton
                    variant="inline-link"
                    text={t('common.detach')}
                    title={t('iam.policies.detach', { policy: policy.name, name: entity.name })}
                    asks={actionOn(entity, 'Detach', 'Policy')}
                    acts={() => [detach(entity, policy.arn!)]}
                  />
                ) : (
                  <ActButton
                    variant="inline-link"
                    text={t('common.delete')}
                    title={t('iam.policies.deleteInline', { policy: policy.name })}
                    body={<Box>{t('common.danger')}</Box>}
                    asks={actionOn(entity, 'Delete', 'Policy')}
                    acts={() => [deleteInline(entity, policy.name)]}
                  />
                )}
              </SpaceBetween>
            ),
          },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {entity.kind !== 'group' && (
              <GuardedButton
                asks={{ action: 'karikagi:SearchEvents', resource: '*' }}
                onClick={() => setOpen({ is: 'generate' })}
              >
                {t('privilege.generate')}
              </GuardedButton>
            )}
            <GuardedButton
              asks={actionOn(entity, 'Attach', 'Policy')}
              onClick={() => setOpen({ is: 'attach' })}
            >
              {t('iam.policies.attach')}
            </GuardedButton>
            <GuardedButton asks={actionOn(entity, 'Put', 'Policy')} onClick={() => setOpen({ is: 'inline' })}>
              {t('iam.policies.createInline')}
            </GuardedButton>
          </SpaceBetween>
        }
      />
      {open?.is === 'generate' && <GeneratePolicy entity={entity} onClose={() => setOpen(undefined)} />}
      {open?.is === 'attach' && <AttachDialog entity={entity} onClose={() => setOpen(undefined)} />}
      {open?.is === 'inline' && (
        <InlineDialog entity={entity} policy={open.policy} onClose={() => setOpen(undefined)} />
      )}
      {shown && <ShownPolicy entity={entity} policy={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

export function typeOf(arn: string | undefined): 'inline' | 'aws' | 'customer' {
  if (arn === undefined) return 'inline';
  return arn.includes('::aws:policy/') ? 'aws' : 'customer';
}

/** Every policy that can be attached, the account's own first. */
export function usePolicies() {
  return useLoaded(['all policies'], async () => {
    const policies = await whole(
      Marker => iam(new ListPoliciesCommand({ Scope: 'All', MaxItems: 1000, Marker })),
      output => output.Policies,
    );
    const rank = (arn: string) => (typeOf(arn) === 'customer' ? 0 : 1);
    return policies
      .map(({ Arn, PolicyName }) => ({ value: Arn!, label: PolicyName! }))
      .sort((a, b) => rank(a.value) - rank(b.value) || a.label.localeCompare(b.label));
  });
}

/** A field to choose policies in. */
export function PoliciesField({
  chosen,
  onChoose,
}: {
  readonly chosen: readonly string[];
  onChoose(arns: string[]): void;
}) {
  const t = useTexts();
  const { data, isLoading, error } = usePolicies();
  const options = (data ?? []).map(({ value, label }) => ({
    value,
    label,
    description: t(`iam.policyType.${typeOf(value)}`),
  }));
  return (
    <FormField label={t('nav.policies')}>
      <SpaceBetween size="s">
        <ErrorBox error={error} />
        <Multiselect
          filteringType="auto"
          virtualScroll
          statusType={isLoading ? 'loading' : 'finished'}
          placeholder={t('iam.policies.choose')}
          filteringPlaceholder={t('common.find')}
          filteringAriaLabel={t('common.find')}
          empty={t('common.none')}
          options={options}
          selectedOptions={options.filter(({ value }) => chosen.includes(value))}
          onChange={({ detail }) => onChoose(detail.selectedOptions.map(({ value }) => value!))}
        />
      </SpaceBetween>
    </FormField>
  );
}

function AttachDialog({ entity, onClose }: { readonly entity: Entity; onClose(): void }) {
  const t = useTexts();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return (
    <ActDialog
      title={t('iam.policies.attachTo', { name: entity.name })}
      submit={t('common.attach')}
      acts={chosen.map(arn => attach(entity, arn))}
      onClose={onClose}
    >
      <PoliciesField chosen={chosen} onChoose={setChosen} />
    </ActDialog>
  );
}

export const EMPTY_POLICY = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [],
      "Resource": []
    }
  ]
}
`;

function InlineDialog({
  entity,
  policy,
  onClose,
}: {
  readonly entity: Entity;
  readonly policy: AttachedPolicy | undefined;
  onClose(): void;
}) {
  const t = useTexts();
  const { data, error } = useLoaded(
    ['inline', entity, policy?.name],
    () => inlineDocument(entity, policy!.name),
    policy !== undefined,
  );
  const [name, setName] = useState(policy?.name ?? '');
  const [text, setText] = useState<string>();
  const document = text ?? (policy ? data : EMPTY_POLICY);
  return (
    <ActDialog
      size="large"
      title={policy ? t('iam.policies.editInline', { policy: policy.name }) : t('iam.policies.createInline')}
      submit={policy ? t('common.save') : t('iam.policy.create')}
      asks={actionOn(entity, 'Put', 'Policy')}
      disabled={name === ''}
      acts={document === undefined || name === '' ? [] : [putInline(entity, name, document)]}
      onClose={onClose}
    >
      <ErrorBox error={error} />
      {document === undefined ? (
        <Spinner />
      ) : (
        <PolicyEditor value={document} kind="identity" label={t('policy.document')} onChange={setText} />
      )}
      {document !== undefined && name !== '' && (
        <WhatWouldChange policy={{ place: entity.arn, inline: name, document }} />
      )}
      {!policy && (
        <FormField label={t('iam.policy.name')}>
          <Input value={name} onChange={({ detail }) => setName(detail.value)} name="policy-name" />
        </FormField>
      )}
    </ActDialog>
  );
}

function ShownPolicy({
  entity,
  policy,
  onClose,
}: {
  readonly entity: Entity;
  readonly policy: AttachedPolicy;
  onClose(): void;
}) {
  const { data, error } = useLoaded(['document', entity, policy], () =>
    policy.arn ? managedDocument(policy.arn) : inlineDocument(entity, policy.name),
  );
  return <PolicyView title={policy.name} document={data} error={error} onClose={onClose} />;
}

/** The default version of a managed policy. */
export async function managedDocument(PolicyArn: string): Promise<string> {
  const { Policy } = await iam(new GetPolicyCommand({ PolicyArn })).send();
  const VersionId = Policy!.DefaultVersionId!;
  const { PolicyVersion } = await iam(new GetPolicyVersionCommand({ PolicyArn, VersionId })).send();
  return decodeURIComponent(PolicyVersion!.Document!);
}

function Boundary({ entity, arn }: { readonly entity: Entity; readonly arn: string | undefined }) {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <Panel
      title={t('iam.boundary')}
      description={t('iam.boundary.text')}
      actions={
        <>
          {arn && (
            <ActButton
              text={t('iam.boundary.remove')}
              asks={actionOn(entity, 'Delete', 'PermissionsBoundary')}
              acts={() => [boundary(entity, undefined)]}
            />
          )}
          <GuardedButton asks={actionOn(entity, 'Put', 'PermissionsBoundary')} onClick={() => setOpen(true)}>
            {t('iam.boundary.set')}
          </GuardedButton>
        </>
      }
    >
      {arn ? <GoLink href={path('iam', 'policies', arn)}>{arn}</GoLink> : t('iam.boundary.none')}
      {open && <BoundaryDialog entity={entity} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

/** A field to choose one policy in, or none. */
export function BoundaryField({
  chosen,
  onChoose,
}: {
  readonly chosen: string | undefined;
  onChoose(arn: string | undefined): void;
}) {
  const t = useTexts();
  const { data, isLoading, error } = usePolicies();
  const options = data ?? [];
  return (
    <FormField label={t('iam.boundary')} description={t('iam.boundary.text')}>
      <SpaceBetween size="s">
        <ErrorBox error={error} />
        <Select
          filteringType="auto"
          virtualScroll
          statusType={isLoading ? 'loading' : 'finished'}
          placeholder={t('iam.policies.choose')}
          filteringAriaLabel={t('common.find')}
          empty={t('common.none')}
          options={options}
          selectedOption={options.find(({ value }) => value === chosen) ?? null}
          onChange={({ detail }) => onChoose(detail.selectedOption.value)}
        />
      </SpaceBetween>
    </FormField>
  );
}

function BoundaryDialog({ entity, onClose }: { readonly entity: Entity; onClose(): void }) {
  const t = useTexts();
  const [chosen, setChosen] = useState<string>();
  return (
    <ActDialog
      title={t('iam.boundary.set')}
      submit={t('iam.boundary.set')}
      acts={chosen ? [boundary(entity, chosen)] : []}
      onClose={onClose}
    >
      <BoundaryField chosen={chosen} onChoose={setChosen} />
    </ActDialog>
  );
}
