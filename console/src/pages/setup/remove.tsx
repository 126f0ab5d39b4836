/** `karikagi setup remove` as a page. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { useSearch } from 'wouter';
import {
  type RemoveReport,
  removeSetup,
  type SetupOptions,
  type Source,
  wrongOptions,
} from '../../../../src/clients/setup/index.js';
import { askedOf } from '../../api/asked.js';
import { quoted } from '../../api/cli-line.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { Page } from '../../ui/page.js';
import { Panel } from '../../ui/panel.js';
import { sitesOf } from './clients.js';
import { OptionFields, sourceText } from './option-fields.js';

const KINDS: readonly Source['kind'][] = ['user', 'instance-profile', 'principal', 'service'];

/** Which set-up it is, as far as the address says so. */
function optionsOf(search: string): SetupOptions {
  const query = new URLSearchParams(search);
  const kind = KINDS.find(one => one === query.get('kind')) ?? 'user';
  const text = query.get('source') ?? '';
  return {
    name: query.get('name') ?? 'staging',
    bucket: query.get('bucket') ?? '',
    prefix: 'staging/',
    access: 'read-write',
    source: kind === 'principal' ? { kind, arn: text } : { kind, name: text },
    kms: false,
    demandsId: false,
    maximum: 3600,
  };
}

export default function RemoveSetupPage() {
  const t = useTexts();
  const search = useSearch();
  const [options, setOptions] = useState(() => optionsOf(search));
  const [report, setReport] = useState<RemoveReport>();
  const wrong = wrongOptions(options);
  const { name, bucket, source } = options;
  const act = {
    service: 'iam' as const,
    operation: 'DeleteRole',
    input: { RoleName: name },
    cli: `karikagi setup remove --name ${name} --bucket ${bucket} --${source.kind} ${quoted(sourceText(source))}`,
    send: async () => setReport(await removeSetup(options, sitesOf(options, true))),
  };
  return (
    <Page title={t('setup.remove')} description={t('setup.remove.text')}>
      <Panel
        title={t('setup.remove.which')}
        actions={
          <ActButton
            text={t('common.remove')}
            title={t('setup.remove')}
            typed={name}
            asks={askedOf(act)}
            disabled={wrong.length > 0}
            acts={() => [act]}
            body={<Alert type="warning">{t('setup.remove.text')}</Alert>}
          />
        }
      >
        <OptionFields
          short
          options={options}
          wrong={bucket === '' ? [] : wrong}
          onChange={part => setOptions(present => ({ ...present, ...part }))}
        />
      </Panel>
      {report && <Removed report={report} />}
    </Page>
  );
}

function Removed({ report: { removed, left } }: { readonly report: RemoveReport }) {
  const t = useTexts();
  return (
    <Panel title={t('setup.removed')}>
      {removed.length + left.length === 0 && <Box>{t('setup.removed.none')}</Box>}
      <SpaceBetween size="xs">
        {removed.map(what => (
          <StatusIndicator key={what}>{what}</StatusIndicator>
        ))}
        {left.map(what => (
          <StatusIndicator key={what} type="warning" wrapText>
            {t('setup.left', { what })}
          </StatusIndicator>
        ))}
      </SpaceBetween>
    </Panel>
  );
}
