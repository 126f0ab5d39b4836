/**
 * Writes src/crypto/digests/md5-wasm.ts: MD5 (RFC 1321) of one, four or eight streams side by side in WebAssembly. A single
 * stream cannot use more than one lane of a vector, since each step needs the one before; several streams have a lane each.
 *
 *   node tools/md5-wasm.mjs
 */
import { writeModules } from './wasm-module.mjs';

const PAGE = 64 * 1024;
const LANES = 8;
const BLOCK = 64;
/** Bytes of a stream that are in the memory at once: those of all streams stay in the processor's cache. */
const PIECE = 8 * 1024;
/** Where in the memory: the constants, 16 bytes each; words of all lanes; states, word by word; pieces, stream by stream. */
const CONSTANTS = 0;
const WORDS = CONSTANTS + 64 * 16;
const STATES = WORDS + LANES * BLOCK;
const PIECES = STATES + LANES * 16;

const shifts = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const constantOf = step => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32);
const wordOf = step => [step, 5 * step + 1, 3 * step + 5, 7 * step][step >> 4] & 15;
/** Which of the four the step changes, and the three others in their order. */
const turn = step => [0, 1, 2, 3].map(at => (at + 4 - (step & 3)) & 3);

/** The last function of RFC 1321 has a complement, which is left to the constant: ~x is -x - 1. */
const isComplemented = step => step >= 48;

/** What is added for the function of a step. The two halves of the second have no bit in common: one does not need b. */
function mixed(step, [b, c, d], { xor, and, andnot }) {
  if (step < 16) return [xor(d, and(b, xor(c, d)))];
  if (step < 32) return [andnot(c, d), and(b, d)];
  return [step < 48 ? xor(b, xor(c, d)) : xor(c, andnot(d, b))];
}

const get = name => `(local.get $${name})`;
const op = name => (a, b) => `(${name} ${a} ${b})`;

/** Four streams a vector; `group`: which four. */
const vectors = {
  xor: op('v128.xor'),
  and: op('v128.and'),
  andnot: op('v128.andnot'),
  add: op('i32x4.add'),
  sub: op('i32x4.sub'),
  constant: step => `(v128.load offset=${CONSTANTS + 16 * step} (i32.const 0))`,
  word: (index, group) => `(v128.load offset=${WORDS + group * 16 * 16 + 16 * index} (i32.const 0))`,
  rotated(step, group) {
    const by = shifts[step >> 4][step & 3];
    const value = get(`t${group}`);
    return `(v128.or (i32x4.shl ${value} (i32.const ${by})) (i32x4.shr_u ${value} (i32.const ${32 - by})))`;
  },
};

const scalars = {
  xor: op('i32.xor'),
  and: op('i32.and'),
  andnot: (a, b) => `(i32.and ${a} (i32.xor ${b} (i32.const -1)))`,
  add: op('i32.add'),
  sub: op('i32.sub'),
  constant: step => `(i32.const ${(constantOf(step) - (isComplemented(step) ? 1 : 0)) | 0})`,
  word: index => `(i32.load offset=${4 * index} (local.get $at))`,
  rotated: (step, group) => `(i32.rotl ${get(`t${group}`)} (i32.const ${shifts[step >> 4][step & 3]}))`,
};

/** A step of each group: they do not wait for one another. */
function steps(kind, groups) {
  const lines = [];
  for (let step = 0; step < 64; step++) {
    const [a, ...others] = turn(step);
    for (let group = 0; group < groups; group++) {
      const [b, c, d] = others.map(index => get(`s${group}${index}`));
      const sum = kind.add(
        kind.add(get(`s${group}${a}`), kind.constant(step)),
        kind.word(wordOf(step), group),
      );
      const join = isComplemented(step) ? kind.sub : kind.add;
      lines.push(
        `(local.set $t${group} ${mixed(step, [b, c, d], kind).reduce((before, term) => join(before, term), sum)})`,
      );
    }
    for (let group = 0; group < groups; group++)
      lines.push(
        `(local.set $s${group}${a} ${kind.add(get(`s${group}${others[0]}`), kind.rotated(step, group))})`,
      );
  }
  return lines.join('\n');
}

const locals = (groups, type) =>
  Array.from({ length: groups }, (_, group) => {
    const names = [0, 1, 2, 3].flatMap(index => [`$s${group}${index}`, `$o${group}${index}`]);
    return [...names, `$t${group}`].map(name => `(local ${name} ${type})`).join(' ');
  }).join('\n');

const each = (groups, line) =>
  Array.from({ length: groups * 4 }, (_, at) => line(at >> 2, at & 3)).join('\n');

/** Where the state of a group has its word. */
const stateAt = (group, index) => STATES + group * 64 + index * 16;

