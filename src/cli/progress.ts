/** One line on a terminal that says how far a long work is; nothing where standard error is no terminal. */
const EVERY_MS = 200;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #next = 0;
  #shown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** `text` is asked for at most five times a second. */
  show(text: () => string): void {
    if (!this.#stream.isTTY || performance.now() < this.#next) return;
    this.#next = performance.now() + EVERY_MS;
    this.#shown = true;
    this.#stream.write(`\r\x1b[K${text().slice(0, this.#stream.columns - 1)}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes as people read them: `1.5 GiB`. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
