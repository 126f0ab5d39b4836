/** Pages of documentation as scripts: `sh` blocks are run, and a `text` block is what the one before it prints. */
import assert from 'node:assert/strict';

interface Block {
  readonly commands: string;
  /** What it prints, with `…` for what differs; absent where the page does not say. */
  readonly printed?: string;
}

/** The commands of a page, with what it says that they print. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  for (const [, kind, body = ''] of page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (kind === 'sh') blocks.push({ commands: body });
    else if (kind === 'text') blocks.push({ ...blocks.pop()!, printed: body });
  }
  return blocks;
}

const fails = ({ printed = '' }: Block) => printed.includes('An error occurred');

const END = '<<<end of block>>>';

/** One shell for the whole page; it stops at the first command that does not end as the page says. */
export function scriptOf(blocks: readonly Block[], preparations = ''): string {
  const parts = blocks.map(block =>
    fails(block)
      ? `set +e\n${block.commands}\nstatus=$?\nset -e\n[ "$status" -ne 0 ]\necho '${END}'`
      : `${block.commands}\necho '${END}'`,
  );
  return ['set -e -o pipefail', preparations, ...parts].join('\n');
}

/** A pattern of the lines, in which `…` is anything. */
function patternOf(printed: string): RegExp {
  const escaped = printed.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[\\s\\S]*?')}$`);
}

/** Holds what a script has printed, and how it ended, to what the page says. */
export function demandOutput(blocks: readonly Block[], status: number | null, output: string): void {
  const printed = output.split(`${END}\n`);
  assert.equal(
    status,
    0,
    `block ${printed.length} did not end as it should:\n${blocks[printed.length - 1]?.commands}\n${printed.at(-1)}`,
  );
  for (const [index, block] of blocks.entries()) {
    if (block.printed !== undefined)
      assert.match(printed[index]!.trim(), patternOf(block.printed), block.commands);
  }
}
