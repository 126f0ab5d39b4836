/** Lines of the result, and how they are printed. */

/** One line: what was measured, and against what; `met`: whether it reached the aim. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly against: string;
  readonly met: boolean;
}

export interface Rate {
  readonly perSecond: number;
}

export const perSecond = (rate: Rate): string => `${Math.round(rate.perSecond)}/s`;

/** `part` as a share of `whole`, which `of` names. `shown`: how a rate is written, default as so many per second. */
export function ratio(
  name: string,
  part: Rate,
  whole: Rate,
  of: string,
  aim: number,
  shown: (rate: Rate) => string = perSecond,
): Figure {
  const share = part.perSecond / whole.perSecond;
  return {
    name,
    value: shown(part),
    against: `${share.toFixed(2)} of ${of} (${shown(whole)}); aim ${aim.toFixed(2)}`,
    met: share >= aim,
  };
}

/** A figure that is to stay under `limit`. */
export function bound(name: string, value: number, unit: string, limit: number): Figure {
  return {
    name,
    value: `${Math.round(value)} ${unit}`,
    against: `aim under ${limit} ${unit}`,
    met: value < limit,
  };
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** As lines with a mark where the aim is met, or as JSON. */
export function printed(figures: readonly Figure[], asJson: boolean): string {
  if (asJson) return `${JSON.stringify(figures, undefined, 2)}\n`;
  const line = ({ name, value, against, met }: Figure): string =>
    `${met ? '✓' : '✗'} ${name.padEnd(38)} ${value.padStart(9)}   ${against}\n`;
  return figures.map(line).join('');
}
