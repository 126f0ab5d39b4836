import {
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import Badge from '@cloudscape-design/components/badge';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, GuardedButton } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { sizeText, timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { Panel } from '../../ui/panel.js';
import { noteError, useAct } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { ObjectAcl } from './acl.js';
import { MetadataDialog } from './metadata.js';
import { copyObject, deleteItems, downloadObject, type Item, listVersions } from './object-calls.js';
import { ShareDialog } from './object-dialogs.js';
import { ObjectLock } from './object-lock.js';
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
  const reading = { action: `s3:GetObject${VersionId ? 'Version' : ''}`, resource: s3Arn(Bucket, Key) };
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
              body={VersionId && t('s3.delete.permanent')}
              asks={{ action: `s3:DeleteObject${VersionId ? 'Version' : ''}`, resource: s3Arn(Bucket, Key) }}
              acts={() => [deleteItems(Bucket, [item])]}
              onDone={() => navigate(back)}
            />
            {!VersionId && (
              <GuardedButton asks={reading} onClick={() => setSharing(true)}>
                {t('s3.share')}
              </GuardedButton>
            )}
            <GuardedButton
              variant="primary"
              asks={reading}
              iconName="download"
              onClick={() => void download()}
            >
              {t('s3.download')}
            </GuardedButton>
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
        { id: 'lock', label: t('s3.lock'), content: <ObjectLock named={named} /> },
        { id: 'acl', label: t('s3.acl'), content: <ObjectAcl named={named} /> },
      ]}
    />
  );
}

function Properties({ named, head }: { readonly named: Named; readonly head: HeadObjectCommandOutput }) {
  const t = useTexts();
  const { Bucket, Key } = named;
  const [editing, setEditing] = useState(false);
  const metadata = Object.entries(head.Metadata ?? {});
  return (
    <Panel
      title={t('s3.properties')}
      actions={
        <GuardedButton
          asks={{ action: 's3:PutObject', resource: s3Arn(Bucket, Key) }}
          hindrance={named.VersionId && t('s3.metadata.latest')}
          onClick={() => setEditing(true)}
        >
          {t('s3.metadata.edit')}
        </GuardedButton>
      }
    >
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
      <CliLines acts={[s3(new GetObjectCommand(named))]} />
      {editing && <MetadataDialog named={named} head={head} onClose={() => setEditing(false)} />}
    </Panel>
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
                  asks={{ action: 's3:PutObject', resource: s3Arn(Bucket, Key) }}
                  acts={() => [copyObject(Bucket, Key, Bucket, Key, item.versionId)]}
                />
              )}
              <ActButton
                variant="inline-link"
                text={t('common.delete')}
                body={t('s3.delete.permanent')}
                asks={{ action: 's3:DeleteObjectVersion', resource: s3Arn(Bucket, Key) }}
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
      asks={{ action: 's3:PutObjectTagging', resource: s3Arn(named.Bucket, named.Key) }}
      acts={wanted => [
        wanted.length === 0
          ? s3(new DeleteObjectTaggingCommand(named))
          : s3(new PutObjectTaggingCommand({ ...named, Tagging: { TagSet: [...wanted] } })),
      ]}
    />
  );
}
