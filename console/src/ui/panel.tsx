import Container from '@cloudscape-design/components/container';
import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';
import { ErrorBox } from './errors.js';
import { Titled, type TitledProps } from './titled.js';

interface PanelProps extends TitledProps {
  readonly error?: unknown;
  readonly loading?: boolean;
  readonly children?: ReactNode;
}

/** A part of a page: its title, its buttons, what it shows, and what went wrong in place of that. */
export function Panel({ error, loading = false, children, ...head }: PanelProps) {
  return (
    <Container header={<Titled variant="h2" {...head} />}>
      <ErrorBox error={error} />
      {loading && !error ? <Spinner /> : children}
    </Container>
  );
}
