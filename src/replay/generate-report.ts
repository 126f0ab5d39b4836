/** What is said beside a generated policy, for people. */

import type { GeneratedPolicy } from '../policy/generate/index.js';
import type { PolicyChange } from '../policy/index.js';
import { reasonOf, subjectOf } from './report.js';

/** Characters, white space left out ("IAM and AWS STS quotas"). */
const LARGEST_MANAGED = 6144;
const LARGEST_OF_ROLE = 10_240;

/** Lines of one list. */
const SHOWN = 30;

export function renderGenerated(result: GeneratedPolicy): string {
  const { principal, calls, refused, first, last } = result;
  const span = first === undefined ? '' : ` from ${first} to ${last}`;
  const head = `${principal}: ${calls.toLocaleString('en-US')} calls${span}${refused > 0 ? `; ${refused.toLocaleString('en-US')} refused ones are left out` : ''}.`;
  return [
    head,
    ...section(
      'Added, though no call was recorded',
      result.pairs.map(({ action, resources, reason }) => `${action} on ${resources.join(', ')}: ${reason}`),
    ),
    ...section(
      'Conditions that every call meets; add those that are meant',
      result.proposals.map(
        ({ actions, condition, reason }) =>
          `${JSON.stringify(condition)}${actions.length > 0 ? ` for ${actions.join(', ')}` : ''}: ${reason}`,
      ),
    ),
    ...section('Allowed by the present policies and not by this one', removed(result.diff)),
    ...section(
      'Not used',
      result.unused.map(({ policy, statement, action, used, lastUsed }) => {
        const place = `${action} (${policy}, statement ${statement + 1})`;
        const last = lastUsed === undefined ? 'never in these records' : `last ${lastUsed}`;
        return used.length > 0 ? `${place}: used of it: ${used.join(', ')}` : `${place}: ${last}`;
      }),
    ),
    ...section(
      'Recorded calls that this policy does not allow',
      result.verified.groups.map(group => `${subjectOf(group)}: ${reasonOf(group)}`),
    ),
    ...sizeWarning(result),
    '',
    result.policy === undefined ? 'No call needs a policy of its own.' : verdict(result),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - SHOWN;
  return [
    '',
    title,
    ...lines.slice(0, SHOWN).map(line => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function removed(diff: readonly PolicyChange[] | undefined): string[] {
  return (diff ?? [])
    .filter(({ change }) => change === 'no longer allowed')
    .map(
      ({ action, resource, condition }) => `${action} on ${resource}${condition ? ` if ${condition}` : ''}`,
    );
}

function sizeWarning({ size }: GeneratedPolicy): string[] {
  if (size <= LARGEST_MANAGED) return [];
  const place =
    size <= LARGEST_OF_ROLE
      ? 'a managed policy (6,144 characters)'
      : "any policy of a role's (10,240 characters)";
  return [
    '',
    `It has ${size.toLocaleString('en-US')} characters, too many for ${place}: a smaller --fold makes it shorter.`,
  ];
}

function verdict({ verified: { counts } }: GeneratedPolicy): string {
  const sum = counts.same + counts['newly-denied'] + counts.unknown + counts['newly-allowed'];
  return `Verified: of ${sum.toLocaleString('en-US')} recorded calls ${counts['newly-denied'].toLocaleString('en-US')} would be denied, of ${counts.unknown.toLocaleString('en-US')} it cannot be told.`;
}
