import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { Titled, type TitledProps } from './titled.js';

/** A page: its title and buttons, and its parts one below the other. */
export function Page({ children, ...head }: TitledProps & { readonly children: ReactNode }) {
  return (
    <SpaceBetween size="l">
      <Titled variant="h1" {...head} />
      {children}
    </SpaceBetween>
  );
}
