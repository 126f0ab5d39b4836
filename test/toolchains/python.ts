/** Virtual environments of programs in Python that are large: made once, and again where their packages change. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { output } from '../support/programs.js';

/** The distribution's own before any other. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** Milliseconds that packages may take with all that is downloaded. */
const LONGEST = 900_000;

/** For a suite's `skip`. */
export const noPython: string | false =
  spawnSync(PYTHON, ['-c', 'import ensurepip']).status !== 0 && 'there is no Python that makes environments';

/** The directory of the programs of an environment with these packages (`name==version`). */
export async function programsWith(name: string, packages: readonly string[]): Promise<string> {
  const place = resolve('.cache/toolchains', name);
  const programs = join(place, 'bin');
  const stamp = join(place, 'packages');
  const wanted = packages.join('\n');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return programs;
  const variables = { ...process.env } as Record<string, string>;
  await output(PYTHON, ['-m', 'venv', '--clear', place], variables, LONGEST);
  const pip = ['install', '--quiet', '--disable-pip-version-check', ...packages];
  await output(join(programs, 'pip'), pip, variables, LONGEST);
  await writeFile(stamp, wanted);
  return programs;
}
