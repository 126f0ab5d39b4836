import {
  type CORSRule,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ChoicesField, CountField, filled, LinesField } from '../../ui/fields.js';
import { RuleSetting } from './rule-setting.js';

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'];
const FIRST: CORSRule = { AllowedOrigins: [], AllowedMethods: ['GET'] };

/** Which pages of other sites may use a bucket. */
export function Cors({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const put = (rules: readonly CORSRule[]) =>
    s3(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: rules.map(withoutEmpty) } }));
  return (
    <RuleSetting<CORSRule>
      title={t('s3.cors')}
      description={t('s3.cors.text')}
      bucket={Bucket}
      asks="s3:PutBucketCORS"
      first={FIRST}
      read={async () => (await s3(new GetBucketCorsCommand({ Bucket })).send()).CORSRules ?? []}
      save={put}
      replace={put}
      drop={rules => (rules.length > 0 ? put(rules) : s3(new DeleteBucketCorsCommand({ Bucket })))}
      nameOf={({ ID, AllowedOrigins }) => ID ?? filled(AllowedOrigins).join(', ')}
      isComplete={({ AllowedOrigins, AllowedMethods }) =>
        filled(AllowedOrigins).length > 0 && (AllowedMethods ?? []).length > 0
      }
      columns={[
        { id: 'origins', header: t('s3.cors.origins'), cell: rule => rule.AllowedOrigins?.join(', ') },
        { id: 'methods', header: t('s3.cors.methods'), cell: rule => rule.AllowedMethods?.join(', ') },
        { id: 'headers', header: t('s3.cors.headers'), cell: rule => rule.AllowedHeaders?.join(', ') ?? '–' },
        { id: 'age', header: t('s3.cors.age'), cell: rule => rule.MaxAgeSeconds ?? '–' },
      ]}
      form={(rule, change) => (
        <>
          <LinesField
            label={t('s3.cors.origins')}
            rule={t('s3.cors.origins.rule')}
            value={rule.AllowedOrigins}
            onChange={AllowedOrigins => change({ AllowedOrigins })}
          />
          <ChoicesField
            label={t('s3.cors.methods')}
            options={METHODS}
            value={rule.AllowedMethods}
            onChange={AllowedMethods => change({ AllowedMethods })}
          />
          <LinesField
            label={t('s3.cors.headers')}
            optional
            rule={t('s3.cors.headers.rule')}
            value={rule.AllowedHeaders}
            onChange={AllowedHeaders => change({ AllowedHeaders })}
          />
          <LinesField
            label={t('s3.cors.expose')}
            optional
            rule={t('s3.cors.expose.rule')}
            value={rule.ExposeHeaders}
            onChange={ExposeHeaders => change({ ExposeHeaders })}
          />
          <CountField
            label={t('s3.cors.age')}
            value={rule.MaxAgeSeconds}
            onChange={MaxAgeSeconds => change({ MaxAgeSeconds })}
          />
        </>
      )}
    />
  );
}

function withoutEmpty(rule: CORSRule): CORSRule {
  const headers = filled(rule.AllowedHeaders);
  const exposed = filled(rule.ExposeHeaders);
  return {
    ...rule,
    AllowedOrigins: filled(rule.AllowedOrigins),
    AllowedHeaders: headers.length > 0 ? headers : undefined,
    ExposeHeaders: exposed.length > 0 ? exposed : undefined,
  };
}
