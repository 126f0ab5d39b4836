/**
 * Folds the keys of a bucket into prefixes: where at least so many different names stand right below a prefix, all that
 * is below it is meant. `*` never stands for a bucket's name, nor for part of a name.
 */

interface Branch {
  /** Names right below, with what is below them; `undefined` for a key that ends there. */
  readonly below: Map<string, Branch | undefined>;
  /** All below is meant, and no longer kept. */
  folded: boolean;
}

const branch = (): Branch => ({ below: new Map(), folded: false });

/** Keys of one bucket. What is folded takes no more memory, however many keys come. */
export class KeyTree {
  readonly #root = branch();

  /**
   * `least`: how many names right below one prefix make it, at least 2. `mayFold`: whether that pattern of keys
   * (`logs/*`) may stand for them.
   */
  constructor(
    private readonly least: number,
    private readonly mayFold: (pattern: string) => boolean = () => true,
  ) {}

  add(key: string): void {
    const names = key.split(/(?<=\/)/);
    let at = this.#root;
    let prefix = '';
    for (const [index, name] of names.entries()) {
      if (at.folded) return;
      const isKey = index === names.length - 1;
      const known = at.below.get(name);
      if (!at.below.has(name)) {
        at.below.set(name, isKey ? undefined : branch());
        if (at.below.size >= this.least && this.mayFold(`${prefix}*`)) {
          at.folded = true;
          at.below.clear();
          return;
        }
      } else if (known === undefined && !isKey) at.below.set(name, branch());
      if (isKey) return;
      prefix += name;
      at = at.below.get(name) as Branch;
    }
  }

  /** Keys and prefixes (`logs/*`), as policies write them, sorted. */
  patterns(): string[] {
    return patternsOf(this.#root, '').sort();
  }
}

function patternsOf({ below, folded }: Branch, prefix: string): string[] {
  if (folded) return [`${prefix}*`];
  return [...below].flatMap(([name, next]) =>
    next === undefined ? [escaped(prefix + name)] : patternsOf(next, escaped(prefix + name)),
  );
}

/** A key with characters that are wildcards in policies: there they are written as variables. */
function escaped(key: string): string {
  return key.replace(/\$\{[*?$]\}|[*?$]/g, found => (found.length > 1 ? found : `\${${found}}`));
}
