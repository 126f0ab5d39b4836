import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import type { FoundEvent } from '../../../../src/core/cloudtrail.js';
import { karikagi } from '../../api/karikagi.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { GoLink, path } from '../../ui/navigation.js';
import { useAct } from '../../ui/query.js';
import { callOf, type Found, principalOf, resourceOf } from './event.js';
import { Result } from './list.js';

/** The events of one request: its own, and those of what services did for it. */
export default function EventDetailsPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const RequestId = params['id']!;
  const act = karikagi<Found>('SearchEvents', { RequestId });
  const { data, error } = useAct(act);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('events.of', { id: RequestId })}</Header>
      <ErrorBox error={error} />
      {!data && !error && <Spinner />}
      {data?.Events.length === 0 && <Box>{t('events.none')}</Box>}
      {data?.Events.map(event => (
        <EventPanel key={event.eventID} event={event} />
      ))}
      <CliLines acts={[act]} />
    </SpaceBetween>
  );
}

function EventPanel({ event }: { readonly event: FoundEvent }) {
  const t = useTexts();
  const { arrived, httpStatus, durationMs, requestID = '', errorMessage, ...record } = event;
  const isDenied = /^AccessDenied/.test(event.errorCode ?? '');
  return (
    <Container header={<Header variant="h2">{callOf(event)}</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('events.time'), value: timeText(arrived / 1000) },
            { label: t('events.principal'), value: principalOf(event) },
            { label: t('events.resource'), value: resourceOf(event) },
            { label: t('events.result'), value: <Result event={event} /> },
            { label: t('events.status'), value: httpStatus ?? '–' },
            { label: t('events.took'), value: durationMs === undefined ? '–' : `${durationMs} ms` },
            { label: t('events.source'), value: event.sourceIPAddress ?? '–' },
            { label: t('events.key'), value: event.userIdentity?.accessKeyId ?? '–' },
            { label: t('events.agent'), value: event.userAgent ?? '–' },
          ]}
        />
        {errorMessage !== undefined && <Box>{errorMessage}</Box>}
        {isDenied && <GoLink href={path('denied', requestID)}>{t('events.why')}</GoLink>}
        <ExpandableSection headerText={t('events.record')}>
          <Box variant="pre">{JSON.stringify({ ...record, requestID, errorMessage }, null, 2)}</Box>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}
