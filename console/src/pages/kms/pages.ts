/** KMS's way of paging. */
import type { Page } from '../../ui/query.js';

interface Listed {
  readonly Truncated?: boolean | undefined;
  readonly NextMarker?: string | undefined;
}

export function pageOfKeys<T, L extends Listed>(
  output: L,
  items: (output: L) => readonly T[] | undefined,
): Page<T> {
  return { items: items(output) ?? [], next: output.Truncated ? output.NextMarker : undefined };
}
