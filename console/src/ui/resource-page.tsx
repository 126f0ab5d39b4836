import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs';
import Tabs, { type TabsProps } from '@cloudscape-design/components/tabs';
import { useTexts } from '../i18n/index.js';
import { Page } from './page.js';
import { Panel } from './panel.js';
import { useTab } from './tab.js';
import type { TitledProps } from './titled.js';

interface ResourcePageProps extends TitledProps {
  readonly summary?: readonly KeyValuePairsProps.Item[];
  /** The first is open unless the address says otherwise. */
  readonly tabs: readonly TabsProps.Tab[];
}

/** The page of one thing: its name and buttons, a summary, and its parts as tabs. */
export function ResourcePage({ summary, tabs, ...head }: ResourcePageProps) {
  const t = useTexts();
  const tab = useTab(tabs[0]!.id);
  return (
    <Page {...head}>
      {summary && (
        <Panel title={t('common.summary')}>
          <KeyValuePairs columns={3} items={summary} />
        </Panel>
      )}
      <Tabs {...tab} tabs={tabs} />
    </Page>
  );
}
