/**
 * Writes src/core/crc-wasm.ts: CRC-32, CRC-32C and CRC-64/NVME in WebAssembly.
 *
 * A long run of bytes is folded first, without tables. The check does not change when a multiple of its polynomial is added
 * to the message. The multiple used here has few terms, all of them a whole number of bytes apart: where its first term
 * removes sixteen bytes, the others add them to bytes further on, by an exclusive or for each. What is left over are the last few
 * kilobytes of the message, which go through tables. (The same idea: "Chorba", Sam Russell, arXiv 2412.16398.)
 *
 * Short runs, and what is left over, take sixteen bytes a step ("slicing"), from the tables that the caller puts at the
 * beginning of the memory: table k holds the effect of a byte that has k further bytes behind it.
 *
 *   node tools/crc-wasm.mjs
 */
import { writeModules } from './wasm-module.mjs';

const CHECKS = [
  {
    name: 'CRC-32',
    module: 'CRC32_MODULE',
    width: 32n,
    polynomial: 0xedb88320n,
    terms: [140, 791, 3006],
  },
  {
    name: 'CRC-32C',
    module: 'CRC32C_MODULE',
    width: 32n,
    polynomial: 0x82f63b78n,
    terms: [767, 2524, 5275],
  },
  {
    name: 'CRC-64/NVME',
    module: 'CRC64_MODULE',
    width: 64n,
    polynomial: 0x9a6c9329ac4bc9b5n,
    terms: [451, 1407, 4054, 6430, 6505, 6742],
  },
];

const STEP = 16;
const TABLE = 256 * 8;
const PAGE = 64 * 1024;
/** Bytes that a turn of the folding loop takes; no term is nearer than that, so that they are independent of one another. */
const TURN = 64;
const VECTOR = 16;
/** Where in the memory: the tables, zeros as long as the farthest term, the bytes to be checked, what is left of them. */
const ZEROS = STEP * TABLE;
const ROOM = ZEROS + 8 * 1024;
/** Bytes that are checked at once: as long as a slab of `threads.ts`. */
const ROOM_BYTES = 256 * 1024;
const REST = ROOM + ROOM_BYTES;

/** Pushes what the table gives for one byte of a 64-bit word. */
const lookUp = (word, byte, table) => `
  local.get ${word}
  i64.const ${8 * byte}
  i64.shr_u
  i32.wrap_i64
  i32.const 255
  i32.and
  i32.const 3
  i32.shl
  i64.load offset=${table * TABLE}`;

const step = Array.from({ length: STEP }, (_, at) => {
  const word = at < 8 ? '$first' : '$second';
  return lookUp(word, at % 8, STEP - 1 - at) + (at === 0 ? '' : '\n  i64.xor');
}).join('');

/**
 * Throws unless 1 + x^(-8 t) + … is a multiple of the polynomial for the terms t, in bytes. A polynomial's eighth power has
 * the exponents times eight, so that it is enough to look at bits.
 */
function demandMultiple({ name, width, polynomial, terms }) {
  const [one, all] = [1n << (width - 1n), (1n << width) - 1n];
  let [sum, power] = [one, one];
  for (let term = 1; term <= Math.max(...terms); term++) {
    power = power & one ? (((power ^ polynomial) << 1n) | 1n) & all : power << 1n;
    if (terms.includes(term)) sum ^= power;
  }
  if (sum !== 0n) throw new Error(`${name}: its terms are no multiple of its polynomial`);
  if (Math.min(...terms) < TURN || Math.max(...terms) > ROOM - ZEROS) throw new Error(`${name}: terms`);
}

/** Adds to the sixteen bytes at `target` + `vector` what earlier ones, all at `from` minus a term, add to them. */
const fold = (terms, farthest, vector, target) => {
  const added = terms
    .map(term => `(v128.xor (v128.load offset=${farthest - term + vector} (local.get $from))`)
    .join(' ');
  const own = `(v128.load offset=${vector} (local.get ${target}))`;
  return `(v128.store offset=${vector} (local.get ${target}) ${added} ${own}${')'.repeat(terms.length)})`;
};

