import { useCallback } from 'react';
import { useSearch } from 'wouter';
import { navigate } from 'wouter/use-browser-location';

/** The open tab of a page, in its address: `?tab=tags`. */
export function useTab(first: string) {
  const search = useSearch();
  const activeTabId = new URLSearchParams(search).get('tab') ?? first;
  const onChange = useCallback(
    ({ detail }: { readonly detail: { readonly activeTabId: string } }) =>
      navigate(`${location.pathname}?tab=${detail.activeTabId}`, { replace: true }),
    [],
  );
  return { activeTabId, onChange };
}
