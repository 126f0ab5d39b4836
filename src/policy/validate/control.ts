/** What AWS Organizations refuses in resource control policies. */

import type { Statement } from '../parse/document.js';
import type { PolicyReader } from '../parse/reader.js';

/** They only deny, everyone, named actions. Source: Organizations User Guide, "RCP syntax". */
export function checkResourceControl(reader: PolicyReader, statement: Statement): void {
  const { effect, principal, action, start, end } = statement;
  const at = { start, end };
  const refuse = (code: string, message: string, where = at) =>
    reader.refuse('control', code, message, where);
  if (effect !== 'Deny') refuse('RCP_SYNTAX_ERROR_ALLOW', 'A resource control policy cannot allow.');
  if (principal?.not || principal?.entries.some(({ word }) => word.value !== '*'))
    refuse('RCP_SYNTAX_ERROR_PRINCIPAL', 'The principal of a resource control policy is "*".', principal);
  if (action.not)
    refuse('RCP_SYNTAX_ERROR_NOTACTION', 'A resource control policy has no "NotAction".', action);
  for (const word of action.values) {
    if (word.value === '*')
      refuse('RCP_SYNTAX_ERROR_STAR', 'An action of a resource control policy names its service.', word);
  }
}
