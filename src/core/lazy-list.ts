/**
 * A long list whose members are made as it is gone through, from what they are made of: all of a page at once would
 * live long enough for V8 to carry them about.
 */
export class LazyList<T> {
  readonly length: number;
  readonly #make: (index: number) => T;

  constructor(length: number, make: (index: number) => T) {
    this.length = length;
    this.#make = make;
  }

  forEach(use: (member: T) => void): void {
    for (let index = 0; index < this.length; index++) use(this.#make(index));
  }

  toArray(): T[] {
    return Array.from({ length: this.length }, (_, index) => this.#make(index));
  }
}
