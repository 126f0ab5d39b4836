/** What a user or role would be allowed, before one changes a policy. */
import {
  type EvaluationResult,
  ListRolesCommand,
  ListUsersCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearch } from 'wouter';
import { iam } from '../api/iam.js';
import { knowledge } from '../api/knowledge.js';
import { useTexts } from '../i18n/index.js';
import { CliLines } from '../ui/cli.js';
import { ErrorBox } from '../ui/errors.js';
import { PolicyEditor } from '../ui/policy-editor.js';
import { noteError, useLoaded } from '../ui/query.js';
import { whole } from './iam/entity.js';

interface ContextValue {
  readonly key: string;
  readonly value: string;
}

/** Of the services that this server has. */
const SERVICES = ['s3', 'iam', 'sts', 'kms', 'organizations'];

export default function SimulatePage() {
  const t = useTexts();
  const search = new URLSearchParams(useSearch());
  const [principal, setPrincipal] = useState(search.get('principal') ?? '');
  const [actions, setActions] = useState<readonly string[]>(search.getAll('action'));
  const [resource, setResource] = useState(search.get('resource') ?? '*');
  const [context, setContext] = useState<readonly ContextValue[]>([]);
  const [extra, setExtra] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [results, setResults] = useState<readonly EvaluationResult[]>();
  const ContextEntries = context
    .filter(({ key }) => key !== '')
    .map(({ key, value }) => ({
      ContextKeyName: key,
      ContextKeyType: 'string' as const,
      ContextKeyValues: [value],
    }));
  const act = iam(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: principal,
      ActionNames: [...actions],
      ResourceArns: [resource],
      ...(extra.trim() && { PolicyInputList: [extra] }),
      ...(ContextEntries.length > 0 && { ContextEntries }),
    }),
  );
  const complete = principal !== '' && actions.length > 0 && resource !== '';
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setResults((await act.send()).EvaluationResults ?? []);
    } catch (thrown) {
      noteError(thrown);
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={t('simulate.text')}>
        {t('nav.simulate')}
      </Header>
      <Container>
        <form
          onSubmit={event => {
            event.preventDefault();
            if (complete && !busy) void submit();
          }}
        >
          <SpaceBetween size="m">
            <PrincipalField chosen={principal} onChoose={setPrincipal} />
            <ActionsField chosen={actions} onChoose={setActions} />
            <FormField label={t('simulate.resource')} constraintText={t('simulate.resource.rule')}>
              <Input
                value={resource}
                onChange={({ detail }) => setResource(detail.value.trim())}
                name="resource"
              />
            </FormField>
            <ContextFields values={context} onChange={setContext} />
            <ExpandableSection headerText={t('simulate.extra')}>
              <PolicyEditor value={extra} kind="identity" label={t('simulate.extra')} onChange={setExtra} />
            </ExpandableSection>
            <Button variant="primary" loading={busy} disabled={!complete} data-testid="simulate">
              {t('simulate.go')}
            </Button>
            {complete && <CliLines acts={[act]} />}
            <ErrorBox error={error} />
          </SpaceBetween>
        </form>
      </Container>
      {results && <Results results={results} />}
    </SpaceBetween>
  );
}

function PrincipalField({ chosen, onChoose }: { readonly chosen: string; onChoose(arn: string): void }) {
  const t = useTexts();
  const { data = [], error } = useLoaded(['principals'], async () => {
    const [users, roles] = await Promise.all([
      whole(
        Marker => iam(new ListUsersCommand({ Marker, MaxItems: 1000 })),
        output => output.Users,
      ),
      whole(
        Marker => iam(new ListRolesCommand({ Marker, MaxItems: 1000 })),
        output => output.Roles,
      ),
    ]);
    return [
      { label: t('nav.users'), options: users.map(user => ({ value: user.Arn!, label: user.UserName! })) },
      { label: t('nav.roles'), options: roles.map(role => ({ value: role.Arn!, label: role.RoleName! })) },
    ];
  });
  const options = data.flatMap(group => group.options);
  return (
    <FormField label={t('denied.principal')}>
      <SpaceBetween size="xs">
        <ErrorBox error={error} />
        <Select
          filteringType="auto"
          filteringAriaLabel={t('common.find')}
          placeholder={t('common.select')}
          empty={t('common.none')}
          options={data}
          selectedOption={options.find(({ value }) => value === chosen) ?? null}
          onChange={({ detail }) => onChoose(detail.selectedOption.value!)}
        />
      </SpaceBetween>
    </FormField>
  );
}

