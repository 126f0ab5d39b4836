import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { useSearch } from 'wouter';
import type { FoundEvent } from '../../../../src/core/cloudtrail.js';
import { karikagi } from '../../api/karikagi.js';
import { now } from '../../clock.js';
import { type TextKey, useTexts } from '../../i18n/index.js';
import { TextField } from '../../ui/fields.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { shortName } from '../../who-am-i.js';
import { callOf, type Found, principalOf, resourceOf } from './event.js';

interface Filter {
  readonly principal: string;
  readonly action: string;
  readonly request: string;
  readonly period: Period;
  readonly failed: boolean;
}

/** Seconds. */
const PERIODS = { hour: 3600, day: 86_400, week: 604_800, all: undefined } as const;
type Period = keyof typeof PERIODS;

/** Events by who, what and when; those of a page are fetched as one goes on. */
export default function EventsPage() {
  const t = useTexts();
  const search = new URLSearchParams(useSearch());
  const [filter, setFilter] = useState<Filter>({
    principal: search.get('principal') ?? '',
    action: search.get('action') ?? '',
    request: search.get('request') ?? '',
    period: 'all',
    failed: false,
  });
  const [asked, setAsked] = useState(filter);
  return (
    <SpaceBetween size="l">
      <FilterForm filter={filter} onChange={setFilter} onSubmit={() => setAsked({ ...filter })} />
      <EventsTable asked={asked} title={t('nav.events')} />
    </SpaceBetween>
  );
}

interface FormProps {
  readonly filter: Filter;
  onChange(filter: Filter): void;
  onSubmit(): void;
}

function FilterForm({ filter, onChange, onSubmit }: FormProps) {
  const t = useTexts();
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const options = Object.keys(PERIODS).map(value => ({
    value,
    label: t(`events.period.${value}` as TextKey),
  }));
  return (
    <Container>
      <form
        onSubmit={event => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <SpaceBetween size="m">
          <ColumnLayout columns={4}>
            <TextField
              label={t('events.principal')}
              rule={t('events.principal.rule')}
              name="principal"
              value={filter.principal}
              onChange={principal => set({ principal })}
            />
            <TextField
              label={t('events.action')}
              rule={t('events.action.rule')}
              name="action"
              value={filter.action}
              onChange={action => set({ action })}
            />
            <TextField
              label={t('events.request')}
              name="request"
              value={filter.request}
              onChange={request => set({ request })}
            />
            <FormField label={t('events.period')}>
              <Select
                options={options}
                selectedOption={options.find(({ value }) => value === filter.period)!}
                onChange={({ detail }) => set({ period: detail.selectedOption.value as Period })}
              />
            </FormField>
          </ColumnLayout>
          <SpaceBetween direction="horizontal" size="m" alignItems="center">
            <Button formAction="submit">{t('events.find')}</Button>
            <Checkbox checked={filter.failed} onChange={({ detail }) => set({ failed: detail.checked })}>
              {t('events.failed')}
            </Checkbox>
          </SpaceBetween>
        </SpaceBetween>
      </form>
    </Container>
  );
}

function EventsTable({ asked, title }: { readonly asked: Filter; readonly title: string }) {
  const t = useTexts();
  const go = useGo();
  return (
    <ResourceTable<FoundEvent>
      title={title}
      description={t('events.text')}
      name={['events', asked]}
      load={async (next, signal) => {
        const found = await karikagi<Found>('SearchEvents', inputOf(asked, next)).send(signal);
        return { items: found.Events, next: found.NextToken };
      }}
      id={({ eventID }) => eventID}
      text={event => JSON.stringify(event)}
      empty={t('events.none')}
      columns={[
        {
          id: 'time',
          header: t('events.time'),
          width: 200,
          value: ({ arrived }) => arrived,
          cell: ({ arrived, requestID = '' }) => (
            <Link {...go(path('events', requestID))}>{timeText(arrived / 1000)}</Link>
          ),
        },
        {
          id: 'principal',
          header: t('events.principal'),
          value: principalOf,
          cell: event => shortName(principalOf(event)),
        },
        { id: 'call', header: t('events.action'), value: callOf, cell: callOf },
        { id: 'resource', header: t('events.resource'), cell: resourceOf },
        {
          id: 'result',
          header: t('events.result'),
          width: 180,
          value: ({ errorCode }) => errorCode ?? '',
          cell: event => <Result event={event} />,
        },
        { id: 'source', header: t('events.source'), cell: ({ sourceIPAddress }) => sourceIPAddress ?? '–' },
      ]}
    />
  );
}

export function Result({ event: { errorCode } }: { readonly event: FoundEvent }) {
  const t = useTexts();
  return errorCode === undefined ? (
    <StatusIndicator>{t('events.ok')}</StatusIndicator>
  ) : (
    <StatusIndicator type="error">{errorCode}</StatusIndicator>
  );
}

function inputOf({ principal, action, request, period, failed }: Filter, next: string | undefined): object {
  const seconds = PERIODS[period];
  return {
    ...(principal.trim() && { Principal: principal.trim() }),
    ...(action.trim() && { Action: action.trim() }),
    ...(request.trim() && { RequestId: request.trim() }),
    ...(failed && { ErrorCode: '*' }),
    ...(seconds !== undefined && { StartTime: Math.floor(now() / 1000) - seconds }),
    ...(next !== undefined && { NextToken: next }),
  };
}
