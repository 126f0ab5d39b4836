/**
 * Long work in pieces. One turn of the event loop takes so much of it, of all callers together: what does not fit waits
 * for a later turn, and between two turns everything else goes on that is short.
 */

/** Milliseconds of long work in one turn of the event loop. */
const TURN = 10;
/** Of them for one owner before the next has its turn: one long piece, or many short ones. */
const OWNER_TURN = 2;

/** Answers whether more may begin in the same turn. */
type Waiting = () => boolean;

/**
 * Shares the turns of the event loop out among pieces of long work. Pieces that wait are done by owner, the owners in
 * turn: who asks for much waits for itself.
 */
export class Turns {
  readonly #length: number;
  readonly #now: () => number;
  /** When the turn under way took up long work; undefined where it has not. */
  #began: number | undefined;
  readonly #waiting = new Map<string, Waiting[]>();
  /** Whose turn it is among them, and since when. */
  #served: { readonly owner: string; readonly since: number } | undefined;
  /** What follows on pieces that have been done. Every other place is theirs, so that little lies about half done. */
  readonly #begun: Waiting[] = [];
  #begunIsNext = true;
  /** Whether what runs follows on a piece that had waited. */
  #following = false;

  /** `length`, `now`: milliseconds. */
  constructor(length = TURN, now: () => number = () => performance.now()) {
    this.#length = length;
    this.#now = now;
  }

  /**
   * Does a piece of work that has no pause in it: at once where the turn under way has time left, else in a later turn.
   * Throws, or rejects, as the work does.
   */
  run<T>(owner: string, work: () => T | Promise<T>): T | Promise<T> {
    if ((this.#following || !this.#anyWaits()) && this.hasTime()) return work();
    return new Promise((resolve, reject) => {
      const piece = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
        return true;
      };
      // Following on a piece, it is asked for in a turn that has begun.
      if (this.#following) this.#begun.push(piece);
      else this.#wait(owner, piece);
    });
  }

  /** Resolves in a turn that begins with the owner's work, which is to follow at once. */
  next(owner: string): Promise<void> {
    return new Promise(resolve => {
      this.#wait(owner, () => {
        resolve();
        // How long it takes shows only when it has been done.
        return false;
      });
    });
  }

  /** Whether the turn under way has time left. */
  hasTime(): boolean {
    if (this.#began !== undefined) return this.#now() - this.#began < this.#length;
    this.#begin();
    return true;
  }

  #wait(owner: string, piece: Waiting): void {
    const waiting = this.#waiting.get(owner);
    if (waiting) waiting.push(piece);
    else this.#waiting.set(owner, [piece]);
    if (this.#began === undefined) this.#begin();
  }

  #begin(): void {
    this.#began = this.#now();
    setImmediate(this.#turn);
  }

  /** A turn begins: the last one's work is over. */
  readonly #turn = (): void => {
    this.#began = undefined;
    if (!this.#anyWaits()) return;
    this.#begin();
    this.#one();
  };

  /**
   * Does what is next, and after it what follows on it at once: of a request that has begun, the rest would have to be
   * kept for long otherwise.
   */
  #one(): void {
    this.#following = true;
    const mayGoOn = this.#first()();
    // Node goes from microtasks to ticks when there are no more of them.
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#following = false;
        if (mayGoOn && this.#anyWaits() && this.hasTime()) this.#one();
      }),
    );
  }

  #anyWaits(): boolean {
    return this.#begun.length > 0 || this.#waiting.size > 0;
  }

  /** What is next. */
  #first(): Waiting {
    if (this.#begun.length > 0 && (this.#begunIsNext || this.#waiting.size === 0)) {
      this.#begunIsNext = false;
      return this.#begun.shift()!;
    }
    this.#begunIsNext = true;
    this.#endOwnersTurn();
    const [[owner, pieces]] = this.#waiting as unknown as [[string, Waiting[]]];
    this.#served ??= { owner, since: this.#now() };
    const piece = pieces.shift()!;
    if (pieces.length === 0) {
      this.#waiting.delete(owner);
      this.#served = undefined;
    }
    return piece;
  }

  /** Once it has lasted long enough: the owner goes to the end of the row. */
  #endOwnersTurn(): void {
    if (!this.#served || this.#now() - this.#served.since < OWNER_TURN) return;
    const { owner } = this.#served;
    const pieces = this.#waiting.get(owner)!;
    this.#waiting.delete(owner);
    this.#waiting.set(owner, pieces);
    this.#served = undefined;
  }
}

/** Of this process: everything that takes long goes by them. */
export const turns = new Turns();

/**
 * Paces a piece of long work. `await slices.pause()` between its steps costs nothing as long as the turn has time left,
 * and then lets everything else go first that waits for the event loop. `owner`: who waits behind others of the same
 * name.
 */
export class Slices {
  constructor(
    private readonly owner = '',
    private readonly shared = turns,
  ) {}

  pause(): Promise<void> | undefined {
    return this.shared.hasTime() ? undefined : this.shared.next(this.owner);
  }
}