function ActionsField({
  chosen,
  onChoose,
}: {
  readonly chosen: readonly string[];
  onChoose(actions: string[]): void;
}) {
  const t = useTexts();
  const { data = [] } = useQuery({
    queryKey: ['knowledge', 'actions'],
    queryFn: async () => {
      const services = await Promise.all(SERVICES.map(prefix => knowledge.service(prefix)));
      return services.flatMap((service, index) =>
        [...(service?.actions.values() ?? [])].map(({ name }) => `${SERVICES[index]}:${name}`),
      );
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const options = [...new Set([...chosen, ...data])].map(value => ({ value, label: value }));
  return (
    <FormField label={t('policy.actions')}>
      <Multiselect
        filteringType="auto"
        virtualScroll
        filteringAriaLabel={t('common.find')}
        placeholder={t('common.select')}
        options={options}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) => onChoose(detail.selectedOptions.map(({ value }) => value!))}
      />
    </FormField>
  );
}

function ContextFields({
  values,
  onChange,
}: {
  readonly values: readonly ContextValue[];
  onChange(values: ContextValue[]): void;
}) {
  const t = useTexts();
  const change = (index: number, part: Partial<ContextValue>) =>
    onChange(values.map((old, at) => (at === index ? { ...old, ...part } : old)));
  return (
    <FormField label={t('denied.context')} description={t('simulate.context.text')}>
      <AttributeEditor
        items={values}
        empty={t('common.none')}
        addButtonText={t('common.add')}
        removeButtonText={t('common.remove')}
        onAddButtonClick={() => onChange([...values, { key: '', value: '' }])}
        onRemoveButtonClick={({ detail }) => onChange(values.filter((_, at) => at !== detail.itemIndex))}
        definition={[
          {
            label: t('common.tag.key'),
            control: ({ key }, index) => (
              <Input
                value={key}
                placeholder="aws:SourceIp"
                ariaLabel={t('common.tag.key')}
                onChange={({ detail }) => change(index, { key: detail.value.trim() })}
              />
            ),
          },
          {
            label: t('common.value'),
            control: ({ value }, index) => (
              <Input
                value={value}
                ariaLabel={t('common.value')}
                onChange={({ detail }) => change(index, { value: detail.value })}
              />
            ),
          },
        ]}
      />
    </FormField>
  );
}

function Results({ results }: { readonly results: readonly EvaluationResult[] }) {
  const t = useTexts();
  return (
    <Table
      header={<Header variant="h2">{t('simulate.results')}</Header>}
      wrapLines
      ariaLabels={{ tableLabel: t('simulate.results') }}
      items={[...results]}
      trackBy={({ EvalActionName }) => EvalActionName!}
      columnDefinitions={[
        { id: 'action', header: t('denied.action'), cell: ({ EvalActionName }) => EvalActionName },
        {
          id: 'decision',
          header: t('simulate.decision'),
          cell: ({ EvalDecision }) => (
            <StatusIndicator type={EvalDecision === 'allowed' ? 'success' : 'error'}>
              {t(`simulate.${EvalDecision as 'allowed' | 'explicitDeny' | 'implicitDeny'}`)}
            </StatusIndicator>
          ),
        },
        {
          id: 'statements',
          header: t('simulate.statements'),
          cell: result => <Statements result={result} />,
        },
        {
          id: 'missing',
          header: t('simulate.missing'),
          cell: ({ MissingContextValues }) => MissingContextValues?.join(', ') || '–',
        },
      ]}
    />
  );
}

function Statements({ result }: { readonly result: EvaluationResult }) {
  const t = useTexts();
  const { MatchedStatements = [], PermissionsBoundaryDecisionDetail, OrganizationsDecisionDetail } = result;
  return (
    <SpaceBetween size="xxs">
      {MatchedStatements.length === 0 && <Box>{t('simulate.noStatement')}</Box>}
      {MatchedStatements.map(({ SourcePolicyId, StartPosition }) => (
        <Box key={`${SourcePolicyId} ${StartPosition?.Line}`}>
          {SourcePolicyId} ·{' '}
          {t('policy.at', { line: StartPosition?.Line ?? 0, column: StartPosition?.Column ?? 0 })}
        </Box>
      ))}
      {PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false && (
        <Box>{t('simulate.boundary')}</Box>
      )}
      {OrganizationsDecisionDetail?.AllowedByOrganizations === false && (
        <Box>{t('simulate.organization')}</Box>
      )}
    </SpaceBetween>
  );
}
