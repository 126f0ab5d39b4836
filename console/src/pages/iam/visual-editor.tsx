import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useQuery } from '@tanstack/react-query';
import { knowledge } from '../../api/knowledge.js';
import { useTexts } from '../../i18n/index.js';
import { type Block, type Condition, documentOf, NEW_BLOCK } from './visual-policy.js';

/** One block for each statement: effect, service, actions, resources, conditions. */
export function VisualEditor({
  blocks,
  onChange,
}: {
  readonly blocks: readonly Block[];
  onChange(document: string): void;
}) {
  const t = useTexts();
  const change = (next: readonly Block[]) => onChange(documentOf(next));
  return (
    <SpaceBetween size="m">
      {numbered(blocks).map(({ value: block, index, id }) => (
        <BlockFields
          key={id}
          number={index + 1}
          block={block}
          onChange={part => change(blocks.map((old, at) => (at === index ? { ...old, ...part } : old)))}
          onRemove={() => change(blocks.filter((_, at) => at !== index))}
        />
      ))}
      <Button formAction="none" iconName="add-plus" onClick={() => change([...blocks, NEW_BLOCK])}>
        {t('visual.add')}
      </Button>
    </SpaceBetween>
  );
}

interface BlockProps {
  readonly number: number;
  readonly block: Block;
  onChange(part: Partial<Block>): void;
  onRemove(): void;
}

