import Alert from '@cloudscape-design/components/alert';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useTexts } from '../../i18n/index.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { PolicySummary } from '../../ui/policy-summary.js';
import { VisualEditor } from './visual-editor.js';
import { blocksOf } from './visual-policy.js';

/** A policy for an identity in the visual or the JSON editor; one switches at any time. */
export function TwoEditors({
  value,
  first = 'json',
  onChange,
  onErrors,
}: {
  readonly value: string;
  readonly first?: 'visual' | 'json';
  onChange(text: string): void;
  onErrors?(count: number): void;
}) {
  const t = useTexts();
  const [way, setWay] = useState(first);
  const blocks = blocksOf(value);
  return (
    <SpaceBetween size="m">
      <SegmentedControl
        label={t('visual.way')}
        selectedId={way}
        onChange={({ detail }) => setWay(detail.selectedId as 'visual' | 'json')}
        options={[
          { id: 'visual', text: t('visual.visual') },
          { id: 'json', text: 'JSON' },
        ]}
      />
      {way === 'json' ? (
        <PolicyEditor
          value={value}
          kind="identity"
          label={t('policy.document')}
          onChange={onChange}
          {...(onErrors && { onErrors })}
        />
      ) : blocks === undefined ? (
        <Alert type="info">{t('visual.cannot')}</Alert>
      ) : (
        <VisualEditor blocks={blocks} onChange={onChange} />
      )}
      <PolicySummary document={value} />
    </SpaceBetween>
  );
}
