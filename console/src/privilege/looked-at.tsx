import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { type TextKey, useTexts } from '../i18n/index.js';
import { PERIODS, type Period } from './events.js';

/** What the answer is made of, and what is missing in it. */
export function LookedAt({
  events,
  isWhole,
  problems,
}: {
  readonly events: number;
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}) {
  const t = useTexts();
  return (
    <>
      <Box color="text-body-secondary">
        {t(isWhole ? 'privilege.looked' : 'privilege.looked.part', { count: events })}
      </Box>
      {problems.length > 0 && (
        <Alert type="warning" header={t('privilege.problems')}>
          {problems.slice(0, 5).map(problem => (
            <div key={problem}>{problem}</div>
          ))}
        </Alert>
      )}
    </>
  );
}

/** How far back calls are looked at. */
export function PeriodField({
  label,
  period,
  onChange,
}: {
  readonly label: string;
  readonly period: Period;
  onChange(period: Period): void;
}) {
  const t = useTexts();
  const options = Object.keys(PERIODS).map(value => ({
    value,
    label: t(`privilege.period.${value}` as TextKey),
  }));
  return (
    <FormField label={label}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === period)!}
        onChange={({ detail }) => onChange(detail.selectedOption.value as Period)}
      />
    </FormField>
  );
}
