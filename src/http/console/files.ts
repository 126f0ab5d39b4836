/** The console's files, as the build leaves them: compressed beforehand, under names that change with their content. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';

/** `dist/console`, as seen from the bundle of the command line and from here. */
const PLACES = ['../../console/', '../../../console/'].map(path =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Best first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

export class ConsoleFiles {
  readonly #directory: string;
  /** Only what was there at the start is ever read. */
  readonly #names: ReadonlySet<string>;
  readonly #read = new Map<string, Promise<Buffer>>();

  /** `undefined` where the console was not built. */
  static open(): ConsoleFiles | undefined {
    for (const directory of PLACES) {
      try {
        const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
        if (names.includes('index.html') && names.includes('assets'))
          return new ConsoleFiles(directory, names);
      } catch {
        // Not there: the next one, or none.
      }
    }
    return undefined;
  }

  private constructor(directory: string, names: readonly string[]) {
    this.#directory = directory;
    this.#names = new Set(names.map(name => name.replaceAll('\\', '/')));
  }

  /** The file of that path (`assets/index-1a2b.js`), in the best encoding that the request takes. */
  async reply(path: string, request: HttpRequest): Promise<HttpReply | undefined> {
    if (!this.#names.has(path) || extname(path) === '') return undefined;
    const accepted = request.headers.get('accept-encoding') ?? '';
    const [encoding, suffix] =
      ENCODINGS.find(([name, end]) => accepted.includes(name) && this.#names.has(path + end)) ?? [];
    const body = await this.#content(path + (suffix ?? ''));
    return {
      status: 200,
      headers: {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'cache-control': path.startsWith('assets/')
          ? 'public, max-age=31536000, immutable'
          : 'public, max-age=3600',
        vary: 'accept-encoding',
        'content-length': String(body.length),
        ...(encoding && { 'content-encoding': encoding }),
      },
      ...(request.method !== 'HEAD' && { body }),
    };
  }

  /** The page itself, in which the nonce of this one reply is still to be put. */
  async page(): Promise<string> {
    return (await this.#content('index.html')).toString('utf8');
  }

  #content(name: string): Promise<Buffer> {
    let content = this.#read.get(name);
    if (content === undefined) this.#read.set(name, (content = readFile(join(this.#directory, name))));
    return content;
  }
}
