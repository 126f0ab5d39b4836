import SpaceBetween, { type SpaceBetweenProps } from '@cloudscape-design/components/space-between';
import { Children, Fragment, isValidElement, type PropsWithChildren } from 'react';

/** `SpaceBetween` that keeps its distances within fragments, too. */
export function Spaced({ children, ...looks }: SpaceBetweenProps) {
  return (
    <SpaceBetween {...looks}>
      {Children.map(children, child =>
        isValidElement<PropsWithChildren>(child) && child.type === Fragment ? (
          <Spaced {...looks}>{child.props.children}</Spaced>
        ) : (
          child
        ),
      )}
    </SpaceBetween>
  );
}
