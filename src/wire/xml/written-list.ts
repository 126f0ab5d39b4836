import { LazyList } from '../../core/lazy-list.js';
import type { XmlBytes } from './bytes.js';

type ElementWriter = (value: unknown, xml: XmlBytes) => void;

/** A long list of a flattened member whose elements are written from what they are made of. */
export class WrittenList<T> extends LazyList<T> {
  /** Writes all of them, just as `element`, the writer of their shape, would. */
  readonly write: (xml: XmlBytes, element: ElementWriter) => void;

  constructor(
    length: number,
    make: (index: number) => T,
    write: (xml: XmlBytes, element: ElementWriter) => void,
  ) {
    super(length, make);
    this.write = write;
  }
}
