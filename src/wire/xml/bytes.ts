/** The bytes of a document that is being written: one place for all, since none is left half written. */
import { escapeXml, references } from './escape.js';

/** Bytes that are held from one document to the next. */
const HELD = 1024 * 1024;
const FEW = 48;
/** The most that a character of ASCII takes, escaped. */
const LONGEST = 6;
/** Bytes up to which a document is handed out as text, which leaves together with its headers. */
const SMALL = 16 * 1024;

/**
 * Writes XML as UTF-8. A text that is put together from a page's thousands would have to be copied twice before it
 * leaves.
 */
export class XmlBytes {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #at = 0;

  /** Bytes of UTF-8 that are written as they are: markup that was made once. */
  bytes(markup: Uint8Array): void {
    const { length } = markup;
    this.#demand(length);
    const bytes = this.#bytes;
    const from = this.#at;
    // Of so few, a copy by the engine would take longer to call.
    if (length > FEW) bytes.set(markup, from);
    else for (let index = 0; index < length; index++) bytes[from + index] = markup[index]!;
    this.#at = from + length;
  }

  /**
   * ASCII from elsewhere in memory, where all of it is plain: `isPlain` has a 1 for each such byte. Answers whether it
   * was; nothing is written otherwise. `raised`: how much each byte there is greater than what it stands for.
   */
  plain(source: Uint8Array, start: number, end: number, isPlain: Uint8Array, raised = 0): boolean {
    this.#demand(end - start);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = start; index < end; index++) {
      const code = source[index]! - raised;
      if (isPlain[code] !== 1) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** ASCII that is written as it is. */
  ascii(text: string): void {
    this.#demand(text.length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.#at = at;
  }

  /** Character data, escaped. */
  text(text: string): void {
    this.#demand(text.length * LONGEST);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x80) {
        const reference = references[code];
        if (reference === undefined) bytes[at++] = code;
        else for (let part = 0; part < reference.length; part++) bytes[at++] = reference.charCodeAt(part);
      } else {
        this.#at = at;
        this.#beyondAscii(text.slice(index));
        return;
      }
    }
    this.#at = at;
  }

  /** The document, and begins the next. As text where it is small. */
  take(): string | Buffer {
    const size = this.#at;
    this.#at = 0;
    if (size <= SMALL) return this.#bytes.toString('utf8', 0, size);
    const document = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(document, 0, 0, size);
    if (this.#bytes.length > HELD) this.#bytes = Buffer.allocUnsafeSlow(HELD);
    return document;
  }

  /** Leaves what was begun: its writer has thrown. */
  clear(): void {
    this.#at = 0;
  }

  #beyondAscii(text: string): void {
    const escaped = escapeXml(text);
    this.#demand(escaped.length * 3);
    this.#at += this.#bytes.write(escaped, this.#at, 'utf8');
  }

  #demand(more: number): void {
    const size = this.#at + more;
    if (size <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#bytes.length));
    this.#bytes.copy(bytes, 0, 0, this.#at);
    this.#bytes = bytes;
  }
}
