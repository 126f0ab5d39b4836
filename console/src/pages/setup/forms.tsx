import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import {
  type EmitInput,
  type Emitted,
  emit,
  FORMS,
  type SetupOptions,
  setUp,
} from '../../../../src/clients/setup/index.js';
import { useTexts } from '../../i18n/index.js';
import { Copy } from '../../ui/copy.js';
import { download } from '../../ui/download.js';
import { Loaded } from '../../ui/loaded.js';
import { useLoaded } from '../../ui/query.js';
import { sitesOf } from './clients.js';

interface FormsProps {
  readonly options: SetupOptions;
  readonly externalId: string | undefined;
}

/** The whole set-up as scripts and templates, as where nothing is there yet. */
export function Forms({ options, externalId }: FormsProps) {
  const t = useTexts();
  const fixed = { ...options, externalId };
  const query = useLoaded<EmitInput>(['setup forms', fixed], async () => {
    const sites = sitesOf(fixed, false);
    return { options: fixed, sites, ...(await setUp(fixed, sites, { plan: true })) };
  });
  return (
    <ExpandableSection variant="container" headerText={t('setup.forms')}>
      <Loaded query={query}>
        {input => (
          <Tabs
            tabs={FORMS.map(form => ({
              id: form,
              label: t(`setup.form.${form}`),
              content: <Files files={emit(form, input)} />,
            }))}
          />
        )}
      </Loaded>
    </ExpandableSection>
  );
}

function Files({ files }: { readonly files: readonly Emitted[] }) {
  const t = useTexts();
  return (
    <SpaceBetween size="l">
      {files.map(({ file, text }) => (
        <SpaceBetween key={file} size="s">
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="download" onClick={() => download(new Blob([text]), file)}>
              {t('setup.download', { file })}
            </Button>
            <Copy text={text} variant="button" />
          </SpaceBetween>
          <pre className="code" data-testid={file}>
            {text}
          </pre>
        </SpaceBetween>
      ))}
    </SpaceBetween>
  );
}
