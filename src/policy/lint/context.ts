/** What a check works with. */

import { Glob, readGlob } from '../evaluate/glob.js';
import { overlapsFormat } from '../evaluate/pattern-sets.js';
import { ConditionKeys, type KnownAction, type KnownService } from '../knowledge.js';
import type { PolicyKind, Statement, Word } from '../parse/document.js';
import type { Span } from '../parse/json.js';
import { type Edit, type Finding, type LintOptions, type Severity, severityOf } from './finding.js';

export type Fix = NonNullable<Finding['fix']>;

/** One policy under inspection: checks read it and report into it. */
export class LintContext {
  readonly findings: Finding[] = [];
  readonly #overlaps = new Map<string, boolean>();
  readonly #meant = new Map<string, readonly KnownAction[]>();
  readonly #keys = new Map<readonly KnownAction[], ConditionKeys>();
  /** Where each line begins: there may be many findings, and lines are not counted for each. */
  readonly #lines: readonly number[];

  constructor(
    readonly text: string,
    readonly kind: PolicyKind,
    readonly statements: readonly Statement[],
    readonly version: Word | undefined,
    readonly options: LintOptions,
  ) {
    this.#lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Whether policy variables count. */
  get variables(): boolean {
    return this.version?.value === '2012-10-17';
  }

  /** `overlapsFormat`, remembered: actions of a statement share resources and formats. */
  canBe(pattern: string, format: string): boolean {
    const key = `${format} ${pattern}`;
    let known = this.#overlaps.get(key);
    if (known === undefined) this.#overlaps.set(key, (known = overlapsFormat(pattern, format)));
    return known;
  }

  /** The actions of a service that a word of `Action` means, remembered: statements put one word under many keys. */
  meant(service: KnownService, prefix: string, word: string): readonly KnownAction[] {
    const name = word === '*' ? '*' : word.slice(word.indexOf(':') + 1).toLowerCase();
    const key = `${prefix} ${name}`;
    let known = this.#meant.get(key);
    if (known === undefined) {
      const glob = new Glob(readGlob(name));
      known = [...service.actions].filter(([one]) => glob.matches(one)).map(([, one]) => one);
      this.#meant.set(key, known);
    }
    return known;
  }

  /** The condition keys that some of those actions carry; `undefined` where the word means no action. */
  keysOfMeant(service: KnownService, prefix: string, word: string): ConditionKeys | undefined {
    const meant = this.meant(service, prefix, word);
    if (meant.length === 0) return undefined;
    let keys = this.#keys.get(meant);
    if (keys === undefined) {
      keys = new ConditionKeys(meant.flatMap(({ conditionKeys }) => conditionKeys));
      this.#keys.set(meant, keys);
    }
    return keys;
  }

  /** To be awaited between pieces of work. */
  pause(): Promise<void> | undefined {
    return this.options.pause?.();
  }

  /** As `position`. */
  #position(offset: number): { line: number; column: number } {
    let [line, beyond] = [0, this.#lines.length];
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1;
      if (this.#lines[middle]! <= offset) line = middle;
      else beyond = middle;
    }
    return { line: line + 1, column: offset - this.#lines[line]! + 1 };
  }

  /** `severity`: by default that of the code. */
  report(code: string, message: string, { start, end }: Span, fix?: Fix, severity?: Severity): void {
    const where = this.#position(start);
    this.findings.push({
      code,
      severity: severity ?? severityOf(code),
      message,
      start,
      end,
      ...where,
      ...(fix && { fix }),
    });
  }
}

/** `"…"` of a JSON string; the change keeps it a string. */
export function replaceWord(word: Word, value: string): Edit {
  return { start: word.start, end: word.end, text: JSON.stringify(value) };
}

/** Takes an item out of a list, with the comma that becomes superfluous. */
export function removeItem(text: string, { start, end }: Span): Edit {
  const after = /^\s*,\s*/.exec(text.slice(end));
  if (after) return { start, end: end + after[0].length, text: '' };
  const before = /,\s*$/.exec(text.slice(0, start));
  return { start: before ? before.index : start, end, text: '' };
}

/** The keys that a statement's conditions ask for, in lower case. */
export function conditionKeys(statement: Statement): Set<string> {
  return new Set(statement.conditions.map(({ key }) => key.value.toLowerCase()));
}

/** Services whose reference is complete: what it does not have does not exist. */
export const COMPLETE = new Set(['iam', 'kms', 's3', 'sts']);

/**
 * How sure it is that a name is wrong that the reference data does not have: AWS's services grow and shrink faster than
 * the data, and AWS stores names that it does not know.
 */
export function severityOfUnknown(service: string, near: string | undefined): Severity {
  return near !== undefined || COMPLETE.has(service.toLowerCase()) ? 'ERROR' : 'WARNING';
}

/** Whether any of a statement's actions covers one; `NotAction` counts as covering what it leaves in. */
export function coversAction({ action }: Statement, name: string): boolean {
  const lower = name.toLowerCase();
  return (
    action.values.some(({ value }) => new Glob(readGlob(value.toLowerCase())).matches(lower)) !== action.not
  );
}

export function quoted(values: readonly string[]): string {
  return values.map(value => `"${value}"`).join(', ');
}
