/** What IAM refuses in the trust policies of roles. */

import { lowerGlob } from '../evaluate/glob.js';
import type { Statement } from '../parse/document.js';
import type { PolicyReader } from '../parse/reader.js';
import { checkSharedProviders } from './shared-providers.js';

/** What a trust policy can allow: the ways to assume a role, and what goes with them ("Actions", STS API Reference). */
const TRUST_ACTIONS = [
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:setcontext',
  'sts:setsourceidentity',
  'sts:tagsession',
];

/**
 * "AssumeRole policy may only specify STS AssumeRole actions." (terraform-provider-aws#32872, for `sts:TagSessions`).
 */
export function checkTrust(reader: PolicyReader, statement: Statement): void {
  checkSharedProviders(reader, statement);
  for (const word of statement.action.values) {
    if (!/^sts:/i.test(word.value)) continue;
    const glob = lowerGlob(word.value);
    if (TRUST_ACTIONS.some(known => glob.matches(known))) continue;
    const message = `"${word.value}" is no way to assume a role, nor an action that goes with one.`;
    reader.refuse('trustAction', 'UNSUPPORTED_ACTION_IN_POLICY', message, word);
  }
}
