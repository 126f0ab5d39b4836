/** Compiles a `Condition` block: all its keys must hold, any value of a key suffices. */

import type { ConditionElement } from '../parse/document.js';
import { ArnPattern, splitArn } from './arn.js';
import { type Facts, type KeyName, keyName } from './facts.js';
import { Glob, type Token } from './glob.js';
import { type OperatorUse, plainComparison, readOperator } from './operators.js';
import type { Steps } from './steps.js';
import { isFixed, lowerTokens, readTemplate, resolver, type Template } from './template.js';

/** One key under one operator. */
export interface CompiledCondition {
  readonly element: ConditionElement;
  readonly use: OperatorUse;
  readonly key: KeyName;
  holds(facts: Facts): boolean;
}

/** Whether one value of the request equals one of the policy's, before any negation. */
type ValueTest = (value: string, facts: Facts) => boolean;

/** `variables`: whether the document's Version turns variables on. The operator must exist (the grammar sees to it). */
export function compileCondition(element: ConditionElement, variables: boolean): CompiledCondition {
  const use = readOperator(element.operator.value) as OperatorUse;
  const key = keyName(element.key.value);
  const wanted = element.values.map(word => word.value);
  if (use.operator.comparison === 'null') {
    return { element, use, key, holds: nullTest(use, key, wanted) };
  }
  return { element, use, key, holds: combine(use, key, anyOf(wanted.map(compile))) };

  function compile(value: string): ValueTest {
    return compileValue(use, value, variables);
  }
}

/**
 * `Null`. With a qualifier it is constant: "When you use the Null condition operator with ForAllValues, the statement
 * always returns true. When you use [it] with ForAnyValue, the statement always returns false." (IAM Access Analyzer
 * policy check reference).
 */
function nullTest(
  { qualifier }: OperatorUse,
  key: KeyName,
  wanted: readonly string[],
): (facts: Facts) => boolean {
  if (qualifier !== undefined) return () => qualifier === 'ForAllValues';
  const lower = wanted.map(value => value.toLowerCase());
  const whenAbsent = lower.includes('true');
  const whenPresent = lower.includes('false');
  return facts => (facts.value(key) === undefined ? whenAbsent : whenPresent);
}

/** How the values of a key are taken together, and what an absent key means. */
function combine(use: OperatorUse, key: KeyName, test: ValueTest): (facts: Facts) => boolean {
  const { negated } = use.operator;
  const { qualifier } = use;
  if (qualifier === undefined) {
    const whenAbsent = use.ifExists || negated;
    return facts => {
      const value = facts.value(key);
      if (value === undefined) return whenAbsent;
      if (typeof value === 'string') return test(value, facts) !== negated;
      return value.some(one => test(one, facts)) !== negated;
    };
  }
  if (qualifier === 'ForAnyValue') {
    return facts => {
      const value = facts.value(key);
      if (value === undefined) return use.ifExists;
      if (typeof value === 'string') return test(value, facts) !== negated;
      return value.some(one => test(one, facts) !== negated);
    };
  }
  return facts => {
    const value = facts.value(key);
    // "It also returns true if … the key value resolves to a null data set, such as an empty string."
    if (value === undefined || value === '') return true;
    if (typeof value === 'string') return test(value, facts) !== negated;
    if (value.length === 1 && value[0] === '') return true;
    return value.every(one => test(one, facts) !== negated);
  };
}

function anyOf(tests: readonly ValueTest[]): ValueTest {
  if (tests.length === 1) return tests[0] as ValueTest;
  return (value, facts) => {
    for (const test of tests) if (test(value, facts)) return true;
    return false;
  };
}

function compileValue({ operator }: OperatorUse, wanted: string, variables: boolean): ValueTest {
  switch (operator.comparison) {
    case 'string':
      return templateTest(readTemplate(wanted, { variables, wildcards: false }), glob);
    case 'string-like':
      return templateTest(readTemplate(wanted, { variables, wildcards: true }), glob);
    case 'string-ignore-case': {
      return templateTest(readTemplate(wanted, { variables, wildcards: false }), tokens => {
        const matches = glob(lowerTokens(tokens));
        return (value, steps) => {
          steps.take(value.length);
          return matches(value.toLowerCase(), steps);
        };
      });
    }
    case 'arn':
      return templateTest(readTemplate(wanted, { variables, wildcards: true }), arn);
    default: {
      const compare = plainComparison(operator, wanted);
      return (value, { steps }) => {
        steps.take(1 + value.length);
        return compare(value);
      };
    }
  }
}

/** A comparison with text whose variables are filled in. */
type TextTest = (value: string, steps: Steps) => boolean;

function glob(tokens: readonly Token[]): TextTest {
  const compiled = new Glob(tokens);
  return (value, steps) => compiled.matches(value, steps);
}

function arn(tokens: readonly Token[]): TextTest {
  const compiled = new ArnPattern(tokens);
  return (value, steps) => splitArn(value) !== undefined && compiled.matches(value, steps);
}

/** Compiles once where the text is fixed; else for the values that the request gives its variables. */
function templateTest(template: Template, compile: (tokens: readonly Token[]) => TextTest): ValueTest {
  if (isFixed(template)) {
    const test = compile(template);
    return (value, { steps }) => test(value, steps);
  }
  const resolve = resolver(template, compile);
  return (value, facts) => {
    facts.steps.take(1);
    return resolve(facts)?.(value, facts.steps) === true;
  };
}