/** Folds from `$at` to `$end` in whole turns, reading and writing the message itself at `$target`. */
const foldingLoop = (terms, farthest) => `
  (func $fold (param $at i32) (param $end i32) (param $target i32)
    (local $from i32)
    (local.set $from (i32.sub (local.get $at) (i32.const ${farthest})))
    (local.set $end (i32.sub (local.get $end) (i32.const ${farthest})))
    loop $turns
      ${Array.from({ length: TURN / VECTOR }, (_, at) => fold(terms, farthest, at * VECTOR, '$target')).join('\n      ')}
      (local.set $from (i32.add (local.get $from) (i32.const ${TURN})))
      (local.set $target (i32.add (local.get $target) (i32.const ${TURN})))
      (br_if $turns (i32.lt_u (local.get $from) (local.get $end)))
    end)`;

function sourceOf({ terms }) {
  const farthest = Math.max(...terms);
  /** From how many bytes on folding pays: what is left over would else be most of them. */
  const least = 2 * farthest;
  const pages = Math.ceil((REST + farthest + 2 * TURN) / PAGE);
  return `(module
  (memory (export "memory") ${pages})
  ${foldingLoop(terms, farthest)}
  (func (export "update") (param $crc i64) (param $at i32) (param $end i32) (result i64)
    (local $first i64) (local $second i64) (local $rest i32)
    (if (i32.gt_u (i32.sub (local.get $end) (local.get $at)) (i32.const ${least}))
      (then
        (i64.store (local.get $at) (i64.xor (local.get $crc) (i64.load (local.get $at))))
        (local.set $crc (i64.const 0))
        ;; All but the last bytes, as many as the farthest term reaches over.
        (local.set $rest
          (i32.add (local.get $at)
            (i32.and (i32.const ${-TURN})
              (i32.sub (i32.sub (local.get $end) (local.get $at)) (i32.const ${farthest})))))
        (call $fold (local.get $at) (local.get $rest) (local.get $at))
        ;; The last ones take what the others add to them, and add nothing: zeros stand in their place.
        (memory.copy (i32.const ${REST}) (local.get $rest) (i32.sub (local.get $end) (local.get $rest)))
        (memory.fill (local.get $rest) (i32.const 0) (i32.sub (local.get $end) (local.get $rest)))
        (call $fold (local.get $rest) (local.get $end) (i32.const ${REST}))
        (local.set $end (i32.add (i32.const ${REST}) (i32.sub (local.get $end) (local.get $rest))))
        (local.set $at (i32.const ${REST}))))
    block $rest
      loop $steps
        (br_if $rest (i32.gt_u (i32.add (local.get $at) (i32.const ${STEP})) (local.get $end)))
        (local.set $first (i64.xor (local.get $crc) (i64.load (local.get $at))))
        (local.set $second (i64.load offset=8 (local.get $at)))
        ${step}
        local.set $crc
        (local.set $at (i32.add (local.get $at) (i32.const ${STEP})))
        br $steps
      end
    end
    block $done
      loop $bytes
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $first (i64.xor (local.get $crc) (i64.load8_u (local.get $at))))
        ${lookUp('$first', 0, 0)}
        (i64.shr_u (local.get $crc) (i64.const 8))
        i64.xor
        local.set $crc
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        br $bytes
      end
    end
    local.get $crc))`;
}

for (const check of CHECKS) demandMultiple(check);

await writeModules({
  file: 'core/crc-wasm.ts',
  script: 'crc-wasm.mjs',
  head: `/** Bytes that the loop takes at a step: so many tables it needs, 8 bytes an entry, at the beginning of the memory. */
export const STEP = ${STEP};

/** Where in the memory the bytes to be checked are put, and how many of them at most. They do not last. */
export const ROOM = ${ROOM};
export const ROOM_BYTES = ${ROOM_BYTES};`,
  modules: CHECKS.map(check => ({
    name: check.module,
    about: `/** ${check.name}, in base64: \`update(crc: i64, start, end)\` over its \`memory\` gives the next \`crc\`. */`,
    source: sourceOf(check),
  })),
});
