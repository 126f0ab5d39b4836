import { useCollection } from '@cloudscape-design/collection-hooks';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { type ReactNode, useState } from 'react';
import { useTexts } from '../i18n/index.js';
import { ErrorBox } from './errors.js';
import { type Page, usePages } from './query.js';

export interface Column<T> {
  readonly id: string;
  readonly header: string;
  cell(item: T): ReactNode;
  /** Sorts by it. */
  readonly value?: (item: T) => string | number;
  readonly width?: number;
}

interface ResourceTableProps<T> {
  readonly title: string;
  readonly description?: ReactNode;
  /** Of the query: tells it apart from others. */
  readonly name: readonly unknown[];
  readonly load: (next: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  readonly columns: readonly Column<T>[];
  readonly id: (item: T) => string;
  /** What the filter looks at. */
  readonly text: (item: T) => string;
  readonly empty: ReactNode;
  readonly actions?: ReactNode;
  readonly variant?: TableProps['variant'];
  readonly refetchInterval?: number;
  readonly selected?: readonly T[];
  readonly selection?: 'single' | 'multi';
  onSelect?(items: T[]): void;
}

const PAGE = 50;
/** Rows that are held at a time: behind them the list goes on without them. */
const HELD = 2000;

/** Lists a kind of resource: loaded page by page as one goes on, filtered and sorted as far as it is loaded. */
export function ResourceTable<T>({
  title,
  description,
  name,
  load,
  columns,
  id,
  text,
  empty,
  actions,
  variant = 'full-page',
  refetchInterval,
  selected,
  selection,
  onSelect,
}: ResourceTableProps<T>) {
  const t = useTexts();
  const { query, loaded, more, bound } = useRows(name, load, refetchInterval);
  const {
    items,
    actions: move,
    collectionProps,
    filterProps,
    paginationProps,
    filteredItemsCount,
  } = useCollection(loaded, {
    filtering: {
      filteringFunction: (item, filter) => text(item).toLowerCase().includes(filter.toLowerCase()),
      empty: <Box textAlign="center">{empty}</Box>,
      noMatch: <Box textAlign="center">{t('common.noMatch')}</Box>,
    },
    pagination: { pageSize: PAGE },
    sorting: {},
  });
  return (
    <SpaceBetween size="m">
      <ErrorBox error={query.error} />
      <Table
        {...collectionProps}
        variant={variant}
        stickyHeader={variant === 'full-page'}
        enableKeyboardNavigation
        wrapLines
        loading={query.isLoading}
        loadingText={t('common.loading')}
        items={items}
        trackBy={id}
        {...(selection && { selectionType: selection, selectedItems: [...(selected ?? [])] })}
        onSelectionChange={({ detail }) => onSelect?.(detail.selectedItems)}
        ariaLabels={{
          tableLabel: title,
          selectionGroupLabel: title,
          allItemsSelectionLabel: () => t('common.all'),
          itemSelectionLabel: (_, item) => id(item),
        }}
        columnDefinitions={columns.map(({ id: key, header, cell, value, width }) => ({
          id: key,
          header,
          cell,
          ...(width !== undefined && { width }),
          ...(value && {
            sortingComparator: (a: T, b: T) => compare(value(a), value(b)),
          }),
        }))}
        header={
          <Header
            variant={variant === 'full-page' ? 'awsui-h1-sticky' : 'h2'}
            counter={query.data ? `(${loaded.length}${query.hasNextPage ? '+' : ''})` : ''}
            description={description}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel={t('common.refresh')}
                  loading={query.isFetching}
                  onClick={() => void query.refetch()}
                />
                {actions}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
        filter={
          loaded.length > 5 || filterProps.filteringText ? (
            <TextFilter
              {...filterProps}
              filteringPlaceholder={t('common.find')}
              filteringAriaLabel={t('common.find')}
              countText={t('common.found', { count: filteredItemsCount ?? 0 })}
            />
          ) : undefined
        }
        pagination={
          loaded.length > PAGE || more ? (
            <Pagination
              {...paginationProps}
              openEnd={more}
              onNextPageClick={({ detail }) => {
                if (more && detail.requestedPageIndex > Math.ceil(loaded.length / PAGE) - 1)
                  void query.fetchNextPage();
              }}
            />
          ) : undefined
        }
      />
      <Bound {...bound} onMove={() => move.setCurrentPage(1)} />
    </SpaceBetween>
  );
}

/** The rows as far as they are loaded, and no more than are held at a time. */
function useRows<T>(
  name: ResourceTableProps<T>['name'],
  load: ResourceTableProps<T>['load'],
  refetchInterval: number | undefined,
) {
  const [from, setFrom] = useState<string>();
  const query = usePages(name, load, { from, ...(refetchInterval !== undefined && { refetchInterval }) });
  const pages = query.data?.pages ?? [];
  const loaded = pages.flatMap(page => page.items);
  const full = loaded.length >= HELD && query.hasNextPage;
  const bound: BoundProps = {
    held: full ? loaded.length : undefined,
    onGoOn: () => setFrom(pages.at(-1)?.next),
    onBack: from === undefined ? undefined : () => setFrom(undefined),
  };
  return { query, loaded, more: query.hasNextPage && !full, bound };
}

interface BoundProps {
  /** How many rows are held where more are not; `undefined` while there is room. */
  readonly held: number | undefined;
  onGoOn(): void;
  /** To the beginning of the list, where this is not it. */
  readonly onBack: (() => void) | undefined;
}

/** The way on where as many rows are held as may be, and back. */
function Bound({ held, onGoOn, onBack, onMove }: BoundProps & { onMove(): void }) {
  const t = useTexts();
  if (held === undefined && onBack === undefined) return null;
  const moving = (go: () => void) => () => {
    go();
    onMove();
  };
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="center">
      {held !== undefined && <Box>{t('common.held', { count: held })}</Box>}
      {held !== undefined && <Button onClick={moving(onGoOn)}>{t('common.goOn')}</Button>}
      {onBack && <Button onClick={moving(onBack)}>{t('common.fromBeginning')}</Button>}
    </SpaceBetween>
  );
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}
