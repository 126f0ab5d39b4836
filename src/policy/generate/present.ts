/** The present policies of a principal: what of them let calls in, and what was not used. */

import { matchesArn } from '../evaluate/arn.js';
import { lowerGlob } from '../evaluate/glob.js';
import type { Statement } from '../parse/document.js';
import type { RecordedCall, RecordedCheck } from '../recorded/index.js';
import { decideCheck, type EntityPolicies, type World } from '../replay/index.js';
import type { UnusedPermission } from './types.js';
import type { Source, StatementText } from './uses.js';

/** By which Allow of the principal's own policies a check passed; why none was needed. */
type PresentAllow = Source | 'not needed' | 'none';

export class Present {
  /** When an action was used by a statement: ISO 8601 by action, by policy and statement. */
  readonly #uses = new Map<string, Map<string, string>>();

  constructor(
    private readonly world: World,
    private readonly entity: EntityPolicies,
  ) {}

  allowOf(call: RecordedCall, check: RecordedCheck): PresentAllow {
    const { verdict } = decideCheck({ ...call, outcome: 'allowed' }, check, this.world);
    const { decision } = verdict;
    if (!decision.allowed) return 'none';
    const { policy, statement } = decision;
    if (decision.layer !== 'identity' || !policy || !statement) return 'not needed';
    const { source } = policy.policy.statements[statement.index]!;
    this.#note(`${policy.name}\n${statement.index}`, check.action, call.time);
    return { pattern: patternFor(source, check.resource), condition: conditionText(source) };
  }

  #note(place: string, action: string, time: string): void {
    const uses = this.#uses.get(place) ?? new Map<string, string>();
    this.#uses.set(place, uses);
    const before = uses.get(action);
    if (before === undefined || before < time) uses.set(action, time);
  }

  /** All statements of the principal's policies. */
  document(): object {
    return {
      Version: '2012-10-17',
      Statement: this.#statements().map(({ source }) => statementText(source)),
    };
  }

  /** What the policies deny: that stays. */
  denies(): StatementText[] {
    return this.#statements()
      .filter(({ source }) => source.effect === 'Deny')
      .map(({ source }) => statementText(source) as StatementText);
  }

  /** Actions of Allows that were not used since, ISO 8601. */
  unused(since: string): UnusedPermission[] {
    return this.#statements().flatMap(({ policy, source }) => {
      if (source.effect !== 'Allow' || source.action.not) return [];
      const uses = [...(this.#uses.get(`${policy}\n${source.index}`) ?? [])];
      return source.action.values.flatMap(({ value }) => {
        const glob = lowerGlob(value);
        const own = uses.filter(([action]) => glob.matches(action.toLowerCase()));
        const recent = own.filter(([, time]) => time >= since).map(([action]) => action);
        const last = own
          .map(([, time]) => time)
          .sort()
          .at(-1);
        if (recent.length > 0 && !/[*?]/.test(value)) return [];
        const unused = { policy, statement: source.index, action: value, used: recent.sort() };
        return [last === undefined ? unused : { ...unused, lastUsed: last }];
      });
    });
  }

  #statements(): { readonly policy: string; readonly source: Statement }[] {
    return (this.entity.identity ?? []).flatMap(({ name, policy }) =>
      policy.statements.map(({ source }) => ({ policy: name, source })),
    );
  }
}

function patternFor({ resource }: Statement, wanted: string): string | undefined {
  if (!resource || resource.not) return undefined;
  const matching = resource.values.filter(({ value }) =>
    matchesArn(value.replace(/\$\{[^}]*\}/g, '*'), wanted),
  );
  // The longest says most.
  return matching.map(({ value }) => value).sort((a, b) => b.length - a.length)[0];
}

function conditionText({ conditions }: Statement): string {
  const block = conditionBlock(conditions);
  return block === undefined ? '' : JSON.stringify(block);
}

function conditionBlock(conditions: Statement['conditions']): object | undefined {
  if (conditions.length === 0) return undefined;
  const block: Record<string, Record<string, string[]>> = {};
  for (const { operator, key, values } of conditions)
    (block[operator.value] ??= {})[key.value] = values.map(({ value }) => value);
  return block;
}

function statementText({ effect, action, resource, conditions }: Statement): object {
  const words = ({ values }: { readonly values: readonly { readonly value: string }[] }) =>
    values.map(({ value }) => value);
  const Condition = conditionBlock(conditions);
  return {
    Effect: effect,
    [action.not ? 'NotAction' : 'Action']: words(action),
    ...(resource && { [resource.not ? 'NotResource' : 'Resource']: words(resource) }),
    ...(Condition && { Condition }),
  };
}
