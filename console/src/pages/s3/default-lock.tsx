import {
  type DefaultRetention,
  GetObjectLockConfigurationCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ChoiceField, CountField } from '../../ui/fields.js';
import { FormSetting } from './form-setting.js';

interface Lock extends DefaultRetention {
  /** Whether versions can be locked at all. */
  readonly on: boolean;
}

/** Object lock, and how long new versions are protected by themselves. Once it is on, it stays on. */
export function DefaultLock({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const put = (retention: DefaultRetention | undefined) =>
    s3(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          ...(retention && { Rule: { DefaultRetention: retention } }),
        },
      }),
    );
  const has = ({ Days, Years }: DefaultRetention) => Days !== undefined || Years !== undefined;
  return (
    <FormSetting<Lock>
      title={t('s3.lock')}
      description={t('s3.lock.default')}
      bucket={Bucket}
      asks="s3:PutBucketObjectLockConfiguration"
      first={{ on: false }}
      read={async () => {
        const asked = s3(new GetObjectLockConfigurationCommand({ Bucket }));
        const { ObjectLockConfiguration } = await asked.send();
        return { on: true, ...ObjectLockConfiguration?.Rule?.DefaultRetention };
      }}
      shows={({ Mode, Days, Years }) => [
        { label: t('common.status'), value: t('common.enabled') },
        { label: t('s3.retention'), value: Mode ?? t('common.none') },
        {
          label: t('s3.lock.period'),
          value: Days
            ? t('s3.lock.days', { count: Days })
            : Years
              ? t('s3.lock.years', { count: Years })
              : '–',
        },
      ]}
      isComplete={lock => lock.Mode === undefined || has(lock)}
      put={({ Mode, Days, Years }) => put(Mode && { Mode, ...(Days ? { Days } : { Years }) })}
      remove={() => put(undefined)}
      form={({ Mode, Days, Years }, change) => (
        <>
          <ChoiceField
            label={t('s3.retention')}
            rule={t('s3.lock.text')}
            options={[
              { value: 'NONE', label: t('common.none') },
              { value: 'GOVERNANCE', label: `GOVERNANCE: ${t('s3.retention.governance')}` },
              { value: 'COMPLIANCE', label: `COMPLIANCE: ${t('s3.retention.compliance')}` },
            ]}
            value={Mode ?? 'NONE'}
            onChange={mode => change({ Mode: mode === 'NONE' ? undefined : mode })}
          />
          {Mode && (
            <>
              <CountField
                label={t('s3.lock.inDays')}
                name="lock-days"
                value={Days}
                onChange={days => change({ Days: days, Years: undefined })}
              />
              <CountField
                label={t('s3.lock.inYears')}
                value={Years}
                onChange={years => change({ Years: years, Days: undefined })}
              />
            </>
          )}
        </>
      )}
    />
  );
}
