import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs, { type TabsProps } from '@cloudscape-design/components/tabs';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n/index.js';
import { Spaced } from './spaced.js';
import { useTab } from './tab.js';

interface ResourcePageProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly summary?: readonly KeyValuePairsProps.Item[];
  /** The first is open unless the address says otherwise. */
  readonly tabs: readonly TabsProps.Tab[];
}

/** The page of one thing: its name and buttons, a summary, and its parts as tabs. */
export function ResourcePage({ title, description, actions, summary, tabs }: ResourcePageProps) {
  const t = useTexts();
  const tab = useTab(tabs[0]!.id);
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={description}
        actions={
          actions && (
            <Spaced direction="horizontal" size="xs">
              {actions}
            </Spaced>
          )
        }
      >
        {title}
      </Header>
      {summary && (
        <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
          <KeyValuePairs columns={3} items={summary} />
        </Container>
      )}
      <Tabs {...tab} tabs={tabs} />
    </SpaceBetween>
  );
}
