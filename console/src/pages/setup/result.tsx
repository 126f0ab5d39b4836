import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useEffect } from 'react';
import {
  type Check,
  connectionOf,
  isChained,
  objectActions,
  type SetupOptions,
  type SetupReport,
  type Sites,
} from '../../../../src/clients/setup/index.js';
import { useTexts } from '../../i18n/index.js';
import { Copy } from '../../ui/copy.js';
import { durationText } from '../../ui/format.js';
import { GoLink, path, useGo } from '../../ui/navigation.js';
import { Page } from '../../ui/page.js';
import { Panel } from '../../ui/panel.js';
import { Forms } from './forms.js';
import { sourceText } from './option-fields.js';
import { OtherAccount } from './plan.js';

/** What is tried, as far as it was: `none` where nothing is. */
export interface Proof {
  readonly state: 'none' | 'running' | 'done';
  readonly checks: readonly Check[];
  readonly error?: unknown;
}

interface ResultProps {
  readonly options: SetupOptions;
  readonly sites: Sites;
  readonly report: SetupReport;
  readonly proof: Proof;
  onAgain(): void;
}

/** What was tried, and what to enter into a connection. */
export function Result({ options, sites, report, proof, onAgain }: ResultProps) {
  const t = useTexts();
  const go = useGo();
  useEffect(() => {
    scrollTo(0, 0);
  }, []);
  return (
    <Page
      title={t('nav.setup')}
      actions={
        <>
          <Button {...go(removalPath(options))}>{t('setup.remove')}</Button>
          <Button onClick={onAgain}>{t('setup.again')}</Button>
        </>
      }
    >
      <ProofPanel options={options} proof={proof} elsewhere={report.toMake.length > 0} />
      <OtherAccount steps={report.toMake} />
      <ConnectionPanel options={options} sites={sites} report={report} />
      <Forms options={options} externalId={report.externalId} />
    </Page>
  );
}

/** The page that takes a set-up away, with its fields filled in. */
export function removalPath(options: SetupOptions): string {
  const { name, bucket, source } = options;
  return `/setup/remove?${new URLSearchParams({ name, bucket, kind: source.kind, source: sourceText(source) })}`;
}

function ConnectionPanel({ options, sites, report }: Omit<ResultProps, 'proof' | 'onAgain'>) {
  const t = useTexts();
  const { source } = options;
  const connection = connectionOf(options, report, sites);
  const { roleArn, externalId, duration, bucket, prefix, region, kmsKey } = connection;
  const item = (label: string, text: string) => ({ label, value: <Copy text={text} /> });
  return (
    <Panel title={t('setup.done')} description={t('setup.made', { count: report.steps.length })}>
      <KeyValuePairs
        columns={2}
        items={[
          item(t('setup.roleArn'), roleArn),
          ...(externalId === undefined ? [] : [item(t('iam.externalId'), externalId)]),
          {
            label: t('setup.sessionLasts'),
            value: isChained(source) ? t('setup.chained') : durationText(duration * 1000),
          },
          {
            label: t('s3.bucket.name'),
            value: <GoLink href={path('s3', 'buckets', bucket)}>{bucket}</GoLink>,
          },
          item(t('s3.prefix'), prefix),
          item(t('bar.region'), region),
          {
            label: t('setup.source'),
            value:
              source.kind === 'user' ? (
                <GoLink href={`${path('iam', 'users', source.name)}?tab=keys`}>{source.name}</GoLink>
              ) : (
                sourceText(source)
              ),
          },
          ...(kmsKey === undefined ? [] : [item(t('s3.encryption.key'), kmsKey)]),
        ]}
      />
    </Panel>
  );
}

interface ProofProps {
  readonly options: SetupOptions;
  readonly proof: Proof;
  /** Whether another account has its part to make before anything can be tried. */
  readonly elsewhere: boolean;
}

function ProofPanel({ options, proof: { state, checks, error }, elsewhere }: ProofProps) {
  const t = useTexts();
  const good = error === undefined && checks.every(check => check.good);
  const actions = objectActions(options.access).join(', ');
  return (
    <Panel title={t('setup.proof')} error={error}>
      <SpaceBetween size="xs">
        {state === 'none' && <Box>{t(elsewhere ? 'setup.proof.elsewhere' : 'setup.proof.none')}</Box>}
        {state === 'done' && (
          <Alert type={good ? 'success' : 'error'}>{t(good ? 'setup.proof.good' : 'setup.proof.bad')}</Alert>
        )}
        <ul className="lines" aria-live="polite">
          {checks.map(({ id, good: is, answer }) => (
            <li key={id} data-testid="check" data-check={id} data-good={is}>
              <StatusIndicator type={is ? 'success' : 'error'} wrapText>
                {t(`setup.check.${id}`, { actions })}
                {answer === undefined ? '' : `: ${answer}`}
              </StatusIndicator>
            </li>
          ))}
        </ul>
        {state === 'running' && <Spinner />}
      </SpaceBetween>
    </Panel>
  );
}
