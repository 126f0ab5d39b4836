import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { Act } from '../api/act.js';
import type { Asked } from '../api/asked.js';
import { useTexts } from '../i18n/index.js';
import { GuardedButton } from './action.js';
import { CliLines } from './cli.js';
import { ErrorBox } from './errors.js';
import { useRun } from './run.js';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Fields for tags: in a form, or in the tab of a resource. */
export function TagFields({
  tags,
  onChange,
  addText,
  emptyText,
}: {
  readonly tags: readonly Tag[];
  /** Other words than those for tags. */
  readonly addText?: string;
  readonly emptyText?: string;
  onChange(tags: Tag[]): void;
}) {
  const t = useTexts();
  const change = (index: number, part: Partial<Tag>) =>
    onChange(tags.map((tag, at) => (at === index ? { ...tag, ...part } : tag)));
  return (
    <AttributeEditor
      items={tags}
      empty={emptyText ?? t('common.tag.none')}
      addButtonText={addText ?? t('common.tag.add')}
      removeButtonText={t('common.remove')}
      removeButtonAriaLabel={tag => `${t('common.remove')} ${tag.Key}`}
      onAddButtonClick={() => onChange([...tags, { Key: '', Value: '' }])}
      onRemoveButtonClick={({ detail }) => onChange(tags.filter((_, at) => at !== detail.itemIndex))}
      definition={[
        {
          label: t('common.tag.key'),
          control: (tag, index) => (
            <Input
              value={tag.Key}
              ariaLabel={t('common.tag.key')}
              onChange={({ detail }) => change(index, { Key: detail.value })}
            />
          ),
        },
        {
          label: t('common.tag.value'),
          control: (tag, index) => (
            <Input
              value={tag.Value}
              ariaLabel={t('common.tag.value')}
              onChange={({ detail }) => change(index, { Value: detail.value })}
            />
          ),
        },
      ]}
    />
  );
}

interface TagsPanelProps {
  readonly tags: readonly Tag[];
  readonly asks?: Asked;
  /** The calls that make the tags `wanted`. */
  acts(wanted: readonly Tag[], removed: readonly string[]): readonly Act[];
}

/** The tags of a resource, to be changed. */
export function TagsPanel({ tags, asks, acts }: TagsPanelProps) {
  const t = useTexts();
  const [edited, setEdited] = useState<readonly Tag[]>();
  const { run, running, error } = useRun();
  const wanted = (edited ?? tags).filter(({ Key }) => Key !== '');
  const removed = tags.map(({ Key }) => Key).filter(key => !wanted.some(({ Key }) => Key === key));
  const changes = edited === undefined ? [] : acts(wanted, removed);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <GuardedButton
              variant="primary"
              asks={asks}
              loading={running}
              disabled={changes.length === 0}
              onClick={async () => {
                if (await run(changes)) setEdited(undefined);
              }}
            >
              {t('common.save')}
            </GuardedButton>
          }
        >
          {t('common.tags')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <TagFields tags={edited ?? tags} onChange={setEdited} />
        <CliLines acts={changes} />
        <ErrorBox error={error} />
      </SpaceBetween>
    </Container>
  );
}

/** Those of an SDK's shape that have both parts. */
export function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tag[] {
  return (tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
}
