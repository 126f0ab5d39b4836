import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useTexts } from '../i18n/index.js';
import { TextField } from './fields.js';
import { type Tag, TagFields } from './tags.js';

interface DescribedFieldsProps {
  readonly description: string;
  readonly tags: readonly Tag[];
  onDescription(text: string): void;
  onTags(tags: Tag[]): void;
}

/** What most things that are created have: a description and tags. */
export function DescribedFields({ description, tags, onDescription, onTags }: DescribedFieldsProps) {
  const t = useTexts();
  return (
    <SpaceBetween size="m">
      <TextField label={t('common.description')} value={description} onChange={onDescription} />
      <FormField label={t('common.tags')}>
        <TagFields tags={tags} onChange={onTags} />
      </FormField>
    </SpaceBetween>
  );
}
