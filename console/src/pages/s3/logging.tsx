import { GetBucketLoggingCommand, type LoggingEnabled, PutBucketLoggingCommand } from '@aws-sdk/client-s3';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { TextField } from '../../ui/fields.js';
import { FormSetting } from './form-setting.js';

/** The bucket that requests are logged to. */
export function Logging({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  return (
    <FormSetting<LoggingEnabled>
      title={t('s3.logging')}
      description={t('s3.logging.text')}
      bucket={Bucket}
      asks="s3:PutBucketLogging"
      first={{ TargetBucket: '', TargetPrefix: `${Bucket}/` }}
      read={async () => (await s3(new GetBucketLoggingCommand({ Bucket })).send()).LoggingEnabled ?? null}
      shows={({ TargetBucket, TargetPrefix }) => [
        { label: t('s3.bucket.name'), value: TargetBucket },
        { label: t('s3.prefix'), value: TargetPrefix || '–' },
      ]}
      isComplete={({ TargetBucket }) => Boolean(TargetBucket)}
      put={LoggingEnabled =>
        s3(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }))
      }
      remove={() => s3(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }))}
      form={({ TargetBucket, TargetPrefix }, change) => (
        <>
          <TextField
            label={t('s3.bucket.name')}
            rule={t('s3.logging.rule')}
            name="log-bucket"
            value={TargetBucket}
            onChange={name => change({ TargetBucket: name.trim() })}
          />
          <TextField
            label={t('s3.prefix')}
            value={TargetPrefix}
            onChange={prefix => change({ TargetPrefix: prefix })}
          />
        </>
      )}
    />
  );
}
