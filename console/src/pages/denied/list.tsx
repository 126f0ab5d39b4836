import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import { karikagi } from '../../api/karikagi.js';
import { useTexts } from '../../i18n/index.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { shortName } from '../../who-am-i.js';

interface DeniedRequest {
  readonly RequestId: string;
  /** Seconds since the epoch. */
  readonly EventTime: number;
  readonly Principal?: string;
  readonly Action?: string;
  readonly Resource?: string;
  readonly Summary: string;
}

/** Between looks for new refusals, milliseconds. */
const EVERY = 4000;

/** The stream of refusals, newest first. */
export default function DeniedPage() {
  const t = useTexts();
  const go = useGo();
  return (
    <ResourceTable<DeniedRequest>
      title={t('nav.denied')}
      description={t('denied.text')}
      name={['denied']}
      refetchInterval={EVERY}
      load={async (_, signal) => {
        const listed = karikagi<{ DeniedRequests: DeniedRequest[] }>('ListDeniedRequests', { MaxItems: 100 });
        return { items: (await listed.send(signal)).DeniedRequests };
      }}
      id={({ RequestId }) => RequestId}
      text={request => JSON.stringify(request)}
      empty={t('denied.none')}
      columns={[
        {
          id: 'time',
          header: t('denied.time'),
          value: ({ EventTime }) => EventTime,
          cell: ({ EventTime, RequestId }) => (
            <Link {...go(path('denied', RequestId))}>{timeText(EventTime)}</Link>
          ),
        },
        {
          id: 'principal',
          header: t('denied.principal'),
          value: ({ Principal }) => Principal ?? '',
          cell: ({ Principal }) => (Principal ? shortName(Principal) : '–'),
        },
        {
          id: 'action',
          header: t('denied.action'),
          value: ({ Action }) => Action ?? '',
          cell: ({ Action }) => Action ?? '–',
        },
        { id: 'resource', header: t('denied.resource'), cell: ({ Resource }) => Resource ?? '–' },
        {
          id: 'summary',
          header: t('denied.why'),
          cell: ({ Summary }) => <Box variant="small">{Summary}</Box>,
        },
      ]}
    />
  );
}
