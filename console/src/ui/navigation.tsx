/** Links within the page, for Cloudscape's components. */
import Link from '@cloudscape-design/components/link';
import { type ReactNode, useCallback } from 'react';
import { useLocation } from 'wouter';

interface Followed {
  readonly href: string;
  onFollow(event: { preventDefault(): void }): void;
}

/** `href` and `onFollow` of a link: followed without loading the page again; opened in a tab of its own as any link. */
export function useGo(): (href: string) => Followed {
  const [, navigate] = useLocation();
  return useCallback(
    href => ({
      href,
      onFollow: event => {
        event.preventDefault();
        navigate(href);
      },
    }),
    [navigate],
  );
}

/** A link within the page. */
export function GoLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const go = useGo();
  return <Link {...go(href)}>{children}</Link>;
}

/** A path of encoded parts: names may hold slashes and anything else. */
export function path(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
