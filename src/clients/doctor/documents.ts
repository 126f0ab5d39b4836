/** Mistakes in policies that keep keys from working, each with its line. */
import { lint } from '../../policy/index.js';
import type { Finding, PolicyText } from './finding.js';

/** Warnings of the linter that are why something is refused; every error is. */
const MISTAKES =
  /^(ACTION_WITHOUT_MATCHING_RESOURCE|MIXED_PARTITIONS|PLACEHOLDER|MFA_IN_ROLE_POLICY|MULTIPART_WITHOUT_DECRYPT|SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT)$/;

export interface DocumentContext {
  /** Of the account: ARNs of another are mistakes. */
  readonly partition: string;
  /** Seconds that a session is meant to last. */
  readonly duration?: number | undefined;
}

/** Never throws: a text that is no JSON is a finding. */
export async function documentFindings(
  { kind, attachedTo, name, text }: PolicyText,
  { partition, duration }: DocumentContext,
): Promise<Finding[]> {
  const problems = await lint(text, kind, {
    partition,
    ...(attachedTo !== undefined && { attachedTo }),
    ...(duration !== undefined && { sessionDuration: duration }),
  });
  return problems
    .filter(({ code, severity }) => severity === 'ERROR' || MISTAKES.test(code))
    .map(({ code, message, line, fix }) => ({
      code: kindOf(code),
      what: message.replace(/\.$/, ''),
      where: `${name}, line ${line}`,
      fix: fix?.description ?? 'mend the statement; karikagi policy lint shows it',
      sure: 'certain' as const,
    }));
}

function kindOf(code: string): string {
  if (code === 'ACTION_WITHOUT_MATCHING_RESOURCE') return 'resource';
  if (/PARTITION/.test(code)) return 'partition';
  return code === 'SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT' ? 'chaining' : 'policy';
}
