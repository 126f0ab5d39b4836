import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import Checkbox from '@cloudscape-design/components/checkbox';
import DateInput from '@cloudscape-design/components/date-input';
import FormField from '@cloudscape-design/components/form-field';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import RadioGroup from '@cloudscape-design/components/radio-group';
import { useState } from 'react';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { codeOf } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { useLoaded } from '../../ui/query.js';

interface Named {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** Retention and legal hold; buckets without object lock have neither. */
export function ObjectLock({ named }: { readonly named: Named }) {
  const t = useTexts();
  const resource = s3Arn(named.Bucket, named.Key);
  const [open, setOpen] = useState(false);
  const { data, error } = useLoaded(['lock', named], async () => {
    const [retention, hold] = await Promise.all([
      orNothing(s3(new GetObjectRetentionCommand(named)).send()),
      orNothing(s3(new GetObjectLegalHoldCommand(named)).send()),
    ]);
    return { retention: retention?.Retention, hold: hold?.LegalHold?.Status === 'ON' };
  });
  return (
    <Panel
      error={error}
      title={t('s3.lock')}
      description={t('s3.lock.object')}
      actions={
        data && (
          <>
            <ActButton
              text={t(data.hold ? 's3.hold.off' : 's3.hold.on')}
              acts={() => [
                s3(
                  new PutObjectLegalHoldCommand({
                    ...named,
                    LegalHold: { Status: data.hold ? 'OFF' : 'ON' },
                  }),
                ),
              ]}
            />
            <GuardedButton asks={{ action: 's3:PutObjectRetention', resource }} onClick={() => setOpen(true)}>
              {t('s3.retention.set')}
            </GuardedButton>
          </>
        )
      }
    >
      {data && (
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('s3.retention'), value: data.retention?.Mode ?? t('common.none') },
            { label: t('s3.retention.until'), value: timeText(data.retention?.RetainUntilDate) },
            { label: t('s3.hold'), value: t(data.hold ? 'common.enabled' : 'common.disabled') },
          ]}
        />
      )}
      {open && <RetentionDialog named={named} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

/** Nothing where S3 says that there is none. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const none = ['NoSuchObjectLockConfiguration', 'InvalidRequest', 'ObjectLockConfigurationNotFoundError'];
    if (none.includes(codeOf(error))) return undefined;
    throw error;
  }
}

function RetentionDialog({ named, onClose }: { readonly named: Named; onClose(): void }) {
  const t = useTexts();
  const [Mode, setMode] = useState<'GOVERNANCE' | 'COMPLIANCE'>('GOVERNANCE');
  const [date, setDate] = useState('');
  const [bypass, setBypass] = useState(false);
  const RetainUntilDate = new Date(`${date}T00:00:00`);
  const input = {
    ...named,
    Retention: { Mode, RetainUntilDate },
    ...(bypass && { BypassGovernanceRetention: true }),
  };
  const valid = !Number.isNaN(RetainUntilDate.getTime());
  return (
    <ActDialog
      title={t('s3.retention.set')}
      submit={t('common.save')}
      acts={valid ? [s3(new PutObjectRetentionCommand(input))] : []}
      onClose={onClose}
    >
      <RadioGroup
        ariaLabel={t('s3.retention')}
        value={Mode}
        onChange={({ detail }) => setMode(detail.value as typeof Mode)}
        items={[
          { value: 'GOVERNANCE', label: 'GOVERNANCE', description: t('s3.retention.governance') },
          { value: 'COMPLIANCE', label: 'COMPLIANCE', description: t('s3.retention.compliance') },
        ]}
      />
      <FormField label={t('s3.retention.until')} constraintText="YYYY/MM/DD">
        <DateInput value={date} onChange={({ detail }) => setDate(detail.value)} placeholder="YYYY/MM/DD" />
      </FormField>
      <Checkbox checked={bypass} onChange={({ detail }) => setBypass(detail.checked)}>
        {t('s3.retention.bypass')}
      </Checkbox>
    </ActDialog>
  );
}
