import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useTexts } from '../../i18n/index.js';
import { linkColumn, textColumn, timeColumn } from '../../ui/columns.js';
import { TextField } from '../../ui/fields.js';
import { sizeText } from '../../ui/format.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { bytesOf, type JobRun, runsUnder } from './run-state.js';
import { Step } from './step.js';

/** Milliseconds between two looks at runs that go on. */
const REFRESH = 5000;

/** The last run of each job that stages under a prefix of a bucket, which stand in the address. */
export default function RunsPage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const [bucket, setBucket] = useState(search.get('bucket') ?? '');
  const [prefix, setPrefix] = useState(search.get('prefix') ?? '');
  const asked = search.get('bucket');
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={t('staging.text')}>
        {t('nav.staging')}
      </Header>
      <Container>
        <form
          onSubmit={event => {
            event.preventDefault();
            navigate(`/staging?${new URLSearchParams({ bucket, prefix })}`);
          }}
        >
          <SpaceBetween size="m">
            <ColumnLayout columns={2}>
              <TextField label={t('staging.bucket')} name="bucket" value={bucket} onChange={setBucket} />
              <TextField
                label={t('staging.prefix')}
                rule={t('staging.prefix.rule')}
                name="prefix"
                optional
                value={prefix}
                onChange={setPrefix}
              />
            </ColumnLayout>
            <Button formAction="submit" disabled={bucket === ''}>
              {t('staging.find')}
            </Button>
          </SpaceBetween>
        </form>
      </Container>
      {asked && <RunsTable bucket={asked} prefix={search.get('prefix') ?? ''} />}
    </SpaceBetween>
  );
}

function RunsTable({ bucket, prefix }: { readonly bucket: string; readonly prefix: string }) {
  const t = useTexts();
  return (
    <ResourceTable<JobRun>
      variant="container"
      title={t('staging.jobs')}
      name={['staging runs', bucket, prefix]}
      load={(next, signal) => runsUnder(bucket, prefix, next, signal)}
      refetchInterval={REFRESH}
      id={({ job }) => job}
      text={({ job, state }) => `${job} ${state.run}`}
      empty={t('staging.none')}
      columns={[
        linkColumn(
          t('staging.job'),
          ({ job }) => job,
          ({ job }) => `${path('staging', bucket)}?${new URLSearchParams({ job })}`,
        ),
        {
          id: 'step',
          header: t('staging.step'),
          value: ({ state }) => state.step,
          cell: run => <Step {...run} />,
        },
        textColumn('rows', t('staging.rows'), ({ state }) => state.rows),
        textColumn('refused', t('staging.refused'), ({ state }) => state.refused),
        textColumn('parts', t('staging.parts'), ({ state }) => state.parts.length),
        {
          id: 'bytes',
          header: t('staging.bytes'),
          value: run => bytesOf(run.state),
          cell: run => sizeText(bytesOf(run.state)),
        },
        timeColumn('changed', t('staging.changed'), ({ changed }) => changed),
      ]}
    />
  );
}
