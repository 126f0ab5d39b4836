/** The files for GitHub Actions and for Compose are of the form that those read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { parse } from 'yaml';

const WORKFLOW = readFileSync('packaging/github/workflow.yml', 'utf8');
const ACTION = readFileSync('packaging/github/action.yml', 'utf8');

test('the workflow and the action are what GitHub takes', () => {
  assert.deepEqual(validateWorkflow(WORKFLOW).errors, []);
  assert.deepEqual(validateAction(ACTION).errors, []);
  // The validator finds what is wrong.
  assert.notDeepEqual(validateWorkflow(WORKFLOW.replace('options:', 'option:')).errors, []);
  assert.notDeepEqual(validateAction(ACTION.replace('using: composite', 'using: shell')).errors, []);
});

test('their steps are scripts that a shell reads', () => {
  const workflow = parse(WORKFLOW) as { jobs: { tests: { steps: { run?: string }[] } } };
  const action = parse(ACTION) as { runs: { steps: { run?: string }[] } };
  const scripts = [...workflow.jobs.tests.steps, ...action.runs.steps].flatMap(({ run }) => run ?? []);
  assert.equal(scripts.length, 3);
  for (const input of scripts) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
});

test('the documentation shows that workflow, and Compose keeps the container closed', () => {
  const page = readFileSync('docs/packages.md', 'utf8');
  const service = /^ {4}services:\n([\s\S]*?)^ {4}steps:/m.exec(WORKFLOW)![1]!;
  const shown = service.replace(/^ {4}/gm, '').replace(/^ *#.*\n/gm, '');
  assert.ok(page.includes(shown), shown);
  const compose = parse(readFileSync('packaging/image/compose.yml', 'utf8')) as {
    services: Record<string, { read_only: boolean; cap_drop: string[]; ports: string[] }>;
  };
  const { read_only, cap_drop, ports } = compose.services['karikagi']!;
  assert.deepEqual([read_only, cap_drop], [true, ['ALL']]);
  assert.ok(ports.every(port => port.startsWith('127.0.0.1:')));
});
