import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import type { SetupOptions, Source, WrongOption } from '../../../../src/clients/setup/index.js';
import { ACCESSES } from '../../../../src/clients/setup/index.js';
import { type TextKey, useTexts } from '../../i18n/index.js';
import { ChoiceField } from '../../ui/fields.js';

interface OptionFieldsProps {
  readonly options: SetupOptions;
  /** Those that are marked as wrong. */
  readonly wrong: readonly WrongOption[];
  /** Only what says which set-up it is. */
  readonly short?: boolean;
  onChange(part: Partial<SetupOptions>): void;
}

const KINDS = ['user', 'instance-profile', 'principal', 'service'] as const;

export const sourceText = (source: Source) => (source.kind === 'principal' ? source.arn : source.name);

/** Another kind of source with the text that is typed already; a service sends no external ID. */
function withSource(options: SetupOptions, kind: Source['kind'], text: string): Partial<SetupOptions> {
  const source: Source = kind === 'principal' ? { kind, arn: text } : { kind, name: text };
  const service = kind === 'service';
  return {
    source,
    demandsId: !service,
    externalId: service ? undefined : options.externalId,
    sourceArn: service ? options.sourceArn : undefined,
  };
}

export function OptionFields({ options, wrong, short = false, onChange }: OptionFieldsProps) {
  const t = useTexts();
  const field = (
    option: WrongOption,
    label: TextKey,
    rule: TextKey,
    value: string,
    change: (text: string) => void,
  ) => (
    <FormField label={t(label)} {...{ [wrong.includes(option) ? 'errorText' : 'constraintText']: t(rule) }}>
      <Input value={value} name={`setup-${option}`} onChange={({ detail }) => change(detail.value.trim())} />
    </FormField>
  );
  const { source } = options;
  const { kind } = source;
  return (
    <SpaceBetween size="l">
      {field('bucket', 's3.bucket.name', 'setup.bucket.rule', options.bucket, bucket => onChange({ bucket }))}
      {field('name', 'setup.name', 'setup.name.rule', options.name, name => onChange({ name }))}
      <FormField label={t('setup.source')} stretch>
        <Tiles
          ariaLabel={t('setup.source')}
          value={kind}
          items={KINDS.map(value => ({
            value,
            label: t(`setup.source.${value}`),
            description: t(`setup.source.${value}.text`),
          }))}
          onChange={({ detail }) => onChange(withSource(options, detail.value as Source['kind'], ''))}
        />
      </FormField>
      {field('source', `setup.source.${kind}.name`, `setup.source.${kind}.rule`, sourceText(source), text =>
        onChange(withSource(options, kind, text)),
      )}
      {!short && <WhatItMayDo options={options} field={field} onChange={onChange} />}
    </SpaceBetween>
  );
}

type Field = (
  option: WrongOption,
  label: TextKey,
  rule: TextKey,
  value: string,
  change: (text: string) => void,
) => React.ReactNode;

function WhatItMayDo({
  options,
  field,
  onChange,
}: Pick<OptionFieldsProps, 'options' | 'onChange'> & { readonly field: Field }) {
  const t = useTexts();
  const { externalId, sourceArn } = options;
  const orNone = (text: string) => (text === '' ? undefined : text);
  return (
    <SpaceBetween size="l">
      {options.source.kind === 'service'
        ? field('source-arn', 'setup.sourceArn', 'setup.sourceArn.rule', sourceArn ?? '', text =>
            onChange({ sourceArn: orNone(text) }),
          )
        : field('external-id', 'iam.externalId', 'setup.externalId.rule', externalId ?? '', text =>
            onChange({ externalId: orNone(text) }),
          )}
      {field('prefix', 's3.prefix', 'setup.prefix.rule', options.prefix, prefix => onChange({ prefix }))}
      <ChoiceField
        label={t('setup.access')}
        options={ACCESSES.map(value => ({ value, label: t(`setup.access.${value}`) }))}
        value={options.access}
        onChange={access => onChange({ access })}
      />
      {field('duration', 'setup.duration', 'iam.role.longest.rule', String(options.maximum), text =>
        onChange({ maximum: Number(text) }),
      )}
      <Checkbox checked={options.kms} onChange={({ detail }) => onChange({ kms: detail.checked })}>
        {t('setup.kms')}
      </Checkbox>
    </SpaceBetween>
  );
}
