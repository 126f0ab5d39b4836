import FormField from '@cloudscape-design/components/form-field';
import Spinner from '@cloudscape-design/components/spinner';
import { lazy, Suspense, useState } from 'react';
import type { Act } from '../../api/act.js';
import type { Asked } from '../../api/asked.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog, GuardedButton } from '../../ui/action.js';
import { codeOf } from '../../ui/errors.js';
import { useLoaded } from '../../ui/query.js';

const Editor = lazy(() => import('../../ui/editor.js'));

/** What a bucket has not set, S3 answers as an error. */
const NOT_SET = new Set([
  'NoSuchLifecycleConfiguration',
  'NoSuchCORSConfiguration',
  'NoSuchBucketPolicy',
  'NoSuchTagSet',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchWebsiteConfiguration',
  'OwnershipControlsNotFoundError',
  'ObjectLockConfigurationNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
]);

/** A setting of a bucket; `null` where it has none. */
export function useSetting<T>(name: readonly unknown[], ask: () => Promise<T>) {
  return useLoaded<T | null>(['setting', ...name], async () => {
    try {
      return await ask();
    } catch (error) {
      if (NOT_SET.has(codeOf(error))) return null;
      throw error;
    }
  });
}

/** A setting as JSON, in the form of the AWS CLI. */
export function JsonDialog<T extends object>({
  title,
  value,
  put,
  onClose,
}: {
  readonly title: string;
  readonly value: T;
  put(value: T): Act;
  onClose(): void;
}) {
  const t = useTexts();
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const { parsed, mistake } = parse<T>(text);
  return (
    <ActDialog
      size="large"
      title={title}
      submit={t('common.save')}
      acts={parsed ? [put(parsed)] : []}
      onClose={onClose}
    >
      <FormField label={t('s3.setting.json')} errorText={mistake} stretch>
        <Suspense fallback={<Spinner />}>
          <Editor value={text} label={title} onChange={setText} />
        </Suspense>
      </FormField>
    </ActDialog>
  );
}

function parse<T>(text: string): { parsed?: T; mistake?: string } {
  try {
    const reviver = (name: string, value: unknown) =>
      name === 'Date' && typeof value === 'string' ? new Date(value) : value;
    return { parsed: JSON.parse(text, reviver) as T };
  } catch (error) {
    return { mistake: (error as Error).message };
  }
}

/** A button of its own kind for a panel that opens a dialog. */
export function EditButton({ asks, title, onClick }: { asks: Asked; title: string; onClick(): void }) {
  const t = useTexts();
  return (
    <GuardedButton asks={asks} ariaLabel={`${t('common.edit')} ${title}`} onClick={onClick}>
      {t('common.edit')}
    </GuardedButton>
  );
}
