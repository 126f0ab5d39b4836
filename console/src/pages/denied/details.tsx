import Alert from '@cloudscape-design/components/alert';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { Explanation, Mismatch, PolicyTrace } from '../../../../src/policy/index.js';
import { karikagi } from '../../api/karikagi.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { useAct } from '../../ui/query.js';
import { RemedyPanel } from './remedy.js';

interface Details {
  readonly RequestId: string;
  /** Seconds since the epoch. */
  readonly EventTime: number;
  readonly Operation?: string;
  readonly Refusal?: {
    readonly Code: string;
    readonly Message: string;
    readonly Advice?: string;
    readonly Reason?: string;
  };
  readonly AuthorizationDetails: readonly Explanation[];
}

/** The whole reasoning of one refusal. */
export default function DeniedDetailsPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const RequestId = params['id']!;
  const act = karikagi<Details>('GetRequestAuthorizationDetails', { RequestId });
  const { data, error } = useAct(act);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={data && timeText(data.EventTime)}>
        {t('denied.request', { id: RequestId })}
      </Header>
      <ErrorBox error={error} />
      {!data && !error && <Spinner />}
      {data?.Refusal && <Refusal refusal={data.Refusal} />}
      {data?.AuthorizationDetails.map(explanation => (
        <Reasoning
          key={`${explanation.evaluations[0].action} ${explanation.evaluations[0].resource}`}
          explanation={explanation}
        />
      ))}
      <CliLines acts={[act]} />
    </SpaceBetween>
  );
}

function Refusal({ refusal }: { readonly refusal: NonNullable<Details['Refusal']> }) {
  return (
    <Alert type="error" header={refusal.Code}>
      <SpaceBetween size="xs">
        <Box>{refusal.Message}</Box>
        {refusal.Advice && <Box>{refusal.Advice}</Box>}
        {refusal.Reason && <Box variant="small">{refusal.Reason}</Box>}
      </SpaceBetween>
    </Alert>
  );
}

/** One check: what was asked, what nearly allowed it, what would, and each policy's say. */
export function Reasoning({ explanation }: { readonly explanation: Explanation }) {
  const t = useTexts();
  const [{ action, resource, evaluatedEffect }] = explanation.evaluations;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <StatusIndicator type={evaluatedEffect === 'ALLOW' ? 'success' : 'error'}>
                {t(`denied.effect.${evaluatedEffect}`)}
              </StatusIndicator>
            }
          >
            {action}
          </Header>
        }
      >
        <SpaceBetween size="m">
          <Box>{explanation.summary}</Box>
          <KeyValuePairs
            columns={2}
            items={[
              { label: t('denied.principal'), value: explanation.principal.arn },
              { label: t('denied.resource'), value: resource },
            ]}
          />
          {explanation.nearMisses.length > 0 && (
            <Alert type="warning" header={t('denied.nearMiss')}>
              <SpaceBetween size="xs">
                {explanation.nearMisses.map(({ message }) => (
                  <Box key={message}>{message}</Box>
                ))}
              </SpaceBetween>
            </Alert>
          )}
        </SpaceBetween>
      </Container>
      {explanation.remedy && <RemedyPanel remedy={explanation.remedy} />}
      <Layers explanation={explanation} />
      <Policies policies={explanation.policies} />
      <ExpandableSection headerText={t('denied.context')}>
        <KeyValuePairs
          columns={2}
          items={Object.entries(explanation.requestContext).map(([label, value]) => ({
            label,
            value: Array.isArray(value) ? value.join(', ') : String(value),
          }))}
        />
      </ExpandableSection>
    </SpaceBetween>
  );
}

function Layers({ explanation }: { readonly explanation: Explanation }) {
  const t = useTexts();
  return (
    <Table
      header={<Header variant="h2">{t('denied.layers')}</Header>}
      wrapLines
      ariaLabels={{ tableLabel: t('denied.layers') }}
      items={[...explanation.layers]}
      trackBy={({ layer, level }) => `${layer} ${level ?? ''}`}
      columnDefinitions={[
        {
          id: 'layer',
          header: t('denied.layer'),
          cell: ({ layer, level }) => (level === undefined ? layer : `${layer} ${level}`),
        },
        {
          id: 'effect',
          header: t('policy.effect'),
          cell: ({ evaluatedEffect, blocks }) => (
            <StatusIndicator type={blocks ? 'error' : evaluatedEffect === 'ALLOW' ? 'success' : 'info'}>
              {t(`denied.effect.${evaluatedEffect}`)}
            </StatusIndicator>
          ),
        },
        { id: 'note', header: t('denied.note'), cell: ({ note }) => note },
      ]}
    />
  );
}

function Policies({ policies }: { readonly policies: readonly PolicyTrace[] }) {
  const t = useTexts();
  return (
    <Container header={<Header variant="h2">{t('denied.policies')}</Header>}>
      {policies.length === 0 && t('denied.policies.none')}
      <SpaceBetween size="m">
        {policies.map(({ uri, name, layer, statements }) => (
          <ExpandableSection key={`${layer} ${uri}`} headerText={name} headerDescription={layer}>
            <SpaceBetween size="s">
              {statements.map(({ index, sid, effect, matched, mismatches }) => (
                <SpaceBetween key={index} size="xxs">
                  <SpaceBetween direction="horizontal" size="xs">
                    <Badge color={effect === 'ALLOW' ? 'blue' : 'red'}>{effect}</Badge>
                    <Box>{sid ?? t('denied.statement', { number: index + 1 })}</Box>
                    <StatusIndicator type={matched ? 'success' : 'stopped'}>
                      {t(matched ? 'denied.applies' : 'denied.appliesNot')}
                    </StatusIndicator>
                  </SpaceBetween>
                  {mismatches.map(mismatch => (
                    <Box key={textOf(mismatch)} variant="small" padding={{ left: 'l' }}>
                      {textOf(mismatch)}
                    </Box>
                  ))}
                </SpaceBetween>
              ))}
            </SpaceBetween>
          </ExpandableSection>
        ))}
      </SpaceBetween>
    </Container>
  );
}

function textOf({ element, operator, key, wanted, actual }: Mismatch): string {
  const what = key === undefined ? element : `${operator} ${key}`;
  const has = actual === null ? '–' : Array.isArray(actual) ? actual.join(', ') : actual;
  return `${what}: ${wanted.join(', ')} ≠ ${has}`;
}
