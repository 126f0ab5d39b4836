/** The least policy that allows what a user or role did, put in place at once. */
import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import type { GeneratedPolicy } from '../../../src/policy/generate/index.js';
import type { Act } from '../api/act.js';
import { currentPartition } from '../api/arn.js';
import { iam } from '../api/iam.js';
import { useTexts } from '../i18n/index.js';
import {
  type AttachedPolicy,
  attach,
  deleteInline,
  detach,
  type Entity,
  policiesOf,
  putInline,
} from '../pages/iam/entity.js';
import { ActDialog } from '../ui/action.js';
import { ErrorBox } from '../ui/errors.js';
import { ChoiceField, TextField } from '../ui/fields.js';
import { PolicyEditor } from '../ui/policy-editor.js';
import { useLoaded } from '../ui/query.js';
import type { Period } from './events.js';
import { LookedAt, PeriodField } from './looked-at.js';
import { Groups } from './what-would-change.js';

type Form = 'inline' | 'managed';

export function GeneratePolicy({ entity, onClose }: { readonly entity: Entity; onClose(): void }) {
  const t = useTexts();
  const [period, setPeriod] = useState<Period>('quarter');
  const [form, setForm] = useState<Form>('inline');
  const [name, setName] = useState(`${entity.name}-used`.slice(0, 128));
  const [replaces, setReplaces] = useState(false);
  const [edited, setEdited] = useState<{ readonly period: Period; readonly text: string }>();
  const { data, error } = useLoaded(['generate', entity.arn, period], async signal => {
    const { generatePolicy } = await import('./engine.js');
    return await generatePolicy(entity.arn, period, 'all', signal);
  });
  const present = useLoaded(['policies-of', 'all', entity], () => policiesOf(entity));
  const made = data?.generated;
  const document = edited?.period === period ? edited.text : made?.policy;
  const acts =
    document === undefined || name === ''
      ? []
      : [
          ...place(entity, form, name, document),
          ...(replaces ? removal(entity, present.data ?? [], form, name) : []),
        ];
  return (
    <ActDialog
      size="max"
      title={t('privilege.generate.of', { name: entity.name })}
      submit={t('privilege.generate.apply')}
      disabled={replaces && present.data === undefined}
      acts={acts}
      onClose={onClose}
    >
      <PeriodField label={t('privilege.calls')} period={period} onChange={setPeriod} />
      <ErrorBox error={error ?? present.error} />
      {!data && !error && <Spinner />}
      {data && <LookedAt {...data} />}
      {made && document === undefined && <Alert type="info">{t('privilege.generate.none')}</Alert>}
      {made && document !== undefined && (
        <SpaceBetween size="m">
          <PolicyEditor
            value={document}
            kind="identity"
            label={t('policy.document')}
            onChange={text => setEdited({ period, text })}
          />
          <Verified made={made} />
          <Beside made={made} />
          <ChoiceField<Form>
            label={t('privilege.generate.form')}
            options={[
              { value: 'inline', label: t('privilege.generate.inline') },
              { value: 'managed', label: t('privilege.generate.managed') },
            ]}
            value={form}
            onChange={setForm}
          />
          <TextField label={t('iam.policy.name')} name="generated-name" value={name} onChange={setName} />
          <Checkbox
            checked={replaces}
            description={t('privilege.generate.replace.text', { count: present.data?.length ?? 0 })}
            onChange={({ detail }) => setReplaces(detail.checked)}
          >
            {t('privilege.generate.replace')}
          </Checkbox>
        </SpaceBetween>
      )}
    </ActDialog>
  );
}

function place(entity: Entity, form: Form, name: string, document: string): Act[] {
  if (form === 'inline') return [putInline(entity, name, document)];
  const arn = managedArn(entity, name);
  return [iam(new CreatePolicyCommand({ PolicyName: name, PolicyDocument: document })), attach(entity, arn)];
}

const managedArn = ({ arn }: Entity, name: string) =>
  `arn:${currentPartition()}:iam::${arn.split(':')[4]}:policy/${name}`;

/** The policies go that the new one takes the place of: after it is there. */
function removal(entity: Entity, present: readonly AttachedPolicy[], form: Form, name: string): Act[] {
  return present.flatMap(policy => {
    if (policy.arn !== undefined) return [detach(entity, policy.arn)];
    return form === 'inline' && policy.name === name ? [] : [deleteInline(entity, policy.name)];
  });
}

interface Made {
  readonly made: GeneratedPolicy;
}

/** What a replay of the record says of it. */
function Verified({ made: { calls, refused, verified, size } }: Made) {
  const t = useTexts();
  const denied = verified.counts['newly-denied'];
  return (
    <SpaceBetween size="s">
      <StatusIndicator type={denied === 0 ? 'success' : 'error'}>
        {t(denied === 0 ? 'privilege.verified' : 'privilege.verified.not', { calls, denied })}
      </StatusIndicator>
      {verified.groups.length > 0 && <Groups groups={verified.groups} />}
      <Box color="text-body-secondary">{t('privilege.generate.size', { size, refused })}</Box>
    </SpaceBetween>
  );
}

/** What it no longer allows, what came along, and what could be added. */
function Beside({ made: { diff = [], pairs, proposals } }: Made) {
  const t = useTexts();
  const gone = diff
    .filter(({ change }) => change === 'no longer allowed')
    .map(({ action, resource, condition }) =>
      [action, resource, condition].filter(one => one !== undefined).join(' · '),
    );
  return (
    <>
      <Lines title={t('privilege.generate.gone')} lines={gone} isOpen />
      <Lines
        title={t('privilege.generate.pairs')}
        lines={pairs.map(
          ({ action, resources, reason }) => `${action} · ${resources.join(', ')} · ${reason}`,
        )}
      />
      <Lines
        title={t('privilege.generate.conditions')}
        lines={proposals.map(({ actions, condition, reason }) =>
          [actions.join(', '), JSON.stringify(condition), reason].filter(Boolean).join(' · '),
        )}
      />
    </>
  );
}

interface LinesProps {
  readonly title: string;
  readonly lines: readonly string[];
  readonly isOpen?: boolean;
}

function Lines({ title, lines, isOpen = false }: LinesProps) {
  if (lines.length === 0) return null;
  return (
    <ExpandableSection headerText={`${title} (${lines.length})`} defaultExpanded={isOpen}>
      <ul>
        {lines.slice(0, 100).map(line => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </ExpandableSection>
  );
}
