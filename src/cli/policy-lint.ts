import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import {
  applyFixes,
  bucketRules,
  type Finding,
  guessKind,
  type LintOptions,
  lint,
  type PolicyKind,
  position,
  type Severity,
} from '../policy/index.js';
import { UNKNOWN } from './cloudformation.js';
import type { CommandOutput } from './command-output.js';
import type { FileFindings, PlacedFinding } from './file-findings.js';
import type { FoundPolicy } from './found-policy.js';
import { contentOf, filesOf, readText } from './policy-files.js';
import { toSarif } from './policy-sarif.js';

/** What a finding of each severity makes of the exit status. */
const STATUS: Readonly<Record<Severity, number>> = {
  ERROR: 2,
  SECURITY_WARNING: 1,
  WARNING: 1,
  SUGGESTION: 0,
};

/** A file could not be checked: nothing is known of it, which is no warning. */
const NOT_CHECKED = 3;

export interface LintFlags {
  readonly kind?: PolicyKind;
  readonly partition?: string;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly fix?: boolean;
  readonly duration?: number;
  readonly attachedTo?: 'user' | 'group' | 'role';
}

/** Checks what the arguments mean, prints it and sets the exit status; one file's fault is its own. */
export async function lintAll(
  args: readonly string[],
  flags: LintFlags,
  output: CommandOutput,
): Promise<void> {
  const results: FileFindings[] = [];
  let searched = 0;
  for (const argument of args) {
    for (const one of await files(argument)) {
      if (one.searched) searched++;
      const result = await checked(one, flags);
      if (result) results.push(result);
    }
  }
  const print = (text: string) => output.write(`${text}\n`);
  if (flags.sarif) print(JSON.stringify(toSarif(results), null, 2));
  else if (flags.json) print(JSON.stringify(results, null, 2));
  else print(render(results, searched > 0));
  const worst = results.flatMap(({ fault, findings }) => [
    fault === undefined ? 0 : NOT_CHECKED,
    ...findings.map(({ severity }) => STATUS[severity]),
  ]);
  output.status(Math.max(0, ...worst));
}

/** The files of an argument; one that does not exist is left to be a fault of its own. */
async function files(argument: string): Promise<{ file: string; searched: boolean }[]> {
  try {
    return await filesOf(argument);
  } catch {
    return [{ file: argument, searched: false }];
  }
}

/** `undefined` for a file that was found in a directory and is about something else. */
async function checked(
  { file, searched }: { file: string; searched: boolean },
  flags: LintFlags,
): Promise<FileFindings | undefined> {
  let text = '';
  try {
    text = await readText(file);
    return await lintFile(file, text, searched, flags);
  } catch (error) {
    if (searched && !/Statement|^Resources:/m.test(text)) return undefined;
    return { file, policies: 0, findings: [], fault: (error as Error).message.split('\n', 1)[0] as string };
  }
}

async function lintFile(
  file: string,
  text: string,
  searched: boolean,
  flags: LintFlags,
): Promise<FileFindings | undefined> {
  const content = contentOf(file, text);
  if (content.form === 'template') {
    const { policies, unknown } = content;
    if (searched && policies.length === 0 && unknown.length === 0) return undefined;
    const findings: PlacedFinding[] = [];
    for (const policy of policies) findings.push(...(await lintFound(policy, text, flags)));
    return { file, policies: policies.length, findings, ...(unknown.length > 0 && { unknown }) };
  }
  if (searched && (content.form === 'other' || !text.includes('"Statement"'))) return undefined;
  return { file, policies: 1, findings: await lintText(file, text, flags) };
}

function optionsOf(flags: LintFlags): LintOptions {
  return {
    ...(flags.partition !== undefined && { partition: flags.partition }),
    ...(flags.attachedTo !== undefined && { attachedTo: flags.attachedTo }),
    ...(flags.duration !== undefined && { sessionDuration: flags.duration }),
  };
}