function BlockFields({ number, block, onChange, onRemove }: BlockProps) {
  const t = useTexts();
  const { data: services = [] } = useQuery({
    queryKey: ['knowledge', 'services'],
    queryFn: () => knowledge.services(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: service } = useQuery({
    queryKey: ['knowledge', block.service],
    queryFn: async () => (await knowledge.service(block.service)) ?? null,
    enabled: block.service !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const serviceOptions = services.map(value => ({ value, label: value }));
  const effects = [
    { value: 'Allow', label: t('policy.allow') },
    { value: 'Deny', label: t('policy.deny') },
  ];
  const known = [...(service?.actions.values() ?? [])].map(({ name }) => name);
  const actions = ['*', ...known, ...block.actions.filter(name => name !== '*' && !known.includes(name))].map(
    value => ({ value, label: value === '*' ? t('visual.allActions') : value }),
  );
  return (
    <Container
      header={
        <Header
          variant="h3"
          actions={
            <Button formAction="none" iconName="remove" onClick={onRemove}>
              {t('common.remove')}
            </Button>
          }
        >
          {t('visual.block', { number })}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label={t('policy.effect')}>
          <Select
            options={effects}
            selectedOption={effects[block.allow ? 0 : 1]!}
            onChange={({ detail }) => onChange({ allow: detail.selectedOption.value === 'Allow' })}
          />
        </FormField>
        <FormField label={t('policy.service')}>
          <Select
            filteringType="auto"
            virtualScroll
            filteringAriaLabel={t('common.find')}
            placeholder={t('common.select')}
            options={serviceOptions}
            selectedOption={block.service === '' ? null : { value: block.service, label: block.service }}
            onChange={({ detail }) => onChange({ service: detail.selectedOption.value!, actions: [] })}
          />
        </FormField>
        <FormField label={t('policy.actions')}>
          <Multiselect
            filteringType="auto"
            virtualScroll
            disabled={block.service === ''}
            filteringAriaLabel={t('common.find')}
            placeholder={t('common.select')}
            options={actions}
            selectedOptions={actions.filter(({ value }) => block.actions.includes(value))}
            onChange={({ detail }) =>
              onChange({ actions: detail.selectedOptions.map(({ value }) => value!) })
            }
          />
        </FormField>
        <ResourceField block={block} formats={formatsOf(block, service)} onChange={onChange} />
        <Conditions
          conditions={block.conditions}
          keys={service?.conditionKeys ?? []}
          onChange={conditions => onChange({ conditions })}
        />
      </SpaceBetween>
    </Container>
  );
}

/** The ARN formats of what the chosen actions work on. */
function formatsOf(
  { actions }: Block,
  service: Awaited<ReturnType<typeof knowledge.service>> | null,
): string[] {
  const found = actions.flatMap(name => service?.actions.get(name.toLowerCase())?.arns ?? []);
  return [...new Set(found)];
}

function ResourceField({
  block,
  formats,
  onChange,
}: {
  readonly block: Block;
  readonly formats: readonly string[];
  onChange(part: Partial<Block>): void;
}) {
  const t = useTexts();
  return (
    <FormField label={t('policy.resources')} description={t('visual.resources.text')}>
      <SpaceBetween size="xs">
        <Textarea
          value={block.resources.join('\n')}
          rows={Math.max(2, block.resources.length)}
          ariaLabel={t('policy.resources')}
          onChange={({ detail }) => onChange({ resources: linesOf(detail.value) })}
        />
        {formats.length > 0 && (
          <Box variant="small">
            {t('visual.formats')} {formats.join('  ')}
          </Box>
        )}
      </SpaceBetween>
    </FormField>
  );
}

/** Statements and conditions have no names, and keep their order while one types. */
function numbered<T>(values: readonly T[]): { value: T; index: number; id: string }[] {
  return values.map((value, index) => ({ value, index, id: `item ${index}` }));
}

/** The last line may be empty while one types. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

const OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLike',
  'ArnLike',
  'ArnEquals',
  'Bool',
  'IpAddress',
  'NotIpAddress',
  'NumericLessThan',
  'NumericLessThanEquals',
  'DateLessThan',
  'DateGreaterThan',
  'Null',
];
const GLOBAL_KEYS = [
  'aws:SourceIp',
  'aws:PrincipalArn',
  'aws:PrincipalOrgID',
  'aws:MultiFactorAuthPresent',
  'aws:CurrentTime',
  'aws:SecureTransport',
];

function Conditions({
  conditions,
  keys,
  onChange,
}: {
  readonly conditions: readonly Condition[];
  readonly keys: readonly string[];
  onChange(conditions: Condition[]): void;
}) {
  const t = useTexts();
  const change = (index: number, part: Partial<Condition>) =>
    onChange(conditions.map((old, at) => (at === index ? { ...old, ...part } : old)));
  return (
    <FormField
      label={
        <>
          {t('policy.conditions')} – <i>{t('common.optional')}</i>
        </>
      }
    >
      <SpaceBetween size="xs">
        {numbered(conditions).map(({ value: condition, index, id }) => (
          <SpaceBetween key={id} direction="horizontal" size="xs">
            <Choice
              label={t('visual.key')}
              value={condition.key}
              options={[...new Set([...keys, ...GLOBAL_KEYS])]}
              onChange={key => change(index, { key })}
            />
            <Choice
              label={t('visual.operator')}
              value={condition.operator}
              options={OPERATORS}
              onChange={operator => change(index, { operator })}
            />
            <Input
              ariaLabel={t('common.value')}
              value={condition.values.join(', ')}
              onChange={({ detail }) => change(index, { values: detail.value.split(/,\s*/) })}
            />
            <Button
              formAction="none"
              iconName="close"
              ariaLabel={t('common.remove')}
              onClick={() => onChange(conditions.filter((_, at) => at !== index))}
            />
          </SpaceBetween>
        ))}
        <Button
          formAction="none"
          onClick={() =>
            onChange([...conditions, { operator: 'StringEquals', key: 'aws:SourceIp', values: [''] }])
          }
        >
          {t('visual.condition')}
        </Button>
      </SpaceBetween>
    </FormField>
  );
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  onChange(value: string): void;
}) {
  const all = [...new Set([value, ...options])].map(option => ({ value: option, label: option }));
  return (
    <Select
      ariaLabel={label}
      filteringType="auto"
      filteringAriaLabel={label}
      expandToViewport
      options={all}
      selectedOption={{ value, label: value }}
      onChange={({ detail }) => onChange(detail.selectedOption.value!)}
    />
  );
}
