import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';
import { ErrorBox } from './errors.js';
import { Spaced } from './spaced.js';

interface PanelProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly error?: unknown;
  readonly loading?: boolean;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

/** A part of a page: its title, its buttons, what it shows, and what went wrong in place of that. */
export function Panel({ title, description, error, loading = false, actions, children }: PanelProps) {
  return (
    <Container
      header={
        <Header
          variant="h2"
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
      }
    >
      <ErrorBox error={error} />
      {loading && !error ? <Spinner /> : children}
    </Container>
  );
}
