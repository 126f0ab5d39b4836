import Header, { type HeaderProps } from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { Spaced } from './spaced.js';

export interface TitledProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
}

/** The title of a page (`h1`) or of a part of one, with its buttons. */
export function Titled({
  title,
  description,
  actions,
  variant,
}: TitledProps & { readonly variant: HeaderProps.Variant }) {
  return (
    <Header
      variant={variant}
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
  );
}
