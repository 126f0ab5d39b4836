import type { Tag } from '@aws-sdk/client-iam';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Act } from '../../api/act.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog } from '../../ui/action.js';
import { path } from '../../ui/navigation.js';
import { TagFields } from '../../ui/tags.js';
import { attach } from './entity.js';
import { BoundaryField, PoliciesField } from './permissions.js';

interface Wanted {
  readonly name: string;
  readonly PermissionsBoundary?: string;
  readonly Tags?: Tag[];
}

interface CreateEntityProps {
  readonly kind: 'user' | 'group';
  readonly title: string;
  readonly nameLabel: string;
  creation(wanted: Wanted): Act;
  onClose(): void;
}

/** The form of a new user or group: its name and policies; of a user also the boundary and tags. */
export function CreateEntity({ kind, title, nameLabel, creation, onClose }: CreateEntityProps) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [policies, setPolicies] = useState<readonly string[]>([]);
  const [boundary, setBoundary] = useState<string>();
  const [tags, setTags] = useState<readonly { readonly Key: string; readonly Value: string }[]>([]);
  const name = text.trim();
  const Tags = tags.filter(({ Key }) => Key !== '');
  const wanted = {
    name,
    ...(boundary && { PermissionsBoundary: boundary }),
    ...(Tags.length > 0 && { Tags }),
  };
  return (
    <ActDialog
      title={title}
      submit={title}
      disabled={name === ''}
      acts={[creation(wanted), ...policies.map(arn => attach({ kind, name, arn: '' }, arn))]}
      onClose={onClose}
      onDone={() => navigate(path('iam', `${kind}s`, name))}
    >
      <FormField label={nameLabel} constraintText={t('iam.name.rule')}>
        <Input
          value={text}
          onChange={({ detail }) => setText(detail.value)}
          name={`${kind}-name`}
          autoFocus
        />
      </FormField>
      <PoliciesField chosen={policies} onChoose={setPolicies} />
      {kind === 'user' && (
        <ExpandableSection headerText={t('iam.create.more')}>
          <BoundaryField chosen={boundary} onChoose={setBoundary} />
          <FormField label={t('common.tags')}>
            <TagFields tags={tags} onChange={setTags} />
          </FormField>
        </ExpandableSection>
      )}
    </ActDialog>
  );
}
