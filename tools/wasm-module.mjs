/** For the scripts that write a module in WebAssembly as a source file. */
import { writeFileSync } from 'node:fs';
import wabt from 'wabt';

/**
 * Assembles `source` and writes it to a file of src/crypto/digests: `head` first, and `about`, a comment, before the
 * module in base64. `script`: the name of the script that does.
 */
export async function writeModule({ file, script, source, head, about }) {
  const parsed = (await wabt()).parseWat(file, source, { simd: true });
  const code = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  const lines = code.match(/.{1,100}/g).map(line => `  '${line}'`);
  writeFileSync(
    new URL(`../src/crypto/digests/${file}`, import.meta.url),
    `/** Made by tools/${script}, where its source is. */

${head}

${about}
export const MODULE = [
${lines.join(',\n')},
].join('');
`,
  );
}
