import { GetBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useEffect, useState } from 'react';
import { quoted } from '../../api/cli-line.js';
import { serverConfig } from '../../api/config.js';
import { s3 } from '../../api/s3.js';
import { now } from '../../clock.js';
import { useTexts } from '../../i18n/index.js';
import { useSignedIn } from '../../session/store.js';
import { ActDialog } from '../../ui/action.js';
import { CliText } from '../../ui/cli.js';
import { Copy } from '../../ui/copy.js';
import { Dialog } from '../../ui/dialog.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { useAct } from '../../ui/query.js';
import { copyItems, deleteItems, type Item, shareUrl } from './object-calls.js';

/** Names that a dialog lists; the rest is counted. */
const LISTED = 10;

function Names({ items }: { readonly items: readonly Item[] }) {
  const t = useTexts();
  return (
    <Box>
      {items.slice(0, LISTED).map(({ key, versionId }) => (
        <div key={`${key} ${versionId}`} className="code">
          {key} {versionId}
        </div>
      ))}
      {items.length > LISTED && t('upload.more', { count: items.length - LISTED })}
    </Box>
  );
}

/** How far it has come, once it has begun. */
function Progress({ done }: { readonly done: number }) {
  const t = useTexts();
  if (done === 0) return null;
  return <StatusIndicator type="in-progress">{t('s3.progress', { count: done })}</StatusIndicator>;
}

interface Closing {
  onClose(): void;
  onDone(): void;
}

/** Says what deleting does here, by what versioning makes of it. */
export function DeleteDialog({
  bucket,
  items,
  onClose,
  onDone,
}: Closing & { readonly bucket: string; readonly items: readonly Item[] }) {
  const t = useTexts();
  const { data } = useAct(s3(new GetBucketVersioningCommand({ Bucket: bucket })));
  const permanent = items.some(({ versionId }) => versionId !== undefined) || data?.Status === undefined;
  const folders = items.some(({ folder }) => folder);
  const [done, setDone] = useState(0);
  return (
    <ActDialog
      title={t('s3.delete.title', { count: items.length })}
      submit={t('common.delete')}
      typed={permanent && (folders || items.length > 1) ? bucket : undefined}
      acts={[deleteItems(bucket, items, setDone)]}
      onClose={onClose}
      onDone={onDone}
    >
      <Names items={items} />
      <Progress done={done} />
      <Alert type={permanent ? 'warning' : 'info'}>
        {t(permanent ? 's3.delete.permanent' : 's3.delete.marker')}
      </Alert>
    </ActDialog>
  );
}

export function CopyDialog({
  from,
  items,
  moves,
  onClose,
  onDone,
}: Closing & {
  readonly from: { readonly bucket: string; readonly prefix: string };
  readonly items: readonly Item[];
  readonly moves: boolean;
}) {
  const t = useTexts();
  const [bucket, setBucket] = useState(from.bucket);
  const [prefix, setPrefix] = useState(from.prefix);
  const [done, setDone] = useState(0);
  const same = bucket === from.bucket && prefix === from.prefix;
  return (
    <ActDialog
      title={t(moves ? 's3.move.title' : 's3.copy.title', { count: items.length })}
      submit={t(moves ? 's3.move' : 's3.copy')}
      disabled={same || bucket === ''}
      acts={[copyItems(from, items, { bucket, prefix }, moves, setDone)]}
      onClose={onClose}
      onDone={onDone}
    >
      <Names items={items} />
      <Progress done={done} />
      <FormField label={t('s3.bucket.name')}>
        <Input value={bucket} onChange={({ detail }) => setBucket(detail.value.trim())} name="to-bucket" />
      </FormField>
      <FormField label={t('s3.folder')} constraintText={t('s3.folder.rule')}>
        <Input value={prefix} onChange={({ detail }) => setPrefix(detail.value)} name="to-prefix" />
      </FormField>
    </ActDialog>
  );
}

export function FolderDialog({
  bucket: Bucket,
  prefix,
  onClose,
}: {
  readonly bucket: string;
  readonly prefix: string;
  onClose(): void;
}) {
  const t = useTexts();
  const [name, setName] = useState('');
  const Key = `${prefix}${name.replace(/\/+$/, '')}/`;
  return (
    <ActDialog
      title={t('s3.folder.create')}
      submit={t('common.create')}
      acts={name === '' ? [] : [s3(new PutObjectCommand({ Bucket, Key, Body: '' }))]}
      onClose={onClose}
    >
      <FormField label={t('common.name')} description={t('s3.folder.text')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} name="folder-name" autoFocus />
      </FormField>
    </ActDialog>
  );
}

const MINUTE = 60;
const LIVES = [5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 4 * 60 * MINUTE, 12 * 60 * MINUTE];

/** A presigned URL, and when it dies: at its time, or with the session that signs it. */
export function ShareDialog({
  bucket,
  objectKey,
  onClose,
}: {
  readonly bucket: string;
  readonly objectKey: string;
  onClose(): void;
}) {
  const t = useTexts();
  const { current } = useSignedIn();
  const [life, setLife] = useState(60 * MINUTE);
  const [url, setUrl] = useState<{ readonly text: string; readonly ends: number; readonly early: boolean }>();
  const [error, setError] = useState<unknown>();
  const { expires } = current.keys;
  useEffect(() => {
    let wanted = true;
    const make = async () => {
      const { endpoint } = await serverConfig();
      const text = await shareUrl(endpoint, bucket, objectKey, life);
      const own = now() + life * 1000;
      const early = expires !== undefined && expires < own;
      if (wanted) setUrl({ text, ends: early ? expires : own, early });
    };
    make().catch(setError);
    return () => {
      wanted = false;
    };
  }, [bucket, objectKey, life, expires]);
  const options = LIVES.map(seconds => ({
    value: String(seconds),
    label: t(seconds < 3600 ? 's3.share.minutes' : 's3.share.hours', {
      count: seconds < 3600 ? seconds / 60 : seconds / 3600,
    }),
  }));
  return (
    <Dialog header={t('s3.share')} onDismiss={onClose} size="large">
      <SpaceBetween size="m">
        <div className="code">{objectKey}</div>
        <FormField label={t('s3.share.life')}>
          <Select
            options={options}
            selectedOption={options.find(({ value }) => value === String(life))!}
            onChange={({ detail }) => setLife(Number(detail.selectedOption.value))}
          />
        </FormField>
        <ErrorBox error={error} />
        {url && (
          <>
            <Alert type={url.early ? 'warning' : 'info'}>
              {t(url.early ? 's3.share.early' : 's3.share.ends', { time: timeText(url.ends / 1000) })}
            </Alert>
            <pre className="code" data-testid="share-url">
              {url.text}
            </pre>
            <Copy text={url.text} variant="button" />
            <CliText text={`aws s3 presign ${quoted(`s3://${bucket}/${objectKey}`)} --expires-in ${life}`} />
          </>
        )}
      </SpaceBetween>
    </Dialog>
  );
}
