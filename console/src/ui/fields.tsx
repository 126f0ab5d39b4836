/** Form fields that the settings of buckets share. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import Textarea from '@cloudscape-design/components/textarea';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n/index.js';

interface FieldProps {
  readonly label: string;
  readonly rule?: string;
  readonly name?: string;
  readonly optional?: boolean;
}

function useLabel(label: string, optional: boolean): ReactNode {
  const t = useTexts();
  if (!optional) return label;
  return (
    <>
      {label} – <i>{t('common.optional')}</i>
    </>
  );
}

export function TextField({
  label,
  rule,
  name,
  optional = false,
  value,
  onChange,
}: FieldProps & { readonly value: string | undefined; onChange(value: string): void }) {
  return (
    <FormField label={useLabel(label, optional)} constraintText={rule}>
      <Input value={value ?? ''} onChange={({ detail }) => onChange(detail.value)} {...(name && { name })} />
    </FormField>
  );
}

/** A whole number above zero, or none. */
export function CountField({
  label,
  rule,
  name,
  optional = true,
  value,
  onChange,
}: FieldProps & { readonly value: number | undefined; onChange(value: number | undefined): void }) {
  return (
    <FormField label={useLabel(label, optional)} constraintText={rule}>
      <Input
        type="number"
        value={value === undefined ? '' : String(value)}
        onChange={({ detail }) => onChange(countOf(detail.value))}
        {...(name && { name })}
      />
    </FormField>
  );
}

function countOf(text: string): number | undefined {
  const count = Number(text);
  return text !== '' && Number.isInteger(count) && count > 0 ? count : undefined;
}

/** One text a line. */
export function LinesField({
  label,
  rule,
  optional = false,
  value,
  onChange,
}: FieldProps & { readonly value: readonly string[] | undefined; onChange(value: string[]): void }) {
  const lines = value ?? [];
  return (
    <FormField label={useLabel(label, optional)} constraintText={rule}>
      <Textarea
        value={lines.join('\n')}
        rows={Math.max(2, lines.length)}
        ariaLabel={label}
        onChange={({ detail }) => onChange(detail.value === '' ? [] : detail.value.split('\n'))}
      />
    </FormField>
  );
}

/** Without the lines that are empty while one types. */
export function filled(lines: readonly string[] | undefined): string[] {
  return (lines ?? []).map(line => line.trim()).filter(Boolean);
}

interface Option<V extends string> {
  readonly value: V;
  readonly label: string;
}

export function ChoiceField<V extends string>({
  label,
  rule,
  options,
  value,
  onChange,
}: FieldProps & {
  readonly options: readonly Option<V>[];
  readonly value: V | undefined;
  onChange(value: V): void;
}) {
  const t = useTexts();
  return (
    <FormField label={label} constraintText={rule}>
      <Select
        options={options}
        placeholder={t('common.select')}
        selectedOption={options.find(option => option.value === value) ?? null}
        onChange={({ detail }) => onChange(detail.selectedOption.value as V)}
      />
    </FormField>
  );
}

export function ChoicesField({
  label,
  options,
  value,
  onChange,
}: FieldProps & {
  readonly options: readonly string[];
  readonly value: readonly string[] | undefined;
  onChange(value: string[]): void;
}) {
  const t = useTexts();
  const all = options.map(option => ({ value: option, label: option }));
  return (
    <FormField label={label}>
      <Multiselect
        options={all}
        placeholder={t('common.select')}
        selectedOptions={all.filter(option => value?.includes(option.value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(option => option.value!))}
      />
    </FormField>
  );
}
