/** Before a policy is saved: what it would change in what was recorded. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import type { Outcome, ReplayGroup, ReplayReport } from '../../../src/policy/replay/index.js';
import { type TextKey, type Translate, useTexts } from '../i18n/index.js';
import { ErrorBox } from '../ui/errors.js';
import { timeText } from '../ui/format.js';
import { useLoaded } from '../ui/query.js';
import { shortName } from '../who-am-i.js';
import type { Period } from './events.js';
import { LookedAt, PeriodField } from './looked-at.js';

/** A policy that is being edited, and where it is: see `ProposedPolicy`. */
export interface EditedPolicy {
  readonly place: string;
  readonly inline?: string;
  readonly document: string;
}

const LOOKS: Readonly<Record<Outcome, StatusIndicatorProps.Type>> = {
  'newly-denied': 'error',
  'newly-allowed': 'warning',
  unknown: 'info',
  same: 'success',
};

/** An answer is of the text and the span that were asked about: another text asks again. */
export function WhatWouldChange({ policy }: { readonly policy: EditedPolicy }) {
  const t = useTexts();
  const [period, setPeriod] = useState<Period>('month');
  const [asked, setAsked] = useState<string>();
  const name = JSON.stringify([policy, period]);
  const isAsked = asked === name;
  const { data, error, isFetching } = useLoaded(
    ['what would change', name],
    async signal => {
      const { whatWouldChange } = await import('./engine.js');
      return await whatWouldChange({ ...policy, name: t('privilege.change.this') }, period, signal);
    },
    isAsked,
  );
  return (
    <SpaceBetween size="s">
      <SpaceBetween direction="horizontal" size="s" alignItems="end">
        <PeriodField label={t('privilege.calls')} period={period} onChange={setPeriod} />
        <Button formAction="none" loading={isAsked && isFetching} onClick={() => setAsked(name)}>
          {t('privilege.change')}
        </Button>
      </SpaceBetween>
      {isAsked && <ErrorBox error={error} />}
      {isAsked && !data && !error && <Spinner />}
      {isAsked && data && (
        <SpaceBetween size="s">
          <Counts counts={data.report.counts} />
          {data.report.groups.length > 0 && <Groups groups={data.report.groups} />}
          <LookedAt {...data} />
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function Counts({ counts }: Pick<ReplayReport, 'counts'>) {
  const t = useTexts();
  const outcomes = (['newly-denied', 'newly-allowed', 'unknown'] as const).filter(one => counts[one] > 0);
  return (
    <SpaceBetween direction="horizontal" size="m">
      {outcomes.length === 0 && <StatusIndicator>{t('privilege.nothing')}</StatusIndicator>}
      {outcomes.map(outcome => (
        <span key={outcome} data-testid={outcome}>
          <StatusIndicator type={LOOKS[outcome]}>
            {t(`privilege.outcome.${outcome}` as TextKey)}: {counts[outcome]}
          </StatusIndicator>
        </span>
      ))}
      <Box color="text-body-secondary">{t('privilege.same', { count: counts.same })}</Box>
    </SpaceBetween>
  );
}

/** Rows that are drawn; the counts above are of all. */
const SHOWN = 50;

export function Groups({ groups }: Pick<ReplayReport, 'groups'>) {
  const t = useTexts();
  return (
    <Table
      variant="embedded"
      wrapLines
      items={groups.slice(0, SHOWN)}
      ariaLabels={{ tableLabel: t('privilege.change') }}
      columnDefinitions={[
        {
          id: 'outcome',
          header: t('events.result'),
          minWidth: 150,
          cell: ({ outcome }) => (
            <StatusIndicator type={LOOKS[outcome]}>
              {t(`privilege.outcome.${outcome}` as TextKey)}
            </StatusIndicator>
          ),
        },
        { id: 'who', header: t('events.principal'), cell: ({ principal }) => shortName(principal) },
        { id: 'what', header: t('events.action'), cell: subjectOf },
        { id: 'calls', header: t('privilege.count'), minWidth: 100, cell: ({ count }) => count },
        { id: 'last', header: t('privilege.last'), cell: ({ last }) => timeText(new Date(last)) },
        { id: 'why', header: t('privilege.why'), cell: group => reasonOf(group, t) },
      ]}
    />
  );
}

function subjectOf({ action, resource, resources }: ReplayGroup): string {
  return `${action} ${resource}${resources > 1 ? ` (+${resources - 1})` : ''}`;
}

/** What decides, or what would have to be known. */
function reasonOf({ effect, layer, policy, statement, missing }: ReplayGroup, t: Translate): string {
  if (missing.length > 0) return t('privilege.needs', { keys: missing.join(', ') });
  if (policy === undefined) return t(effect === 'Allow' ? 'privilege.allowed' : 'privilege.none', { layer });
  const place = statement === undefined ? policy : `${policy}, ${statement}`;
  return t(effect === 'Allow' ? 'privilege.allowedBy' : 'privilege.deniedBy', { place });
}
