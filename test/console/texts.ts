/** The console's own texts, for tests that press its buttons in either language. */
import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import type { Language } from './browser.js';

type Table = Readonly<Record<string, readonly [en: string, ja: string]>>;

/** Text by key, with `{name}` filled in. Throws for a key that does not exist. */
export type Label = (key: string, values?: Readonly<Record<string, string | number>>) => string;

const FILES = ['shell', 'iam', 's3', 'events', 'privilege', 'further', 'setup', 'staging'];

/** The tables are read from their sources: they are part of the page, not of the package. */
export async function tables(): Promise<Table> {
  const found = await Promise.all(FILES.map(readTable));
  return Object.assign({}, ...found) as Table;
}

async function readTable(name: string): Promise<Table> {
  const source = readFileSync(`console/src/i18n/${name}.ts`, 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm' });
  const module = (await import(
    `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
  )) as object;
  return Object.values(module)[0] as Table;
}

export function labels(table: Table, language: Language): Label {
  return (key, values = {}) => {
    const texts = table[key];
    if (texts === undefined) throw new Error(`the console has no text ${key}`);
    return texts[language === 'ja' ? 1 : 0].replace(/\{(\w+)\}/g, (whole, name) =>
      String(values[name] ?? whole),
    );
  };
}
