import { CopyObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import FormField from '@cloudscape-design/components/form-field';
import { useState } from 'react';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog } from '../../ui/action.js';
import { TextField } from '../../ui/fields.js';
import { type Tag, TagFields } from '../../ui/tags.js';
import { sourceOf } from './object-calls.js';

interface MetadataDialogProps {
  readonly named: { readonly Bucket: string; readonly Key: string };
  readonly head: HeadObjectCommandOutput;
  onClose(): void;
}

/** Headers and metadata of an object. S3 changes them by copying the object onto itself. */
export function MetadataDialog({ named: { Bucket, Key }, head, onClose }: MetadataDialogProps) {
  const t = useTexts();
  const [ContentType, setType] = useState(head.ContentType ?? '');
  const [CacheControl, setCaching] = useState(head.CacheControl ?? '');
  const [ContentDisposition, setDisposition] = useState(head.ContentDisposition ?? '');
  const [pairs, setPairs] = useState<readonly Tag[]>(
    Object.entries(head.Metadata ?? {}).map(([name, Value]) => ({ Key: name, Value })),
  );
  const copy = s3(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource: sourceOf(Bucket, Key),
      MetadataDirective: 'REPLACE',
      Metadata: Object.fromEntries(pairs.filter(pair => pair.Key !== '').map(pair => [pair.Key, pair.Value])),
      ...(ContentType && { ContentType }),
      ...(CacheControl && { CacheControl }),
      ...(ContentDisposition && { ContentDisposition }),
      ...(head.ContentEncoding && { ContentEncoding: head.ContentEncoding }),
      ...(head.ContentLanguage && { ContentLanguage: head.ContentLanguage }),
      ...(head.StorageClass && { StorageClass: head.StorageClass }),
    }),
  );
  return (
    <ActDialog
      size="large"
      title={t('s3.metadata.edit')}
      submit={t('common.save')}
      acts={[copy]}
      onClose={onClose}
    >
      <Alert type="info">{t('s3.metadata.text')}</Alert>
      <TextField
        label={t('s3.contentType')}
        name="content-type"
        value={ContentType}
        onChange={text => setType(text.trim())}
      />
      <TextField
        label="Cache-Control"
        optional
        name="cache-control"
        value={CacheControl}
        onChange={text => setCaching(text.trim())}
      />
      <TextField
        label="Content-Disposition"
        optional
        value={ContentDisposition}
        onChange={text => setDisposition(text.trim())}
      />
      <FormField label={t('s3.metadata')}>
        <TagFields
          tags={pairs}
          onChange={setPairs}
          addText={t('s3.metadata.add')}
          emptyText={t('common.none')}
        />
      </FormField>
    </ActDialog>
  );
}
