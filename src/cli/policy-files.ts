/** Finds the policies to check: bare documents, CloudFormation templates, Terraform plans, directories of them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gathered } from '../core/http-message.js';
import { type JsonNode, parseJson } from '../policy/parse/json.js';
import { isTemplate, policiesOfTemplate, policyOfFragment } from './cloudformation.js';
import type { FoundPolicy } from './found-policy.js';
import { isPolicy, readYaml } from './source-tree.js';
import { isPlan, policiesOfPlan } from './terraform-plan.js';

/** What a file holds: one policy that is the file, or those of a template or plan. */
type FileContent =
  | { readonly form: 'policy' }
  | {
      readonly form: 'template';
      readonly policies: readonly FoundPolicy[];
      readonly unknown: readonly string[];
    }
  | { readonly form: 'other' };

const EXTENSIONS = new Set(['.json', '.yaml', '.yml', '.template']);

/** A file's text; `-` reads standard input. */
export async function readText(file: string): Promise<string> {
  if (file !== '-') return await readFile(file, 'utf8');
  return Buffer.from(await gathered(process.stdin)).toString('utf8');
}

/**
 * The files that the arguments mean, in order: a directory stands for what it holds and for its directories, but those
 * that are hidden and `node_modules`. `searched`: it was found, not named. Throws where an argument does not exist.
 */
export async function filesOf(argument: string): Promise<{ file: string; searched: boolean }[]> {
  if (argument === '-' || !(await stat(argument)).isDirectory()) return [{ file: argument, searched: false }];
  const entries = await readdir(argument, { withFileTypes: true });
  const wanted = entries
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = await Promise.all(
    wanted.map(async entry => {
      const path = join(argument, entry.name);
      if (entry.isDirectory()) return await filesOf(path);
      return entry.isFile() && EXTENSIONS.has(extname(entry.name)) ? [{ file: path, searched: true }] : [];
    }),
  );
  return files.flat();
}

/** What the text is. Throws `Error` for YAML that cannot be read; JSON that cannot is taken for a policy. */
export function contentOf(file: string, text: string): FileContent {
  const named =
    file === '-'
      ? /^(?:Resources|AWSTemplateFormatVersion):/m.test(text)
      : /\.(?:ya?ml|template)$/.test(file);
  const yaml = named && !text.trimStart().startsWith('{');
  const root = yaml ? readYaml(text) : jsonOf(text);
  if (root === undefined) return { form: 'policy' };
  if (isTemplate(root)) return { form: 'template', policies: policiesOfTemplate(root), unknown: [] };
  if (isPlan(root)) {
    const { found, unknown } = policiesOfPlan(root);
    return { form: 'template', policies: found, unknown };
  }
  if (!isPolicy(root)) return { form: 'other' };
  if (!yaml && !/"(?:Ref|Fn::\w+)"\s*:/.test(text)) return { form: 'policy' };
  return { form: 'template', policies: [policyOfFragment(root)], unknown: [] };
}

function jsonOf(text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
