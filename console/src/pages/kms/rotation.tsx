import {
  DisableKeyRotationCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import { useState } from 'react';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { useAct } from '../../ui/query.js';

/** New key material year by year, and at once where one asks for it. */
export function Rotation({ id: KeyId, arn }: { readonly id: string; readonly arn: string }) {
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const { data, error } = useAct(kms(new GetKeyRotationStatusCommand({ KeyId })));
  const enabled = data?.KeyRotationEnabled === true;
  return (
    <Panel
      error={error}
      title={t('kms.rotation')}
      description={t('kms.rotation.text')}
      actions={
        <>
          <ActButton
            text={t('kms.rotation.now')}
            asks={{ action: 'kms:RotateKeyOnDemand', resource: arn }}
            acts={() => [kms(new RotateKeyOnDemandCommand({ KeyId }))]}
          />
          {enabled && (
            <ActButton
              text={t('kms.rotation.off')}
              asks={{ action: 'kms:DisableKeyRotation', resource: arn }}
              acts={() => [kms(new DisableKeyRotationCommand({ KeyId }))]}
            />
          )}
          <GuardedButton
            asks={{ action: 'kms:EnableKeyRotation', resource: arn }}
            onClick={() => setEditing(true)}
          >
            {t(enabled ? 'kms.rotation.change' : 'kms.rotation.on')}
          </GuardedButton>
        </>
      }
    >
      {data && (
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('common.status'), value: t(enabled ? 'common.enabled' : 'common.disabled') },
            { label: t('kms.rotation.period'), value: data.RotationPeriodInDays ?? '–' },
            { label: t('kms.rotation.next'), value: timeText(data.NextRotationDate) },
          ]}
        />
      )}
      {editing && (
        <EnableDialog
          id={KeyId}
          period={data?.RotationPeriodInDays ?? 365}
          onClose={() => setEditing(false)}
        />
      )}
    </Panel>
  );
}

/** "from 90 to 2560 days" (EnableKeyRotation, KMS API Reference). */
const SHORTEST = 90;
const LONGEST = 2560;

function EnableDialog({
  id: KeyId,
  period,
  onClose,
}: {
  readonly id: string;
  readonly period: number;
  onClose(): void;
}) {
  const t = useTexts();
  const [days, setDays] = useState(String(period));
  const RotationPeriodInDays = Number(days);
  const valid =
    Number.isInteger(RotationPeriodInDays) &&
    RotationPeriodInDays >= SHORTEST &&
    RotationPeriodInDays <= LONGEST;
  return (
    <ActDialog
      title={t('kms.rotation')}
      submit={t('common.save')}
      acts={valid ? [kms(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }))] : []}
      onClose={onClose}
    >
      <FormField
        label={t('kms.rotation.period')}
        constraintText={t('kms.rotation.period.rule', { least: SHORTEST, most: LONGEST })}
      >
        <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} name="period" />
      </FormField>
    </ActDialog>
  );
}
