import {
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
} from '@aws-sdk/client-iam';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { timeText } from '../../ui/format.js';
import { ResourceTable } from '../../ui/table.js';

/** Which services the identity may use, and when it last did. */
export function LastAccessed({ arn: Arn }: { readonly arn: string }) {
  const t = useTexts();
  return (
    <ResourceTable
      variant="container"
      title={t('iam.accessed')}
      description={t('iam.accessed.text')}
      name={['last accessed', Arn]}
      load={async (_, signal) => ({ items: await accessed(Arn, signal) })}
      id={({ ServiceNamespace }) => ServiceNamespace!}
      text={({ ServiceName, ServiceNamespace }) => `${ServiceName} ${ServiceNamespace}`}
      empty={t('iam.accessed.none')}
      columns={[
        {
          id: 'service',
          header: t('policy.service'),
          value: ({ ServiceName }) => ServiceName!,
          cell: ({ ServiceName, ServiceNamespace }) => `${ServiceName} (${ServiceNamespace})`,
        },
        {
          id: 'time',
          header: t('iam.lastUsed'),
          value: ({ LastAuthenticated }) => Number(LastAuthenticated ?? 0),
          cell: ({ LastAuthenticated }) =>
            LastAuthenticated ? timeText(LastAuthenticated) : t('common.never'),
        },
        {
          id: 'region',
          header: t('bar.region'),
          cell: ({ LastAuthenticatedRegion }) => LastAuthenticatedRegion ?? '–',
        },
      ]}
    />
  );
}

/** The report is a job: it is asked for, and then asked after. */
async function accessed(Arn: string, signal: AbortSignal) {
  const { JobId } = await iam(new GenerateServiceLastAccessedDetailsCommand({ Arn })).send(signal);
  for (;;) {
    const details = await iam(new GetServiceLastAccessedDetailsCommand({ JobId, MaxItems: 1000 })).send(
      signal,
    );
    if (details.JobStatus === 'FAILED') throw new Error(details.Error?.Message ?? 'FAILED');
    if (details.JobStatus === 'COMPLETED') return details.ServicesLastAccessed ?? [];
    await new Promise(resolve => setTimeout(resolve, 300));
  }
}
