/** Members of an input that stand in the path or the query. */
import { ApiError } from '../../core/errors.js';
import { kindOf, membersOf, type Schema } from '../schema.js';
import type { Labels } from '../types.js';

interface HeadMember {
  readonly name: string;
  /** Its value; `undefined` where the request has none. Throws `ValidationException`. */
  of(parameters: URLSearchParams, labels: Labels): unknown;
}

/** The members of an input that its traits bind to the path (`httpLabel`) or the query (`httpQuery`). */
export function headMembers(input: Schema): HeadMember[] {
  return membersOf(input).flatMap(([name, schema]): HeadMember[] => {
    const { httpQuery, httpLabel } = schema.getMergedTraits() as { httpQuery?: string; httpLabel?: 1 };
    if (httpLabel) return [{ name, of: (_parameters, labels) => labels[name] }];
    if (httpQuery === undefined) return [];
    return [{ name, of: queryReader(name, httpQuery, schema) }];
  });
}

function queryReader(name: string, parameter: string, schema: Schema): HeadMember['of'] {
  const kind = kindOf(schema);
  if (kind === 'list') {
    return parameters => (parameters.has(parameter) ? parameters.getAll(parameter) : undefined);
  }
  return parameters => {
    const text = parameters.get(parameter) ?? undefined;
    return text !== undefined && kind === 'number' ? numberOf(name, text) : text;
  };
}

function numberOf(name: string, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError(
    'ValidationException',
    400,
    `${name} is a whole number, not ${JSON.stringify(text.slice(0, 100))}.`,
  );
}
