/** Which services policies grant something of. */
import { parsePolicy, type Statement } from '../../../policy/index.js';

/** Whether some statement of the document allows some action of the service, under whatever conditions. */
export function grantsService(document: string, namespace: string): boolean {
  return parsePolicy(document, 'identity').statements.some(
    statement => statement.effect === 'Allow' && coversService(statement, namespace),
  );
}

/** Namespaces have no wildcards in policies, but for `*` alone (IAM JSON policy elements: Action). */
function coversService({ action }: Statement, namespace: string): boolean {
  const all = `${namespace}:*`;
  return action.not
    ? !action.values.some(({ value }) => value === '*' || value.toLowerCase() === all)
    : action.values.some(({ value }) => value === '*' || value.toLowerCase().startsWith(`${namespace}:`));
}
