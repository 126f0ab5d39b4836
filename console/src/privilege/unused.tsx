/** What the policies of a user or role give, and nothing used for so long. */
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { UnusedPermission } from '../../../src/policy/generate/index.js';
import { useTexts } from '../i18n/index.js';
import { timeText } from '../ui/format.js';
import { Loaded } from '../ui/loaded.js';
import { useLoaded } from '../ui/query.js';
import { ResourceTable } from '../ui/table.js';
import type { Generated } from './engine.js';
import type { Period } from './events.js';
import { LookedAt, PeriodField } from './looked-at.js';

export function UnusedPermissions({ arn }: { readonly arn: string }) {
  const t = useTexts();
  const [period, setPeriod] = useState<Period>('quarter');
  const query = useLoaded(['calls of', arn, period], async signal => {
    const { generatePolicy } = await import('./engine.js');
    return await generatePolicy(arn, 'all', period, signal);
  });
  return (
    <SpaceBetween size="m">
      <PeriodField label={t('privilege.unused.for')} period={period} onChange={setPeriod} />
      <Loaded query={query}>
        {found => (
          <Unused key={query.dataUpdatedAt} found={found} name={[arn, period, query.dataUpdatedAt]} />
        )}
      </Loaded>
    </SpaceBetween>
  );
}

interface UnusedProps {
  readonly found: Generated;
  readonly name: readonly unknown[];
}

function Unused({ found, name }: UnusedProps) {
  const t = useTexts();
  return (
    <SpaceBetween size="m">
      <ResourceTable<UnusedPermission>
        variant="container"
        title={t('privilege.unused')}
        description={t('privilege.unused.text')}
        name={['unused', ...name]}
        load={async () => ({ items: found.generated.unused })}
        id={({ policy, statement, action }) => `${policy} ${statement} ${action}`}
        text={({ policy, action }) => `${policy} ${action}`}
        empty={t('privilege.unused.none')}
        columns={[
          {
            id: 'action',
            header: t('events.action'),
            value: ({ action }) => action,
            cell: ({ action, used }) => (
              <>
                {action}
                {used.length > 0 && (
                  <Box variant="small">{t('privilege.unused.used', { actions: used.join(', ') })}</Box>
                )}
              </>
            ),
          },
          {
            id: 'policy',
            header: t('privilege.policy'),
            value: ({ policy }) => policy,
            cell: ({ policy, statement }) => t('privilege.statement', { policy, number: statement + 1 }),
          },
          {
            id: 'last',
            header: t('iam.lastUsed'),
            value: ({ lastUsed }) => lastUsed ?? '',
            cell: ({ lastUsed }) => (lastUsed ? timeText(new Date(lastUsed)) : t('privilege.never')),
          },
        ]}
      />
      <LookedAt {...found} />
    </SpaceBetween>
  );
}
