import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import {
  diffPolicies,
  evaluate,
  explain,
  formatPolicy,
  guessKind,
  type PolicyKind,
  renderExplanation,
  suggest,
} from '../policy/index.js';
import type { CommandOutput } from './command-output.js';
import { type PolicyCase, readCases } from './policy-cases.js';
import { readText } from './policy-files.js';
import { generateCommand } from './policy-generate.js';
import { describeLint, type LintFlags, lintAll } from './policy-lint.js';

const KINDS: readonly PolicyKind[] = [
  'identity',
  'resource',
  'trust',
  'key',
  'session',
  'boundary',
  'service-control',
  'resource-control',
];

const processOutput: CommandOutput = {
  write: text => process.stdout.write(text),
  status: code => {
    process.exitCode = code;
  },
};

/** `karikagi policy …`: works on files, needs no server. Exit status: see each command. */
export function policyCommand(output: CommandOutput = processOutput): Command {
  return new Command('policy')
    .description(
      'Check, test, explain, format and compare IAM policies in files, and make them from recorded calls.',
    )
    .addCommand(lintCommand(output))
    .addCommand(testCommand(output))
    .addCommand(explainCommand(output))
    .addCommand(formatCommand(output))
    .addCommand(diffCommand(output))
    .addCommand(generateCommand());
}

function kindOption(command: Command): Command {
  const check = (value: string): PolicyKind => {
    const kind = KINDS.find(one => one === value);
    if (!kind) throw new InvalidArgumentError(`one of ${KINDS.join(', ')}`);
    return kind;
  };
  return command
    .option(
      '--kind <kind>',
      `what the policies are: ${KINDS.join(', ')} (default: found from the text)`,
      check,
    )
    .option('--partition <partition>', "the account's partition: aws, aws-cn, aws-us-gov");
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('a whole number');
  return Number(value);
}

interface KindFlags {
  readonly kind?: PolicyKind;
  readonly partition?: string;
}

function print(output: CommandOutput, text: string): void {
  output.write(text.endsWith('\n') ? text : `${text}\n`);
}

const printJson = (output: CommandOutput, value: unknown): void =>
  print(output, JSON.stringify(value, null, 2));

function lintCommand(output: CommandOutput): Command {
  return kindOption(describeLint(new Command('lint')))
    .option('--duration <seconds>', 'for trust policies: how long sessions are meant to last', wholeNumber)
    .action(async (paths: string[], flags: LintFlags) => await lintAll(paths, flags, output));
}

function testCommand(output: CommandOutput): Command {
  return new Command('test')
    .description('Check expectations (YAML or JSON) against policies. Exit status: 1 where one fails.')
    .argument('<cases...>', 'files with "policies" and "cases": see docs/policy.md')
    .option('--json', 'results as JSON')
    .action(async (files: string[], flags: { json?: boolean }) => {
      const results = [];
      for (const file of files) {
        for (const one of await readCases(file)) results.push({ file, ...runCase(one) });
      }
      if (flags.json) printJson(output, results);
      else print(output, renderResults(results));
      if (results.some(({ passed }) => !passed)) output.status(1);
    });
}

interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly actual: string;
  /** Why, where it is not as expected. */
  readonly reason?: string;
}

function runCase({ name, request, policies, expect }: PolicyCase): CaseResult {
  const actual = evaluate(request, policies).allowed ? 'allowed' : 'denied';
  const expected = expect ?? 'allowed';
  const passed = actual === expected;
  return { name, passed, expected, actual, ...(!passed && { reason: explain(request, policies).summary }) };
}

function renderResults(results: readonly CaseResult[]): string {
  const lines = results.map(({ name, passed, expected, actual, reason }) =>
    passed ? `ok      ${name}` : `not ok  ${name}\n        expected ${expected}, is ${actual}. ${reason}`,
  );
  const failed = results.filter(({ passed }) => !passed).length;
  return [...lines, `${results.length} cases, ${failed} failed`].join('\n');
}

function explainCommand(output: CommandOutput): Command {
  return new Command('explain')
    .description(
      'Explain the decision on the requests of a file, and suggest what would allow them. Exit status: 0.',
    )
    .argument('<cases>', 'a file as for "policy test"; expectations are not looked at')
    .option('--json', 'explanations and suggestions as JSON')
    .action(async (file: string, flags: { json?: boolean }) => {
      const results = (await readCases(file)).map(({ name, request, policies }) => ({
        name,
        explanation: explain(request, policies),
        suggestions: suggest(request, policies).map(({ policy, ...rest }) => ({
          ...rest,
          policy: policy?.name,
        })),
      }));
      if (flags.json) {
        printJson(output, results);
        return;
      }
      print(
        output,
        results
          .map(({ name, explanation, suggestions }) => {
            const help = suggestions.map(
              ({ message, patch, document }) =>
                `  - ${message}\n    ${JSON.stringify(patch ?? document ?? null)}`,
            );
            const heading = `${name}\n${'='.repeat(name.length)}`;
            const suggested = help.length > 0 ? `\n\nSuggestions\n${help.join('\n')}` : '';
            return `${heading}\n${renderExplanation(explanation)}${suggested}`;
          })
          .join('\n\n'),
      );
    });
}

function formatCommand(output: CommandOutput): Command {
  return new Command('format')
    .description(
      'Lay policies out in one way. Exit status: 1 with --check where a file is laid out otherwise.',
    )
    .argument('<file...>', 'policies as JSON; "-" for standard input')
    .option('--write', 'write the result into the files')
    .option('--check', 'only tell which files are laid out otherwise')
    .action(async (files: string[], flags: { write?: boolean; check?: boolean }) => {
      for (const file of files) {
        const text = await readText(file);
        const formatted = formatPolicy(text);
        if (flags.check && formatted !== text) {
          print(output, file);
          output.status(1);
        } else if (flags.write && formatted !== text) await writeFile(file, formatted);
        else if (!flags.check && !flags.write) print(output, formatted);
      }
    });
}

function diffCommand(output: CommandOutput): Command {
  return kindOption(new Command('diff'))
    .description(
      'Tell what became allowed and denied from one policy to another. Exit status: 1 with changes.',
    )
    .argument('<before>')
    .argument('<after>')
    .option('--json', 'changes as JSON')
    .action(async (before: string, after: string, flags: KindFlags & { json?: boolean }) => {
      const [old, now] = [await readText(before), await readText(after)];
      const options = flags.partition === undefined ? {} : { partition: flags.partition };
      const changes = await diffPolicies(old, now, flags.kind ?? guessKind(now), options);
      if (flags.json) printJson(output, changes);
      else if (changes.length === 0) print(output, 'No change in what is allowed or denied.');
      for (const { change, action, resource, principal, condition } of flags.json ? [] : changes) {
        const sign = change === 'allowed' || change === 'no longer denied' ? '+' : '-';
        const rest = [
          resource && `on ${resource}`,
          principal && `for ${principal}`,
          condition && `if ${condition}`,
        ];
        print(output, [sign, `${change}:`, action, ...rest.filter(Boolean)].join(' '));
      }
      if (changes.length > 0) output.status(1);
    });
}
