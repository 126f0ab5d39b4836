import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Icon from '@cloudscape-design/components/icon';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { sizeText, timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';

/** A folder (its key ends with the delimiter) or an object. */
interface Item {
  readonly key: string;
  readonly folder: boolean;
  readonly size?: number | undefined;
  readonly modified?: Date | undefined;
  readonly storageClass?: string | undefined;
}

/** The folders and objects under a prefix, which stands in the address. */
export function Objects({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const go = useGo();
  const [, navigate] = useLocation();
  const prefix = new URLSearchParams(useSearch()).get('prefix') ?? '';
  const [chosen, setChosen] = useState<readonly Item[]>([]);
  const at = (folder: string) =>
    `${path('s3', 'buckets', Bucket)}${folder === '' ? '' : `?${new URLSearchParams({ prefix: folder })}`}`;
  const parts = prefix.split('/').slice(0, -1);
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        ariaLabel={t('s3.folder')}
        items={[Bucket, ...parts].map((text, index) => ({
          text: text || '/',
          href: at(
            parts
              .slice(0, index)
              .map(part => `${part}/`)
              .join(''),
          ),
        }))}
        onFollow={event => {
          event.preventDefault();
          navigate(event.detail.href);
        }}
      />
      <ResourceTable
        key={prefix}
        variant="container"
        title={t('s3.objects')}
        name={['objects', Bucket, prefix]}
        load={async (ContinuationToken, signal) => {
          const input = { Bucket, Prefix: prefix, Delimiter: '/', ContinuationToken };
          const listed = await s3(new ListObjectsV2Command(input)).send(signal);
          const folders = (listed.CommonPrefixes ?? []).map(({ Prefix }) => ({ key: Prefix!, folder: true }));
          const objects = (listed.Contents ?? []).map(({ Key, Size, LastModified, StorageClass }) => ({
            key: Key!,
            folder: false,
            size: Size,
            modified: LastModified,
            storageClass: StorageClass,
          }));
          return { items: [...folders, ...objects] as Item[], next: listed.NextContinuationToken };
        }}
        id={({ key }) => key}
        text={({ key }) => key.slice(prefix.length)}
        empty={t('s3.objects.none')}
        selection="multi"
        selected={chosen}
        onSelect={setChosen}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            value: ({ key }) => key,
            cell: ({ key, folder }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Icon name={folder ? 'folder' : 'file'} />
                {folder ? (
                  <Link {...go(at(key))}>{key.slice(prefix.length)}</Link>
                ) : (
                  <span>{key.slice(prefix.length) || '.'}</span>
                )}
              </SpaceBetween>
            ),
          },
          {
            id: 'size',
            header: t('s3.size'),
            value: ({ size }) => size ?? -1,
            cell: ({ size }) => sizeText(size),
          },
          {
            id: 'modified',
            header: t('s3.modified'),
            value: ({ modified }) => Number(modified ?? 0),
            cell: ({ modified }) => timeText(modified),
          },
        ]}
        actions={
          <ActButton
            text={t('common.delete')}
            disabled={chosen.length === 0 || chosen.some(({ folder }) => folder)}
            acts={() => chosen.map(({ key }) => s3(new DeleteObjectCommand({ Bucket, Key: key })))}
            onDone={() => setChosen([])}
          />
        }
      />
    </SpaceBetween>
  );
}
