import { countOf } from '../core/count.js';
import type { Job, StagingEvent } from '../staging/index.js';
import { bytesText, Progress } from './progress.js';

const BAR = 30;

/** What a person sees of a run: a line that moves, and a line for what stays true. */
export class RunDisplay {
  readonly #job: Job;
  readonly #progress = new Progress();
  #staged = 0;
  #rows = 0;
  #bytes = 0;
  #read: number | undefined;
  #parts = 0;
  #landed = 0;

  constructor(job: Job) {
    this.#job = job;
  }

  show(event: StagingEvent): void {
    const line = this.#count(event);
    if (line === undefined) this.#progress.show(() => this.#bar());
    else {
      this.#progress.end();
      const stream = event.event === 'done' ? process.stdout : process.stderr;
      stream.write(`${line}\n`);
    }
  }

  /** Takes the moving line away. */
  end(): void {
    this.#progress.end();
  }

  /** The line of an event that has one. */
  #count(event: StagingEvent): string | undefined {
    const { load, unload } = this.#job;
    switch (event.event) {
      case 'started':
        return `run ${event.run} started`;
      case 'resumed':
        // What is staged already is compared and not sent again: the line goes on from there.
        this.#staged = event.parts;
        this.#rows = event.rows;
        this.#bytes = event.bytes;
        if (event.step !== 'staging') this.#parts = event.parts;
        return `run ${event.run} resumed: ${event.step}, ${countOf(event.parts, 'part')}, ${countOf(event.rows, 'row')}`;
      case 'part-staged':
        this.#staged++;
        this.#rows += event.rows;
        this.#bytes += event.bytes;
        this.#read = event.read;
        return undefined;
      case 'staged':
        this.#parts = event.parts;
        return undefined;
      case 'part-landed':
        this.#landed++;
        return undefined;
      case 'waiting':
        this.#landed = 0;
        return `${event.reason}; tries again in ${event.seconds} s`;
      case 'refused':
        return `${event.records} records are refused, and in ${event.file}`;
      case 'done':
        return `${countOf(event.rows, 'row')} ${event.rows === 1 ? 'is' : 'are'} in ${load?.table ?? unload!.file}`;
      default:
        return undefined;
    }
  }

  #bar(): string {
    if (this.#parts > 0) {
      return `${barOf(this.#landed / this.#parts)} ${this.#landed} of ${this.#parts} parts landed`;
    }
    const staged = `${this.#staged} parts, ${this.#rows} rows, ${bytesText(this.#bytes)} staged`;
    const counts = this.#landed > 0 ? `${staged}, ${this.#landed} landed` : staged;
    return this.#read === undefined ? counts : `${barOf(this.#read)} ${counts}`;
  }
}

function barOf(share: number): string {
  const full = Math.min(BAR, Math.round(share * BAR));
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
}
