import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';
import { ErrorBox } from './errors.js';

interface LoadedProps<T> {
  readonly query: { readonly data: T | undefined; readonly error: unknown };
  children(data: T): ReactNode;
}

/** What a query answered; until then a spinner, and in its place what went wrong. */
export function Loaded<T>({ query: { data, error }, children }: LoadedProps<T>) {
  if (error) return <ErrorBox error={error} />;
  return data === undefined ? <Spinner /> : children(data);
}
