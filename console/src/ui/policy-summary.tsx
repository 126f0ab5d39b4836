import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useTexts } from '../i18n/index.js';

interface Row {
  readonly id: string;
  readonly allow: boolean;
  readonly service: string;
  readonly actions: string;
  readonly resources: string;
  readonly conditions: string;
}

type Statement = Readonly<Record<string, unknown>>;

/** What a policy allows and denies, service by service. Nothing for a text that is no policy. */
export function PolicySummary({ document }: { readonly document: string }) {
  const t = useTexts();
  const rows = rowsOf(document, t('common.all'));
  if (rows.length === 0) return null;
  return (
    <Table
      variant="embedded"
      wrapLines
      items={rows}
      trackBy="id"
      ariaLabels={{ tableLabel: t('policy.summary') }}
      header={<Box variant="h3">{t('policy.summary')}</Box>}
      columnDefinitions={[
        {
          id: 'effect',
          header: t('policy.effect'),
          minWidth: 100,
          cell: ({ allow }) => (
            <StatusIndicator type={allow ? 'success' : 'stopped'}>
              {t(allow ? 'policy.allow' : 'policy.deny')}
            </StatusIndicator>
          ),
        },
        { id: 'service', header: t('policy.service'), minWidth: 100, cell: ({ service }) => service },
        { id: 'actions', header: t('policy.actions'), minWidth: 130, cell: ({ actions }) => actions },
        { id: 'resources', header: t('policy.resources'), cell: ({ resources }) => resources },
        {
          id: 'conditions',
          header: t('policy.conditions'),
          minWidth: 120,
          cell: ({ conditions }) => conditions || '–',
        },
      ]}
    />
  );
}

function rowsOf(document: string, all: string): Row[] {
  let parsed: { readonly Statement?: unknown };
  try {
    parsed = JSON.parse(document) as typeof parsed;
  } catch {
    return [];
  }
  const statements = listOf(parsed?.Statement) as Statement[];
  return statements.flatMap((statement, index) => rowsOfStatement(statement, index, all));
}

function rowsOfStatement(statement: Statement, index: number, all: string): Row[] {
  const not = statement['NotAction'] === undefined ? '' : '≠ ';
  const actions = textsOf(statement['Action'] ?? statement['NotAction']);
  const services = new Map<string, string[]>();
  for (const action of actions) {
    const [service = '', name = ''] = action.includes(':') ? action.split(':') : [all, action];
    services.set(service, [...(services.get(service) ?? []), name]);
  }
  return [...services].map(([service, names]) => ({
    id: `${index} ${service}`,
    allow: statement['Effect'] === 'Allow',
    service,
    actions: not + names.join(', '),
    resources: resourcesOf(statement),
    conditions: conditionsOf(statement['Condition']),
  }));
}

function resourcesOf(statement: Statement): string {
  const not = statement['NotResource'] === undefined ? '' : '≠ ';
  const resources = textsOf(statement['Resource'] ?? statement['NotResource']);
  if (resources.length > 0) return not + resources.join(', ');
  return principalsOf(statement['Principal']);
}

/** A trust policy has principals in place of resources. */
function principalsOf(principal: unknown): string {
  if (typeof principal === 'string') return principal;
  if (typeof principal !== 'object' || principal === null) return '';
  return Object.values(principal).flatMap(textsOf).join(', ');
}

function conditionsOf(condition: unknown): string {
  if (typeof condition !== 'object' || condition === null) return '';
  return Object.entries(condition)
    .flatMap(([operator, keys]) =>
      Object.entries((keys ?? {}) as Record<string, unknown>).map(
        ([key, values]) => `${key} ${operator} ${textsOf(values).join(' | ')}`,
      ),
    )
    .join('; ');
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(String);
}