async function lintText(file: string, text: string, flags: LintFlags): Promise<Finding[]> {
  const kind = flags.kind ?? guessKind(text);
  const options = optionsOf(flags);
  const findings = await lint(text, kind, options);
  const mended = flags.fix ? applyFixes(text, findings) : text;
  if (mended === text || file === '-') return findings;
  await writeFile(file, mended);
  return await lint(mended, kind, options);
}

/** The findings of one policy of a template, where they stand in the template. Nothing is mended there. */
async function lintFound(
  { resource, placed, kind, managed, bucket, attachedTo }: FoundPolicy,
  file: string,
  flags: LintFlags,
): Promise<PlacedFinding[]> {
  const findings = await lint(placed.text, flags.kind ?? kind ?? guessKind(placed.text), {
    ...optionsOf(flags),
    ...(managed && { managed }),
    ...(attachedTo && { attachedTo }),
    ...(bucket && { bucket: await bucketRules() }),
  });
  const known = findings.filter(
    finding => !isOfUnknown(finding, placed.touched(finding)) && !isOfBranches(finding, file),
  );
  return known.map(({ fix: _, ...finding }) => {
    const { start, end } = placed.sourceOf(finding.start);
    const message = finding.message.replaceAll(UNKNOWN, '…');
    return { ...finding, message, start, end, ...position(file, start), ...(resource && { resource }) };
  });
}

/** The branches of a template's conditions stand side by side here, and are for one partition each. */
function isOfBranches({ code }: Finding, file: string): boolean {
  return code === 'MIXED_PARTITIONS' && /Fn::If|!If\b/.test(file);
}

/** A finding about a word that only the deployment completes says nothing, but that it never fits its actions. */
function isOfUnknown({ code }: Finding, words: readonly string[]): boolean {
  if (!words.some(word => word.includes(UNKNOWN))) return false;
  return (
    code === 'REDUNDANT_STATEMENT' || (words.length === 1 && code !== 'ACTION_WITHOUT_MATCHING_RESOURCE')
  );
}

function render(results: readonly FileFindings[], summed: boolean): string {
  const lines = results.flatMap(({ file, findings, unknown = [], fault }) => {
    if (fault !== undefined) return [`${file}: not checked: ${fault}`];
    const notes = unknown.map(attribute => `${file}: ${attribute} is known after apply only: not checked`);
    if (findings.length === 0) return summed ? notes : [...notes, `${file}: nothing found`];
    return [...findings.map(finding => renderFinding(file, finding)), ...notes];
  });
  return summed ? [...lines, summary(results)].join('\n') : lines.join('\n');
}

function renderFinding(
  file: string,
  { line, column, severity, code, message, fix, resource }: PlacedFinding,
): string {
  const help = fix ? `\n    fix: ${fix.description}` : '';
  const whose = resource ? `${resource}: ` : '';
  return `${file}:${line}:${column}: ${severity.toLowerCase().replace('_', ' ')}: ${whose}${message} [${code}]${help}`;
}

function summary(results: readonly FileFindings[]): string {
  const policies = results.reduce((sum, result) => sum + result.policies, 0);
  const count = (wanted: Severity) =>
    results.flatMap(({ findings }) => findings).filter(({ severity }) => severity === wanted).length;
  const warnings = count('WARNING') + count('SECURITY_WARNING');
  return `${policies} policies in ${results.length} files: ${count('ERROR')} errors, ${warnings} warnings, ${count('SUGGESTION')} suggestions`;
}

/** `policy lint`, to which the caller adds the options of all commands about one kind of policy. */
export function describeLint(command: Command): Command {
  return command
    .description(
      'Find mistakes. Exit status: 3 where a file could not be checked, 2 with errors, 1 with warnings or security warnings, 0 otherwise.',
    )
    .argument(
      '<path...>',
      'policies as JSON, CloudFormation templates, "terraform show -json", directories of these; "-" for standard input',
    )
    .option('--json', 'findings as JSON')
    .option('--sarif', 'findings as SARIF 2.1.0, for code hosts')
    .addOption(
      new Option('--attached-to <holder>', 'what has identity policies').choices(['user', 'group', 'role']),
    )
    .option('--fix', 'write the safe fixes into the files of single policies');
}
