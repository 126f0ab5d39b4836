/** For the scripts that write modules in WebAssembly as a source file. */
import { writeFileSync } from 'node:fs';
import wabt from 'wabt';

/**
 * Assembles the source of each of `modules` and writes them to `file`, a path in src: `head` first, then each
 * module in base64 under its `name`, behind `about`, a comment. `script`: the name of the script that does.
 */
export async function writeModules({ file, script, head, modules }) {
  const written = await Promise.all(modules.map(assembled));
  writeFileSync(
    new URL(`../src/${file}`, import.meta.url),
    `/** Made by tools/${script}, where its source is. */

${head}

${written.join('\n\n')}
`,
  );
}

async function assembled({ name, about, source }) {
  const parsed = (await wabt()).parseWat(name, source, { simd: true, bulk_memory: true });
  const code = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  const lines = code.match(/.{1,100}/g).map(line => `  '${line}'`);
  return `${about}
export const ${name} = [
${lines.join(',\n')},
].join('');`;
}
