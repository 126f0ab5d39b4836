/** The dashboard and the alert rules name metrics that the server has, and documentation has them all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { measureProcess } from '../../src/server/metrics/exposition.js';
import { FAMILIES } from '../../src/server/metrics/families.js';
import { without } from '../clients/run.js';

const RULES = 'packaging/prometheus/karikagi.rules.yml';
const DASHBOARD = 'packaging/grafana/karikagi.json';

/** Names of metrics in an expression; those of a histogram without what its members end with. */
function namesIn(expression: string): string[] {
  return [...expression.matchAll(/\b(?:karikagi|nodejs|process)_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/_(?:bucket|sum|count)$/, ''),
  );
}

async function known(): Promise<Set<string>> {
  const node = await (await measureProcess(() => [])).snapshot();
  return new Set([...Object.keys(FAMILIES), ...node.map(({ name }) => name)]);
}

async function demandKnown(expressions: readonly string[]): Promise<void> {
  const all = await known();
  const named = expressions.flatMap(namesIn);
  assert.ok(named.length > 10);
  assert.deepEqual(
    [...new Set(named)].filter(name => !all.has(name)),
    [],
  );
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary?: string };
}

test('every metric that an alert names exists, and promtool reads the rules', async () => {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap(group => group.rules);
  await demandKnown(rules.map(({ expr }) => expr));
  for (const { alert, annotations } of rules) assert.ok(annotations.summary, alert);
  if (without('prometheus')) return;
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('every metric that the dashboard names exists', async () => {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  await demandKnown(panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)));
});

test('docs/monitoring.md has every metric', () => {
  const page = readFileSync('docs/monitoring.md', 'utf8');
  const said = new Set(namesIn(page));
  assert.deepEqual(
    Object.keys(FAMILIES).filter(name => !said.has(name) && !page.includes(`\`${name}\``)),
    [],
  );
});
