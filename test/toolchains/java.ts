/** Java's projects, built with Maven. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { output } from '../support/programs.js';

const SOURCES = resolve('test/toolchains');
const BUILT = resolve('.cache/toolchains');
/** Milliseconds that a build may take with all that it downloads, or a program. */
export const LONGEST = 900_000;

/** For a suite's `skip`. */
export const noMaven: string | false =
  spawnSync('mvn', ['--version']).status !== 0 && 'there is no mvn on this machine';

/** Builds a project of this folder; its directory, with `target/classes` and what it takes in `lib`. */
export async function built(project: string): Promise<string> {
  // Maven writes beside the sources.
  const directory = join(BUILT, project);
  await mkdir(BUILT, { recursive: true });
  await cp(join(SOURCES, project), directory, { recursive: true });
  const goals = ['compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
  const variables = { ...process.env } as Record<string, string>;
  await output('mvn', ['-q', '-B', '-f', join(directory, 'pom.xml'), ...goals], variables, LONGEST);
  return directory;
}