/** Four words of each of four streams, turned so that each vector has one word of all four. */
function turned(group, quarter) {
  const row = lane =>
    `(v128.load offset=${PIECES + (group * 4 + lane) * PIECE + quarter * 16} (local.get $at))`;
  const shuffle = (lanes, a, b) =>
    `(i8x16.shuffle ${lanes.flatMap(lane => [0, 1, 2, 3].map(byte => 4 * lane + byte)).join(' ')} ${a} ${b})`;
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ];
  const [first, second] = [
    [0, 1, 4, 5],
    [2, 3, 6, 7],
  ];
  const store = (index, value) =>
    `(v128.store offset=${WORDS + group * 256 + (quarter * 4 + index) * 16} (i32.const 0) ${value})`;
  return `
    (local.set $r0 ${row(0)}) (local.set $r1 ${row(1)}) (local.set $r2 ${row(2)}) (local.set $r3 ${row(3)})
    (local.set $q0 ${shuffle(low, get('r0'), get('r1'))}) (local.set $q1 ${shuffle(low, get('r2'), get('r3'))})
    (local.set $q2 ${shuffle(high, get('r0'), get('r1'))}) (local.set $q3 ${shuffle(high, get('r2'), get('r3'))})
    ${store(0, shuffle(first, get('q0'), get('q1')))} ${store(1, shuffle(second, get('q0'), get('q1')))}
    ${store(2, shuffle(first, get('q2'), get('q3')))} ${store(3, shuffle(second, get('q2'), get('q3')))}`;
}

function lanes(groups) {
  const turns = [];
  for (let group = 0; group < groups; group++)
    for (let quarter = 0; quarter < 4; quarter++) turns.push(turned(group, quarter));
  return `(func (export "lanes${groups * 4}") (param $length i32) (local $at i32)
    ${locals(groups, 'v128')}
    ${['r', 'q'].flatMap(name => [0, 1, 2, 3].map(at => `(local $${name}${at} v128)`)).join(' ')}
    ${each(groups, (group, at) => `(local.set $s${group}${at} (v128.load offset=${stateAt(group, at)} (i32.const 0)))`)}
    loop $blocks
      ${each(groups, (group, at) => `(local.set $o${group}${at} ${get(`s${group}${at}`)})`)}
      ${turns.join('\n')}
      ${steps(vectors, groups)}
      ${each(groups, (group, at) => `(local.set $s${group}${at} (i32x4.add ${get(`s${group}${at}`)} ${get(`o${group}${at}`)}))`)}
      (local.set $at (i32.add (local.get $at) (i32.const ${BLOCK})))
      (br_if $blocks (i32.lt_u (local.get $at) (local.get $length)))
    end
    ${each(groups, (group, at) => `(v128.store offset=${stateAt(group, at)} (i32.const 0) ${get(`s${group}${at}`)})`)})`;
}

/** The first lane alone. */
const alone = `(func (export "lanes1") (param $length i32) (local $at i32) (local $end i32)
    ${locals(1, 'i32')}
    ${each(1, (_, at) => `(local.set $s0${at} (i32.load offset=${stateAt(0, at)} (i32.const 0)))`)}
    (local.set $at (i32.const ${PIECES}))
    (local.set $end (i32.add (local.get $length) (i32.const ${PIECES})))
    loop $blocks
      ${each(1, (_, at) => `(local.set $o0${at} ${get(`s0${at}`)})`)}
      ${steps(scalars, 1)}
      ${each(1, (_, at) => `(local.set $s0${at} (i32.add ${get(`s0${at}`)} ${get(`o0${at}`)}))`)}
      (local.set $at (i32.add (local.get $at) (i32.const ${BLOCK})))
      (br_if $blocks (i32.lt_u (local.get $at) (local.get $end)))
    end
    ${each(1, (_, at) => `(i32.store offset=${stateAt(0, at)} (i32.const 0) ${get(`s0${at}`)})`)})`;

const constants = Buffer.alloc(64 * 16);
for (let at = 0; at < 64 * 4; at++) {
  const step = at >> 2;
  constants.writeUInt32LE((constantOf(step) - (isComplemented(step) ? 1 : 0)) >>> 0, 4 * at);
}
const data = [...constants].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');

const source = `(module
  (memory (export "memory") ${Math.ceil((PIECES + LANES * PIECE) / PAGE)})
  (data (i32.const ${CONSTANTS}) "${data}")
  ${alone}
  ${lanes(1)}
  ${lanes(2)})`;

await writeModules({
  file: 'crypto/digests/md5-wasm.ts',
  script: 'md5-wasm.mjs',
  head: `/** Bytes of a stream that the memory has room for. */
export const PIECE = ${PIECE};

/** Where in the memory the pieces of the streams begin, one after another. */
export const PIECES = ${PIECES};

/** Where the states are: the first word of streams 0 to 3, their second one …, then those of streams 4 to 7. */
export const STATES = ${STATES};`,
  modules: [
    {
      name: 'MODULE',
      about: `/**
 * The module, in base64: \`lanes1\`, \`lanes4\` and \`lanes8\` take \`length\` bytes of so many streams out of its \`memory\`,
 * whole blocks of 64 and at least one, and put the next states there.
 */`,
      source,
    },
  ],
});
