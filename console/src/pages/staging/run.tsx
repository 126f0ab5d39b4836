import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useSearch } from 'wouter';
import { type TextKey, useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { textColumn } from '../../ui/columns.js';
import { ErrorBox } from '../../ui/errors.js';
import { sizeText, timeText } from '../../ui/format.js';
import { GoLink, path } from '../../ui/navigation.js';
import { useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { bytesOf, type JobRun, type RunState, runOf } from './run-state.js';
import { Step } from './step.js';

/** The last run of a job: how far it is, its parts, and how it goes on. */
export default function RunPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const bucket = params['bucket']!;
  const job = new URLSearchParams(useSearch()).get('job') ?? '';
  const name = ['staging run', bucket, job];
  const { data, error } = useLoaded(name, async signal => (await runOf(bucket, job, signal)) ?? null);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('staging.of', { job })}</Header>
      <ErrorBox error={error} />
      {data === undefined && !error && <Spinner />}
      {data === null && <Box>{t('staging.none')}</Box>}
      {data && <Run bucket={bucket} run={data} />}
    </SpaceBetween>
  );
}

function Run({ bucket, run }: { readonly bucket: string; readonly run: JobRun }) {
  const t = useTexts();
  const { job, state, changed } = run;
  const objects = `${path('s3', 'buckets', bucket)}?${new URLSearchParams({ prefix: job })}`;
  return (
    <SpaceBetween size="l">
      <Alert type={state.step === 'done' ? 'success' : 'info'}>
        {t(`staging.step.${state.step}.next` as TextKey)}
      </Alert>
      <Container header={<Header variant="h2">{t('staging.run')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('staging.id'), value: state.run },
            { label: t('staging.step'), value: <Step state={state} /> },
            { label: t('staging.changed'), value: timeText(changed) },
            { label: t('staging.rows'), value: state.rows },
            { label: t('staging.refused'), value: state.refused ?? 0 },
            { label: t('staging.bytes'), value: sizeText(bytesOf(state)) },
            { label: t('staging.objects'), value: <GoLink href={objects}>{`${bucket}/${job}`}</GoLink> },
          ]}
        />
      </Container>
      <Parts job={job} state={state} />
    </SpaceBetween>
  );
}

type Part = RunState['parts'][number];

function Parts({ job, state }: { readonly job: string; readonly state: RunState }) {
  const t = useTexts();
  return (
    <ResourceTable<Part>
      variant="container"
      title={t('staging.parts')}
      name={['staging parts', job, state]}
      load={async () => ({ items: state.parts })}
      id={({ name }) => name}
      text={({ name }) => name}
      empty={t('staging.noParts')}
      columns={[
        textColumn('name', t('staging.part'), ({ name }) => name),
        textColumn('rows', t('staging.rows'), ({ rows }) => rows),
        {
          id: 'bytes',
          header: t('staging.bytes'),
          value: ({ bytes }) => bytes,
          cell: ({ bytes }) => sizeText(bytes),
        },
        textColumn('sha256', 'SHA-256', ({ sha256 }) => sha256),
      ]}
    />
  );
}
