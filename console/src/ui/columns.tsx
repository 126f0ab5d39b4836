/** Columns that many tables have. */
import { timeText } from './format.js';
import { GoLink } from './navigation.js';
import type { Column } from './table.js';

/** A name that leads to the page of what it names. */
export function linkColumn<T>(
  header: string,
  name: (item: T) => string | undefined,
  href: (item: T) => string,
): Column<T> {
  return {
    id: 'name',
    header,
    value: item => name(item) ?? '',
    cell: item => <GoLink href={href(item)}>{name(item)}</GoLink>,
  };
}

/** When something was: as people read it, sorted as time. */
export function timeColumn<T>(id: string, header: string, time: (item: T) => Date | undefined): Column<T> {
  return { id, header, value: item => Number(time(item) ?? 0), cell: item => timeText(time(item)) };
}

/** A text as it is; `–` where there is none. */
export function textColumn<T>(
  id: string,
  header: string,
  text: (item: T) => string | number | undefined,
): Column<T> {
  return { id, header, value: item => text(item) ?? '', cell: item => text(item) ?? '–' };
}
