import {
  DeleteBucketWebsiteCommand,
  GetBucketWebsiteCommand,
  PutBucketWebsiteCommand,
  type WebsiteConfiguration,
} from '@aws-sdk/client-s3';
import RadioGroup from '@cloudscape-design/components/radio-group';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ChoiceField, TextField } from '../../ui/fields.js';
import { FormSetting } from './form-setting.js';

/** Pages of a bucket for browsers. Rules that redirect single keys stay as they are. */
export function Website({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  return (
    <FormSetting<WebsiteConfiguration>
      title={t('s3.website')}
      description={t('s3.website.text')}
      bucket={Bucket}
      asks="s3:PutBucketWebsite"
      first={{ IndexDocument: { Suffix: 'index.html' } }}
      read={async () => {
        const { $metadata: _, ...configuration } = await s3(new GetBucketWebsiteCommand({ Bucket })).send();
        return configuration;
      }}
      shows={({ IndexDocument, ErrorDocument, RedirectAllRequestsTo, RoutingRules }) => [
        ...(RedirectAllRequestsTo
          ? [
              {
                label: t('s3.website.redirect'),
                value: `${RedirectAllRequestsTo.Protocol ?? ''} ${RedirectAllRequestsTo.HostName}`,
              },
            ]
          : [
              { label: t('s3.website.index'), value: IndexDocument?.Suffix ?? '–' },
              { label: t('s3.website.error'), value: ErrorDocument?.Key ?? '–' },
              { label: t('s3.website.rules'), value: RoutingRules?.length ?? 0 },
            ]),
      ]}
      isComplete={({ IndexDocument, RedirectAllRequestsTo }) =>
        Boolean(IndexDocument?.Suffix || RedirectAllRequestsTo?.HostName)
      }
      put={WebsiteConfiguration => s3(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }))}
      remove={() => s3(new DeleteBucketWebsiteCommand({ Bucket }))}
      form={({ IndexDocument, ErrorDocument, RedirectAllRequestsTo }, change) => (
        <>
          <RadioGroup
            ariaLabel={t('s3.website')}
            value={RedirectAllRequestsTo ? 'redirect' : 'pages'}
            items={[
              { value: 'pages', label: t('s3.website.pages') },
              { value: 'redirect', label: t('s3.website.redirect') },
            ]}
            onChange={({ detail }) =>
              change(
                detail.value === 'redirect'
                  ? {
                      RedirectAllRequestsTo: { HostName: '' },
                      IndexDocument: undefined,
                      ErrorDocument: undefined,
                      RoutingRules: undefined,
                    }
                  : { RedirectAllRequestsTo: undefined, IndexDocument: { Suffix: 'index.html' } },
              )
            }
          />
          {RedirectAllRequestsTo ? (
            <>
              <TextField
                label={t('s3.website.host')}
                name="redirect-host"
                value={RedirectAllRequestsTo.HostName}
                onChange={HostName =>
                  change({ RedirectAllRequestsTo: { ...RedirectAllRequestsTo, HostName: HostName.trim() } })
                }
              />
              <ChoiceField
                label={t('s3.website.protocol')}
                options={(['https', 'http'] as const).map(value => ({ value, label: value }))}
                value={RedirectAllRequestsTo.Protocol}
                onChange={Protocol =>
                  change({ RedirectAllRequestsTo: { ...RedirectAllRequestsTo, Protocol } })
                }
              />
            </>
          ) : (
            <>
              <TextField
                label={t('s3.website.index')}
                name="index-document"
                value={IndexDocument?.Suffix}
                onChange={Suffix => change({ IndexDocument: { Suffix: Suffix.trim() } })}
              />
              <TextField
                label={t('s3.website.error')}
                optional
                name="error-document"
                value={ErrorDocument?.Key}
                onChange={Key => change({ ErrorDocument: Key.trim() ? { Key: Key.trim() } : undefined })}
              />
            </>
          )}
        </>
      )}
    />
  );
}
