import { readFile, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { gathered } from '../message.js';
import {
  applyFixes,
  diffPolicies,
  evaluate,
  explain,
  type Finding,
  formatPolicy,
  guessKind,
  lint,
  type PolicyKind,
  renderExplanation,
  type Severity,
  suggest,
} from '../policy/index.js';
import { type PolicyCase, readCases } from './policy-cases.js';
import { toSarif } from './policy-sarif.js';

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

/** Where a command's output and exit status go. */
export interface PolicyOutput {
  write(text: string): void;
  status(code: number): void;
}

const processOutput: PolicyOutput = {
  write: text => process.stdout.write(text),
  status: code => {
    process.exitCode = code;
  },
};

/** `karikagi policy …`: works on files, needs no server. Exit status: see each command. */
export function policyCommand(output: PolicyOutput = processOutput): Command {
  return new Command('policy')
    .description('Check, test, explain, format and compare IAM policies in files.')
    .addCommand(lintCommand(output))
    .addCommand(testCommand(output))
    .addCommand(explainCommand(output))
    .addCommand(formatCommand(output))
    .addCommand(diffCommand(output));
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
      `what the policies are: ${KINDS.join(', ')} (default: told from the text)`,
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

function print(output: PolicyOutput, text: string): void {
  output.write(text.endsWith('\n') ? text : `${text}\n`);
}

const printJson = (output: PolicyOutput, value: unknown): void =>
  print(output, JSON.stringify(value, null, 2));

/** A file's text; `-` reads standard input. */
async function read(file: string): Promise<string> {
  if (file !== '-') return await readFile(file, 'utf8');
  return Buffer.from(await gathered(process.stdin)).toString('utf8');
}

/** What a finding of each severity makes of the exit status. */
const STATUS: Readonly<Record<Severity, number>> = {
  ERROR: 2,
  SECURITY_WARNING: 1,
  WARNING: 1,
  SUGGESTION: 0,
};

interface LintFlags extends KindFlags {
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly fix?: boolean;
  readonly duration?: number;
}

export interface FileFindings {
  readonly file: string;
  readonly findings: readonly Finding[];
}

function lintCommand(output: PolicyOutput): Command {
  return kindOption(new Command('lint'))
    .description(
      'Find mistakes. Exit status: 2 with errors, 1 with warnings or security warnings, 0 otherwise.',
    )
    .argument('<file...>', 'policies as JSON; "-" for standard input')
    .option('--json', 'findings as JSON')
    .option('--sarif', 'findings as SARIF 2.1.0, for code hosts')
    .option('--fix', 'write the safe fixes into the files')
    .option('--duration <seconds>', 'for trust policies: how long sessions are meant to last', wholeNumber)
    .action(async (files: string[], flags: LintFlags) => {
      const results: FileFindings[] = [];
      for (const file of files) results.push({ file, findings: await lintFile(file, flags) });
      if (flags.sarif) printJson(output, toSarif(results));
      else if (flags.json) printJson(output, results);
      else print(output, results.map(renderFindings).join('\n'));
      const worst = results.flatMap(({ findings }) => findings.map(({ severity }) => STATUS[severity]));
      output.status(Math.max(0, ...worst));
    });
}

async function lintFile(file: string, flags: LintFlags): Promise<Finding[]> {
  const text = await read(file);
  const kind = flags.kind ?? guessKind(text);
  const options = {
    ...(flags.partition !== undefined && { partition: flags.partition }),
    ...(flags.duration !== undefined && { sessionDuration: flags.duration }),
  };
  const findings = await lint(text, kind, options);
  const mended = flags.fix ? applyFixes(text, findings) : text;
  if (mended === text || file === '-') return findings;
  await writeFile(file, mended);
  return await lint(mended, kind, options);
}

function renderFindings({ file, findings }: FileFindings): string {
  if (findings.length === 0) return `${file}: nothing found`;
  return findings
    .map(({ line, column, severity, code, message, fix }) => {
      const help = fix ? `\n    fix: ${fix.description}` : '';
      return `${file}:${line}:${column}: ${severity.toLowerCase().replace('_', ' ')}: ${message} [${code}]${help}`;
    })
    .join('\n');
}

function testCommand(output: PolicyOutput): Command {
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

function explainCommand(output: PolicyOutput): Command {
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

function formatCommand(output: PolicyOutput): Command {
  return new Command('format')
    .description(
      'Lay policies out in one way. Exit status: 1 with --check where a file is laid out otherwise.',
    )
    .argument('<file...>', 'policies as JSON; "-" for standard input')
    .option('--write', 'write the result into the files')
    .option('--check', 'only tell which files are laid out otherwise')
    .action(async (files: string[], flags: { write?: boolean; check?: boolean }) => {
      for (const file of files) {
        const text = await read(file);
        const formatted = formatPolicy(text);
        if (flags.check && formatted !== text) {
          print(output, file);
          output.status(1);
        } else if (flags.write && formatted !== text) await writeFile(file, formatted);
        else if (!flags.check && !flags.write) print(output, formatted);
      }
    });
}

function diffCommand(output: PolicyOutput): Command {
  return kindOption(new Command('diff'))
    .description(
      'Tell what became allowed and denied from one policy to another. Exit status: 1 with changes.',
    )
    .argument('<before>')
    .argument('<after>')
    .option('--json', 'changes as JSON')
    .action(async (before: string, after: string, flags: KindFlags & { json?: boolean }) => {
      const [old, now] = [await read(before), await read(after)];
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
