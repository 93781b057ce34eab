/** Which operation of a run fails, and how: the n-th that reaches a point, once or from then on. */

/** Where something can fail, seen from the gateway. */
export type Point =
  | 'request'
  | 'connect'
  | 'send'
  | 'head'
  | 'chunk'
  | 'end'
  | 'upstream'
  | 'client'
  | 'timer'
  | 'store'
  | 'listener';

/** One way to fail at one point. */
export interface Kind {
  readonly at: Point;
  readonly how: string;
}

/** Every point, and all that can go wrong there. */
const ways: Readonly<Record<Point, readonly string[]>> = {
  /** The client's own body stops, with its connection or without a word. */
  request: ['breaks', 'leaves'],
  connect: ['refused', 'hangs'],
  /** The request, on its way up. */
  send: ['reset'],
  head: ['reset', 'hangs', 'nonsense'],
  /** `cut`: a clean end where a piece should be. */
  chunk: ['reset', 'cut', 'hangs'],
  end: ['reset', 'hangs'],
  /** The driver throws from `send`, which no driver may. */
  upstream: ['throws'],
  /** `stops`: takes this piece and no other. */
  client: ['throws', 'leaves', 'stops'],
  timer: ['early', 'late', 'never'],
  /** `loses`: does it, and then the connection breaks. */
  store: ['throws', 'rejects', 'hangs', 'late', 'loses'],
  listener: ['throws'],
};

export const kinds: readonly Kind[] = (Object.keys(ways) as Point[]).flatMap((at) =>
  ways[at].map((how) => ({ at, how })),
);

/** Counts what reaches the point, and says what fails. */
export class Faults {
  injected = 0;
  readonly #kind: Kind | null;
  readonly #nth: number;
  readonly #isPersistent: boolean;
  #seen = 0;
  #isCalm = false;

  /** @param kind - null for a run in which nothing fails */
  constructor(kind: Kind | null, nth: number, isPersistent: boolean) {
    this.#kind = kind;
    this.#nth = nth;
    this.#isPersistent = isPersistent;
  }

  /** This run is about that point. */
  isOf(at: Point): boolean {
    return !this.#isCalm && this.#kind?.at === at;
  }

  /** This run is about failing like that. */
  is(how: string): boolean {
    return this.#kind?.how === how;
  }

  /** @returns how this one fails; null when it does not */
  strike(at: Point): string | null {
    if (this.#isCalm || this.#kind?.at !== at) return null;
    this.#seen++;
    const isHit = this.#isPersistent ? this.#seen >= this.#nth : this.#seen === this.#nth;
    if (!isHit) return null;
    this.injected++;
    return this.#kind.how;
  }

  /** From now on nothing fails any more. */
  calm(): void {
    this.#isCalm = true;
  }
}
