/** A setting of a bucket that is one thing: shown as pairs, changed in a form. */
import Box from '@cloudscape-design/components/box';
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs';
import { type ReactNode, useState } from 'react';
import type { Act } from '../../api/act.js';
import { s3Arn } from '../../api/arn.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { Panel } from '../../ui/panel.js';
import { EditButton, useSetting } from './setting.js';

interface FormSettingProps<T extends object> {
  readonly title: string;
  readonly description?: string;
  readonly bucket: string;
  /** The action that changing it asks for. */
  readonly asks: string;
  /** What a bucket begins with that has none. */
  readonly first: T;
  /** `null` where it is not set. */
  read(): Promise<T | null>;
  shows(value: T): readonly KeyValuePairsProps.Item[];
  form(value: T, onChange: (part: Partial<T>) => void): ReactNode;
  isComplete(value: T): boolean;
  put(value: T): Act;
  /** Absent where it can only be changed. */
  remove?(): Act;
}

export function FormSetting<T extends object>(props: FormSettingProps<T>) {
  const { title, description, bucket, asks, shows, remove } = props;
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const { data, error, isLoading } = useSetting(['form', asks, title, bucket], props.read);
  const asked = { action: asks, resource: s3Arn(bucket) };
  return (
    <Panel
      title={title}
      description={description}
      error={error}
      loading={isLoading}
      actions={
        <>
          {data && remove && (
            <ActButton
              text={t('common.remove')}
              ariaLabel={`${t('common.remove')} ${title}`}
              title={`${t('common.remove')}: ${title}`}
              asks={asked}
              acts={() => [remove()]}
            />
          )}
          <EditButton title={title} asks={asked} onClick={() => setEditing(true)} />
        </>
      }
    >
      {data ? (
        <KeyValuePairs columns={3} items={shows(data)} />
      ) : (
        <Box color="text-body-secondary">{t('common.notSet')}</Box>
      )}
      {editing && <FormDialog {...props} value={data ?? props.first} onClose={() => setEditing(false)} />}
    </Panel>
  );
}

interface FormDialogProps<T extends object> extends FormSettingProps<T> {
  readonly value: T;
  onClose(): void;
}

function FormDialog<T extends object>(props: FormDialogProps<T>) {
  const { title, form, isComplete, put, onClose } = props;
  const t = useTexts();
  const [value, setValue] = useState(props.value);
  return (
    <ActDialog
      title={title}
      submit={t('common.save')}
      acts={isComplete(value) ? [put(value)] : []}
      onClose={onClose}
    >
      {form(value, part => setValue(present => ({ ...present, ...part })))}
    </ActDialog>
  );
}
