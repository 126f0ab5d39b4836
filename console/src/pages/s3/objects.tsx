import Badge from '@cloudscape-design/components/badge';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import Icon from '@cloudscape-design/components/icon';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { type DragEvent, useEffect, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { s3Arn } from '../../api/arn.js';
import { type TextKey, useTexts } from '../../i18n/index.js';
import { GuardedButton, useReason } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { sizeText, timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { noteError, refresh } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { chosenFiles, droppedFiles } from '../../upload/dropped.js';
import { addUploads, type ToUpload } from '../../upload/uploads.js';
import { downloadObject, type Item, listObjects, listVersions } from './object-calls.js';
import { CopyDialog, DeleteDialog, FolderDialog, ShareDialog } from './object-dialogs.js';

type Open = 'delete' | 'copy' | 'move' | 'share' | 'folder';

/** The folders and objects under a prefix, which stands in the address. */
export function Objects({ bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const prefix = new URLSearchParams(useSearch()).get('prefix') ?? '';
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const [versions, setVersions] = useState(false);
  const [chosen, setChosen] = useState<readonly Item[]>([]);
  const [open, setOpen] = useState<Open>();
  const [error, setError] = useState<unknown>();
  const [over, setOver] = useState(false);
  const go = useGo();
  const at = (to: string) => addressOf(bucket, to);
  const upload = (files: readonly ToUpload[]) => addUploads(bucket, files, () => void refresh());
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void droppedFiles(event.dataTransfer.items, folder).then(upload);
  };
  const download = async () => {
    setError(undefined);
    try {
      for (const { key, versionId } of chosen) await downloadObject(bucket, key, versionId);
    } catch (thrown) {
      noteError(thrown);
      setError(thrown);
    }
  };
  const one = chosen.length === 1 ? chosen[0] : undefined;
  const close = () => setOpen(undefined);
  const done = () => {
    close();
    setChosen([]);
  };
  return (
    <section
      aria-label={t('s3.objects')}
      className={over ? 'drop' : ''}
      onDragOver={event => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <SpaceBetween size="m">
        <Path bucket={bucket} folder={folder} at={at} />
        <ErrorBox error={error} onDismiss={() => setError(undefined)} />
        <SpaceBetween direction="horizontal" size="m" alignItems="center">
          <PrefixSearch prefix={prefix} onSearch={to => navigate(at(to), { replace: true })} />
          <Toggle checked={versions} onChange={({ detail }) => setVersions(detail.checked)}>
            {t('s3.versions.show')}
          </Toggle>
        </SpaceBetween>
        <ResourceTable<Item>
          key={`${prefix} ${versions}`}
          variant="container"
          title={t('s3.objects')}
          description={t('s3.objects.text')}
          name={['objects', bucket, prefix, versions]}
          load={(next, signal) => (versions ? listVersions : listObjects)(bucket, prefix, next, signal)}
          id={({ key, versionId }) => `${key} ${versionId ?? ''}`}
          text={({ key }) => key.slice(folder.length)}
          empty={t('s3.objects.none')}
          selection="multi"
          selected={chosen}
          onSelect={setChosen}
          columns={[
            {
              id: 'name',
              header: t('common.name'),
              value: ({ key }) => key,
              cell: item => (
                <SpaceBetween direction="horizontal" size="xs">
                  <Icon name={item.folder ? 'folder' : 'file'} />
                  <Link {...go(item.folder ? at(item.key) : objectAddress(bucket, item))}>
                    {item.key.slice(folder.length) || '.'}
                  </Link>
                  {item.deleteMarker && <Badge color="red">{t('s3.deleteMarker')}</Badge>}
                </SpaceBetween>
              ),
            },
            ...(versions
              ? [
                  {
                    id: 'version',
                    header: t('s3.version'),
                    cell: ({ versionId, latest }: Item) =>
                      versionId && (
                        <>
                          {versionId} {latest && <Badge color="green">{t('s3.version.latest')}</Badge>}
                        </>
                      ),
                  },
                ]
              : []),
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
            <SpaceBetween direction="horizontal" size="xs">
              <ObjectActions
                bucket={bucket}
                folder={folder}
                chosen={chosen}
                versions={versions}
                onAction={action => {
                  if (action === 'download') void download();
                  else setOpen(action);
                }}
              />
              <GuardedButton
                asks={{ action: 's3:PutObject', resource: s3Arn(bucket, `${folder}*`) }}
                onClick={() => setOpen('folder')}
              >
                {t('s3.folder.create')}
              </GuardedButton>
              <UploadButtons bucket={bucket} folder={folder} onFiles={upload} />
            </SpaceBetween>
          }
        />
      </SpaceBetween>
      {open === 'delete' && <DeleteDialog bucket={bucket} items={chosen} onClose={close} onDone={done} />}
      {(open === 'copy' || open === 'move') && (
        <CopyDialog
          from={{ bucket, prefix: folder }}
          items={chosen}
          moves={open === 'move'}
          onClose={close}
          onDone={done}
        />
      )}
      {open === 'share' && one && <ShareDialog bucket={bucket} objectKey={one.key} onClose={close} />}
      {open === 'folder' && <FolderDialog bucket={bucket} prefix={folder} onClose={close} />}
    </section>
  );
}

interface ObjectActionsProps {
  readonly bucket: string;
  readonly folder: string;
  readonly chosen: readonly Item[];
  readonly versions: boolean;
  onAction(action: Exclude<Open, 'folder'> | 'download'): void;
}

/** What can be done with the chosen objects: what policies forbid says so. */
function ObjectActions({ bucket, folder, chosen, versions, onAction }: ObjectActionsProps) {
  const t = useTexts();
  const one = chosen.length === 1 ? chosen[0] : undefined;
  const version = chosen.some(item => item.versionId !== undefined) ? 'Version' : '';
  const asked = (action: string) => ({ action: `s3:${action}`, resource: s3Arn(bucket, `${folder}*`) });
  const reading = useReason(asked(`GetObject${version}`));
  const deleting = useReason(asked(`DeleteObject${version}`));
  const item = (id: string, text: TextKey, reason: string | undefined, disabled = false) => ({
    id,
    text: t(text),
    disabled: disabled || reason !== undefined,
    ...(reason !== undefined && { disabledReason: reason }),
  });
  const hidden = chosen.some(({ folder: isFolder, deleteMarker }) => isFolder || deleteMarker);
  const shared = one !== undefined && !one.folder && one.versionId === undefined;
  return (
    <ButtonDropdown
      disabled={chosen.length === 0}
      items={[
        item('download', 's3.download', reading, hidden),
        item('share', 's3.share', reading, !shared),
        // Another place may take what this one does not: who copies chooses it.
        item('copy', 's3.copy', reading, versions),
        item('move', 's3.move', reading ?? deleting, versions),
        item('delete', 'common.delete', deleting),
      ]}
      onItemClick={({ detail }) => onAction(detail.id as Parameters<typeof onAction>[0])}
    >
      {t('common.actions')}
    </ButtonDropdown>
  );
}

function addressOf(bucket: string, prefix: string): string {
  const query = prefix === '' ? '' : `?${new URLSearchParams({ prefix })}`;
  return `${path('s3', 'buckets', bucket)}${query}`;
}

export function objectAddress(bucket: string, { key, versionId }: Item): string {
  const query = new URLSearchParams({ key, ...(versionId && { version: versionId }) });
  return `${path('s3', 'object', bucket)}?${query}`;
}

function Path({
  bucket,
  folder,
  at,
}: {
  readonly bucket: string;
  readonly folder: string;
  at(prefix: string): string;
}) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const parts = folder.split('/').slice(0, -1);
  const upTo = (count: number) =>
    parts
      .slice(0, count)
      .map(part => `${part}/`)
      .join('');
  return (
    <BreadcrumbGroup
      ariaLabel={t('s3.folder')}
      items={[bucket, ...parts].map((text, index) => ({ text: text || '/', href: at(upTo(index)) }))}
      onFollow={event => {
        event.preventDefault();
        navigate(event.detail.href);
      }}
    />
  );
}

/** Asks the server for keys that begin so: among a million, it finds them at once. */
function PrefixSearch({ prefix, onSearch }: { readonly prefix: string; onSearch(prefix: string): void }) {
  const t = useTexts();
  const [text, setText] = useState(prefix);
  useEffect(() => setText(prefix), [prefix]);
  return (
    <Input
      type="search"
      value={text}
      placeholder={t('s3.search')}
      ariaLabel={t('s3.search')}
      onChange={({ detail }) => {
        setText(detail.value);
        if (detail.value === '') onSearch('');
      }}
      onKeyDown={({ detail }) => {
        if (detail.key === 'Enter') onSearch(text);
      }}
    />
  );
}

function UploadButtons({
  bucket,
  folder,
  onFiles,
}: {
  readonly bucket: string;
  readonly folder: string;
  onFiles(files: readonly ToUpload[]): void;
}) {
  const t = useTexts();
  const files = useRef<HTMLInputElement>(null);
  const folders = useRef<HTMLInputElement>(null);
  const asks = { action: 's3:PutObject', resource: s3Arn(bucket, `${folder}*`) };
  const take = ({ current }: typeof files) => {
    if (current?.files) onFiles(chosenFiles(current.files, folder));
    if (current) current.value = '';
  };
  return (
    <>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="files"
        aria-label={t('s3.upload')}
        onChange={() => take(files)}
      />
      <input
        ref={folders}
        type="file"
        {...{ webkitdirectory: '' }}
        hidden
        aria-label={t('s3.uploadFolder')}
        onChange={() => take(folders)}
      />
      <SpaceBetween direction="horizontal" size="xs">
        <GuardedButton asks={asks} onClick={() => folders.current?.click()}>
          {t('s3.uploadFolder')}
        </GuardedButton>
        <GuardedButton variant="primary" iconName="upload" asks={asks} onClick={() => files.current?.click()}>
          {t('s3.upload')}
        </GuardedButton>
      </SpaceBetween>
    </>
  );
}
