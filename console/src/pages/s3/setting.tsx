import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { Act } from '../../api/act.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { codeOf, ErrorBox } from '../../ui/errors.js';
import type { Asked } from '../../ui/permission.js';
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

interface PanelProps {
  readonly title: string;
  readonly description?: string;
  readonly error?: unknown;
  readonly loading?: boolean;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

export function SettingPanel({ title, description, error, loading = false, actions, children }: PanelProps) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {actions}
            </SpaceBetween>
          }
        >
          {title}
        </Header>
      }
    >
      <ErrorBox error={error} />
      {loading && !error ? <Spinner /> : children}
    </Container>
  );
}

interface JsonSettingProps<T extends object> {
  readonly title: string;
  readonly description: string;
  readonly bucket: string;
  /** A first text for a bucket that has none. */
  readonly example: T;
  /** Of what is shown to be set: nothing, or an empty object, is none. */
  readonly read: () => Promise<T>;
  put(value: T): Act;
  /** Absent where an empty object takes it away. */
  remove?(): Act;
  readonly asks: string;
}

/** A setting as the JSON that the AWS CLI takes. */
export function JsonSetting<T extends object>({
  title,
  description,
  bucket,
  example,
  read,
  put,
  remove,
  asks,
}: JsonSettingProps<T>) {
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const { data, error, isLoading } = useSetting([title, bucket], read);
  const set = data !== null && data !== undefined && Object.keys(data).length > 0;
  const asked: Asked = { action: asks, resource: `arn:aws:s3:::${bucket}` };
  return (
    <SettingPanel
      title={title}
      description={description}
      error={error}
      loading={isLoading}
      actions={
        <>
          {set && (
            <ActButton
              text={t('common.remove')}
              title={`${t('common.remove')}: ${title}`}
              asks={asked}
              acts={() => [remove ? remove() : put({} as T)]}
            />
          )}
          <GuardedButton
            asks={asked}
            ariaLabel={`${t('common.edit')} ${title}`}
            onClick={() => setEditing(true)}
          >
            {t('common.edit')}
          </GuardedButton>
        </>
      }
    >
      {set ? (
        <ExpandableSection headerText={t('s3.setting.shown')} defaultExpanded>
          <pre className="code">{JSON.stringify(data, null, 2)}</pre>
        </ExpandableSection>
      ) : (
        !error && <Box color="text-body-secondary">{t('s3.setting.none')}</Box>
      )}
      {editing && (
        <JsonDialog title={title} value={set ? data : example} put={put} onClose={() => setEditing(false)} />
      )}
    </SettingPanel>
  );
}

function JsonDialog<T extends object>({
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
    return { parsed: JSON.parse(text) as T };
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
