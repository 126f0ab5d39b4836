/** The steps that one client's random work is made of. */
import fc from 'fast-check';

const NAMES = ['a', 'a/b', 'a/c d/e', 'a0', 'é+%', 'z/'] as const;

export type When = 'absent' | 'current' | 'other';
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';
type Range = [from: number, to: number];

/** A step as data, so that a failing sequence prints as what it does. `v`: which of the versions there are. */
export type Command =
  | { do: 'put'; key: string; size: number; tag?: string | undefined; lock?: LockMode | undefined }
  /** `presigned`: by an URL that carries the condition. */
  | { do: 'put if'; key: string; when: When; presigned: boolean }
  | { do: 'get'; key: string; v: number; range?: Range | undefined }
  | { do: 'copy'; from: string; v: number; key: string }
  | { do: 'delete'; key: string }
  | { do: 'delete if'; key: string; v: number; when: 'current' | 'other' }
  | { do: 'delete version'; key: string; v: number; bypass: boolean }
  | { do: 'delete many'; keys: string[] }
  | {
      do: 'multipart';
      key: string;
      sent: number[];
      large: boolean;
      /** What the first part sent is copied from, where there is that. */
      copied?: { from: string; v: number; range?: Range | undefined } | undefined;
      end: 'complete' | 'disorder' | 'abort';
      when?: When | undefined;
      /** What happens to the key before the end. */
      between?: 'put' | 'delete' | undefined;
    }
  | { do: 'tag'; key: string; v: number; tag: string }
  /** `day`: until when, later for greater ones, and never reached. */
  | { do: 'retain'; key: string; v: number; mode: LockMode | 'none'; day: number; bypass: boolean }
  | { do: 'hold'; key: string; v: number; on: boolean }
  | {
      do: 'list';
      api: 1 | 2;
      delimiter?: string | undefined;
      after?: string | undefined;
      page: number;
      prefix: string;
    }
  /** `drops`: what the first page shows is deleted before the second is asked for. */
  | { do: 'list versions'; page: number; drops: boolean }
  | { do: 'contest'; number: number }
  | { do: 'end session' };

const key = fc.constantFrom(...NAMES);
const v = fc.nat(3);
const tag = fc.constantFrom('red', 'blue ü');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, arbitrary);
const one = <T extends string>(name: T) => fc.constant(name);
/** On either side of what is stored inline, of a block, and of what comes in one piece. */
const size = fc.constantFrom(0, 1, 1000, 32_768, 32_769, 65_536, 200_001);
const page = fc.integer({ min: 1, max: 5 });
const range = fc.tuple(fc.nat(70_000), fc.nat(140_000));
const mode = fc.constantFrom<LockMode[]>('GOVERNANCE', 'COMPLIANCE');
const when = fc.constantFrom<When[]>('absent', 'current', 'other');

const multipart = fc.record({
  do: one('multipart'),
  key,
  sent: fc.array(fc.constantFrom(1, 2, 7, 10_000), { minLength: 1, maxLength: 4 }),
  large: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  copied: optional(fc.record({ from: key, v, range: optional(range) })),
  end: fc.constantFrom('complete' as const, 'complete' as const, 'disorder' as const, 'abort' as const),
  when: rarely(when),
  between: rarely(fc.constantFrom('put' as const, 'delete' as const)),
});

const list = fc.record({
  do: one('list'),
  api: fc.constantFrom(1 as const, 2 as const),
  delimiter: optional(fc.constantFrom('/', ' d')),
  after: optional(fc.constantFrom('a', 'a/b', 'a/c', 'b', 'zz')),
  page,
  prefix: fc.constantFrom('', 'a', 'a/', 'none'),
});

const weighted: readonly [weight: number, step: fc.Arbitrary<Command>][] = [
  [6, fc.record({ do: one('put'), key, size, tag: optional(tag), lock: rarely(mode) })],
  [3, fc.record({ do: one('put if'), key, when, presigned: fc.boolean() })],
  [4, fc.record({ do: one('get'), key, v, range: optional(range) })],
  [3, fc.record({ do: one('copy'), from: key, v, key })],
  [2, fc.record({ do: one('delete'), key })],
  [
    2,
    fc.record({ do: one('delete if'), key, v, when: fc.constantFrom('current' as const, 'other' as const) }),
  ],
  [4, fc.record({ do: one('delete version'), key, v, bypass: fc.boolean() })],
  [1, fc.record({ do: one('delete many'), keys: fc.uniqueArray(key, { minLength: 1, maxLength: 4 }) })],
  [3, multipart],
  [2, fc.record({ do: one('tag'), key, v, tag })],
  [
    4,
    fc.record({
      do: one('retain'),
      key,
      v,
      mode: fc.oneof(mode, one('none')),
      day: fc.nat(2),
      bypass: fc.boolean(),
    }),
  ],
  [3, fc.record({ do: one('hold'), key, v, on: fc.boolean() })],
  [3, list],
  [1, fc.record({ do: one('list versions'), page, drops: fc.boolean() })],
  [2, fc.record({ do: one('contest'), number: fc.nat(2) })],
  [1, fc.record({ do: one('end session') })],
];

export const command: fc.Arbitrary<Command> = fc.oneof(
  ...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })),
);
