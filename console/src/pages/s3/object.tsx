import {
  DeleteObjectTaggingCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import DateInput from '@cloudscape-design/components/date-input';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { codeOf, ErrorBox } from '../../ui/errors.js';
import { sizeText, timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { noteError, useAct, useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { copyObject, deleteItems, downloadObject, type Item, listVersions } from './object-calls.js';
import { ShareDialog } from './object-dialogs.js';
import { objectAddress } from './objects.js';

interface Named {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

export default function ObjectPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const go = useGo();
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const version = query.get('version');
  const named: Named = {
    Bucket: params['bucket']!,
    Key: query.get('key') ?? '',
    ...(version && { VersionId: version }),
  };
  const { Bucket, Key, VersionId } = named;
  const { data, error } = useAct(s3(new HeadObjectCommand(named)));
  const [failed, setFailed] = useState<unknown>();
  const [sharing, setSharing] = useState(false);
  const folder = Key.slice(0, Key.lastIndexOf('/') + 1);
  const back = `${path('s3', 'buckets', Bucket)}${folder && `?${new URLSearchParams({ prefix: folder })}`}`;
  const item: Item = { key: Key, folder: false, versionId: VersionId };
  const download = () =>
    downloadObject(Bucket, Key, VersionId).catch(thrown => {
      noteError(thrown);
      setFailed(thrown);
    });
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={<Link {...go(back)}>{`${Bucket}/${folder}`}</Link>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <ActButton
              text={t('common.delete')}
              acts={() => [deleteItems(Bucket, [item])]}
              onDone={() => navigate(back)}
            />
            {!VersionId && <Button onClick={() => setSharing(true)}>{t('s3.share')}</Button>}
            <Button variant="primary" iconName="download" onClick={() => void download()}>
              {t('s3.download')}
            </Button>
          </SpaceBetween>
        }
      >
        {Key.slice(folder.length) || Key}
      </Header>
      <ErrorBox error={error ?? failed} />
      {!data && !error && <Spinner />}
      {data && <Properties named={named} head={data} />}
      <Parts named={named} />
      {sharing && <ShareDialog bucket={Bucket} objectKey={Key} onClose={() => setSharing(false)} />}
    </SpaceBetween>
  );
}

function Parts({ named }: { readonly named: Named }) {
  const t = useTexts();
  const [activeTabId, setTab] = useState('versions');
  return (
    <Tabs
      activeTabId={activeTabId}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      tabs={[
        { id: 'versions', label: t('s3.versions'), content: <Versions named={named} /> },
        { id: 'tags', label: t('common.tags'), content: <Tags named={named} /> },
        { id: 'lock', label: t('s3.lock'), content: <Lock named={named} /> },
      ]}
    />
  );
}

function Properties({ named, head }: { readonly named: Named; readonly head: HeadObjectCommandOutput }) {
  const t = useTexts();
  const { Bucket, Key } = named;
  const metadata = Object.entries(head.Metadata ?? {});
  return (
    <Container header={<Header variant="h2">{t('s3.properties')}</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('s3.uri'), value: `s3://${Bucket}/${Key}` },
          { label: t('s3.size'), value: sizeText(head.ContentLength) },
          { label: t('s3.modified'), value: timeText(head.LastModified) },
          { label: 'ETag', value: head.ETag },
          { label: t('s3.contentType'), value: head.ContentType ?? '–' },
          { label: t('s3.version'), value: head.VersionId ?? '–' },
          {
            label: t('s3.encryption'),
            value: [head.ServerSideEncryption, head.SSEKMSKeyId].filter(Boolean).join(' · ') || '–',
          },
          { label: t('s3.storageClass'), value: head.StorageClass ?? 'STANDARD' },
          {
            label: t('s3.metadata'),
            value:
              metadata.length === 0 ? '–' : metadata.map(([key, value]) => `${key}: ${value}`).join('; '),
          },
        ]}
      />
    </Container>
  );
}

function Versions({ named: { Bucket, Key } }: { readonly named: Named }) {
  const t = useTexts();
  const go = useGo();
  return (
    <ResourceTable<Item>
      variant="container"
      title={t('s3.versions')}
      name={['versions of', Bucket, Key]}
      load={async (next, signal) => {
        // Keys that begin with this one come along.
        const page = await listVersions(Bucket, Key, next, signal, undefined);
        const own = page.items.filter(({ key }) => key === Key);
        return { items: own, next: own.length === page.items.length ? page.next : undefined };
      }}
      id={({ versionId }) => versionId!}
      text={({ versionId }) => versionId!}
      empty={t('common.none')}
      columns={[
        {
          id: 'version',
          header: t('s3.version'),
          cell: item => (
            <SpaceBetween direction="horizontal" size="xs">
              <Link {...go(objectAddress(Bucket, item))}>{item.versionId}</Link>
              {item.latest && <Badge color="green">{t('s3.version.latest')}</Badge>}
              {item.deleteMarker && <Badge color="red">{t('s3.deleteMarker')}</Badge>}
            </SpaceBetween>
          ),
        },
        { id: 'modified', header: t('s3.modified'), cell: ({ modified }) => timeText(modified) },
        { id: 'size', header: t('s3.size'), cell: ({ size }) => sizeText(size) },
        {
          id: 'actions',
          header: t('common.actions'),
          cell: item => (
            <SpaceBetween direction="horizontal" size="xs">
              {!item.latest && !item.deleteMarker && (
                <ActButton
                  variant="inline-link"
                  text={t('s3.version.restore')}
                  acts={() => [copyObject(Bucket, Key, Bucket, Key, item.versionId)]}
                />
              )}
              <ActButton
                variant="inline-link"
                text={t('common.delete')}
                body={t('s3.delete.permanent')}
                acts={() => [deleteItems(Bucket, [item])]}
              />
            </SpaceBetween>
          ),
        },
      ]}
    />
  );
}

function Tags({ named }: { readonly named: Named }) {
  const { data, error } = useAct(s3(new GetObjectTaggingCommand(named)));
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  return (
    <TagsPanel
      tags={tagsOf(data.TagSet)}
      acts={wanted => [
        wanted.length === 0
          ? s3(new DeleteObjectTaggingCommand(named))
          : s3(new PutObjectTaggingCommand({ ...named, Tagging: { TagSet: [...wanted] } })),
      ]}
    />
  );
}

/** Retention and legal hold; buckets without object lock have neither. */
function Lock({ named }: { readonly named: Named }) {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const { data, error } = useLoaded(['lock', named], async () => {
    const [retention, hold] = await Promise.all([
      orNothing(s3(new GetObjectRetentionCommand(named)).send()),
      orNothing(s3(new GetObjectLegalHoldCommand(named)).send()),
    ]);
    return { retention: retention?.Retention, hold: hold?.LegalHold?.Status === 'ON' };
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('s3.lock.object')}
          actions={
            data && (
              <SpaceBetween direction="horizontal" size="xs">
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
                <Button onClick={() => setOpen(true)}>{t('s3.retention.set')}</Button>
              </SpaceBetween>
            )
          }
        >
          {t('s3.lock')}
        </Header>
      }
    >
      <ErrorBox error={error} />
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
    </Container>
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
  const RetainUntilDate = new Date(`${date}T00:00:00`);
  const valid = !Number.isNaN(RetainUntilDate.getTime());
  return (
    <ActDialog
      title={t('s3.retention.set')}
      submit={t('common.save')}
      acts={
        valid ? [s3(new PutObjectRetentionCommand({ ...named, Retention: { Mode, RetainUntilDate } }))] : []
      }
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
    </ActDialog>
  );
}
