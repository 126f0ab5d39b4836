/** Reports of a replay: for people, for code hosts (SARIF), for test runners (JUnit). */
import { countOf } from '../core/count.js';
import { uriReference } from '../core/uri-reference.js';
import type { Outcome, ReplayGroup, ReplayReport } from '../policy/replay/index.js';

const WORDS: Readonly<Record<Outcome, string>> = {
  'newly-denied': 'newly denied',
  'newly-allowed': 'newly allowed',
  unknown: 'cannot tell',
  same: 'the same',
};

/** Groups of one kind that are shown; the others are counted. */
const SHOWN = 50;

const number = (value: number) => value.toLocaleString('en-US');
const calls = (count: number) => countOf(count, 'call');

/** What decides, and what it would take to know. */
export function reasonOf({ effect, layer, policy, statement, missing }: ReplayGroup): string {
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const place = policy === undefined ? '' : ` (${policy}${statement === undefined ? '' : `, ${statement}`})`;
  if (effect === 'Allow') return `allowed by the ${layer} layer${place}`;
  return effect === 'ExplicitDeny'
    ? `explicitly denied by the ${layer} layer${place}`
    : `no ${layer} policy allows it`;
}

export function subjectOf({ action, resource, resources }: ReplayGroup): string {
  return `${action} on ${resource}${resources > 1 ? ` and ${number(resources - 1)}${resources >= 1000 ? ' or more' : ''} others` : ''}`;
}

/** Text for a terminal. */
export function renderReplay(report: ReplayReport): string {
  const { counts, groups, unread } = report;
  const lines: string[] = [];
  for (const outcome of ['newly-denied', 'unknown', 'newly-allowed'] as const) {
    const own = groups.filter(group => group.outcome === outcome);
    if (own.length === 0) continue;
    lines.push(`${WORDS[outcome]}: ${calls(counts[outcome])}`);
    for (const group of own.slice(0, SHOWN)) lines.push(...rowOf(group));
    if (own.length > SHOWN) lines.push(`  … and ${number(own.length - SHOWN)} more groups (--json has all)`);
    lines.push('');
  }
  if (unread.length > 0) {
    lines.push('not held against policies');
    for (const { operation, reason, count } of unread.slice(0, SHOWN))
      lines.push(`  ${number(count)} × ${operation || 'no service'}: ${reason}`);
    lines.push('');
  }
  if (report.disagreeing > 0) {
    lines.push(
      `${calls(report.disagreeing)} would not be answered as recorded by the policies before the change: others were in force then.`,
    );
  }
  const parts = (['newly-denied', 'newly-allowed', 'unknown', 'same'] as const).map(
    outcome => `${number(counts[outcome])} ${WORDS[outcome]}`,
  );
  lines.push(`${countOf(report.records, 'record')}, ${calls(report.calls)}: ${parts.join(', ')}.`);
  return lines.join('\n');
}

function rowOf(group: ReplayGroup): string[] {
  const { principal, operation, action, count, first, last, requestId } = group;
  const span = first === last ? first : `${first} to ${last}`;
  return [
    `  ${principal}`,
    `    ${subjectOf(group)}${operation === action ? '' : ` (${operation})`}`,
    `    ${reasonOf(group)}`,
    `    ${calls(count)}, ${span}${requestId === undefined ? '' : `, request ${requestId}`}`,
  ];
}

const LEVELS: Readonly<Record<Outcome, string>> = {
  'newly-denied': 'error',
  'newly-allowed': 'warning',
  unknown: 'note',
  same: 'none',
};

const messageOf = (group: ReplayGroup) =>
  `${group.principal}: ${subjectOf(group)} is ${group.outcome === 'unknown' ? 'not certain' : WORDS[group.outcome]} (${calls(group.count)}, ${group.first} to ${group.last}): ${reasonOf(group)}`;

/** Static Analysis Results Interchange Format, version 2.1.0 (OASIS). `file`: what the results point at. */
export function replayToSarif({ groups }: ReplayReport, file: string): object {
  const ids = [...new Set(groups.map(({ outcome }) => outcome))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'karikagi replay', rules: ids.map(id => ({ id })) } },
        results: groups.map(group => ({
          ruleId: group.outcome,
          level: LEVELS[group.outcome],
          message: { text: messageOf(group) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriReference(file) },
                region: { startLine: 1 },
              },
              logicalLocations: [{ fullyQualifiedName: `${group.principal} ${group.action}` }],
            },
          ],
          occurrenceCount: group.count,
        })),
      },
    ],
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text of an XML attribute; what XML 1.0 has no character for is left out. */
function attribute(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"]/g, one => ESCAPES[one]!);
}

/**
 * JUnit's XML as Jenkins reads it (`junit-10.xsd` of its xUnit plugin): a suite a principal, a case a group. Calls that
 * stay the same are one case that passes.
 */
export function replayToJunit({ groups, counts }: ReplayReport, failing: ReadonlySet<Outcome>): string {
  const byPrincipal = new Map<string, ReplayGroup[]>();
  for (const group of groups)
    byPrincipal.set(group.principal, [...(byPrincipal.get(group.principal) ?? []), group]);
  const suites = [...byPrincipal].map(([principal, own]) => {
    const failures = own.filter(({ outcome }) => failing.has(outcome)).length;
    const skipped = own.filter(({ outcome }) => outcome === 'unknown' && !failing.has('unknown')).length;
    const cases = own.map(group => caseOf(group, failing)).join('\n');
    return `  <testsuite name="${attribute(principal)}" tests="${own.length}" failures="${failures}" errors="0" skipped="${skipped}">\n${cases}\n  </testsuite>`;
  });
  const same = `  <testsuite name="unchanged" tests="1" failures="0" errors="0" skipped="0">\n    <testcase classname="karikagi replay" name="${calls(counts.same)} the same as before"/>\n  </testsuite>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="karikagi replay">\n${[...suites, same].join('\n')}\n</testsuites>`;
}

function caseOf(group: ReplayGroup, failing: ReadonlySet<Outcome>): string {
  const head = `    <testcase classname="${attribute(group.principal)}" name="${attribute(subjectOf(group))}"`;
  const message = attribute(messageOf(group));
  if (failing.has(group.outcome))
    return `${head}><failure type="${group.outcome}" message="${message}"/></testcase>`;
  return group.outcome === 'unknown' ? `${head}><skipped message="${message}"/></testcase>` : `${head}/>`;
}
